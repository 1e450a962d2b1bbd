"""What an incident's row shows of its units, hand-offs and transfers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.models import Alarm, Assignment, Handoff, Recommendation, StageOrder, Transfer
from dispatch.selectors.row_loads import AlarmRead, IncidentRead
from dispatch.selectors.words import ASSIGNMENT_WORDS
from dispatch.states import HANDOFF_OWNER_ALARM_S


@dataclass(frozen=True)
class UnitOnIncident:
    """A unit's part in an incident's row."""

    call_sign: str
    state: str
    words: str
    since: datetime
    assignment_id: str
    stage_order: str = ""
    stage_read: bool = False
    why: str = ""


@dataclass(frozen=True)
class HandoffOnIncident:
    """A hand-off's part in an incident's row."""

    id: str
    service: str
    state: str
    since: datetime
    receiver: str
    late: bool


@dataclass(frozen=True)
class TransferOnIncident:
    """A transfer's part in an incident's row: it is on its way, or somebody has the caller."""

    id: str
    whom: str
    state: str
    words: str
    since: datetime
    bridge: bool
    on_floor: bool


def unit_on(assignment: Assignment, order: StageOrder | None) -> UnitOnIncident:
    """A live assignment as boards show it, with its standing stage order."""
    since = (
        {
            "offered": assignment.offered_at,
            "accepted": assignment.accepted_at,
            "en_route": assignment.en_route_at,
            "on_scene": assignment.on_scene_at,
        }.get(assignment.state)
        or assignment.accepted_at
        or assignment.offered_at
    )
    return UnitOnIncident(
        call_sign=assignment.unit.call_sign,
        state=assignment.state,
        words=_unit_words(assignment),
        since=since,
        assignment_id=str(assignment.pk),
        stage_order=order.words if order else "",
        stage_read=order is not None and order.acknowledged_at is not None,
        why=_why(assignment.why) if assignment.state == "offered" else "",
    )


def callback_step(alarms: Sequence[AlarmRead]) -> str:
    """What a lost call owes, while nobody has sent its incident; empty where it owes nothing."""
    owed = next((one for one in alarms if one.kind == Alarm.Kind.DROPPED_CALL), None)
    if owed is None:
        return ""
    tried, of = int(owed.detail.get("tried", 0)), int(owed.detail.get("owed", 1))
    return f"Call back: {tried} of {of} tries made" if tried < of else "Not reached: send, or close with a code"


def recommended(incident: IncidentRead, named: Recommendation | None) -> str:
    """The unit that the engine names where only a person makes the offer, with its reasons."""
    if named is None or not incident.offer_wanted:
        return ""
    return f"{named.unit.call_sign}: {_why(named.why)}".rstrip(": ")


def _why(why: dict[str, Any]) -> str:
    """The engine's shortfalls and reasons, as they were stored with the offer, in a line: what is against it first."""
    missing = [one["words"] for one in why.get("shortfalls", []) if isinstance(one, dict)]
    return "; ".join([*missing, *(str(one) for one in why.get("reasons", []))][:3])


def follow(transfer: TransferOnIncident) -> str:
    """Who says how a connected transfer ended: a clinician of the floor themselves, for others whoever hears of it."""
    return "The clinician ends it" if transfer.on_floor else f"Record how it ended with {transfer.whom}"


_TRANSFER_WORDS = {"offered": "TRANSFER OFFERED", "ringing": "TRANSFER RINGS", "connected": "HAS THE CALLER"}


def transfer_on(transfer: Transfer) -> TransferOnIncident:
    """A live transfer as boards show it. `whom` is a role, a number or a call sign, never a person's name."""
    whom = transfer.unit.call_sign if transfer.unit is not None else transfer.get_kind_display()
    words = _TRANSFER_WORDS[transfer.state]
    if transfer.bridge and transfer.state == "connected":
        words = "ON THE LINE TOO"
    return TransferOnIncident(
        id=str(transfer.pk),
        whom=whom,
        state=transfer.state,
        words=words,
        since=transfer.connected_at or transfer.rung_at or transfer.offered_at,
        bridge=transfer.bridge,
        on_floor=transfer.kind == Transfer.Kind.CLINICIAN,
    )


def _unit_words(assignment: Assignment) -> str:
    """The status, and what is only suggested: a unit that has come near may have arrived."""
    said = ASSIGNMENT_WORDS[assignment.state]
    return f"{said}, ARRIVED?" if assignment.state == "en_route" and assignment.near_at is not None else said


def handoff_on(handoff: Handoff, at: datetime) -> HandoffOnIncident:
    late = (
        handoff.state == "requested"
        and handoff.requested_at is not None
        and at - handoff.requested_at >= timedelta(seconds=HANDOFF_OWNER_ALARM_S)
    )
    return HandoffOnIncident(
        id=str(handoff.pk),
        service=handoff.service,
        state=handoff.state,
        since=handoff.requested_at or handoff.opened_at,
        receiver=handoff.receiver_number or handoff.receiver_name,
        late=late,
    )
