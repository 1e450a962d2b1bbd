"""Soft constraints: what speaks for a unit, in points and in words. Pure; one table, so words and points agree.

100 points are a unit on the spot; 1 point is 18 s of travel. The other weights are the product's own, chosen so that
none outweighs about five minutes on the road: a nearer crew is only passed over for a reason worth saying.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dispatch.facts import IncidentFacts, UnitFacts, capability_words, language_words
from dispatch.travel import Journey

STALE_AFTER_S = 15 * 60
"""A position older than this is said to be old."""
FINISH_S = 45 * 60
"""Expected time on a call, published medians are 25 to 80 minutes (reference programs)."""
LOAD_HOURS = 8
"""Calls finished within about one shift count as its load."""
SECONDS_A_POINT = 18
TRAVEL_MOST, OLD_POSITION, LANGUAGE, CONTINUITY, WANTED = 100.0, -10.0, 20.0, 15.0, 8.0
REST_MOST, REST_FULL_MIN, LOAD_EACH, LOAD_MOST = 10.0, 30.0, -2.0, 5
BOOKED, BOOKED_UNIT = -50.0, 40.0
BOOKED_SPARE_S = 15 * 60
"""A unit is wanted free so long before a visit that it is booked for: the way there."""
ENDS_SOON = -200.0
"""More than all other points together: such a unit is recommended last, not merely later."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that counted: its code, its points (may be 0: worth saying all the same), its words."""

    code: str
    points: float
    words: str


def is_fresh(unit: UnitFacts, at: datetime) -> bool:
    """Whether the unit's position is young enough to be trusted for distance."""
    return unit.position_at is not None and (at - unit.position_at).total_seconds() <= STALE_AFTER_S


def ends_soon(unit: UnitFacts, journey: Journey | None, at: datetime) -> bool:
    """Whether the shift ends before the call is likely to be finished."""
    left = None if unit.shift_ends is None else (unit.shift_ends - at).total_seconds()
    return left is not None and left < FINISH_S + (journey.seconds if journey else 0)


def runs_into_booking(unit: UnitFacts, journey: Journey | None, at: datetime) -> bool:
    """Whether this call is likely to last into the way to a visit that the unit is booked for."""
    if unit.booked_at is None:
        return False
    left = (unit.booked_at - at).total_seconds() - BOOKED_SPARE_S
    return left < FINISH_S + (journey.seconds if journey else 0)


def _rested_min(unit: UnitFacts, at: datetime) -> float:
    """Minutes since the last assignment, at most REST_FULL_MIN; 0 for a unit that has had none."""
    if unit.free_since is None:
        return 0.0
    # An end that another machine's clock puts a little ahead is an end of just now.
    return max(0.0, min(REST_FULL_MIN, (at - unit.free_since).total_seconds() / 60))


def travel_points(j: Journey | None) -> float:
    """What nearness gives."""
    return 0.0 if j is None else max(0.0, TRAVEL_MOST - j.seconds / SECONDS_A_POINT)


