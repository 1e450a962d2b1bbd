"""What the supervisor's overview shows beside the measures: waiting by program, units, staffing, decisions, charts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Centre
from desk.advice import class_words
from dispatch.models import Decision
from dispatch.reasons import NOT_DIVERTED, OVERRIDE_LESS, words
from dispatch.selectors.figures import TREND_WORDS, Hour, split
from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.unit_loads import UnitRead
from dispatch.selectors.unit_rows import OnDuty, UnitRow
from dispatch.selectors.words import ASSIGNMENT_WORDS
from live.selectors import heartbeats
from programs.models import Program
from responders.models import Unit

_STATE_ORDER = ["help", "stage", "available", *ASSIGNMENT_WORDS]
_LOOPS = {"engine": "Sweeper (offers)", "renderer": "Renderer (boards)", "worker": "Beat and worker"}
SILENT_S = 60


@dataclass(frozen=True)
class UnitsInState:
    """Units of one derived status."""

    words: str
    level: str
    count: int
    call_signs: str


@dataclass(frozen=True)
class WaitingFor:
    """The waiting calls of one program, or of none: how many are within their promise, near its end, past it."""

    program: str
    slug: str
    count: int
    near: int
    broken: int
    oldest: datetime


@dataclass(frozen=True)
class Staffing:
    """Units of one team that are on duty, and how many there are after the next change of shift."""

    team: str
    now: int
    change_at: datetime | None
    then: int


@dataclass(frozen=True)
class Bar:
    """One hour of a chart, in the units of its picture."""

    x: int
    y: int
    height: int
    value: int
    begins: datetime


@dataclass(frozen=True)
class Chart:
    """A small chart: its bars, its largest value and sum, and what it counts in words."""

    key: str
    words: str
    bars: list[Bar]
    most: int
    total: int


CHART_HEIGHT, BAR_STEP = 60, 12


def units_by_state(units: Sequence[UnitRow]) -> list[UnitsInState]:
    """Units grouped by derived status, those that need somebody first."""
    groups: dict[str, list[UnitRow]] = {}
    for unit in units:
        groups.setdefault(unit.status, []).append(unit)
    order = {state: place for place, state in enumerate(_STATE_ORDER)}
    return [
        UnitsInState(group[0].words, group[0].level, len(group), ", ".join(unit.call_sign for unit in group))
        for state, group in sorted(groups.items(), key=lambda item: order.get(item[0], 99))
    ]


def waiting_by_program(centre: Centre, rows: Sequence[IncidentRow]) -> list[WaitingFor]:
    """From the rows of the queue, so that both screens say the same. One query, for the addresses."""
    slugs = dict(Program.objects.filter(centre=centre).values_list("name", "slug"))
    groups: dict[str, list[IncidentRow]] = {}
    for row in rows:
        if row.waiting:
            groups.setdefault(row.program, []).append(row)
    found = [
        WaitingFor(
            program=name or "No program",
            slug=slugs.get(name, ""),
            count=len(group),
            near=sum(row.promise_level == "caution" for row in group),
            broken=sum(row.promise_level == "serious" for row in group),
            oldest=min(row.since for row in group),
        )
        for name, group in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.broken, one.oldest))


def longest_wait(rows: Sequence[IncidentRow]) -> IncidentRow | None:
    """The waiting call that has been open longest."""
    return min((row for row in rows if row.waiting), key=lambda row: row.since, default=None)


def beats_worst_first(rows: Sequence[IncidentRow]) -> list[tuple[str, int, int]]:
    """(beat, open, waiting): beats with most open calls first. A beat without a name is a place not known yet."""
    counts: dict[str, tuple[int, int]] = {}
    for row in rows:
        n, waiting = counts.get(row.beat, (0, 0))
        counts[row.beat] = (n + 1, waiting + row.waiting)
    return sorted(
        ((beat or "not known", n, waiting) for beat, (n, waiting) in counts.items()), key=lambda one: (-one[1], one[0])
    )


def reasons_today(centre: Centre, at: datetime) -> list[tuple[str, str, int]]:
    """(code, words, count) of calls that could have been diverted and were not. One query."""
    return [(code, words(NOT_DIVERTED, code), n) for code, n in split(centre, "eligible_not_diverted", at)]


def decisions_waiting(centre: Centre) -> list[dict[str, object]]:
    """Less cautious choices that wait for a second person. One query."""
    rows = (
        Decision.objects.filter(incident__centre=centre, state="waiting_second")
        .select_related("incident", "by")
        .order_by("second_due_at")
    )
    return [
        {
            "incident_id": one.incident_id,
            "code": f"{one.incident.number:04d}",
            "by": one.by,
            "words": class_words(one.response_class),
            "reason": words(OVERRIDE_LESS, one.reason),
            "due": one.second_due_at,
        }
        for one in rows
    ]


def staffing(centre: Centre, at: datetime, read: Sequence[UnitRead]) -> list[Staffing]:
    """Units on duty by team, when that next changes within a day, and to how many; from `units_read`.

    On duty now: in service, on shift, with a crew. After the change: on shift by the plan, in service.
    """
    teams: dict[str, list[UnitRead]] = {}
    for unit in read:
        if unit.service == Unit.Service.IN_SERVICE:
            teams.setdefault(unit.team, []).append(unit)
    hour = at.replace(minute=0, second=0, microsecond=0)
    # Shifts begin and end at full hours of the centre's clock; zones of half hours change at the next look.
    ahead = [OnDuty(centre, hour + timedelta(hours=nth)) for nth in range(1, 25)]
    now = OnDuty(centre, at)
    return [_staffing(name, of_team, now, ahead) for name, of_team in sorted(teams.items())]


def _staffing(name: str, units: list[UnitRead], duty: OnDuty, ahead: Sequence[OnDuty]) -> Staffing:
    # A team has few patterns of shifts: its units are counted by them.
    alike = Counter(unit.shifts for unit in units)

    def planned(then: OnDuty) -> int:
        return sum(count for shifts, count in alike.items() if then(shifts))

    manned = sum(bool(unit.crew) and duty(unit.shifts) for unit in units)
    now = planned(duty)
    for then in ahead:
        if (count := planned(then)) != now:
            return Staffing(name, manned, then.at, count)
    return Staffing(name, manned, None, now)


def charts(hours: Sequence[Hour]) -> list[Chart]:
    """One small chart for each column of the trend."""
    return [_chart(key, said, hours) for key, said in TREND_WORDS.items()]


def _chart(key: str, said: str, hours: Sequence[Hour]) -> Chart:
    values = [int(getattr(hour, key)) for hour in hours]
    most = max(values, default=0)
    tall = [round(value / most * CHART_HEIGHT) if most else 0 for value in values]
    bars = [
        Bar(nth * BAR_STEP, CHART_HEIGHT - height, height, value, hour.begins)
        for nth, (value, height, hour) in enumerate(zip(values, tall, hours, strict=True))
    ]
    return Chart(key, said, bars, most, sum(values))


def loops(at: datetime) -> list[tuple[str, datetime | None, bool]]:
    """(part of the system, last sign of life, silent). One query."""
    last: dict[str, datetime] = {}
    for beat in heartbeats():
        last[beat.role] = max(beat.at, last.get(beat.role, beat.at))
    return [
        (name, last.get(role), role not in last or at - last[role] > timedelta(seconds=SILENT_S))
        for role, name in _LOOPS.items()
    ]
