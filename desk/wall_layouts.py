"""The bodies of the wall's further layouts: measures, one program, and the county by beat and agency."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from accounts.models import Centre
from desk.wall_rows import WallCall, WallUnit, cut, units_on_duty, wall_call, wall_unit
from desk.wall_views import WallView
from dispatch.selectors.figures import Figure, figures
from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.unit_rows import UnitRow
from programs.models import Program
from programs.selectors import programs_published
from responders.models import Unit

_NEVER = datetime.max.replace(tzinfo=UTC)
_ON_WALL = ("waiting", "over_promise", "no_unit", "diverted", "returned", "eligible_not_diverted")


@dataclass(frozen=True)
class MeasuresBody:
    """Six measures with what each is a part of, the oldest waiting call, and free units."""

    figures: list[Figure]
    oldest: datetime | None
    units_free: int
    units_count: int


@dataclass(frozen=True)
class ProgramBody:
    """One program: whether it takes calls now, its calls, and the units of its teams."""

    name: str
    state: str
    level: str
    calls: list[WallCall]
    calls_more: int
    calls_count: int
    units: list[WallUnit]
    units_more: int
    units_free: int
    units_count: int


@dataclass(frozen=True)
class Sum:
    """A beat's calls, or an agency's units: `first` of them waiting or free, `second` the others."""

    name: str
    first: int
    second: int
    since: datetime | None
    level: str


@dataclass(frozen=True)
class CountyBody:
    """All calls by beat, the longest waiting first, and all units by agency."""

    beats: list[Sum]
    beats_more: int
    agencies: list[Sum]
    agencies_more: int


def measures_body(
    centre: Centre, at: datetime, incidents: Sequence[IncidentRow], units: Sequence[UnitRow]
) -> MeasuresBody:
    """Two queries."""
    found = figures(centre, at)
    return MeasuresBody(
        figures=[found[key] for key in _ON_WALL],
        oldest=min((row.since for row in incidents if row.waiting), default=None),
        units_free=sum(unit.status == "available" for unit in units),
        units_count=len(units_on_duty(units)),
    )


def program_body(
    centre: Centre, at: datetime, incidents: Sequence[IncidentRow], units: Sequence[UnitRow], view: WallView
) -> ProgramBody:
    """A fixed number of queries. A program that is no longer published says so."""
    program = Program.objects.filter(centre=centre, slug=view.program).prefetch_related("teams").first()
    published = programs_published(centre, at=at, lat=None, lon=None)
    open_now = published.open_now.get(view.program)
    if view.program in published.suspended:
        state, level = "SUSPENDED", "serious"
    elif open_now is None:
        state, level = "NOT LIVE", "off"
    else:
        state, level = ("OPEN", "normal") if open_now else ("CLOSED NOW", "off")
    name = program.name if program is not None else view.program
    teams = {team.name for team in program.teams.all()} if program is not None else set()
    calls = [wall_call(row) for row in incidents if row.program == name]
    own = units_on_duty([unit for unit in units if unit.team in teams])
    shown, more = cut(calls, view.calls + 1)
    shown_units, more_units = cut(own, view.units)
    return ProgramBody(
        name=name,
        state=state,
        level=level,
        calls=shown,
        calls_more=more,
        calls_count=len(calls),
        units=[wall_unit(unit) for unit in shown_units],
        units_more=more_units,
        units_free=sum(unit.status == "available" for unit in own),
        units_count=len(own),
    )


def _beat(name: str, rows: Sequence[IncidentRow]) -> Sum:
    waiting = [row for row in rows if row.waiting]
    worst = min(rows, key=lambda row: row.priority)
    since = min((row.since for row in waiting), default=None)
    return Sum(name or "NO BEAT", len(waiting), len(rows) - len(waiting), since, worst.level if waiting else "standby")


def short_names(names: Collection[str]) -> dict[str, str]:
    """Names without the first word where several begin with it: the town's name tells nobody apart."""
    first = Counter(name.partition(" ")[0] for name in names)
    return {
        name: name.partition(" ")[2] if first[name.partition(" ")[0]] > 1 and " " in name else name for name in names
    }


def _agency(name: str, units: Sequence[UnitRow]) -> Sum:
    free = sum(unit.status == "available" for unit in units)
    return Sum(name, free, len(units) - free, None, "normal" if free else "serious")


def county_body(
    centre: Centre, incidents: Sequence[IncidentRow], units: Sequence[UnitRow], view: WallView
) -> CountyBody:
    """One query: to which agency each unit belongs."""
    by_beat: dict[str, list[IncidentRow]] = {}
    for row in incidents:
        by_beat.setdefault(row.beat, []).append(row)
    belongs = {str(pk): name for pk, name in Unit.objects.filter(centre=centre).values_list("pk", "agency__name")}
    by_agency: dict[str, list[UnitRow]] = {}
    for unit in units_on_duty(units):
        by_agency.setdefault(belongs.get(unit.id, ""), []).append(unit)
    beats = sorted(
        (_beat(name, rows) for name, rows in by_beat.items()),
        key=lambda one: (one.since is None, one.since or _NEVER, one.name),
    )
    shown, more = cut(beats, view.calls + 1)
    short = short_names(by_agency)
    agencies, agencies_more = cut([_agency(short[name], rows) for name, rows in sorted(by_agency.items())], view.units)
    return CountyBody(shown, more, agencies, agencies_more)