def _travel(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return travel_points(j)


def _travel_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    if i.by_phone:
        return "answers by telephone"
    if j is None:
        return "position not known" if u.lat is None else "place not known"
    how = f" ({j.how})" if j.how else ""
    minutes = max(1, round(j.seconds / 60))
    if minutes >= _HOURS_FROM_MIN:
        return f"about {minutes // 60} h {minutes % 60} min away{how}"
    return f"about {minutes} min away{how}"


def _old(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return 0.0 if i.by_phone or j is None or is_fresh(u, at) else OLD_POSITION


def _old_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    if u.position_at is None:
        return "age of its position not known"
    return f"position is old ({_age_words((at - u.position_at).total_seconds())})"


def _age_words(seconds: float) -> str:
    """In the largest unit of which there are at least two."""
    for unit, name in ((86_400, "days"), (3600, "h")):
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{round(seconds / 60)} min"


def _speaks(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return LANGUAGE if i.language not in {"", "en"} and i.language in u.languages else 0.0


def _speaks_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return f"speaks {language_words(i.language)}"


def _met(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return CONTINUITY if i.met & u.crew_ids else 0.0


def _met_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return "crew was with this caller or at this address before"


def _wanted(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return WANTED * len(i.wanted & u.capabilities)


def _wanted_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return f"has what would help: {', '.join(sorted(map(capability_words, i.wanted & u.capabilities)))}"


def _rest(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return REST_MOST * _rested_min(u, at) / REST_FULL_MIN


def _rest_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    if u.free_since is None:
        return ""
    rested = _rested_min(u, at)
    if round(rested) == 0:
        return "free just now"
    return "free for " + (f"{round(rested)} min" if rested < REST_FULL_MIN else f"{round(REST_FULL_MIN)} min or more")


def _load(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return LOAD_EACH * min(LOAD_MOST, u.recent_calls)


def _load_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return f"{u.recent_calls} call{'s' if u.recent_calls != 1 else ''} in the last {LOAD_HOURS} h"


def _ends(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return ENDS_SOON if ends_soon(u, j, at) else 0.0


def _ends_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    ends = f" {u.shift_ends:%H:%M}" if u.shift_ends is not None else ""
    return f"shift ends{ends}, before this is likely over: the crew says yes itself"


def _booked(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return BOOKED if runs_into_booking(u, j, at) else 0.0


def _booked_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return f"booked for a visit {u.booked_at:%H:%M} (from {u.booked_for}): this call may last into it"


def _for_visit(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> float:
    return BOOKED_UNIT if i.booked_unit == u.id else 0.0


def _for_visit_words(i: IncidentFacts, u: UnitFacts, j: Journey | None, at: datetime) -> str:
    return "was booked for this visit"


_HOURS_FROM_MIN = 100
"""Nobody reads 277 minutes at a glance."""
_Points = Callable[[IncidentFacts, UnitFacts, Journey | None, datetime], float]
_Words = Callable[[IncidentFacts, UnitFacts, Journey | None, datetime], str]
_TERMS: tuple[tuple[str, _Points, _Words], ...] = (
    ("travel", _travel, _travel_words),
    ("old_position", _old, _old_words),
    # What speaks against it stands before what speaks for it: a row has room for three.
    ("shift_ends", _ends, _ends_words),
    ("booked", _booked, _booked_words),
    ("language", _speaks, _speaks_words),
    ("continuity", _met, _met_words),
    ("wanted", _wanted, _wanted_words),
    ("rest", _rest, _rest_words),
    ("load", _load, _load_words),
    ("booked_unit", _for_visit, _for_visit_words),
)
_ALWAYS_SAID = frozenset({"travel", "rest"})


def points_of(incident: IncidentFacts, unit: UnitFacts, journey: Journey | None, at: datetime) -> float:
    """The sum, to two decimals. Terms that cannot count here are not asked: a round does this for every pair."""
    points = (
        _travel(incident, unit, journey, at) + _old(incident, unit, journey, at) + _ends(incident, unit, journey, at)
    )
    if unit.free_since is not None:
        points += _rest(incident, unit, journey, at)
    if unit.recent_calls:
        points += _load(incident, unit, journey, at)
    if unit.booked_at is not None:
        points += _booked(incident, unit, journey, at)
    if incident.booked_unit:
        points += _for_visit(incident, unit, journey, at)
    if incident.language:
        points += _speaks(incident, unit, journey, at)
    if incident.met:
        points += _met(incident, unit, journey, at)
    if incident.wanted:
        points += _wanted(incident, unit, journey, at)
    return round(points, 2)


def standing_points(unit: UnitFacts, at: datetime) -> float:
    """What a unit has whatever the call is: rest and load."""
    rest = REST_MOST * _rested_min(unit, at) / REST_FULL_MIN
    return rest + LOAD_EACH * min(LOAD_MOST, unit.recent_calls)


def most_points(incident: IncidentFacts) -> float:
    """What a call can give any unit at most, besides nearness and the unit's standing points."""
    spoken = LANGUAGE if incident.language not in {"", "en"} else 0.0
    booked = BOOKED_UNIT if incident.booked_unit else 0.0
    return spoken + booked + (CONTINUITY if incident.met else 0.0) + WANTED * len(incident.wanted)


def counted_of(incident: IncidentFacts, unit: UnitFacts, journey: Journey | None, at: datetime) -> tuple[Counted, ...]:
    """What counted and is worth saying, in a fixed order; its points add up to `points_of`."""
    found = []
    for code, points, words in _TERMS:
        gives = points(incident, unit, journey, at)
        said = words(incident, unit, journey, at) if gives or code in _ALWAYS_SAID else ""
        if said:
            found.append(Counted(code, round(gives, 2), said))
    return tuple(found)
