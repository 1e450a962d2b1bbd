"""What boards show: rows of incidents, units and alarms, at a constant number of queries."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import Centre
from dispatch.models import Alarm, Assignment, Call, Handoff, Incident, LocationEntry, StageOrder
from dispatch.reasons import NO_UNIT, words
from dispatch.selectors.engine_facts import units_with_facts
from dispatch.states import ASSIGNMENT_LIVE
from live.selectors import heartbeat_age
from people.models import Premise
from people.selectors import cautions_standing
from programs.selectors import suspensions_standing
from responders.models import Unit
from responders.selectors import shift_end
from triage import natures

SHAPES = {
    "critical": "triangle",
    "serious": "diamond",
    "caution": "square",
    "normal": "circle",
    "standby": "ring",
    "off": "dash",
}
PRIORITY_LEVEL = {1: "critical", 2: "serious", 3: "caution", 4: "standby"}
CLASS_WORDS = {
    "emergency": "Emergency",
    "co_response": "Co-response",
    "mobile_team": "Mobile team",
    "tele_clinician": "Clinician by phone",
    "outreach_followup": "Outreach",
}
ASSIGNMENT_WORDS = {
    "offered": "OFFERED",
    "accepted": "ACCEPTED",
    "en_route": "EN ROUTE",
    "staged": "STAGED",
    "on_scene": "ON SCENE",
    "with_person": "WITH PERSON",
    "transporting": "TRANSPORT",
}
_UNIT_LEVEL = {
    "available": "normal",
    "offered": "caution",
    "accepted": "standby",
    "en_route": "standby",
    "staged": "serious",
    "on_scene": "standby",
    "with_person": "standby",
    "transporting": "standby",
    "help": "critical",
    "stage": "critical",
    "on_break": "off",
    "out_of_service": "off",
    "off_shift": "off",
}
_UNIT_WORDS = {
    **ASSIGNMENT_WORDS,
    "available": "AVAIL",
    "help": "NEEDS HELP",
    "stage": "STOP, STAGE",
    "on_break": "BREAK",
    "out_of_service": "OUT OF SVC",
    "off_shift": "OFF SHIFT",
}


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


@dataclass(frozen=True)
class UnitRow:
    """One unit on a board, with its derived status."""

    id: str
    call_sign: str
    version: int
    status: str
    words: str
    level: str
    shape: str
    since: datetime
    team: str
    kind: str
    kind_words: str
    incident_code: str
    incident_id: str
    position_age_s: int | None
    languages: tuple[str, ...]
    crew: int
    service_reason: str
    key: str


@dataclass(frozen=True)
class Headline:
    """The wall's first line: words, a level, and whether it sounds. Worst first."""

    words: str
    level: str
    sound: bool
    shape: str = field(default="")


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


def unit_rows(*, centre: Centre, at: datetime, ids: Collection[UUID] | None = None) -> list[UnitRow]:
    """The centre's units with their derived status, by call sign."""
    units = units_with_facts(centre, at=at, only=ids)
    helped = set(
        Alarm.objects.filter(centre=centre, kind=Alarm.Kind.PANIC, ended_at__isnull=True).values_list(
            "unit_id", flat=True
        )
    )
    staged = set(
        StageOrder.objects.filter(
            assignment__unit__in=[unit.pk for unit in units],
            assignment__state__in=ASSIGNMENT_LIVE,
            lifted_at__isnull=True,
        ).values_list("assignment_id", flat=True)
    )
    return [_unit_row(unit, centre, at, unit.pk in helped, staged) for unit in units]


def unit_status(unit: Unit, centre: Centre, at: datetime) -> str:
    """The derived status of a unit loaded by `units_with_facts`: its assignment first, then service, then shift."""
    live: list[Assignment] = unit.live_assignments  # type: ignore[attr-defined]  # prefetched
    if live:
        order = list(ASSIGNMENT_WORDS)
        return max((assignment.state for assignment in live), key=order.index)
    if unit.service != "in_service":
        return unit.service
    if shift_end(list(unit.shifts.all()), at, centre.zone) is None or not unit.crew.all():
        return "off_shift"
    return "available"


