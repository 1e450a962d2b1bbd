"""Travel times over a street network that is held in this process."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy
import shapely
from numpy.typing import NDArray

from dispatch.travel import Journey, Point
from dispatch.travel.straight import WORDS, straight_s
from people.geometry import EARTH_RADIUS_M

NO_STREET_WITHIN_M = 1500.0
"""A point further from every street is measured by the straight line."""
_POINTS_KEPT = 8192
_PACKS_KEPT = 16
_SEARCHES_BYTES = 8_000_000
"""What the finished searches may take: all corners of a town, the last 20 of a region of 100,000."""
Seconds: TypeAlias = NDArray[numpy.float32]


@dataclass(frozen=True, slots=True)
class Street:
    """One piece of street between two crossings: ids of its ends, their points, metres, metres a second, one way."""

    start: int
    end: int
    start_at: Point
    end_at: Point
    metres: float
    speed_mps: float
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class _Snap:
    """A point's place on the nearest street: which one, the share of it before the point, seconds to reach it."""

    street: int
    share: float
    off_s: float
    off_m: float


@dataclass(frozen=True, slots=True)
class _Packed:
    """Many origins as columns: both ways to leave each one's street, that street (-1: none near), seconds to it."""

    ends: tuple[tuple[NDArray[numpy.intp], NDArray[numpy.float64]], ...]
    streets: NDArray[numpy.intp]
    off_s: NDArray[numpy.float64]


class StreetNetwork:
    """Shortest times by road (Dijkstra from the target, kept for the next question about the same corner).

    The graph library is imported here and not at the top: 6 MB and 26 ms only for a process that asks.
    """

    def __init__(self, streets: Sequence[Street]) -> None:
        """Raises ValueError for a network without a street."""
        import rustworkx

        if not streets:
            raise ValueError("a street network needs streets")
        self._streets = streets
        self._scale = _metres_a_degree(streets[0].start_at[0])
        self._lines = [shapely.LineString([self._metres(one.start_at), self._metres(one.end_at)]) for one in streets]
        self._tree = shapely.STRtree(self._lines)
        self._node: dict[int, int] = {}
        # Turned round, so that one search from the target finds the times of all units.
        self._graph = rustworkx.PyDiGraph()
        for one in streets:
            start, end = self._index(one.start), self._index(one.end)
            seconds = one.metres / one.speed_mps
            self._graph.add_edge(end, start, seconds)
            if not one.one_way:
                self._graph.add_edge(start, end, seconds)
        self._snap = lru_cache(_POINTS_KEPT)(self._snapped)
        self._pack = lru_cache(_PACKS_KEPT)(self._packed)
        self._from = lru_cache(max(16, _SEARCHES_BYTES // (4 * len(self._node))))(self._searched)

    def ahead(self, targets: Iterable[Point], origins: Iterable[Point]) -> None:
        """Nothing to fetch."""

    def times(self, target: Point, origins: Sequence[Point]) -> list[Journey]:
        """By road; where no road joins the two, by the straight line, and said so."""
        there, here = self._snap(target), self._pack(tuple(origins))
        if there.off_m > NO_STREET_WITHIN_M or not origins:
            return [Journey(round(straight_s(origin, target)), WORDS) for origin in origins]
        best = numpy.full(len(origins), numpy.inf)
        for node, last in self._ends(there, leaving=False):
            reach = self._from(node)
            for nodes, seconds in here.ends:
                numpy.minimum(best, reach[nodes] + seconds + last, out=best)
        for nth in numpy.flatnonzero(here.streets == there.street).tolist():
            best[nth] = min(best[nth], self._along(self._snap(origins[nth]), there))
        best += here.off_s + there.off_s
        return [
            Journey(round(straight_s(origin, target)), WORDS) if seconds == math.inf else Journey(round(seconds))
            for origin, seconds in zip(origins, best.tolist(), strict=True)
        ]

    def _packed(self, origins: tuple[Point, ...]) -> _Packed:
        """The same units are asked about for call after call: their places on the streets as columns."""
        snaps = [self._snap(origin) for origin in origins]
        nodes = numpy.zeros((2, len(snaps)), dtype=numpy.intp)
        seconds = numpy.full((2, len(snaps)), numpy.inf)
        for nth, snap in enumerate(snaps):
            if snap.off_m <= NO_STREET_WITHIN_M:
                for side, (node, cost) in enumerate(self._ends(snap, leaving=True)):
                    nodes[side, nth], seconds[side, nth] = node, cost
        streets = [snap.street if snap.off_m <= NO_STREET_WITHIN_M else -1 for snap in snaps]
        return _Packed(
            ((nodes[0], seconds[0]), (nodes[1], seconds[1])),
            numpy.array(streets, dtype=numpy.intp),
            numpy.array([snap.off_s for snap in snaps], dtype=float),
        )

    def _along(self, here: _Snap, there: _Snap) -> float:
        street = self._streets[here.street]
        if street.one_way and there.share < here.share:
            return math.inf
        return abs(there.share - here.share) * street.metres / street.speed_mps

    def _ends(self, snap: _Snap, *, leaving: bool) -> list[tuple[int, float]]:
        """The crossings by which a point on a street is left (or reached), with the seconds between."""
        street = self._streets[snap.street]
        seconds = street.metres / street.speed_mps
        to_start, to_end = (
            (self._node[street.start], snap.share * seconds),
            (self._node[street.end], (1 - snap.share) * seconds),
        )
        if street.one_way:
            return [to_end] if leaving else [to_start]
        return [to_start, to_end]

    def _searched(self, node: int) -> Seconds:
        """Seconds from each crossing to this one; infinite where no road leads there."""
        import rustworkx

        reached = rustworkx.dijkstra_shortest_path_lengths(self._graph, node, float)
        found = numpy.full(self._graph.num_nodes(), numpy.inf, dtype=numpy.float32)
        found[numpy.fromiter(reached.keys(), numpy.intp, len(reached))] = numpy.fromiter(
            reached.values(), numpy.float32, len(reached)
        )
        found[node] = 0.0
        return found

    def _snapped(self, point: Point) -> _Snap:
        spot = shapely.Point(self._metres(point))
        nearest = int(self._tree.nearest(spot))
        line = self._lines[nearest]
        off = float(shapely.distance(line, spot))
        share = float(shapely.line_locate_point(line, spot, normalized=True))
        street = self._streets[nearest]
        return _Snap(nearest, share if line.length > 0 else 0.0, off / street.speed_mps, off)

    def _index(self, node: int) -> int:
        if node not in self._node:
            self._node[node] = self._graph.add_node(node)
        return self._node[node]

    def _metres(self, point: Point) -> Point:
        """Metres north and east of nowhere in particular: flat is good enough over a city."""
        return point[1] * self._scale[1], point[0] * self._scale[0]


def _metres_a_degree(lat: float) -> Point:
    north = math.radians(1) * EARTH_RADIUS_M
    return north, north * math.cos(math.radians(lat))
