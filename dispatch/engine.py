"""The assignment engine: which unit should go, and why the others should not. Pure: facts in, a recommendation out.

Hard constraints give a coded shortfall, soft ones points with a reason. Recommending and applying are different
calls; a dispatcher's own choice is applied with its shortfalls shown.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from people.geometry import distance_m

ENGINE_VERSION = "assign-1"
ROAD_FACTOR = 1.35
"""Road distance over the straight line; until a street network is loaded."""
CITY_SPEED_MPS = 8.9
"""20 mph, the usual average in a town with signals."""
STALE_AFTER_S = 15 * 60
"""A position older than this is not trusted for distance."""
MAX_TRAVEL_POINTS = 100.0
FINISH_S = 45 * 60
"""Expected time on a call, published medians are 25 to 80 minutes (reference programs)."""

SHORTFALLS = {
    "wrong_program": "does not serve this program",
    "off_shift": "off shift",
    "out_of_service": "out of service",
    "on_break": "on a break",
    "busy": "already on a call",
    "declined": "declined this call",
    "did_not_answer": "did not answer the offer",
    "cancelled": "was cancelled for this call",
    "capability": "lacks a needed capability",
    "no_crew": "nobody is signed on",
    "not_answering": "is not answering",
}


@dataclass(frozen=True)
class IncidentFacts:
    """What the engine knows of one pending incident. Point in degrees, WGS84."""

    id: str
    priority: int
    waiting_since: datetime
    lat: float | None
    lon: float | None
    by_phone: bool = False
    capabilities: frozenset[str] = frozenset()
    language: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """What the engine knows of one unit."""

    id: str
    call_sign: str
    service: str
    serves: bool
    busy: bool
    crew: int
    shift_ends: datetime | None
    lat: float | None
    lon: float | None
    position_at: datetime | None
    capabilities: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    free_since: datetime | None = None
    refusal: str = ""


@dataclass(frozen=True)
class Candidate:
    """One unit's case: shortfalls (none = it can go), points (more is better), reasons in words, seconds to arrive."""

    unit_id: str
    call_sign: str
    shortfalls: tuple[str, ...]
    points: float
    reasons: tuple[str, ...]
    eta_s: int | None
    eta_certain: bool

    @property
    def can_go(self) -> bool:
        return not self.shortfalls

    def to_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "shortfalls": [{"code": code, "words": SHORTFALLS[code]} for code in self.shortfalls],
            "engine": ENGINE_VERSION,
        }


@dataclass(frozen=True)
class Recommendation:
    """All units, best first; those with shortfalls after those without."""

    candidates: tuple[Candidate, ...] = field(default=())

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates and self.candidates[0].can_go else None

    @property
    def no_unit_reason(self) -> str:
        """A code of dispatch.reasons.NO_UNIT when nobody can go: an unexplained “no unit” cannot be produced."""
        serving = [c for c in self.candidates if "wrong_program" not in c.shortfalls]
        if self.best is not None:
            return ""
        if not serving:
            return "no_unit_in_program"
        present = [c for c in serving if not {"off_shift", "out_of_service", "on_break", "no_crew"} & set(c.shortfalls)]
        if not present:
            return "all_off_shift"
        asked = [
            c for c in present if not {"declined", "did_not_answer", "cancelled", "not_answering"} & set(c.shortfalls)
        ]
        if not asked:
            return "all_declined"
        if all("busy" in c.shortfalls for c in asked):
            return "all_busy"
        return "capability_missing" if any("capability" in c.shortfalls for c in asked) else "all_busy"


def travel_s(incident: IncidentFacts, unit: UnitFacts, at: datetime) -> tuple[int | None, bool]:
    """Seconds to arrive and whether the position is fresh. None without both points."""
    if incident.by_phone:
        return 0, True
    if incident.lat is None or incident.lon is None or unit.lat is None or unit.lon is None:
        return None, False
    metres = distance_m(unit.lat, unit.lon, incident.lat, incident.lon) * ROAD_FACTOR
    fresh = unit.position_at is not None and (at - unit.position_at).total_seconds() <= STALE_AFTER_S
    return round(metres / CITY_SPEED_MPS), fresh


