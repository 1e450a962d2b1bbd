"""The ground plan of the invented city: boundary, river, parks, streets, districts and beats.

Everything is drawn in metres east and north of Central Square, and turned to WGS84 by `to_wgs84`. The square lies in
open grassland at about 41.4 N, 100.2 W, where no town is; the time zone there is America/Chicago.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shapely import set_precision
from shapely.affinity import affine_transform
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon, mapping
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient
from shapely.ops import split, unary_union

from demo import names

Coordinates: TypeAlias = float | Sequence["Coordinates"]

ORIGIN_LAT = 41.4200
ORIGIN_LON = -100.2100
METRES_PER_DEGREE_LAT = 111_132.954 - 559.822 * math.cos(2 * math.radians(ORIGIN_LAT))
METRES_PER_DEGREE_LON = 111_412.84 * math.cos(math.radians(ORIGIN_LAT)) - 93.5 * math.cos(3 * math.radians(ORIGIN_LAT))

BLOCK_M = 220.0
"""Length of one block (one hundred of house numbers) in metres."""
RIVER_HALF_WIDTH_M = 85.0
SHORTEST_STREET_PIECE_M = 150.0
MAIN_STREET_EVERY = 4
"""Every fourth grid line is a through street; the others begin and end somewhere inside the city."""
BRIDGE_AVENUES = (-12, 0, 8)
"""Grid columns of the avenues that cross the river (multiples of `MAIN_STREET_EVERY`)."""

_BOUNDARY_M = (
    (-4950, -2100), (-4400, -3300), (-2600, -4050), (-200, -4150), (2300, -4050), (4100, -3500), (4950, -2000),
    (5050, 300), (4700, 2300), (3600, 3600), (1500, 4150), (-900, 4100), (-3100, 3800), (-4500, 2700), (-5050, 700),
)  # fmt: skip
_PARKS_M = (
    ("Commons Park", (-880, -880, -440, -440)),
    ("Ferry Meadow", (1320, 1320, 1980, 1760)),
    ("Granary Green", (2860, -1980, 3300, -1540)),
    ("Kiln Pond Park", (-3080, -2640, -2420, -2200)),
    ("Orchard Park", (-1540, 2420, -880, 2860)),
)


@dataclass(frozen=True)
class Street:
    """One named street: its pieces (metres), and the way in which its house numbers rise.

    `along` is `east` (from the western edge), `north` (from the southern edge), `out` (from Central Square) or `round`
    (anticlockwise from due east). Numbers rise by 100 for each `BLOCK_M`.
    """

    name: str
    kind: str
    main: bool
    pieces: tuple[LineString, ...]
    along: str


@dataclass(frozen=True)
class Ground:
    """The finished ground plan, in metres."""

    boundary: Polygon
    river: BaseGeometry
    river_line: LineString
    parks: dict[str, Polygon]
    streets: tuple[Street, ...]
    bridges: dict[str, Point]
    districts: dict[str, BaseGeometry]
    beats: dict[str, tuple[str, BaseGeometry]]

    def hundred_at(self, street: Street, x: float, y: float) -> tuple[int, float]:
        """The hundred block of a point on the street (2400 for 2400 to 2499) and the share of the block before it."""
        if street.along == "east":
            metres = x + (len(names.AVENUES) // 2 + 2) * BLOCK_M
        elif street.along == "north":
            metres = y + (len(names.STREETS) // 2 + 2) * BLOCK_M
        elif street.along == "out":
            metres = math.hypot(x, y)
        else:
            metres = math.hypot(x, y) * (math.atan2(y, x) % (2 * math.pi))
        blocks = metres / BLOCK_M
        return (int(blocks) + 1) * 100, blocks - int(blocks)

    def beat_at(self, x: float, y: float) -> tuple[str, str]:
        """Beat and district that hold the point; the nearest beat where it falls in a hair's breadth between two."""
        point = Point(x, y)
        for beat, (district, shape) in self.beats.items():
            if shape.covers(point):
                return beat, district
        beat = min(self.beats, key=lambda name: self.beats[name][1].distance(point))
        return beat, self.beats[beat][0]