def _unit_row(unit: Unit, centre: Centre, at: datetime, helped: bool, staged: set[UUID]) -> UnitRow:
    live: list[Assignment] = unit.live_assignments  # type: ignore[attr-defined]  # prefetched
    status = unit_status(unit, centre, at)
    current = max(live, key=lambda one: list(ASSIGNMENT_WORDS).index(one.state)) if live else None
    if any(assignment.pk in staged for assignment in live):
        status = "stage"
    if helped:
        status = "help"
    level = _UNIT_LEVEL[status]
    since = _unit_on_since(current) if current else unit.service_since
    return UnitRow(
        id=str(unit.pk),
        call_sign=unit.call_sign,
        version=unit.version + sum(assignment.version for assignment in live),
        status=status,
        words=_UNIT_WORDS[status],
        level=level,
        shape=SHAPES[level],
        since=since,
        team=unit.team.name if unit.team else unit.agency.name,
        kind=unit.kind,
        kind_words=unit.get_kind_display(),
        incident_code=f"{current.incident.number:04d}" if current else "",
        incident_id=str(current.incident_id) if current else "",
        position_age_s=round((at - unit.position_at).total_seconds()) if unit.position_at else None,
        languages=tuple(unit.languages),
        crew=len(unit.crew.all()),
        service_reason=unit.service_reason,
        key=unit.call_sign,
    )


def _unit_on_since(assignment: Assignment) -> datetime:
    return assignment.on_scene_at or assignment.en_route_at or assignment.accepted_at or assignment.offered_at


def alarm_rows(*, centre: Centre, ids: Collection[UUID] | None = None) -> list[Alarm]:
    """Standing alarms, urgent and oldest first; or just `ids`."""
    alarms = Alarm.objects.filter(centre=centre)
    alarms = alarms.filter(pk__in=ids) if ids is not None else alarms.filter(ended_at__isnull=True)
    return list(alarms.select_related("incident", "unit", "owner", "ended_by").order_by("-urgent", "opened_at"))


_WORST_FIRST = (
    (Alarm.Kind.PANIC, "CREW NEEDS HELP"),
    (Alarm.Kind.STAGE_UNACKNOWLEDGED, "CREW HAS NOT READ THE STAGE ORDER"),
    (Alarm.Kind.HANDOFF_UNACKNOWLEDGED, "HAND-OFF NOT ACKNOWLEDGED"),
    (Alarm.Kind.PROMISE_BROKEN, "PROMISE BROKEN"),
    (Alarm.Kind.SILENT_CONSOLE, "A CONSOLE WENT SILENT"),
)


def wall_headline(*, centre: Centre, at: datetime) -> Headline:
    """The wall's first line in words: the worst thing that somebody must act on, or that all is owned."""
    age = heartbeat_age(0, "engine")
    if age is not None and age >= 10:
        return Headline("OFFERS STOPPED: assign by radio", "critical", True, SHAPES["critical"])
    alarms = alarm_rows(centre=centre)
    for kind, said in _WORST_FIRST:
        these = [alarm for alarm in alarms if alarm.kind == kind]
        if these:
            who = (
                these[0].unit.call_sign
                if these[0].unit
                else f"#{these[0].incident.number:04d}"
                if these[0].incident
                else ""
            )
            more = f", and {len(these) - 1} more" if len(these) > 1 else ""
            return Headline(f"{said}: {who}{more}" if who else f"{said}{more}", "critical", True, SHAPES["critical"])
    stops = suspensions_standing(centre)
    if stops:
        what = "ALL PROGRAMS" if any(stop.scope == "all" for stop in stops) else f"{len(stops)} SUSPENDED"
        return Headline(f"DIVERSION STOPPED: {what}", "serious", False, SHAPES["serious"])
    no_unit = sum(alarm.kind == Alarm.Kind.NO_UNIT for alarm in alarms)
    if no_unit:
        return Headline(f"{no_unit} WAITING WITH NO UNIT THAT CAN GO", "serious", False, SHAPES["serious"])
    open_incidents = (
        Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"]).order_by("opened_at")
    )
    count = open_incidents.count()
    oldest = open_incidents.first()
    if oldest is None:
        return Headline("No open calls", "normal", False, SHAPES["normal"])
    minutes, seconds = divmod(int((at - oldest.opened_at).total_seconds()), 60)
    said = f"All {count} calls owned" if count != 1 else "The one open call is owned"
    return Headline(f"{said}, oldest {minutes:02d}:{seconds:02d}", "normal", False, SHAPES["normal"])
