"""What the queue's and the clinician's pane show of transfers, promises and answers that are to be asked again."""

from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.row_read import rows_read
from dispatch.access import audiences_written
from dispatch.models import Incident, Transfer
from dispatch.reasons import (
    DECLINE,
    EXTEND,
    HANDOFF_DECLINE,
    TRANSFER_DECLINE,
    TRANSFER_DISPOSITIONS,
    TRANSFER_DROP,
    TRANSFER_RETURN,
    WORD_TO_SENDER,
    words,
)
from dispatch.selectors.asked import ASK_AGAIN_KEYS, keys_to_ask, labels
from dispatch.selectors.crew import reports_said
from dispatch.selectors.incident import IncidentDetail
from dispatch.selectors.promise import must_decide
from dispatch.selectors.targets import service_phones
from dispatch.selectors.transfers import transfer_words
from dispatch.services.promise import extension_most_min
from dispatch.states import TRANSFER_LIVE
from people.models.audience import Audience
from programs.selectors import programs_published
from triage import vocabulary

_LEVEL = {
    "offered": "caution",
    "ringing": "serious",
    "connected": "standby",
    "resolved": "normal",
    "dropped": "critical",
    "declined": "serious",
    "returned": "serious",
}
_ANSWERED_HERE = ("weapon", "violence", "suicide", "breathing", "conscious", "ingestion", "engagement", "request")
"""The questions of the short form: what is asked again after a wait, and what a clinician on the telephone hears."""


def transfer_lines(transfers: list[Transfer]) -> list[dict[str, Any]]:
    """Transfers of an incident in words, the live ones and the last that ended."""
    live = [one for one in transfers if one.state in TRANSFER_LIVE]
    ended = [one for one in transfers if one.state not in TRANSFER_LIVE]
    return [
        {
            "id": one.pk,
            "state": words(WORD_TO_SENDER, one.disposition) if one.disposition in WORD_TO_SENDER else one.state,
            "level": _LEVEL[one.state],
            "words": transfer_words(one),
            "phone": _phone(one),
            "since": one.ended_at or one.connected_at or one.rung_at or one.offered_at,
            "owed": one.direction == Transfer.Direction.IN and one.state == "connected",
            "live": one.state in TRANSFER_LIVE,
            "team": one.team_asked_at is not None and one.state in TRANSFER_LIVE,
        }
        for one in [*live, *ended[-2:]]
    ]


def transfer_part(incident: Incident) -> dict[str, Any]:
    """What the console's card shows of transfers, and which answers are to be asked again."""
    asked = keys_to_ask({incident.pk: incident.ask_again_at})[incident.pk] if incident.ask_again_at else ()
    loaded = rows_read(
        Transfer,
        "one.incident_id = %s ORDER BY one.offered_at",
        [incident.pk],
        joined=("receiver", "target", "unit", "sender_phone"),
    )
    return {"transfers": transfer_lines(loaded), "ask_again": labels(asked)}


def _phone(one: Transfer) -> str:
    if one.direction == Transfer.Direction.IN:
        return one.sender_phone.number if one.sender_phone is not None else ""
    return one.target.phone if one.target is not None and one.state in {"offered", "ringing"} else ""


def answer_questions(detail: IncidentDetail, *keys: str) -> list[dict[str, Any]]:
    """Questions of the short form with their options, and what stands now."""
    table = vocabulary.load()
    rows = []
    for question in (table.get(key) for key in keys or _ANSWERED_HERE):
        given = detail.answers.get(question.key)
        value = given["value"] if given is not None else None
        now = "not asked" if given is None else "unknown" if value == "unknown" else question.label_of(value)
        rows.append(
            {
                "key": question.key,
                "label": question.label,
                "now": f"({now})",
                "options": [(str(option.value).lower(), option.label) for option in question.options],
            }
        )
    return rows


def pane_parts(detail: IncidentDetail, viewer: User, at: datetime) -> dict[str, Any]:
    """Context that the pane has beside its decisions, crews and notes."""
    incident = detail.incident
    asked = keys_to_ask({incident.pk: incident.ask_again_at})[incident.pk] if incident.ask_again_at else ()
    return {
        "transfers": transfer_lines(detail.transfers),
        "crew_reports": reports_said(detail.assignments),
        "word_owed": [one.pk for one in detail.transfers if one.direction == "in" and one.state == "connected"],
        "phones": service_phones(incident.centre) if detail.handoffs else {},
        "ask_again": labels(asked),
        "answer_questions": answer_questions(detail, *(ASK_AGAIN_KEYS if asked else ())),
        "must_decide": must_decide(incident, at),
        "programs": _programs(incident, at),
        "extend_reasons": EXTEND.items(),
        "extend_minutes": _extensions(incident),
        "handoff_decline": HANDOFF_DECLINE.items(),
        "decline_reasons": DECLINE.items(),
        "transfer_decline": TRANSFER_DECLINE.items(),
        "transfer_drop": TRANSFER_DROP.items(),
        "transfer_return": [(code, said) for code, said in TRANSFER_RETURN.items() if code != "withdrawn"],
        "transfer_dispositions": TRANSFER_DISPOSITIONS.items(),
        "audiences": [(code, said) for code, said in Audience.choices if code in audiences_written(viewer)],
    }


def _extensions(incident: Incident) -> list[int]:
    """Minutes to choose from, the usual ones first: none that would be refused."""
    most = extension_most_min(incident)
    return [minutes for minutes in (10, 5, 15, 20, 30) if minutes <= most] or [max(1, most)]


def _programs(incident: Incident, at: datetime) -> list[tuple[str, str]]:
    """Other programs that are published here; whether one takes the call is decided when it is chosen."""
    if incident.sent_at is None:
        return []
    published = programs_published(incident.centre, at=at, lat=None, lon=None)
    return [
        (version.program.slug, version.program.name)
        for version in published.versions
        if version.pk != incident.program_version_id
    ]
