"""The streets of the invented city as a network: crossings, and the pieces of street between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shapely import STRtree
from shapely.geometry import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from demo.ground import Ground, Street, lon_lat

MAIN_MPS, STREET_MPS, LANE_MPS = 12.0, 8.5, 4.5
"""Average speeds with stops, metres a second (27, 19 and 10 mph): invented, in the order of real towns."""
SAME_CROSSING_M = 2.0


@dataclass(frozen=True)
class _Piece:
    street: Street
    line: LineString


def street_network(ground: Ground) -> dict[str, object]:
    """`{crossings: [[id, lat, lon]], pieces: [{start, end, name, metres, speed_mps, one_way}]}`, in a fixed order."""
    pieces = [_Piece(street, line) for street in ground.streets for line in street.pieces]
    tree = STRtree([piece.line for piece in pieces])
    crossings: dict[tuple[int, int], int] = {}
    points: list[tuple[float, float]] = []

    def crossing(x: float, y: float) -> int:
        key = (round(x / SAME_CROSSING_M), round(y / SAME_CROSSING_M))
        if key not in crossings:
            crossings[key] = len(points)
            points.append((x, y))
        return crossings[key]

    found: list[dict[str, object]] = []
    joined = _Joined()
    for piece in pieces:
        # The ends of a street piece touch the crossing street only to the last bit: widened by a metre they meet it.
        near = sorted(int(index) for index in tree.query(piece.line.buffer(1.0)))
        stops = {0.0, piece.line.length}
        for index in near:
            if pieces[index] is not piece:
                stops.update(piece.line.project(point) for point in _meetings(piece.line, pieces[index].line))
        ordered = _apart(sorted(stops))
        for begin, end in pairwise(ordered):
            one, other = piece.line.interpolate(begin), piece.line.interpolate(end)
            start, stop = crossing(one.x, one.y), crossing(other.x, other.y)
            if start != stop:
                found.append(_row(piece.street.name, _speed(piece.street), start, stop, end - begin))
                joined.join(start, stop)
    found += _links(points, joined)
    return {
        "crossings": [[number, *reversed(lon_lat(x, y))] for number, (x, y) in enumerate(points)],
        "pieces": found,
    }


def _row(name: str, speed: float, start: int, end: int, metres: float) -> dict[str, object]:
    return {
        "start": start,
        "end": end,
        "name": name,
        "metres": round(metres, 1),
        "speed_mps": speed,
        "one_way": False,
    }


def _speed(street: Street) -> float:
    return MAIN_MPS if street.main else LANE_MPS if street.kind == "lane" else STREET_MPS


def _meetings(line: LineString, other: LineString) -> list[Point]:
    """Where two streets meet: their crossings, and ends of the one that touch the other."""
    met: BaseGeometry = line.intersection(other)
    points = list(met.geoms) if isinstance(met, MultiPoint) else [met]
    found = [point for point in points if isinstance(point, Point) and not point.is_empty]
    found += [Point(end) for end in (other.coords[0], other.coords[-1]) if line.distance(Point(end)) < 1.0]
    return found


def _apart(stops: Sequence[float]) -> list[float]:
    """Places along a street without those that are the same crossing; the two ends stay."""
    kept = [stops[0]]
    for stop in stops[1:]:
        if stop - kept[-1] >= SAME_CROSSING_M:
            kept.append(stop)
        elif stop == stops[-1]:
            kept[-1] = stop
    return kept


class _Joined:
    """Which crossings can be reached from one another."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def root(self, crossing: int) -> int:
        self.parent.setdefault(crossing, crossing)
        while self.parent[crossing] != crossing:
            self.parent[crossing] = self.parent[self.parent[crossing]]
            crossing = self.parent[crossing]
        return crossing

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self.parent[second] = first


def _links(points: Sequence[tuple[float, float]], joined: _Joined) -> list[dict[str, object]]:
    """An alley from each street that touches no other to the nearest crossing of the rest: nobody lives unreachable."""
    groups: dict[int, list[int]] = {}
    for crossing in range(len(points)):
        groups.setdefault(joined.root(crossing), []).append(crossing)
    main = max(groups.values(), key=lambda group: (len(group), -group[0]))
    links = []
    for group in sorted(groups.values()):
        if group is main:
            continue
        pairs = ((math.dist(points[one], points[other]), one, other) for one in group for other in main)
        metres, one, other = min(pairs)
        links.append(_row("Alley", LANE_MPS, one, other, max(1.0, metres)))
    return links
