"""One call as the console's card shows it: everything around the fields."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from desk.advice import advice_of, class_level, class_words, question_groups
from desk.detail import assignment_rows, caution_rows, handoff_rows, note_rows, stage_rows
from dispatch.models import Assignment, Call, Incident
from dispatch.selectors.incident import IncidentDetail, incident_detail, possible_duplicates
from dispatch.selectors.triage import Judged, judge
from dispatch.states import ASSIGNMENT_LIVE
from triage import natures

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
BLANK = "__CALL__"
"""Stands for the id that the browser makes; the blank card is copied with it replaced."""


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
        "version": 0,
        "question_groups": question_groups(None, {}),
        "texts": {},
    }


def call_card(call: Call, viewer: User, at: datetime) -> dict[str, Any]:
    """The card of a call."""
    incident = call.incident
    detail = incident_detail(incident=incident, viewer=viewer, at=at)
    judged = judge(incident=incident, at=at)
    notes = note_rows(detail.narrative)
    nature = natures.get(incident.nature or None)
    latest = detail.place
    carrier = next((one for one in detail.locations if one.subject == "carrier"), None)
    return {
        "id": str(call.pk),
        "incident_id": str(incident.pk),
        "number": detail.row.code,
        "version": incident.version,
        "on_line": call.state == "open",
        "ended_words": call.ended_as,
        "since": call.received_at,
        "now": at,
        "zone": incident.centre.time_zone,
        "last_line": f"“…{notes[0]['text'][-40:]}”" if notes else detail.row.nature_name,
        "where": latest.text if latest else "",
        "location": {
            "state": latest.state,
            "level": _LOCATION_LEVEL[latest.state],
            "text": latest.text,
            "beat": latest.beat,
        }
        if latest
        else None,
        "carrier": carrier,
        "phone": call.phone.number if call.phone else "",
        "phone_confirmed": call.phone_confirmed,
        "nature": nature,
        "nature_name": nature.name if nature else "",
        "priority": incident.priority,
        "question_groups": question_groups(judged.suggestion, detail.answers),
        "texts": {
            key: detail.answers[key]["value"]
            for key in ("weapon_type", "access", "language")
            if key in detail.answers and detail.answers[key]["value"] != "unknown"
        },
        "cautions": caution_rows(detail.cautions),
        "notes": notes,
        "engine_error": judged.suggestion is None,
        "advice": _advice(judged, detail),
        "duplicates": _duplicates(incident),
        **_after(detail, at),
    }


def _advice(judged: Judged, detail: IncidentDetail) -> Any:
    if judged.suggestion is None or not (detail.place or detail.answers or detail.incident.nature):
        return None
    names = (
        {version.program.slug: version.program.name for version in judged.published.versions}
        if judged.published
        else {}
    )
    version = ""
    if judged.protocol is not None:
        version = f"protocol v{judged.protocol.number}"
        if judged.protocol.published_at:
            local = judged.protocol.published_at.astimezone(detail.incident.centre.zone)
            version += f", published {local:%Y-%m-%d}"
    return advice_of(judged.suggestion, names, version)


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


def _after(detail: IncidentDetail, at: datetime) -> dict[str, Any]:
    incident = detail.incident
    waiting = next((one for one in detail.decisions if one.state == "waiting_second"), None)
    live = [one for one in detail.assignments if one.state in ASSIGNMENT_LIVE]
    units = [{**row, "eta": _eta(one)} for row, one in zip(assignment_rows(live, hazards=False), live, strict=True)]
    decided = class_words(incident.response_class)
    if incident.program_version is not None:
        decided += f": {incident.program_version.program.name}"
    return {
        "sent": incident.sent_at is not None,
        "sent_at": incident.sent_at,
        "closed": detail.row.gone,
        "state": detail.row.state_words,
        "state_level": _STATE_LEVEL.get(incident.state, "off"),
        "decided_words": decided,
        "decided_level": class_level(incident.response_class),
        "waiting_second": {"due": waiting.second_due_at, "words": class_words(waiting.response_class)}
        if waiting
        else None,
        "stage_orders": [{**row, "acknowledged_how": row["how"]} for row in stage_rows(live)],
        "units": units,
        "handoffs": handoff_rows([one for one in detail.handoffs if one.state != "cancelled"]),
        "no_unit": detail.row.no_unit,
    }


def _eta(assignment: Assignment) -> datetime | None:
    if assignment.eta_s is None or assignment.on_scene_at is not None or assignment.by_phone:
        return None
    return (assignment.accepted_at or assignment.offered_at) + timedelta(seconds=assignment.eta_s)
