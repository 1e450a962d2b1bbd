"""An incident as the queue's pane and its own page show it: facts in words, what may be done, and by whom."""

from datetime import datetime
from typing import Any

from accounts.access import DISPATCHING, SECOND_PERSONS, may
from accounts.models import User
from desk.advice import class_words
from desk.keys import RADIO_KEYS
from desk.pane_parts import pane_parts
from dispatch.models import Assignment, Call, Decision, Handoff, Incident, NarrativeEntry, Recommendation
from dispatch.models.assignment import Slot
from dispatch.reasons import (
    ESCALATION,
    HANDOFF_DECLINE,
    OUTCOMES,
    OVERRIDE_LESS,
    OVERRIDE_MORE,
    REOPEN,
    RETURNS_TOLD,
    STAGE_LIFT,
    words,
)
from dispatch.selectors.engine_facts import recommend_for, units_with_facts
from dispatch.selectors.incident import IncidentDetail, incident_detail
from dispatch.selectors.persons import persons_linked
from dispatch.selectors.words import ASSIGNMENT_WORDS
from dispatch.services.staging import order_mark
from dispatch.states import ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE
from live.selectors import live_position
from people.models import Caution
from people.models.audience import Audience
from people.selectors import PersonWords
from triage import vocabulary
from triage.answers import is_danger

_CAUTION_LEVEL = {"danger": "critical", "warn": "serious", "info": "caution"}
_ASSIGNMENT_LEVEL = {"offered": "caution", "staged": "serious"}
_MOST_CANDIDATES = 6
_BY_RADIO = {
    "offered": [("accept", "Accepts")],
    "accepted": [("en_route", "En route")],
    "en_route": [("on_scene", "On scene"), ("stage", "Staged")],
    "staged": [("on_scene", "On scene")],
    "on_scene": [("with_person", "With person")],
}


def caution_rows(cautions: list[Caution]) -> list[dict[str, Any]]:
    """Cautions with their level and subject in words. The text is never behind a click."""
    return [
        {
            "id": caution.pk,
            "level": _CAUTION_LEVEL[caution.severity],
            "subject": "with this person" if caution.person_id else "at this address",
            "text": caution.text,
            "source": caution.source,
            "added_at": caution.added_at,
            "expires_at": caution.expires_at,
        }
        for caution in cautions
    ]


def note_rows(notes: list[NarrativeEntry]) -> list[dict[str, Any]]:
    """Notes, newest first, with their audience where it is not the general one."""
    return [
        {
            "id": note.pk,
            "at": note.at,
            "by": note.by.initials if note.by else "engine",
            "text": note.words.text if hasattr(note, "words") else "(erased)",
            "struck": note.struck_at is not None,
            "label": "" if note.audience == Audience.GENERAL else note.get_audience_display(),
        }
        for note in reversed(notes)
    ]


def assignment_rows(assignments: list[Assignment], *, hazards: bool) -> list[dict[str, Any]]:
    """Live assignments, with what a dispatcher may enter for a crew that reports by radio."""
    rows = []
    for one in assignments:
        if one.state not in ASSIGNMENT_LIVE:
            continue
        read = one.cautions_read_at is not None
        rows.append(
            {
                "id": one.pk,
                "call_sign": one.unit.call_sign,
                "words": ASSIGNMENT_WORDS[one.state],
                "level": _ASSIGNMENT_LEVEL.get(one.state, "standby"),
                "since": one.on_scene_at or one.en_route_at or one.accepted_at or one.offered_at,
                "relay": hazards and not read and one.relayed_by_id is None,
                "relayed": "hazards relayed" if one.relayed_by_id else "hazards read" if hazards and read else "",
                "actions": [
                    (action, said, RADIO_KEYS[action])
                    for action, said in [
                        *_BY_RADIO.get(one.state, []),
                        *_of_crew(one, assignments),
                        ("cancel", "Cancel"),
                    ]
                ],
            }
        )
    return rows


