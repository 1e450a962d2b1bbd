"""The engine's order over units that many calls choose from, found unit by unit: a claim mostly needs the first only.

The order is that of `dispatch.engine.who_can_go`. All units together get a bound each that its points cannot exceed
(one pass over columns of numbers); in the order of the bounds units are worked out one by one, until none of the rest
can come before the best that is known (ADR 0021).
"""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush

import numpy
from numpy.typing import NDArray

from dispatch.facts import IncidentFacts, UnitFacts
from dispatch.shortfalls import shortfalls_of
from dispatch.soft import (
    ENDS_SOON,
    FINISH_S,
    OLD_POSITION,
    SECONDS_A_POINT,
    TRAVEL_MOST,
    is_fresh,
    most_points,
    points_of,
    standing_points,
)
from dispatch.travel import Journey, TravelTimes

_ROUNDING = 0.01
"""Points are rounded to two decimals, bounds are not."""
_A_SECOND = 1.0
"""Journeys are rounded to whole seconds, bounds are not."""
_NEAR = 2.0
"""Units whose bound is within so many points of the highest are put in order at first. Hardly a call needs more."""


class Ranking:
    """Units as they were at one instant. Whoever is taken later is dropped, so that one reading serves many calls."""

    def __init__(self, units: Sequence[UnitFacts], at: datetime, travel: TravelTimes) -> None:
        # By call sign, which breaks ties: the place in this list is all that the order needs of it.
        self._units, self._at = sorted(units, key=lambda unit: (unit.call_sign, unit.id)), at
        self._place = {unit.id: nth for nth, unit in enumerate(self._units)}
        self._left = numpy.ones(len(self._units), dtype=bool)
        self._standing = numpy.array([standing_points(unit, at) for unit in self._units], dtype=float)
        known = [
            (nth, (unit.lat, unit.lon))
            for nth, unit in enumerate(self._units)
            if unit.lat is not None and unit.lon is not None
        ]
        self._placed: NDArray[numpy.intp] = numpy.array([nth for nth, _ in known], dtype=numpy.intp)
        self._reach = travel.reach([point for _, point in known])
        old = [nth for nth, _ in known if not is_fresh(self._units[nth], at)]
        self._on_the_road = self._standing.copy()
        self._on_the_road[old] += OLD_POSITION
        # How long a unit may be under way and still finish the call before its shift ends.
        self._spare = numpy.array([_spare_s(unit, at) for unit in self._units], dtype=float)

    def drop(self, unit_id: str) -> None:
        """A unit that no further call may have."""
        nth = self._place.get(unit_id)
        if nth is not None:
            self._left[nth] = False

    def order(self, incident: IncidentFacts, *, without: Container[str] = ()) -> Iterator[tuple[float, UnitFacts]]:
        """Points and unit of those that have a say in this call and are not among those `without`, best first."""
        seconds, bounds = self._bounds(incident)
        known: list[tuple[float, int]] = []
        for nth in _falling(bounds, self._left):
            while known and -known[0][0] > bounds[nth] + _ROUNDING:
                yield from self._said(known)
            unit = self._units[nth]
            if unit.id not in without and not shortfalls_of(incident, unit, self._at):
                journey = None if seconds[nth] == numpy.inf else Journey(round(float(seconds[nth])))
                heappush(known, (-points_of(incident, unit, journey, self._at), nth))
        while known:
            yield from self._said(known)

    def _said(self, known: list[tuple[float, int]]) -> Iterator[tuple[float, UnitFacts]]:
        points, nth = heappop(known)
        if self._left[nth]:
            yield -points, self._units[nth]

    def _bounds(self, incident: IncidentFacts) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
        """Seconds of each unit (as dispatch.engine.journeys; infinite without both points), and what its points cannot
        exceed. What takes points away counts where it is certain."""
        most = most_points(incident)
        if not incident.by_phone and incident.lat is not None and incident.lon is not None:
            seconds = numpy.full(len(self._units), numpy.inf)
            seconds[self._placed] = self._reach((incident.lat, incident.lon))
            bounds = numpy.maximum(0.0, TRAVEL_MOST - (seconds - _A_SECOND) / SECONDS_A_POINT)
            bounds += self._on_the_road + most
            late = self._spare < numpy.where(seconds == numpy.inf, 0.0, seconds - _A_SECOND)
        else:
            seconds = numpy.full(len(self._units), 0.0 if incident.by_phone else numpy.inf)
            bounds = self._standing + (most + (TRAVEL_MOST if incident.by_phone else 0.0))
            late = self._spare < 0
        bounds[late] += ENDS_SOON
        return seconds, bounds


def _spare_s(unit: UnitFacts, at: datetime) -> float:
    return float("inf") if unit.shift_ends is None else (unit.shift_ends - at).total_seconds() - FINISH_S


def _falling(bounds: NDArray[numpy.float64], left: NDArray[numpy.bool_]) -> Iterator[int]:
    """Places of the units that are left by falling bound. Those near the highest are found without sorting all."""
    if not left.any():
        return
    bounds = numpy.where(left, bounds, -numpy.inf)
    least = bounds.max() - _NEAR
    few = numpy.flatnonzero(bounds >= least)
    yield from few[numpy.argsort(-bounds[few])].tolist()
    rest = numpy.flatnonzero(left & (bounds < least))
    yield from rest[numpy.argsort(-bounds[rest])].tolist()
