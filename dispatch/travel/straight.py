"""The straight line with a factor: always there, and said to be one."""

from collections.abc import Iterable, Sequence

import numpy

from dispatch.travel import Journey, Point, Reach, Seconds
from people.geometry import EARTH_RADIUS_M, distance_m

ROAD_FACTOR = 1.35
"""Road distance over the straight line. Published means for cities lie between 1.2 and 1.4; taken on the slow side."""
CITY_SPEED_MPS = 8.9
"""20 mph, the usual average in a town with signals."""
WORDS = "straight line"


def straight_s(one: Point, other: Point) -> float:
    """Seconds by the straight line, lengthened as roads lengthen it."""
    return distance_m(*one, *other) * ROAD_FACTOR / CITY_SPEED_MPS


def straight_reach(origins: Sequence[Point]) -> Reach:
    """The same for many origins at once."""
    lat, lon = numpy.radians(numpy.array(origins, dtype=float).reshape(-1, 2)).T
    cosine = numpy.cos(lat)

    def seconds(target: Point) -> Seconds:
        north, east = numpy.radians(target)
        half = numpy.sin((lat - north) / 2) ** 2 + cosine * numpy.cos(north) * numpy.sin((lon - east) / 2) ** 2
        metres = 2 * EARTH_RADIUS_M * numpy.arcsin(numpy.sqrt(numpy.minimum(1.0, half)))
        found: Seconds = metres * (ROAD_FACTOR / CITY_SPEED_MPS)
        return found

    return seconds


class StraightLine:
    """Travel times where no street is known. `why` says what is missing, for example a service that is silent."""

    def __init__(self, why: str = "") -> None:
        self.how = f"{WORDS}, {why}" if why else WORDS

    def ahead(self, targets: Iterable[Point], origins: Iterable[Point]) -> None:
        """Nothing to fetch."""

    def times(self, target: Point, origins: Sequence[Point]) -> list[Journey]:
        """Great-circle distance times ROAD_FACTOR at CITY_SPEED_MPS."""
        return [Journey(round(straight_s(origin, target)), self.how) for origin in origins]

    def reach(self, origins: Sequence[Point]) -> Reach:
        """All by the same formula."""
        return straight_reach(origins)