def _shortfalls(incident: IncidentFacts, unit: UnitFacts) -> tuple[str, ...]:
    found: list[str] = []
    if not unit.serves:
        found.append("wrong_program")
    if unit.service == "out_of_service":
        found.append("out_of_service")
    if unit.service == "on_break":
        found.append("on_break")
    if unit.shift_ends is None:
        found.append("off_shift")
    if unit.crew < 1:
        found.append("no_crew")
    if unit.busy:
        found.append("busy")
    if unit.refusal:
        found.append(unit.refusal)
    if not incident.capabilities <= unit.capabilities:
        found.append("capability")
    return tuple(found)


def _rested_min(unit: UnitFacts, at: datetime) -> float:
    """Minutes since the last assignment, at most 30; 0 for a unit that has had none."""
    return 0.0 if unit.free_since is None else min(30.0, (at - unit.free_since).total_seconds() / 60)


def _speaks(incident: IncidentFacts, unit: UnitFacts) -> bool:
    return incident.language not in {"", "en"} and incident.language in unit.languages


def _ends_soon(unit: UnitFacts, eta: int | None, at: datetime) -> bool:
    return unit.shift_ends is not None and (unit.shift_ends - at).total_seconds() < FINISH_S + (eta or 0)


def _points(incident: IncidentFacts, unit: UnitFacts, eta: int | None, at: datetime) -> float:
    points = 0.0
    if incident.by_phone:
        points += MAX_TRAVEL_POINTS
    elif eta is not None:
        points += max(0.0, MAX_TRAVEL_POINTS - eta / 18)
    if _speaks(incident, unit):
        points += 20
    points += _rested_min(unit, at) / 3
    if _ends_soon(unit, eta, at):
        points -= 60
    return round(points, 2)


def candidate(incident: IncidentFacts, unit: UnitFacts, at: datetime) -> Candidate:
    """The case of one unit for one incident."""
    eta, fresh = travel_s(incident, unit, at)
    reasons: list[str] = []
    if incident.by_phone:
        reasons.append("answers by telephone")
    elif eta is None:
        reasons.append("position not known")
    else:
        reasons.append(f"about {max(1, round(eta / 60))} min away" + ("" if fresh else ", position is old"))
    if _speaks(incident, unit):
        reasons.append(f"speaks {incident.language}")
    if unit.free_since is not None:
        rested = _rested_min(unit, at)
        reasons.append("free for " + (f"{round(rested)} min" if rested < 30 else "30 min or more"))
    if _ends_soon(unit, eta, at):
        reasons.append("shift ends before this call is likely to be finished")
    points = _points(incident, unit, eta, at)
    return Candidate(unit.id, unit.call_sign, _shortfalls(incident, unit), points, tuple(reasons), eta, fresh)


def who_can_go(incident: IncidentFacts, units: Sequence[UnitFacts], at: datetime) -> list[UnitFacts]:
    """The units without a shortfall in the order of `recommend`, without the words: `candidate` says why of one."""
    able = [
        (-_points(incident, unit, travel_s(incident, unit, at)[0], at), unit.call_sign, unit)
        for unit in units
        if not _shortfalls(incident, unit)
    ]
    able.sort(key=lambda one: one[:2])
    return [unit for _, _, unit in able]


def recommend(incident: IncidentFacts, units: Sequence[UnitFacts], at: datetime) -> Recommendation:
    """All units, best first. Ties go to the earlier call sign, so the order never depends on the database's."""
    cases = [candidate(incident, unit, at) for unit in units]
    return Recommendation(tuple(sorted(cases, key=lambda c: (not c.can_go, len(c.shortfalls), -c.points, c.call_sign))))
