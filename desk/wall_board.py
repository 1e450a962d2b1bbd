"""What a wall shows. Built from codes only: number, type group, beat, unit, status, ages. Nothing else gets in.

A wall is read from across a room by whoever stands there, so names, phones, places and notes are not left out by the
template: they are not in these rows at all.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Centre
from dispatch.selectors.alarms import Headline, wall_headline
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.unit_rows import UnitRow, unit_rows
from programs.selectors import suspensions_standing

_ROWS_FIT, _PENDING_FIT, _UNIT_FIT = 9, 6, 10
"""Rows of 72 px that fit 1920 x 1080 under the headline, titles and the "more" lines."""
_KEPT = timedelta(seconds=5)
_UNIT_ORDER = {"critical": 0, "serious": 1, "standby": 2, "caution": 3, "normal": 4, "off": 5}
_SHORT = {"NOT TRIAGED": "NEW", "TRIAGED": "NEW", "HANDED OFF": "HANDED", "LATE ENTRY": "LATE?", "RETURNED": "BACK"}


@dataclass(frozen=True)
class WallCall:
    """One call on the wall."""

    code: str
    priority: int
    level: str
    group: str
    beat: str
    since: datetime
    status: str
    status_level: str
    late: bool


@dataclass(frozen=True)
class WallUnit:
    """One unit on the wall."""

    call_sign: str
    words: str
    level: str
    since: datetime
    alarm: bool


@dataclass(frozen=True)
class WallBoard:
    """The whole board, worst first, with how many rows did not fit."""

    headline: Headline
    stopped: bool
    pending: list[WallCall]
    pending_more: int
    pending_count: int
    active: list[WallCall]
    active_more: int
    active_count: int
    units: list[WallUnit]
    units_more: int
    units_free: int
    units_count: int


def _call(row: IncidentRow) -> WallCall:
    if row.stage_order:
        status, level = "STAGE", "critical"
    elif row.units and row.waiting:
        status, level = "ASKED", "caution"
    elif row.units:
        status, level = row.units[0].call_sign, "standby"
    elif row.handoffs:
        late = any(one.late for one in row.handoffs)
        asked = any(one.state == "requested" for one in row.handoffs)
        status, level = row.handoffs[0].service.upper(), "critical" if late else "serious" if asked else "standby"
    elif row.no_unit:
        status, level = "NO UNIT", "serious"
    else:
        status, level = _SHORT.get(row.state_words, row.state_words), "off"
    return WallCall(
        code=row.code,
        priority=row.priority,
        level=row.level,
        group=row.group,
        beat=row.beat,
        since=row.since,
        status=status,
        status_level=level,
        late=row.promise_level == "serious",
    )


_UNIT_SHORT = {
    "STOP, STAGE": "STAGE",
    "NEEDS HELP": "HELP",
    "ACCEPTED": "TAKEN",
    "OFFERED": "ASKED",
    "WITH PERSON": "PERSON",
    "TRANSPORT": "MOVING",
    "OUT OF SVC": "OUT",
}
"""Words that would not fit their column at 52 px."""


def _unit(row: UnitRow) -> WallUnit:
    return WallUnit(row.call_sign, _UNIT_SHORT.get(row.words, row.words), row.level, row.since, row.level == "critical")


def _fit(rows: list[WallCall], room: int) -> tuple[list[WallCall], int]:
    return rows[:room], max(0, len(rows) - room)


class WallRows:
    """The rows that walls are drawn from, kept by the renderer: a change reads its own rows, not the whole floor's.

    Read anew every few seconds, since a row may also change by time alone, and whenever it is not sure to be whole.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[datetime, dict[str, IncidentRow], dict[str, UnitRow]]] = {}

    def changed(
        self, centre: Centre, incidents: Collection[IncidentRow], units: Collection[UnitRow], at: datetime
    ) -> tuple[list[IncidentRow], list[UnitRow]]:
        """All rows of the centre, of which these have just been read."""
        # Taken out while it changes: should anything fail, the next board is read whole.
        read_at, calls, crews = self._kept.pop(centre.pk, (None, {}, {}))
        if read_at is None or not timedelta(0) <= at - read_at < _KEPT:
            read_at = at
            calls = {row.id: row for row in incident_rows(centre=centre, at=at)}
            crews = {row.id: row for row in unit_rows(centre=centre, at=at)}
        for row in incidents:
            if row.gone:
                calls.pop(row.id, None)
            else:
                calls[row.id] = row
        crews.update((row.id, row) for row in units)
        self._kept[centre.pk] = (read_at, calls, crews)
        return sorted(calls.values(), key=lambda row: row.key), sorted(crews.values(), key=lambda row: row.key)


def whole_floor(centre: Centre, at: datetime) -> tuple[list[IncidentRow], list[UnitRow]]:
    """All rows of the centre, read now."""
    return incident_rows(centre=centre, at=at), unit_rows(centre=centre, at=at)


def wall_board(centre: Centre, at: datetime, rows: tuple[list[IncidentRow], list[UnitRow]]) -> WallBoard:
    """The board of a centre. Calls give way to each other: an empty list leaves its room to the other one."""
    incidents, units = rows
    pending = [_call(row) for row in incidents if row.waiting]
    active = [_call(row) for row in incidents if not row.waiting]
    shown, more = _fit(pending, max(_PENDING_FIT, _ROWS_FIT - max(1, len(active))))
    shown_active, more_active = _fit(active, _ROWS_FIT - len(shown))
    on_duty = sorted(
        (unit for unit in units if unit.status != "off_shift"),
        key=lambda unit: (_UNIT_ORDER[unit.level], unit.call_sign),
    )
    return WallBoard(
        headline=wall_headline(centre=centre, at=at),
        # Beside the headline, since something worse may hold the first line while diversion is stopped.
        stopped=bool(suspensions_standing(centre)),
        pending=shown,
        pending_more=more,
        pending_count=len(pending),
        active=shown_active,
        active_more=more_active,
        active_count=len(active),
        units=[_unit(unit) for unit in on_duty[:_UNIT_FIT]],
        units_more=max(0, len(on_duty) - _UNIT_FIT),
        units_free=sum(unit.status == "available" for unit in units),
        units_count=len(on_duty),
    )