def lon_lat(x: float, y: float) -> tuple[float, float]:
    """WGS84 longitude and latitude (six decimals, about 0.1 m) of a point in metres."""
    return round(ORIGIN_LON + x / METRES_PER_DEGREE_LON, 6), round(ORIGIN_LAT + y / METRES_PER_DEGREE_LAT, 6)


def to_wgs84(shape: BaseGeometry) -> dict[str, object]:
    """GeoJSON geometry of a shape in metres; polygons wound as RFC 7946 asks (outer ring anticlockwise)."""
    scale = (1 / METRES_PER_DEGREE_LON, 0, 0, 1 / METRES_PER_DEGREE_LAT)
    moved = affine_transform(shape, [*scale, ORIGIN_LON, ORIGIN_LAT])
    moved = set_precision(moved, 1e-6)
    if isinstance(moved, Polygon):
        moved = orient(moved)
    elif isinstance(moved, MultiPolygon):
        moved = MultiPolygon([orient(part) for part in moved.geoms])
    geometry: dict[str, object] = {"type": moved.geom_type, "coordinates": _rounded(mapping(moved)["coordinates"])}
    return geometry


def _rounded(value: Coordinates) -> Coordinates:
    return round(value, 6) if isinstance(value, float) else [_rounded(part) for part in value]


def _lines(shape: BaseGeometry) -> list[LineString]:
    """The line pieces of a shape that are long enough to be a street, west to east and south to north."""
    parts = list(shape.geoms) if isinstance(shape, MultiLineString) else [shape]
    lines = [part for part in parts if isinstance(part, LineString) and part.length >= SHORTEST_STREET_PIECE_M]
    return sorted(lines, key=lambda line: line.bounds)


def _river_line() -> LineString:
    steps = [i * 100.0 for i in range(-65, 66)]
    return LineString([(x, 430 - 0.42 * x + 420 * math.sin(x / 1400.0)) for x in steps])


def _streets(rng: random.Random, land: BaseGeometry, boundary: Polygon) -> list[Street]:
    streets: list[Street] = []

    def add(name: str, kind: str, main: bool, line: LineString, along: str, ground: BaseGeometry = land) -> None:
        pieces = _lines(line.intersection(ground))
        if pieces:
            streets.append(Street(name, kind, main, tuple(pieces), along))

    columns, rows = len(names.AVENUES) // 2, len(names.STREETS) // 2
    far_x, far_y = columns * BLOCK_M, rows * BLOCK_M
    for number, name in enumerate(names.STREETS, start=-rows):
        main = number % MAIN_STREET_EVERY == 0
        west, east = _extent(rng, columns, main)
        line = LineString([(west * BLOCK_M, number * BLOCK_M), (east * BLOCK_M, number * BLOCK_M)])
        add(f"{name} St", "street", main, line, "east")
    for number, name in enumerate(names.AVENUES, start=-columns):
        main = number % MAIN_STREET_EVERY == 0
        south, north = _extent(rng, rows, main)
        line = LineString([(number * BLOCK_M, south * BLOCK_M), (number * BLOCK_M, north * BLOCK_M)])
        add(f"{name} Ave", "avenue", main, line, "north", boundary if number in BRIDGE_AVENUES else land)
    for number, name in enumerate(names.RADIALS):
        angle = math.radians(22.5 + 45 * number)
        ends = [(r * math.cos(angle), r * math.sin(angle)) for r in (900.0, 6000.0)]
        add(f"{name} Rd", "radial", True, LineString(ends), "out")
    for name, radius in (("Inner Ring Blvd", 900.0), ("Outer Ring Blvd", 3000.0)):
        corners = [math.radians(360 / 96 * i) for i in range(97)]
        add(name, "ring", True, LineString([(radius * math.cos(a), radius * math.sin(a)) for a in corners]), "round")
    for name, shift in (("North Bank Pkwy", 210.0), ("South Bank Pkwy", -210.0)):
        line = LineString([(x, y + shift) for x, y in _river_line().coords])
        add(name, "parkway", True, line, "east")
    for name in names.LANES:
        streets.append(_lane(rng, name, land, far_x, far_y))
    return streets


def _extent(rng: random.Random, half: int, main: bool) -> tuple[int, int]:
    if main:
        return -half - 2, half + 2
    length = rng.randint(half, half * 2 - 2)
    start = rng.randint(-half, half - length)
    return start, start + length


