"""One call and one unit on a wall, made of codes only: number, type group, beat, unit, status, ages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.unit_rows import UnitRow

R = TypeVar("R")
_UNIT_ORDER = {"critical": 0, "serious": 1, "standby": 2, "caution": 3, "normal": 4, "off": 5}
_SHORT = {
    "NOT TRIAGED": "NEW",
    "TRIAGED": "NEW",
    "HANDED OFF": "HANDED",
    "LATE ENTRY": "LATE?",
    "RETURNED": "BACK",
    "CHOOSE UNIT": "CHOOSE",
    "DECIDE AGAIN": "DECIDE",
}
_UNIT_SHORT = {
    "STOP, STAGE": "STAGE",
    "NEEDS HELP": "HELP",
    "ACCEPTED": "TAKEN",
    "OFFERED": "ASKED",
    "WITH PERSON": "PERSON",
    "TRANSPORT": "MOVING",
    "OUT OF SVC": "OUT",
    "NO ANSWER": "SILENT",
}
"""Words that would not fit their column."""


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


def wall_call(row: IncidentRow) -> WallCall:
    """A call as the wall may say it: what most needs somebody is its status."""
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
        status, level = _SHORT.get(row.state_words, "NO UNIT"), "serious"
    else:
        status = _SHORT.get(row.state_words, row.state_words)
        level = "serious" if row.state_words == "DECIDE AGAIN" else "off"
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


def wall_unit(row: UnitRow) -> WallUnit:
    """A unit as the wall may say it."""
    return WallUnit(row.call_sign, _UNIT_SHORT.get(row.words, row.words), row.level, row.since, row.level == "critical")


def units_on_duty(units: Sequence[UnitRow]) -> list[UnitRow]:
    """Units on shift, those that need somebody first."""
    on_duty = [unit for unit in units if unit.status != "off_shift"]
    return sorted(on_duty, key=lambda unit: (_UNIT_ORDER[unit.level], unit.call_sign))


def cut(rows: Sequence[R], room: int) -> tuple[list[R], int]:
    """The first rows that fit, worst first, and how many do not."""
    return list(rows[:room]), max(0, len(rows) - room)
