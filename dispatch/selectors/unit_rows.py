"""Units as boards show them, with their derived status."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Centre
from dispatch.models import Alarm, Assignment, StageOrder
from dispatch.models.alarm import CALLS_FOR_HELP
from dispatch.selectors.engine_facts import units_with_facts
from dispatch.selectors.words import ASSIGNMENT_WORDS, SHAPES, UNIT_LEVEL, UNIT_WORDS
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import Unit
from responders.selectors import shift_end

_REACHABLE = frozenset({"available", "offered", "accepted", "en_route"})
"""Statuses in which it matters that a unit does not answer: nobody is on a scene, and somebody counts on it."""


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
    looks: str
    key: str


def unit_rows(*, centre: Centre, at: datetime, ids: Collection[UUID] | None = None) -> list[UnitRow]:
    """The centre's units with their derived status, by call sign."""
    return rows_of(units_with_facts(centre, at=at, only=ids), centre=centre, at=at)


def rows_of(units: Sequence[Unit], *, centre: Centre, at: datetime) -> list[UnitRow]:
    """The rows of units that were loaded by `units_with_facts`. Two queries."""
    helped = set(
        Alarm.objects.filter(centre=centre, kind__in=CALLS_FOR_HELP, ended_at__isnull=True).values_list(
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
    if unit.not_answering_since is not None and status in _REACHABLE:
        status = "not_answering"
    if any(assignment.pk in staged for assignment in live):
        status = "stage"
    if helped:
        status = "help"
    level = UNIT_LEVEL[status]
    since = _unit_on_since(current) if current else unit.service_since
    if status == "not_answering" and unit.not_answering_since is not None:
        since = unit.not_answering_since
    return UnitRow(
        id=str(unit.pk),
        call_sign=unit.call_sign,
        version=unit.version + sum(assignment.version for assignment in live),
        status=status,
        words=UNIT_WORDS[status],
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
        looks=unit_looks(unit),
        key=unit.call_sign,
    )


def unit_looks(unit: Unit) -> str:
    """What others must know to recognise the unit on a scene: no uniform, no livery. Empty for the usual."""
    words = (("PLAIN CLOTHES", unit.plain_clothes), ("UNMARKED CAR", unit.unmarked))
    return " · ".join(word for word, said in words if said)


def _unit_on_since(assignment: Assignment) -> datetime:
    return assignment.state_since or assignment.offered_at
