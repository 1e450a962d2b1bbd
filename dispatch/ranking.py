"""The engine's order over units that many calls choose from, found unit by unit: a claim mostly needs the first only.

The order is that of `dispatch.engine.who_can_go`. Each unit has a bound that its points cannot exceed; in the order of
the bounds units are worked out until none of the rest can come before the best that is known.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush

from dispatch.facts import IncidentFacts, UnitFacts
from dispatch.shortfalls import shortfalls_of
from dispatch.soft import most_points, points_of, standing_points, travel_points
from dispatch.travel import Journey, TravelTimes

_ROUNDING = 0.01
"""Points are rounded to two decimals, bounds are not."""


class Ranking:
    """Units as they were at one instant. Whoever is taken later is passed by, so that one reading serves many calls."""

    def __init__(self, units: Sequence[UnitFacts], at: datetime) -> None:
        self._units, self._at = units, at
        self._standing = [standing_points(unit, at) for unit in units]
        placed = [(nth, (unit.lat, unit.lon)) for nth, unit in enumerate(units)]
        known = [(nth, (lat, lon)) for nth, (lat, lon) in placed if lat is not None and lon is not None]
        self._placed = [nth for nth, _ in known]
        # Always the same origins: the street network keeps their places on its streets.
        self._origins = tuple(point for _, point in known)

    def order(
        self, incident: IncidentFacts, travel: TravelTimes, *, among: Container[str], without: Container[str]
    ) -> Iterator[UnitFacts]:
        """Units `among` these ids and not among those `without` a say in this call, best first."""
        journeys = self._journeys(incident, travel)
        most = most_points(incident)
        bounds = [
            standing + most + travel_points(journey) for standing, journey in zip(self._standing, journeys, strict=True)
        ]
        known: list[tuple[float, str, int]] = []
        for nth in sorted(range(len(bounds)), key=bounds.__getitem__, reverse=True):
            while known and -known[0][0] > bounds[nth] + _ROUNDING:
                yield self._units[heappop(known)[2]]
            unit = self._units[nth]
            if unit.id in among and unit.id not in without and not shortfalls_of(incident, unit, self._at):
                points = points_of(incident, unit, journeys[nth], self._at)
                heappush(known, (-points, unit.call_sign, nth))
        while known:
            yield self._units[heappop(known)[2]]

    def _journeys(self, incident: IncidentFacts, travel: TravelTimes) -> list[Journey | None]:
        """As dispatch.engine.journeys."""
        if incident.by_phone:
            return [Journey(0)] * len(self._units)
        found: list[Journey | None] = [None] * len(self._units)
        if incident.lat is not None and incident.lon is not None:
            times = travel.times((incident.lat, incident.lon), self._origins)
            for nth, journey in zip(self._placed, times, strict=True):
                found[nth] = journey
        return found