def _lane(rng: random.Random, name: str, land: BaseGeometry, far_x: float, far_y: float) -> Street:
    """A short lane in the middle of a block, between two grid lines, on dry land."""
    suffix = names.LANE_SUFFIXES[rng.randrange(len(names.LANE_SUFFIXES))]
    while True:
        x = rng.randrange(int(-far_x // BLOCK_M), int(far_x // BLOCK_M) - 1) * BLOCK_M
        y = (rng.randrange(int(-far_y // BLOCK_M), int(far_y // BLOCK_M) - 1) + 0.5) * BLOCK_M
        line = LineString([(x, y), (x + BLOCK_M * rng.randint(1, 2), y)])
        if land.buffer(-60).contains(line) and math.hypot(x, y) > 1200:
            return Street(f"{name} {suffix}", "lane", False, (line,), "east")


def _cut(shape: BaseGeometry, axis: int, share: float) -> tuple[BaseGeometry, BaseGeometry]:
    """Cut a shape by a straight line across axis 0 (west, east) or 1 (south, north); `share` of it comes first."""
    low, high = shape.bounds[axis], shape.bounds[axis + 2]
    wanted = shape.area * share
    for _ in range(40):
        middle = (low + high) / 2
        if shape.intersection(_side(axis, middle)).area < wanted:
            low = middle
        else:
            high = middle
    # Whole metres: the cut is the same on every machine, whatever the last bit of the arithmetic.
    edge = round((low + high) / 2)
    first = _side(axis, edge)
    return shape.intersection(first), shape.difference(first)


def _side(axis: int, edge: float) -> Polygon:
    far = 9000.0
    east, north = (edge, far) if axis == 0 else (far, edge)
    return Polygon([(-far, -far), (east, -far), (east, north), (-far, north)])


def _districts(boundary: Polygon, river_line: LineString) -> dict[str, BaseGeometry]:
    banks = sorted(split(boundary, river_line).geoms, key=lambda part: part.centroid.y)
    found: dict[str, BaseGeometry] = {}
    for bank, titles in ((banks[1], names.DISTRICTS_NORTH), (banks[0], names.DISTRICTS_SOUTH)):
        west, rest = _cut(bank, 0, 1 / 3)
        middle, east = _cut(rest, 0, 1 / 2)
        found.update(zip(titles, (west, middle, east), strict=True))
    return found


def _beats(districts: dict[str, BaseGeometry]) -> dict[str, tuple[str, BaseGeometry]]:
    """Four beats of equal area in each district, named by the district's letter: A1 (north-west) to F4."""
    beats: dict[str, tuple[str, BaseGeometry]] = {}
    for letter, (district, shape) in zip("ABCDEF", districts.items(), strict=True):
        west, east = _cut(shape, 0, 0.5)
        parts = [part for half in (west, east) for part in reversed(_cut(half, 1, 0.5))]
        for number, part in enumerate(parts, start=1):
            beats[f"{letter}{number}"] = (district, part)
    return beats


def lay_out(rng: random.Random) -> Ground:
    """Draw the whole ground plan; the same generator state gives the same plan."""
    boundary = Polygon(_BOUNDARY_M)
    river_line = _river_line()
    river = river_line.buffer(RIVER_HALF_WIDTH_M, cap_style="flat").intersection(boundary)
    parks = {title: Polygon([(w, s), (e, s), (e, n), (w, n)]) for title, (w, s, e, n) in _PARKS_M}
    # Streets may run along a park's edge, never through it, and stop short of the water.
    land = boundary.difference(unary_union([river.buffer(20), *(park.buffer(-5) for park in parks.values())]))
    streets = _streets(rng, land, boundary)
    half = len(names.AVENUES) // 2
    bridges = {}
    for column in BRIDGE_AVENUES:
        avenue = LineString([(column * BLOCK_M, -5000), (column * BLOCK_M, 5000)])
        bridges[f"{names.AVENUES[column + half]} Avenue Bridge"] = avenue.intersection(river_line).centroid
    districts = _districts(boundary, river_line)
    return Ground(boundary, river, river_line, parks, tuple(streets), bridges, districts, _beats(districts))
