"""Travel times over a street network that is held in this process."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy
import shapely
from numpy.typing import NDArray

from dispatch.travel import Journey, Point, Reach, Seconds
from dispatch.travel.straight import WORDS, straight_reach, straight_s
from people.geometry import EARTH_RADIUS_M

NO_STREET_WITHIN_M = 1500.0
"""A point further from every street is measured by the straight line."""
_POINTS_KEPT = 65_536
_PACKS_KEPT = 16
_SEARCHES_BYTES = 8_000_000
"""What the finished searches may take: all corners of a town, the last 20 of a region of 100,000."""


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
    """Many origins as columns: both ways to leave each one's street, that street (-1: none near), the share of it
    before the place, seconds to it."""

    ends: tuple[tuple[NDArray[numpy.intp], NDArray[numpy.float64]], ...]
    streets: NDArray[numpy.intp]
    shares: NDArray[numpy.float64]
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
        ends = numpy.array([(one.start_at, one.end_at) for one in streets], dtype=float)
        self._lines: NDArray[Any] = numpy.asarray(shapely.linestrings(self._metres(ends)))
        self._tree = shapely.STRtree(self._lines.tolist())
        self._node: dict[int, int] = {}
        # Turned round, so that one search from the target finds the times of all units.
        self._graph = rustworkx.PyDiGraph()
        for one in streets:
            start, end = self._index(one.start), self._index(one.end)
            seconds = one.metres / one.speed_mps
            self._graph.add_edge(end, start, seconds)
            if not one.one_way:
                self._graph.add_edge(start, end, seconds)
        self._starts, self._finishes = (
            numpy.array([self._node[node] for node in nodes], dtype=numpy.intp)
            for nodes in ([one.start for one in streets], [one.end for one in streets])
        )
        self._speeds = numpy.array([one.speed_mps for one in streets], dtype=float)
        self._whole = numpy.array([one.metres for one in streets], dtype=float) / self._speeds
        self._one_way = numpy.array([one.one_way for one in streets], dtype=bool)
        self._snaps: dict[Point, _Snap] = {}
        self._pack = lru_cache(_PACKS_KEPT)(self._packed)
        self._from = lru_cache(max(16, _SEARCHES_BYTES // (4 * len(self._node))))(self._searched)

    def ahead(self, targets: Iterable[Point], origins: Iterable[Point]) -> None:
        """Search from the targets' corners, so that nobody has to while a row is locked."""
        for there in self._snapped(list(targets)):
            if there.off_m <= NO_STREET_WITHIN_M:
                for node, _ in self._ends(there):
                    self._from(node)

    def times(self, target: Point, origins: Sequence[Point]) -> list[Journey]:
        """By road; where no road joins the two, by the straight line, and said so."""
        best = self._by_road(target, self._pack(tuple(origins))) if origins else None
        if best is None:
            return [Journey(round(straight_s(origin, target)), WORDS) for origin in origins]
        return [
            Journey(round(straight_s(origin, target)), WORDS) if seconds == math.inf else Journey(round(seconds))
            for origin, seconds in zip(origins, best.tolist(), strict=True)
        ]

    def reach(self, origins: Sequence[Point]) -> Reach:
        """Their places on the streets are found now, their times with each target."""
        if not origins:
            return lambda target: numpy.zeros(0)
        here, straight = self._packed(origins), straight_reach(origins)

        def seconds(target: Point) -> Seconds:
            best = self._by_road(target, here)
            if best is None:
                return straight(target)
            lost = numpy.isinf(best)
            if lost.any():
                best[lost] = straight(target)[lost]
            return best

        return seconds

    def _by_road(self, target: Point, here: _Packed) -> Seconds | None:
        """Seconds of each origin, infinite where no road joins the two; None for a target far from any street."""
        [there] = self._snapped([target])
        if there.off_m > NO_STREET_WITHIN_M:
            return None
        best = numpy.full(len(here.streets), numpy.inf)
        for node, last in self._ends(there):
            reach = self._from(node)
            for nodes, seconds in here.ends:
                numpy.minimum(best, reach[nodes] + seconds + last, out=best)
        for nth in numpy.flatnonzero(here.streets == there.street).tolist():
            best[nth] = min(best[nth], self._along(float(here.shares[nth]), there))
        best += here.off_s + there.off_s
        return best

    def _packed(self, origins: Sequence[Point]) -> _Packed:
        """The same units are asked about for call after call: their places on the streets as columns."""
        snaps = self._snapped(origins)
        streets = numpy.array([one.street for one in snaps], dtype=numpy.intp)
        shares = numpy.array([one.share for one in snaps], dtype=float)
        near = numpy.array([one.off_m for one in snaps], dtype=float) <= NO_STREET_WITHIN_M
        whole, back = self._whole[streets], near & ~self._one_way[streets]
        return _Packed(
            (
                (self._starts[streets], numpy.where(back, shares * whole, numpy.inf)),
                (self._finishes[streets], numpy.where(near, (1 - shares) * whole, numpy.inf)),
            ),
            numpy.where(near, streets, -1),
            shares,
            numpy.array([one.off_s for one in snaps], dtype=float),
        )

    def _along(self, share: float, there: _Snap) -> float:
        """From one share of a street to the place on it: infinite against a one-way street."""
        street = self._streets[there.street]
        if street.one_way and there.share < share:
            return math.inf
        return abs(there.share - share) * street.metres / street.speed_mps

    def _ends(self, snap: _Snap) -> list[tuple[int, float]]:
        """The crossings by which a point on a street is reached, with the seconds between."""
        whole = float(self._whole[snap.street])
        from_start = int(self._starts[snap.street]), snap.share * whole
        from_end = int(self._finishes[snap.street]), (1 - snap.share) * whole
        return [from_start] if self._one_way[snap.street] else [from_start, from_end]

    def _searched(self, node: int) -> NDArray[numpy.float32]:
        """Seconds from each crossing to this one; infinite where no road leads there."""
        import rustworkx

        reached = rustworkx.dijkstra_shortest_path_lengths(self._graph, node, float)
        found = numpy.full(self._graph.num_nodes(), numpy.inf, dtype=numpy.float32)
        found[numpy.fromiter(reached.keys(), numpy.intp, len(reached))] = numpy.fromiter(
            reached.values(), numpy.float32, len(reached)
        )
        found[node] = 0.0
        return found

    def _snapped(self, points: Sequence[Point]) -> list[_Snap]:
        """The nearest street of each; those that are new together, the others from memory."""
        kept = self._snaps
        new = [one for one in dict.fromkeys(points) if one not in kept]
        if len(kept) + len(new) > _POINTS_KEPT:
            # Another thread may still look into the old one.
            new, kept = list(dict.fromkeys(points)), {}
            self._snaps = kept
        if new:
            spots = shapely.points(self._metres(numpy.array(new, dtype=float)))
            streets = numpy.asarray(self._tree.nearest(numpy.asarray(spots)))
            lines = self._lines[streets]
            off = shapely.distance(lines, spots)
            shares = shapely.line_locate_point(lines, spots, normalized=True)
            shares = numpy.where(shapely.length(lines) > 0, shares, 0.0)
            found = zip(
                streets.tolist(), shares.tolist(), (off / self._speeds[streets]).tolist(), off.tolist(), strict=True
            )
            kept.update((point, _Snap(*one)) for point, one in zip(new, found, strict=True))
        return [kept[point] for point in points]

    def _index(self, node: int) -> int:
        if node not in self._node:
            self._node[node] = self._graph.add_node(node)
        return self._node[node]

    def _metres(self, points: NDArray[numpy.float64]) -> NDArray[Any]:
        """Latitudes and longitudes as metres east and north of nowhere: flat is good enough over a city."""
        flat: NDArray[Any] = points[..., ::-1] * numpy.array([self._scale[1], self._scale[0]])
        return flat


def _metres_a_degree(lat: float) -> Point:
    north = math.radians(1) * EARTH_RADIUS_M
    return north, north * math.cos(math.radians(lat))
