"""One call as the console's card shows it: everything around the fields."""

import json
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from desk.advice import Version, advice_of, class_level, class_words
from desk.call_care import care_part, moving_words, strikable
from desk.coverage import coverage_of
from desk.cue_chips import chips, marked_notes
from desk.detail import assignment_rows, caution_rows, handoff_rows, stage_rows
from desk.pane_parts import transfer_part
from desk.person_part import person_key
from desk.questions import BLANK, question_groups
from dispatch import choice
from dispatch.models import Assignment, Call, Incident
from dispatch.reasons import NO_UNIT, words
from dispatch.selectors.card import CardFacts, card_facts
from dispatch.selectors.incident import callers_joined, possible_duplicates
from dispatch.selectors.profiles import FLAGS
from dispatch.selectors.triage import Judged, answers_of
from triage import natures, vocabulary

_LOCATION_LEVEL = {"verified": "normal", "unverified": "caution", "forced": "serious"}
_STATE_LEVEL = {
    "pending": "caution",
    "assigned": "standby",
    "on_scene": "standby",
    "transferred": "serious",
    "returned": "serious",
    "held": "caution",
}
CALL_ENDS = [
    ("completed", "c", "Completed"),
    ("dropped", "d", "Dropped"),
    ("silent", "s", "Silent"),
    ("abandoned", "a", "Abandoned"),
    ("misdial", "m", "Misdial"),
    ("test", "t", "Test"),
]


def blank_card(now: datetime, zone: str) -> dict[str, Any]:
    """The card of a call that does not exist yet."""
    return {
        "id": BLANK,
        "number": "",
        "on_line": True,
        "since": now,
        "now": now,
        "zone": zone,
        "last_line": "",
        "channel": "911",
        "values_json": "{}",
        "version": 0,
        "question_groups": question_groups(None, {}),
        "texts": {},
    }


def call_card(
    call: Call, viewer: User, at: datetime, *, judged: Judged | None = None, draft: str = "", duplicates: bool = True
) -> dict[str, Any]:
    """The card of a call. `judged`: what this request has judged already; `draft`: the note that is being typed.

    Possible duplicates rest on place and number, and clocks and callbacks on none of the answers: what changes neither
    may leave both out (`duplicates=False`).
    """
    incident = call.incident
    facts = card_facts(incident=incident, viewer=viewer, at=at, judged=judged, draft=draft)
    judged, place, carrier = facts.judged, facts.judged.facts.place, facts.judged.facts.carrier
    answers = answers_of(incident, judged.facts.rows)
    notes = marked_notes(facts.narrative, facts.proposals)
    nature = natures.get(incident.nature or None)
    may = strikable(facts.narrative, viewer)
    for note in notes:
        note["may_strike"] = note["id"] in may
    first = next((note for note in notes if note["may_strike"]), None)
    if first is not None:
        first["first_strikable"] = True
    zone = incident.centre.time_zone
    asked = judged.suggestion.ask if judged.suggestion is not None else ()
    texts = {
        key: answers[key]["value"]
        for key in ("weapon_type", "access", "language")
        if key in answers and answers[key]["value"] != "unknown"
    }
    values = {
        "where": place.text if place else "",
        "phone": call.phone.number if call.phone else "",
        "what": nature.name if nature else "",
        **{key: str(texts.get(key, "")) for key in ("weapon_type", "access", "language")},
    }
    return {
        "id": str(call.pk),
        "incident_id": str(incident.pk),
        "number": f"{incident.number:04d}",
        "version": incident.version,
        "on_line": call.state == "open",
        "ended_words": call.ended_as,
        "since": call.received_at,
        "now": at,
        "zone": zone,
        "last_line": f"“…{notes[0]['text'][-40:]}”" if notes else nature.name if nature else "Not said yet",
        "values_json": json.dumps(values),
        "where": values["where"],
        "channel": call.channel,
        "parked_at": call.parked_at,
        "whisper": call.whisper,
        "next_question": _label(asked[0].key) if asked else "",
        "location": {
            "state": place.state,
            "level": _LOCATION_LEVEL[place.state],
            "text": place.text,
            "beat": place.beat,
            "moving": moving_words(place, at),
        }
        if place
        else None,
        "carrier": carrier,
        "coverage": coverage_of(judged.published, at, incident.centre.zone) if place else [],
        "phone": call.phone.number if call.phone else "",
        "phone_confirmed": call.phone_confirmed,
        "nature": nature,
        "nature_name": nature.name if nature else "",
        "priority": incident.priority,
        "question_groups": question_groups(judged.suggestion, answers, call=str(call.pk), zone=zone),
        "texts": texts,
        "cautions": caution_rows(list(judged.facts.cautions)),
        "notes": notes,
        "cues": chips(facts.proposals, judged.answers),
        "cues_failed": not facts.proposals.lexicon,
        "cues_phrases_only": facts.proposals.phrases_only,
        "engine_error": judged.suggestion is None,
        "suggested": _suggested(facts),
        "advice": _advice(facts, bool(place or answers or incident.nature)),
        "by_phone": choice.information_only(judged, incident, facts.proposals),
        "duplicates": _duplicates(incident) if duplicates else None,
        "callers": _callers(call) if duplicates else None,
        "care": care_part(call, viewer, facts, at) if duplicates else None,
        "person_key": person_key(call, place, judged.answers.get(FLAGS, ()), at) if duplicates else "",
        **transfer_part(incident),
        **_after(facts),
    }


