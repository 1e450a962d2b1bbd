"""Incidents as boards show them, at a constant number of queries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import Centre
from dispatch.models import Alarm, Assignment, Call, Handoff, Incident, LocationEntry, StageOrder
from dispatch.reasons import NO_UNIT, words
from dispatch.selectors.words import ASSIGNMENT_WORDS, CLASS_WORDS, PRIORITY_LEVEL, SHAPES
from dispatch.states import ASSIGNMENT_LIVE
from people.models import Premise
from people.selectors import cautions_standing
from triage import natures


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
    stage_order: bool
    alarms: tuple[str, ...]
    next_step: str
    no_unit: str
    no_unit_detail: tuple[dict[str, Any], ...]
    triaged: bool
    caution: bool
    calls_open: int
    late: bool
    key: str
    waiting: bool
    outcome: str = ""

    @property
    def gone(self) -> bool:
        """Whether the row has left the boards."""
        return self.state in {"closed", "joined"}


def incident_rows(*, centre: Centre, at: datetime, ids: Collection[UUID] | None = None) -> list[IncidentRow]:
    """Open incidents, most urgent and oldest first; or just `ids`, closed ones included (so a board can drop them)."""
    incidents = Incident.objects.filter(centre=centre)
    incidents = incidents.filter(pk__in=ids) if ids is not None else incidents.exclude(state__in=["closed", "joined"])
    loaded = list(
        incidents.select_related("owner", "program_version__program").prefetch_related(
            Prefetch(
                "assignments",
                queryset=Assignment.objects.filter(state__in=ASSIGNMENT_LIVE)
                .select_related("unit")
                .prefetch_related(
                    Prefetch(
                        "stage_orders",
                        queryset=StageOrder.objects.filter(lifted_at__isnull=True),
                        to_attr="standing_orders",
                    )
                ),
                to_attr="live_assignments",
            ),
            Prefetch("handoffs", queryset=Handoff.objects.exclude(state="cancelled"), to_attr="shown_handoffs"),
            Prefetch("calls", queryset=Call.objects.filter(state="open"), to_attr="open_calls"),
            Prefetch("alarms", queryset=Alarm.objects.filter(ended_at__isnull=True), to_attr="open_alarms"),
        )
    )
    places = _latest_places([incident.pk for incident in loaded])
    cautioned = _caution_points(centre, at)
    rows = [_incident_row(incident, places.get(incident.pk), cautioned, at) for incident in loaded]
    return sorted(rows, key=lambda row: row.key)


def _latest_places(incident_ids: list[UUID]) -> dict[UUID, LocationEntry]:
    entries = (
        LocationEntry.objects.filter(incident__in=incident_ids, subject="incident")
        .order_by("incident", "-id")
        .distinct("incident")
    )
    return {entry.incident_id: entry for entry in entries}


def _caution_points(centre: Centre, at: datetime) -> set[UUID]:
    """Gazetteer places whose premises have a standing caution."""
    premises = cautions_standing(centre=centre, at=at).values_list("premise", flat=True)
    return set(Premise.objects.filter(pk__in=premises, place__isnull=False).values_list("place_id", flat=True))


def _incident_row(incident: Incident, where: LocationEntry | None, cautioned: set[UUID], at: datetime) -> IncidentRow:
    nature = natures.load().get(incident.nature or None)
    live: list[Assignment] = incident.live_assignments  # type: ignore[attr-defined]  # prefetched
    handoffs: list[Handoff] = incident.shown_handoffs  # type: ignore[attr-defined]  # prefetched
    alarms: list[Alarm] = incident.open_alarms  # type: ignore[attr-defined]  # prefetched
    calls: list[Call] = incident.open_calls  # type: ignore[attr-defined]  # prefetched
    units = tuple(_unit_on(assignment) for assignment in sorted(live, key=lambda one: one.offered_at))
    shown = tuple(_handoff_on(handoff, at) for handoff in handoffs)
    level = PRIORITY_LEVEL[incident.priority]
    return IncidentRow(
        id=str(incident.pk),
        number=incident.number,
        code=f"{incident.number:04d}",
        version=incident.version,
        state=incident.state,
        state_words=_state_words(incident, units, shown),
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
        owner=_owner(incident),
        response_class=incident.response_class,
        response_words=CLASS_WORDS.get(incident.response_class, ""),
        program=incident.program_version.program.name if incident.program_version else "",
        units=units,
        handoffs=shown,
        stage_order=any(unit.stage_order for unit in units),
        alarms=tuple(alarm.kind for alarm in alarms),
        next_step=_next_step(incident, units, shown, len(calls)),
        no_unit=words(NO_UNIT, incident.no_unit_reason) if incident.no_unit_reason else "",
        no_unit_detail=tuple(incident.no_unit_detail),
        triaged=incident.triaged,
        caution=where is not None and where.place_id in cautioned,
        calls_open=len(calls),
        late=incident.late,
        key=f"{incident.priority}-{incident.opened_at:%Y-%m-%dT%H:%M:%S.%fZ}-{incident.number:08d}",
        waiting=not any(unit.state != "offered" for unit in units)
        and not any(h.state == "acknowledged" for h in shown),
        outcome=incident.outcome,
    )


def _unit_on(assignment: Assignment) -> UnitOnIncident:
    orders: list[StageOrder] = assignment.standing_orders  # type: ignore[attr-defined]  # prefetched
    order = orders[0] if orders else None
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
        words=ASSIGNMENT_WORDS[assignment.state],
        since=since,
        assignment_id=str(assignment.pk),
        stage_order=order.words if order else "",
        stage_read=order is not None and order.acknowledged_at is not None,
    )


def _handoff_on(handoff: Handoff, at: datetime) -> HandoffOnIncident:
    late = (
        handoff.state == "requested"
        and handoff.requested_at is not None
        and at - handoff.requested_at >= timedelta(seconds=30)
    )
    return HandoffOnIncident(
        id=str(handoff.pk),
        service=handoff.service,
        state=handoff.state,
        since=handoff.requested_at or handoff.opened_at,
        receiver=handoff.receiver_number or handoff.receiver_name,
        late=late,
    )


def _promise_level(incident: Incident, at: datetime) -> str:
    if incident.promise_at is None or incident.sent_at is None or not incident.offer_wanted:
        return ""
    whole = (incident.promise_at - incident.sent_at).total_seconds()
    share = (at - incident.sent_at).total_seconds() / whole if whole > 0 else 1.0
    return "serious" if share >= 1 else "caution" if share >= 0.8 else ""


def _owner(incident: Incident) -> str:
    if incident.owner is not None:
        return str(incident.owner)
    return "Dispatch" if incident.sent_at else "Nobody"


def _state_words(incident: Incident, units: tuple[UnitOnIncident, ...], handoffs: tuple[HandoffOnIncident, ...]) -> str:
    if incident.late:
        return "LATE ENTRY"
    if incident.state == "open":
        return "NOT TRIAGED"
    if incident.state == "pending":
        return "OFFERED" if units else "NO UNIT" if incident.no_unit_reason else "WAITING"
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


def _next_step(
    incident: Incident, units: tuple[UnitOnIncident, ...], handoffs: tuple[HandoffOnIncident, ...], calls: int
) -> str:
    """What somebody must do next, in words: nothing on a board is without one."""
    if any(unit.stage_order and not unit.stage_read for unit in units):
        return "Make sure the crew has read STAGE"
    if any(handoff.state == "requested" for handoff in handoffs):
        return "Get the hand-off acknowledged"
    if any(handoff.state == "ready" for handoff in handoffs):
        return "Send the hand-off, or withdraw it"
    if incident.late:
        return "Ask whether it is still live"
    if incident.state == "open":
        return "Ask the safety questions, or send"
    if incident.state == "triaged":
        return "Accept the suggestion, or choose another"
    if incident.state == "pending" and not units and not incident.offer_wanted:
        return "Decide the response again"
    if incident.state == "pending" and not units:
        return "Choose a unit or a more cautious response" if incident.no_unit_reason else "A unit is being asked"
    if incident.state == "pending":
        return "Wait for the unit's answer"
    if incident.state == "held":
        return "Call back when the hold ends"
    if incident.state == "returned":
        return "See that the receiver goes"
    if incident.state == "transferred" and calls:
        return "End the call"
    if incident.state == "transferred":
        return "Close"
    return "Follow the crew"