def _of_crew(one: Assignment, all_of_it: list[Assignment]) -> list[tuple[str, str]]:
    """That a crew on scene is well, by radio; that an assisting unit leads, once nobody does."""
    found = [("ok", "Crew is OK")] if one.check_due_at is not None else []
    leads = any(other.slot == Slot.PRIMARY and other.state in ASSIGNMENT_ACCEPTED for other in all_of_it)
    if one.slot == Slot.ASSIST and one.state in ASSIGNMENT_ACCEPTED and not leads:
        found.append(("promote", "Leads now"))
    return found


_HANDOFF_WORDS = {"ready": "ready: a dispatcher must send it", "requested": "not acknowledged yet"}


def handoff_rows(handoffs: list[Handoff]) -> list[dict[str, Any]]:
    """Hand-offs with who has them."""
    level = {
        "ready": "serious",
        "requested": "serious",
        "acknowledged": "normal",
        "declined": "critical",
        "cancelled": "off",
    }
    return [
        {
            "id": one.pk,
            "service": one.service,
            "state": one.state,
            "level": level[one.state],
            "since": one.declined_at or one.acknowledged_at or one.requested_at or one.opened_at,
            "words": words(HANDOFF_DECLINE, one.decline_reason)
            if one.state == "declined"
            else " ".join(part for part in (one.receiver_name, one.receiver_number) if part)
            or _HANDOFF_WORDS.get(one.state, ""),
        }
        for one in handoffs
    ]


def stage_rows(assignments: list[Assignment]) -> list[dict[str, Any]]:
    """Standing stage orders of an incident."""
    return [
        {
            "id": order.pk,
            "unit": one.unit.call_sign,
            "words": order.words,
            "mark": order_mark(order),
            "read": order.acknowledged_at is not None,
            "how": order.acknowledged_how,
            "withdraw": order.withdraw,
        }
        for one in assignments
        for order in one.stage_orders.all()
        if order.lifted_at is None
    ]


def waiting_rows(decisions: list[Decision], viewer: User) -> list[dict[str, Any]]:
    """Less cautious choices that wait for a second person; `may` is false for whoever chose."""
    return [
        {
            "id": one.pk,
            "by": one.by,
            "words": class_words(one.response_class),
            "suggested": class_words(one.suggested_class),
            "reason": words(OVERRIDE_LESS, one.reason),
            "due": one.second_due_at,
            "may": one.by_id != viewer.pk and may(viewer, *SECOND_PERSONS),
        }
        for one in decisions
        if one.state == "waiting_second"
    ]


def answer_rows(detail: IncidentDetail) -> list[dict[str, str]]:
    """Answers in the vocabulary's order, dangerous ones marked."""
    table = vocabulary.load()
    rows = []
    for question in table.questions:
        given = detail.answers.get(question.key)
        if given is None:
            continue
        value = given["value"]
        dangerous = value != "unknown" and is_danger(question.key, value)
        said = "unknown" if value == "unknown" else question.label_of(value)
        if given["others"]:
            said += f" (also said: {'; '.join(question.label_of(one) for one in given['others'])})"
        rows.append({"label": question.label, "words": said, "level": "serious" if dangerous else ""})
    return rows


def _call_words(call: Call, about: PersonWords | None) -> dict[str, str]:
    state = "on line" if call.state == "open" else f"ended: {call.ended_as}"
    person = f", about {about.words}" if about is not None else ""
    said = f"{call.get_channel_display()}, {state}{person}"
    return {"words": said, "number": call.phone.number if call.phone else ""}