def _suggested(facts: CardFacts) -> str:
    """The class that accepting sends; a decision that waits for the network carries it along."""
    if facts.judged.suggestion is None:
        return ""
    plan, _ = choice.held(choice.suggested(facts.judged, facts.incident), facts.judged, facts.proposals)
    return plan.response_class


def _label(key: str) -> str:
    question = vocabulary.load().by_key.get(key)
    return question.label if question is not None else "What happened"


def program_names(judged: Judged) -> dict[str, str]:
    """The names of the published programs by slug."""
    return {one.program.slug: one.program.name for one in judged.published.versions} if judged.published else {}


def _advice(facts: CardFacts, anything: bool) -> Any:
    judged = facts.judged
    if judged.suggestion is None or not anything:
        return None
    plan, holding = choice.held(choice.suggested(judged, facts.incident), judged, facts.proposals)
    words = approval = ""
    if judged.protocol is not None:
        words = f"protocol v{judged.protocol.number}"
        if judged.protocol.published_at:
            local = judged.protocol.published_at.astimezone(facts.incident.centre.zone)
            words += f", published {local:%Y-%m-%d}"
        if not judged.protocol.medical_director:
            approval = "Reference rules, not approved here"
    return advice_of(judged.suggestion, program_names(judged), Version(words, approval), plan if holding else None)


def _duplicates(incident: Incident) -> list[dict[str, Any]]:
    if incident.sent_at is not None:
        return []
    rows = []
    for one in possible_duplicates(incident=incident):
        nature = natures.get(one.incident.nature or None)
        rows.append(
            {
                "id": one.incident.pk,
                "code": f"{one.incident.number:04d}",
                "nature": nature.name if nature else "nature not said",
                "state": one.incident.state,
                "why": one.why,
                "opened_at": one.incident.opened_at,
            }
        )
    return rows


def _callers(call: Call) -> list[dict[str, Any]]:
    """Everybody who has called about this incident, once there are several; who was joined can be taken out again."""
    calls = list(call.incident.calls.select_related("phone").order_by("received_at"))
    if len(calls) < 2:
        return []
    joined = callers_joined(call.incident)
    return [
        {
            "id": one.pk,
            "here": one.pk == call.pk,
            "words": f"{one.get_channel_display()}, {'on line' if one.state == 'open' else f'ended: {one.ended_as}'}",
            "number": one.phone.number if one.phone else "",
            "since": one.received_at,
            "joined": one.pk in joined,
        }
        for one in calls
    ]


def _after(facts: CardFacts) -> dict[str, Any]:
    incident, waiting, live = facts.incident, facts.waiting, facts.assignments
    units = [{**row, "eta": _eta(one)} for row, one in zip(assignment_rows(live, hazards=False), live, strict=True)]
    decided = class_words(incident.response_class)
    if incident.program_version is not None:
        decided += f": {incident.program_version.program.name}"
    return {
        "sent": incident.sent_at is not None,
        "sent_at": incident.sent_at,
        "closed": facts.gone,
        "state": facts.state_words,
        "state_level": _STATE_LEVEL.get(incident.state, "off"),
        "decided_words": decided,
        "decided_level": class_level(incident.response_class),
        "waiting_second": {"due": waiting.second_due_at, "words": class_words(waiting.response_class)}
        if waiting
        else None,
        "stage_orders": [{**row, "acknowledged_how": row["how"]} for row in stage_rows(live)],
        "units": units,
        "handoffs": handoff_rows(facts.handoffs),
        "script": _script(incident),
        "no_unit": words(NO_UNIT, incident.no_unit_reason) if incident.no_unit_reason else "",
    }


_NO_TEAM_YET = (
    "I am still looking for a team that can come to you, and I will tell you as soon as I know. Please tell me at once"
    " if anything changes, above all if anybody is hurt or there is a weapon."
)


def _script(incident: Incident) -> str:
    """What the caller is told: the program's own words, once it was sent; while nobody can go, no promise."""
    version = incident.program_version
    if incident.sent_at is None or version is None:
        return ""
    return _NO_TEAM_YET if incident.no_unit_reason else str(version.spec.get("caller_script", "")).strip()


def _eta(assignment: Assignment) -> datetime | None:
    if assignment.eta_s is None or assignment.on_scene_at is not None or assignment.by_phone:
        return None
    return (assignment.accepted_at or assignment.offered_at) + timedelta(seconds=assignment.eta_s)
