"""Units as boards show them, with their derived status."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Centre
from dispatch.models import Alarm, StageOrder
from dispatch.models.alarm import CALLS_FOR_HELP
from dispatch.selectors.unit_loads import On, UnitRead, units_read
from dispatch.selectors.words import ASSIGNMENT_WORDS, SHAPES, UNIT_LEVEL, UNIT_WORDS
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import Unit
from responders.selectors import ShiftHours, on_shift

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
    return rows_of(units_read(centre=centre, ids=ids), centre=centre, at=at)


def rows_of(units: Sequence[UnitRead], *, centre: Centre, at: datetime) -> list[UnitRow]:
    """The rows of units that were read by `units_read`. Two queries."""
    helped = dict(
        Alarm.objects.filter(centre=centre, kind__in=CALLS_FOR_HELP, ended_at__isnull=True)
        .order_by("-opened_at")
        .values_list("unit_id", "opened_at")
    )
    # Of the whole centre: few orders stand, and an empty list of units would make it a query less.
    staged = set(
        StageOrder.objects.filter(
            assignment__unit__centre=centre, assignment__state__in=ASSIGNMENT_LIVE, lifted_at__isnull=True
        ).values_list("assignment_id", flat=True)
    )
    duty = OnDuty(centre, at)
    return [_unit_row(unit, duty, helped.get(unit.id), staged) for unit in units]


class OnDuty:
    """Who is on shift at an instant. A fleet has few patterns of shifts: each is worked out once."""

    def __init__(self, centre: Centre, at: datetime) -> None:
        self.at = at
        self._zone = centre.zone
        self._running: dict[tuple[ShiftHours, ...], bool] = {}

    def __call__(self, shifts: tuple[ShiftHours, ...]) -> bool:
        running = self._running.get(shifts)
        if running is None:
            running = self._running[shifts] = on_shift(shifts, self.at, self._zone)
        return running


def unit_status(unit: UnitRead, duty: OnDuty) -> str:
    """The derived status of a unit: its assignment first, then service, then shift."""
    if unit.live:
        return _furthest(unit.live).state
    if unit.service != Unit.Service.IN_SERVICE:
        return unit.service
    return "available" if unit.crew and duty(unit.shifts) else "off_shift"


_ORDER = {state: nth for nth, state in enumerate(ASSIGNMENT_WORDS)}


def _furthest(live: Sequence[On]) -> On:
    return max(live, key=lambda one: _ORDER[one.state])


def _unit_row(unit: UnitRead, duty: OnDuty, helped: datetime | None, staged: set[UUID]) -> UnitRow:
    status = unit_status(unit, duty)
    current = _furthest(unit.live) if unit.live else None
    if unit.not_answering_since is not None and status in _REACHABLE:
        status = "not_answering"
    if any(one.id in staged for one in unit.live):
        status = "stage"
    if helped is not None:
        status = "help"
    level = UNIT_LEVEL[status]
    since = (current.state_since or current.offered_at) if current else unit.service_since
    if status == "not_answering" and unit.not_answering_since is not None:
        since = unit.not_answering_since
    if helped is not None:
        # For how long they have been waiting for it, and not for how long they have been on duty.
        since = helped
    return UnitRow(
        id=str(unit.id),
        call_sign=unit.call_sign,
        version=unit.version + sum(one.version for one in unit.live),
        status=status,
        words=UNIT_WORDS[status],
        level=level,
        shape=SHAPES[level],
        since=since,
        team=unit.team,
        kind=unit.kind,
        kind_words=str(Unit.Kind(unit.kind).label),
        incident_code=f"{current.incident_number:04d}" if current else "",
        incident_id=str(current.incident_id) if current else "",
        position_age_s=round((duty.at - unit.position_at).total_seconds()) if unit.position_at else None,
        languages=unit.languages,
        crew=unit.crew,
        service_reason=unit.service_reason,
        looks=unit_looks(unit),
        key=unit.call_sign,
    )


def unit_looks(unit: UnitRead) -> str:
    """What others must know to recognise the unit on a scene: no uniform, no livery. Empty for the usual."""
    words = (("PLAIN CLOTHES", unit.plain_clothes), ("UNMARKED CAR", unit.unmarked))
    return " · ".join(word for word, said in words if said)
