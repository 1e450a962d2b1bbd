"""Incidents as boards show them, at a constant number of queries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Centre
from dispatch.models import Assignment, Call, Handoff, Incident
from dispatch.reasons import NO_UNIT, NO_UNIT_NEXT, words
from dispatch.selectors.asked import keys_to_ask, labels
from dispatch.selectors.promise import must_decide, promise_share
from dispatch.selectors.row_loads import Around, IncidentRead, around
from dispatch.selectors.row_parts import (
    HandoffOnIncident,
    TransferOnIncident,
    UnitOnIncident,
    callback_step,
    follow,
    handoff_on,
    recommended,
    transfer_on,
    unit_on,
)
from dispatch.selectors.words import CLASS_WORDS, PRIORITY_LEVEL, SHAPES
from people.models import Premise
from people.selectors import cautions_standing
from triage import natures


@dataclass(frozen=True)
class IncidentRow:
    """One incident on a board. The wall may use only `code`, `group`, `beat`, states, call signs and ages."""

    id: str
    number: int
    code: str
    version: int
    state: str
    state_words: str
    priority: int
    level: str
    shape: str
    nature: str
    nature_name: str
    group: str
    where: str
    beat: str
    location_state: str
    since: datetime
    promise_at: datetime | None
    promise_level: str
    owner: str
    response_class: str
    response_words: str
    program: str
    units: tuple[UnitOnIncident, ...]
    handoffs: tuple[HandoffOnIncident, ...]
    transfers: tuple[TransferOnIncident, ...]
    stage_order: bool
    alarms: tuple[str, ...]
    next_step: str
    no_unit: str
    triaged: bool
    caution: bool
    calls_open: int
    late: bool
    key: str
    waiting: bool
    must_decide: bool
    recommended: str
    ask_again: tuple[str, ...]
    top: bool
    outcome: str = ""

    def __getitem__(self, name: str) -> Any:
        """Templates ask this way first, and forty times a row: a refusal each time cost a fifth of a queue's page."""
        return getattr(self, name)

    @property
    def gone(self) -> bool:
        """Whether the row has left the boards."""
        return self.state in {"closed", "joined"}


def incident_rows(*, centre: Centre, at: datetime, ids: Collection[UUID] | None = None) -> list[IncidentRow]:
    """Open incidents, most urgent and oldest first; or just `ids`, closed ones included (so a board can drop them)."""
    incidents = Incident.objects.filter(centre=centre)
    incidents = incidents.filter(pk__in=ids) if ids is not None else incidents.exclude(state__in=["closed", "joined"])
    loaded = [IncidentRead._make(one) for one in incidents.values_list(*IncidentRead._fields)]
    beside = around(incidents, ids)
    cautioned = _caution_points(centre, at)
    asked = keys_to_ask({one.pk: one.ask_again_at for one in loaded if one.ask_again_at is not None})
    rows = [_incident_row(incident, beside, cautioned, asked.get(incident.pk, ()), at) for incident in loaded]
    return sorted(rows, key=lambda row: row.key)


def _caution_points(centre: Centre, at: datetime) -> set[UUID]:
    """Gazetteer places whose premises have a standing caution, and incidents about persons who have one."""
    standing = cautions_standing(centre=centre, at=at)
    places = Premise.objects.filter(pk__in=standing.values("premise"), place__isnull=False)
    about = Call.objects.filter(centre=centre, person__in=standing.filter(person__isnull=False).values("person"))
    # One query: their ids are of one kind, and nothing asks which of the two an id is.
    both = (
        places.order_by()
        .values_list("place_id", flat=True)
        .union(about.order_by().values_list("incident_id", flat=True))
    )
    return set(both)


def _incident_row(
    incident: IncidentRead, beside: Around, cautioned: set[UUID], ask_again: tuple[str, ...], at: datetime
) -> IncidentRow:
    nature = natures.load().get(incident.nature or None)
    where = beside.places.get(incident.pk)
    alarms = beside.alarms.get(incident.pk, ())
    calls = beside.calls.get(incident.pk, 0)
    units = tuple(unit_on(one, beside.orders.get(one.pk)) for one in beside.assignments.get(incident.pk, ()))
    shown = tuple(handoff_on(handoff, at) for handoff in beside.handoffs.get(incident.pk, ()))
    transfers = tuple(transfer_on(one) for one in beside.transfers.get(incident.pk, ()))
    named = recommended(incident, beside.named.get(incident.pk))
    decide = must_decide(incident, at)
    level = PRIORITY_LEVEL[incident.priority]
    return IncidentRow(
        id=str(incident.pk),
        number=incident.number,
        code=f"{incident.number:04d}",
        version=incident.version,
        state=incident.state,
        state_words=state_words(incident, units, shown, transfers),
        priority=incident.priority,
        level=level,
        shape=SHAPES[level],
        nature=incident.nature,
        nature_name=nature.name if nature else "Not said yet",
        group=nature.group if nature else "CALL",
        where=where.text if where else "",
        beat=where.beat if where else "",
        location_state=where.state if where else "",
        since=incident.opened_at,
        promise_at=incident.promise_at,
        promise_level=_promise_level(incident, at),
        owner=_owner(incident, beside.owners),
        response_class=incident.response_class,
        response_words=CLASS_WORDS.get(incident.response_class, ""),
        program=incident.program_version__program__name or "",
        units=units,
        handoffs=shown,
        transfers=transfers,
        stage_order=any(unit.stage_order for unit in units),
        alarms=tuple(alarm.kind for alarm in alarms),
        next_step=("" if incident.sent_at else callback_step(alarms))
        or _next_step(incident, units, shown, transfers, calls, named, decide=decide),
        # Nobody looks for a late entry until a person says that it is still live.
        no_unit=words(NO_UNIT, incident.no_unit_reason) if incident.no_unit_reason and not incident.late else "",
        triaged=incident.triaged,
        caution=incident.pk in cautioned or (where is not None and where.place_id in cautioned),
        calls_open=calls,
        late=incident.late,
        # What came back or was dropped is first of its priority.
        key=f"{incident.priority}-{0 if incident.top_at else 1}-{incident.opened_at.isoformat(timespec='microseconds')}"
        f"-{incident.number:08d}",
        waiting=not any(unit.state != "offered" for unit in units)
        and not any(h.state == "acknowledged" for h in shown)
        and not any(one.state == "connected" and not one.bridge for one in transfers),
        must_decide=decide,
        recommended=named,
        ask_again=tuple(labels(ask_again)),
        top=incident.top_at is not None,
        outcome=incident.outcome,
    )


