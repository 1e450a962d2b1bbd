"""The assignment engine: which unit should go, and why the others should not. Pure: facts in, a recommendation out.

Hard constraints give a coded shortfall with words, soft ones points with words. Recommending and applying are different
calls; a dispatcher's own choice is applied with its shortfalls shown. Points are in dispatch.soft, codes in
dispatch.shortfalls.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.facts import IncidentFacts, UnitFacts
from dispatch.shortfalls import (
    OF_THE_PROGRAM,
    SHORTFALLS,
    nearness,
    no_unit_reason,
    shortfall_words,
    shortfalls_of,
)
from dispatch.soft import Counted, counted_of, ends_soon, is_fresh, points_of
from dispatch.travel import Journey, TravelTimes
from dispatch.travel.straight import StraightLine

__all__ = [
    "ENGINE_VERSION",
    "SHORTFALLS",
    "Candidate",
    "IncidentFacts",
    "Recommendation",
    "UnitFacts",
    "candidate",
    "journeys",
    "recommend",
    "who_can_go",
]

ENGINE_VERSION = "assign-2"
STRAIGHT = StraightLine()


@dataclass(frozen=True)
class Candidate:
    """One unit's case: shortfalls (none = it can go), points (more is better), what counted, seconds to arrive."""

    unit_id: str
    call_sign: str
    shortfalls: tuple[str, ...]
    words: tuple[str, ...]
    """The shortfalls in a dispatcher's words, in the same order."""
    points: float
    counted: tuple[Counted, ...]
    eta_s: int | None
    eta_certain: bool
    says_yes_itself: bool = False
    """Its shift ends before the call is likely to be finished: only the crew itself may accept."""

    @property
    def can_go(self) -> bool:
        return not self.shortfalls

    @property
    def reasons(self) -> tuple[str, ...]:
        """What counted, in words."""
        return tuple(one.words for one in self.counted)

    def to_dict(self) -> dict[str, Any]:
        """In JSON values, as stored with an offer."""
        return {
            "unit_id": self.unit_id,
            "call_sign": self.call_sign,
            "shortfalls": [
                {"code": code, "words": words} for code, words in zip(self.shortfalls, self.words, strict=True)
            ],
            "points": self.points,
            "reasons": [one.words for one in self.counted],
            "counted": {one.code: one.points for one in self.counted},
            "eta_s": self.eta_s,
            "eta_certain": self.eta_certain,
            "says_yes_itself": self.says_yes_itself,
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
        return "" if self.best is not None else no_unit_reason([one.shortfalls for one in self.candidates])

    @property
    def no_unit_words(self) -> str:
        """Why nobody can go, unit by unit: “Already on a call: Star 1, Star 2. Off shift: Star 3.”

        Nearest to going first. Of many units that lack the same the first are named, and how many more there are. What
        lies in the program, and in no unit, is all that is said.
        """
        if self.best is not None:
            return ""
        serving = [one for one in self.candidates if "wrong_program" not in one.shortfalls]
        of_all = next((dict(zip(one.shortfalls, one.words, strict=True)) for one in serving), {})
        if shut := [said for code, said in of_all.items() if code in OF_THE_PROGRAM]:
            return " ".join(f"{said[0].upper()}{said[1:]}." for said in shut)
        groups: dict[str, list[str]] = {}
        for one in serving:
            said = "; ".join(one.words)
            groups.setdefault(f"{said[0].upper()}{said[1:]}", []).append(one.call_sign)
        return " ".join(f"{said}: {_named(signs)}." for said, signs in groups.items())


_MOST_NAMED = 6


def _named(signs: Sequence[str]) -> str:
    more = f" and {len(signs) - _MOST_NAMED} more" if len(signs) > _MOST_NAMED else ""
    return ", ".join(signs[:_MOST_NAMED]) + more


def journeys(
    incident: IncidentFacts, units: Sequence[UnitFacts], travel: TravelTimes = STRAIGHT
) -> list[Journey | None]:
    """How long each unit needs; None without both points. By telephone nobody travels."""
    if incident.by_phone:
        return [Journey(0)] * len(units)
    if incident.lat is None or incident.lon is None:
        return [None] * len(units)
    found: list[Journey | None] = [None] * len(units)
    placed = [
        (nth, (unit.lat, unit.lon)) for nth, unit in enumerate(units) if unit.lat is not None and unit.lon is not None
    ]
    times = travel.times((incident.lat, incident.lon), [point for _, point in placed])
    for (nth, _), journey in zip(placed, times, strict=True):
        found[nth] = journey
    return found


def _case(incident: IncidentFacts, unit: UnitFacts, journey: Journey | None, at: datetime) -> Candidate:
    codes = shortfalls_of(incident, unit, at)
    return Candidate(
        unit_id=unit.id,
        call_sign=unit.call_sign,
        shortfalls=codes,
        words=tuple(shortfall_words(code, incident, unit) for code in codes),
        points=points_of(incident, unit, journey, at),
        counted=counted_of(incident, unit, journey, at),
        eta_s=None if journey is None else journey.seconds,
        eta_certain=journey is not None and (incident.by_phone or (not journey.how and is_fresh(unit, at))),
        says_yes_itself=ends_soon(unit, journey, at),
    )


def candidate(incident: IncidentFacts, unit: UnitFacts, at: datetime, travel: TravelTimes = STRAIGHT) -> Candidate:
    """The case of one unit for one incident."""
    return _case(incident, unit, journeys(incident, [unit], travel)[0], at)


def who_can_go(
    incident: IncidentFacts, units: Sequence[UnitFacts], at: datetime, travel: TravelTimes = STRAIGHT
) -> list[tuple[float, UnitFacts]]:
    """Points and unit of those without a shortfall in the order of `recommend`: `candidate` says why of one."""
    able = [unit for unit in units if not shortfalls_of(incident, unit, at)]
    ranked = [
        (points_of(incident, unit, journey, at), unit)
        for unit, journey in zip(able, journeys(incident, able, travel), strict=True)
    ]
    ranked.sort(key=lambda one: (-one[0], one[1].call_sign))
    return ranked


def recommend(
    incident: IncidentFacts, units: Sequence[UnitFacts], at: datetime, travel: TravelTimes = STRAIGHT
) -> Recommendation:
    """All units, best first, then those that cannot go, nearest to going first. Ties go to the earlier call sign, so
    the order never depends on the database's."""
    cases = [
        _case(incident, unit, journey, at)
        for unit, journey in zip(units, journeys(incident, units, travel), strict=True)
    ]
    return Recommendation(tuple(sorted(cases, key=_order)))


def _order(case: Candidate) -> tuple[bool, int, int, float, str]:
    codes = case.shortfalls
    return (not case.can_go, -nearness(codes), len(codes), -case.points, case.call_sign)