def _candidates(incident: Incident, detail: IncidentDetail, at: datetime) -> tuple[list[dict[str, Any]], str]:
    """Units that could go, best first; those that serve another program only where no program was chosen. And why the
    call waits, where nobody can be asked: the engine's reason, then unit by unit what keeps each back now."""
    if not incident.response_class:
        # Nobody is asked before somebody has decided (not_decided): a list would offer what is refused.
        return [], ""
    taken = {one.unit_id for one in detail.assignments if one.state in ASSIGNMENT_LIVE}
    said = recommend_for(incident, units=units_with_facts(incident.centre, at=at), at=at)
    # The unit that the engine has named stays first, as on the row: the key offers to the first.
    named = str(Recommendation.objects.filter(incident=incident).values_list("unit", flat=True).first())
    rows = []
    for one in sorted(said.candidates, key=lambda one: not (one.can_go and one.unit_id == named)):
        if one.unit_id in {str(unit) for unit in taken}:
            continue
        if incident.program_version_id is not None and "wrong_program" in one.shortfalls:
            continue
        shortfalls = {
            code: text for code, text in zip(one.shortfalls, one.words, strict=True) if code != "wrong_program"
        }
        if incident.no_unit_reason.startswith("suspended"):
            shortfalls["suspended"] = "diversion is stopped here"
        rows.append(
            {
                "unit_id": one.unit_id,
                "call_sign": one.call_sign,
                "shortfalls": "; ".join(shortfalls.values()),
                "reasons": "; ".join(one.reasons),
                "free": not {"busy", "off_shift", "out_of_service", "no_crew"} & shortfalls.keys(),
            }
        )
    return rows[:_MOST_CANDIDATES], _waits(incident, detail.row.no_unit, said.no_unit_words)


_SAID_WHOLE = frozenset({"program_closed", "program_full", "outside_area"})
"""Reasons that the engine's own words say again, with hour or number."""


def _waits(incident: Incident, reason: str, words_of_units: str) -> str:
    if reason and incident.no_unit_reason in _SAID_WHOLE and words_of_units:
        return words_of_units
    return f"{reason}. {words_of_units}".strip() if reason else ""


def _why(detail: IncidentDetail) -> str:
    standing = next((one for one in reversed(detail.decisions) if one.state == "standing"), None)
    if standing is None:
        return ""
    who = f"{standing.by}" if standing.by else "engine"
    if standing.reason:
        return f"{words({**OVERRIDE_MORE, **OVERRIDE_LESS}, standing.reason)} ({who})"
    plan = standing.on_screen.get("plan", {})
    return f"{plan.get('words', '')} ({standing.get_action_display().lower()} by {who})".strip()


def detail_context(incident: Incident, viewer: User, at: datetime) -> dict[str, Any]:
    """Context of the pane."""
    beside = live_position(incident.centre_id).number
    detail = incident_detail(incident=incident, viewer=viewer, at=at)
    dispatching = may(viewer, *DISPATCHING)
    live = [one for one in detail.assignments if one.state in ASSIGNMENT_LIVE]
    linked = persons_linked(incident_id=incident.pk, viewer=viewer)
    candidates, waits = _candidates(incident, detail, at) if not detail.row.gone else ([], "")
    return {
        "d": detail,
        "v": detail.row.version,
        "beside": beside,
        "now": at,
        "zone": incident.centre.time_zone,
        "may_dispatch": dispatching,
        "cautions": caution_rows(detail.cautions),
        "stage_orders": stage_rows(live),
        "waiting": waiting_rows(detail.decisions, viewer),
        "calls": [_call_words(call, linked.get(call.pk)) for call in detail.calls],
        "answers": answer_rows(detail),
        "why": _why(detail),
        "assignments": assignment_rows(detail.assignments, hazards=bool(detail.cautions)),
        "handoffs": handoff_rows([one for one in detail.handoffs if one.state != "cancelled"]),
        "candidates": candidates,
        "waits": waits,
        "promise_over": detail.row.promise_at is not None and detail.row.promise_at <= at,
        "notes": note_rows(detail.narrative),
        "classes": [(code, class_words(code)) for code in _classes()],
        "reasons_more": OVERRIDE_MORE.items(),
        "reasons_less": OVERRIDE_LESS.items(),
        "stage_lift": STAGE_LIFT.items(),
        "escalations": [*ESCALATION.items(), *(RETURNS_TOLD.items() if may(viewer, *DISPATCHING) else ())],
        "outcomes": OUTCOMES.items(),
        "reopen_reasons": REOPEN.items(),
        **pane_parts(detail, viewer, at),
    }


def _classes() -> list[str]:
    return [str(one) for one in vocabulary.load().class_labels]