def _promise_level(incident: IncidentRead, at: datetime) -> str:
    if incident.promise_at is None or incident.sent_at is None or not incident.offer_wanted:
        return ""
    share = promise_share(incident, at)
    return "serious" if share >= 1 else "caution" if share >= 0.8 else ""


def _owner(incident: IncidentRead, owners: Mapping[int, str]) -> str:
    if incident.owner_id is not None:
        # Whoever took it since the incidents were read is in the next frame.
        return owners.get(incident.owner_id, "")
    return "Dispatch" if incident.sent_at else "Nobody"


def state_words(
    incident: Incident | IncidentRead,
    units: Sequence[UnitOnIncident | Assignment],
    handoffs: Sequence[HandoffOnIncident | Handoff],
    transfers: Sequence[TransferOnIncident] = (),
) -> str:
    """An incident's state in the words of every board, given its live units and its hand-offs."""
    if incident.late:
        return "LATE ENTRY"
    if incident.state == "open":
        return "NOT TRIAGED"
    if incident.state == "pending":
        return "OFFERED" if units else _waiting_words(incident)
    if incident.state == "transferred" and transfers:
        return f"WITH {transfers[0].whom.upper()}"
    if incident.state == "transferred":
        return "HAND-OFF" if any(h.state == "requested" for h in handoffs) else "HANDED OFF"
    return {
        "triaged": "TRIAGED",
        "assigned": "ASSIGNED",
        "on_scene": "ON SCENE",
        "returned": "RETURNED",
        "held": "HELD",
        "closed": "CLOSED",
        "joined": "JOINED",
    }[incident.state]


def _waiting_words(incident: Incident | IncidentRead) -> str:
    """Of a pending call that nobody is asked for."""
    if not incident.offer_wanted:
        # Danger rose, or somebody handed the caller back.
        return "DECIDE AGAIN"
    if incident.no_unit_reason == "dispatcher_picks":
        # Somebody could go: that is no missing unit.
        return "CHOOSE UNIT"
    return "NO UNIT" if incident.no_unit_reason else "WAITING"


def _next_step(
    incident: IncidentRead,
    units: tuple[UnitOnIncident, ...],
    handoffs: tuple[HandoffOnIncident, ...],
    transfers: tuple[TransferOnIncident, ...],
    calls: int,
    named: str,
    *,
    decide: bool,
) -> str:
    """What somebody must do next, in words: nothing on a board is without one."""
    if incident.state in {"closed", "joined"}:
        return "Nothing: it is over"
    if any(unit.stage_order and not unit.stage_read for unit in units):
        return "Make sure the crew has read STAGE"
    if any(handoff.state == "requested" for handoff in handoffs):
        return "Get the hand-off acknowledged"
    said = {handoff.state for handoff in handoffs}
    if "declined" in said and not said & {"requested", "acknowledged"}:
        return "Choose who goes: they declined"
    if any(one.state != "connected" for one in transfers):
        return "Stay on the line until they talk"
    if any(handoff.state == "ready" for handoff in handoffs):
        return "Send the hand-off, or withdraw it"
    if incident.late:
        return "Ask whether it is still live"
    if decide:
        return "Decide: the promised wait ends"
    if incident.state == "open":
        return "Ask the safety questions, or send"
    if incident.state == "triaged":
        return "Accept the suggestion, or choose another"
    if incident.state == "pending" and not units and not incident.offer_wanted:
        return "Decide the response again"
    if incident.state == "pending" and not units and named:
        return f"Offer it to {named.partition(':')[0]}, or choose another"
    if incident.state == "pending" and not units:
        return words(NO_UNIT_NEXT, incident.no_unit_reason) if incident.no_unit_reason else "Looking for a unit"
    if incident.state == "pending":
        return "Wait for the unit's answer"
    if incident.state == "held":
        return "Call back when the hold ends"
    if incident.state == "returned" and not any(h.state == "acknowledged" for h in handoffs):
        return "Decide the response again"
    if incident.state == "returned":
        return "See that the receiver goes"
    if incident.state == "transferred" and transfers:
        return follow(transfers[0])
    if incident.state == "transferred" and calls:
        return "End the call"
    if incident.state == "transferred":
        return "Close"
    if not units:
        return "End the call" if calls else "Close it, or send somebody"
    if incident.offer_wanted:
        # Those who have accepted only help.
        if incident.no_unit_reason:
            return words(NO_UNIT_NEXT, incident.no_unit_reason)
        offered = any(unit.state == "offered" for unit in units)
        return "Wait for the unit's answer" if offered else "Looking for a unit that leads"
    return "Follow the crew"
