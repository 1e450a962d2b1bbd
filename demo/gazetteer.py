"""The gazetteer of the invented city: streets, blocks, intersections, address points and common places."""

from __future__ import annotations

import math
import random
from itertools import combinations

from shapely import prepare
from shapely.geometry import LineString, MultiLineString, MultiPoint, Point
from shapely.ops import unary_union

from demo.ground import Ground, Street, lon_lat, to_wgs84

ADDRESS_POINTS = 3000
_STEP_M = 22.0
_SETBACK_M = 16.0
_DOWNTOWN_M = 850.0

# label, location_type, metres east and north of Central Square (moved to the nearest street), other names people use
_COMMON = (
    ("Wrenfield General Hospital", "health_facility", (1500, -1300), ("General", "the hospital", "WGH")),
    ("Sedge Valley Medical Center", "health_facility", (-2400, -1900), ("Sedge Valley", "SVMC")),
    ("Harbor Light Crisis Center", "health_facility", (640, -700), ("Harbor Light", "crisis center", "stabilization")),
    ("Willow House Sobering Center", "health_facility", (-700, -1250), ("Willow House", "sobering")),
    ("Northgate Community Clinic", "health_facility", (-2900, 2300), ("Northgate Clinic",)),
    ("Lantern Night Shelter", "group_home", (-420, -1020), ("Lantern", "the shelter")),
    ("Elder Street Family Shelter", "group_home", (2250, -1520), ("family shelter",)),
    ("Plover House Recovery Residence", "group_home", (3500, 1500), ("Plover House",)),
    ("Prairie View Group Home", "group_home", (-3400, -700), ("Prairie View",)),
    ("Day Center and Kitchen", "public_building", (-280, -810), ("soup kitchen", "day center")),
    ("Wrenfield Central Library", "public_building", (250, -330), ("library", "central library")),
    ("Orchard Heights Branch Library", "public_building", (-500, 2300), ("Orchard library",)),
    ("Southmeadow Branch Library", "public_building", (3000, -2700), ("Southmeadow library",)),
    ("City Hall", "public_building", (120, 110), ("town hall",)),
    ("Sedge County Courthouse", "public_building", (360, 230), ("courthouse",)),
    ("Police Headquarters", "public_building", (-330, 220), ("police station", "PD")),
    ("Fire Station 1", "public_building", (560, -150), ("Station 1",)),
    ("Fire Station 2", "public_building", (-2300, 2600), ("Station 2",)),
    ("Fire Station 3", "public_building", (2900, -1100), ("Station 3",)),
    ("Market Hall", "public_building", (-150, -520), ("market",)),
    ("Garnet Avenue Grocery", "public_building", (-900, -2100), ("grocery",)),
    ("Oriole Shopping Center", "public_building", (2550, 1700), ("the mall", "Oriole mall")),
    ("Wrenfield Community College", "school", (1400, 2500), ("college", "WCC")),
    ("Sumac High School", "school", (-1700, 3000), ("Sumac High",)),
    ("Depot Yards Middle School", "school", (-3000, -1500), ("Depot Middle",)),
    ("Birch Street Elementary School", "school", (1100, -3060), ("Birch Elementary",)),
    ("Granary Hill Elementary School", "school", (3700, 500), ("Granary Elementary",)),
    ("Central Station", "transit", (-40, -240), ("train station", "the station")),
    ("Depot Yards Bus Terminal", "transit", (-2200, -520), ("bus station", "terminal")),
    ("Hospital Loop Bus Stop", "transit", (1440, -1180), ("Hospital Loop",)),
    ("College Bus Stop", "transit", (1330, 2420), ()),
    ("Northgate Transfer", "transit", (-2750, 2050), ("Northgate buses",)),
    ("Traveler Inn", "hotel", (-2750, -350), ("Traveler motel",)),
    ("Kestrel Hotel", "hotel", (650, 330), ()),
    ("Ring Road Motor Lodge", "hotel", (2150, 2050), ("motor lodge",)),
    ("Rail Cut Encampment", "encampment", (-1500, -620), ("rail cut", "the tents")),
    ("Ferry Landing Encampment", "encampment", (2500, -620), ("ferry landing",)),
)  # fmt: skip


def streets_geojson(ground: Ground) -> dict[str, object]:
    """FeatureCollection of street lines with their house-number range."""
    features = []
    for street in ground.streets:
        ends = [ground.hundred_at(street, *point)[0] for piece in street.pieces for point in piece.coords]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "name": street.name,
                    "kind": street.kind,
                    "main": street.main,
                    "from_number": min(ends),
                    "to_number": max(ends) + 99,
                },
                "geometry": to_wgs84(MultiLineString(street.pieces)),
            }
        )
    return {"type": "FeatureCollection", "features": features}


def places(ground: Ground, rng: random.Random) -> list[dict[str, object]]:
    """All places in a fixed order: common places, streets, intersections, blocks, addresses."""
    found = [*_common_places(ground), *_street_places(ground), *_intersections(ground), *_blocks(ground)]
    found += _addresses(ground, rng)
    return found


def _place(
    ground: Ground,
    kind: str,
    label: str,
    point: tuple[float, float],
    location_type: str,
    block: str = "",
    aliases: tuple[str, ...] = (),
) -> dict[str, object]:
    beat, district = ground.beat_at(*point)
    lon, lat = lon_lat(*point)
    place: dict[str, object] = {
        "kind": kind,
        "label": label,
        "lat": lat,
        "lon": lon,
        "beat": beat,
        "district": district,
        "location_type": location_type,
        "block": block,
    }
    if aliases:
        place["aliases"] = list(aliases)
    return place


def _common_places(ground: Ground) -> list[dict[str, object]]:
    found = []
    for label, location_type, (east, north), aliases in _COMMON:
        street, point = _nearest_street(ground, east, north)
        hundred = ground.hundred_at(street, *point)[0]
        found.append(
            _place(ground, "common_place", label, point, location_type, f"{hundred} block {street.name}", aliases)
        )
    for label, park in ground.parks.items():
        found.append(_place(ground, "common_place", label, (park.centroid.x, park.centroid.y), "public_outdoor"))
    for label, middle in ground.bridges.items():
        found.append(_place(ground, "common_place", label, (middle.x, middle.y), "bridge"))
    return found


def _nearest_street(ground: Ground, east: float, north: float) -> tuple[Street, tuple[float, float]]:
    spot = Point(east, north)
    street, line = min(
        ((street, piece) for street in ground.streets for piece in street.pieces), key=lambda one: one[1].distance(spot)
    )
    on_line = line.interpolate(line.project(spot))
    # A building stands a setback away from the kerb, on the side of the wanted spot.
    gap = spot.distance(on_line) or 1.0
    share = _SETBACK_M / gap
    return street, (on_line.x + (east - on_line.x) * share, on_line.y + (north - on_line.y) * share)


def _street_places(ground: Ground) -> list[dict[str, object]]:
    found = []
    for street in ground.streets:
        longest = max(street.pieces, key=lambda piece: piece.length)
        middle = longest.interpolate(0.5, normalized=True)
        found.append(_place(ground, "street", street.name, (middle.x, middle.y), ""))
    return found


def _intersections(ground: Ground) -> list[dict[str, object]]:
    found = []
    lines = {street.name: MultiLineString(street.pieces) for street in ground.streets}
    for first, second in combinations(ground.streets, 2):
        crossing = lines[first.name].intersection(lines[second.name])
        points = list(crossing.geoms) if isinstance(crossing, MultiPoint) else [crossing]
        points = [point for point in points if isinstance(point, Point) and not point.is_empty]
        for number, point in enumerate(sorted(points, key=lambda p: (p.x, p.y)), start=1):
            label = f"{first.name} & {second.name}"
            if len(points) > 1:
                label += f" ({_side_of(points, point)})" if len(points) == 2 else f" ({number})"
            found.append(_place(ground, "intersection", label, (point.x, point.y), "roadway", label))
    return found


def _side_of(points: list[Point], point: Point) -> str:
    """Where two streets meet twice, say which meeting: west or east, south or north, whichever lies further apart."""
    other = points[0] if point is points[1] else points[1]
    if abs(point.x - other.x) >= abs(point.y - other.y):
        return "west" if point.x < other.x else "east"
    return "south" if point.y < other.y else "north"


def _walk(ground: Ground, piece: LineString, street: Street) -> list[tuple[int, float, float, float, float, float]]:
    """Points each `_STEP_M` along a piece: hundred, share of the block, x, y, and the unit normal to the left."""
    steps = []
    for number in range(1, int(piece.length / _STEP_M)):
        here, ahead = piece.interpolate(number * _STEP_M), piece.interpolate(number * _STEP_M + 1)
        length = math.hypot(ahead.x - here.x, ahead.y - here.y)
        normal = (-(ahead.y - here.y) / length, (ahead.x - here.x) / length)
        steps.append((*ground.hundred_at(street, here.x, here.y), here.x, here.y, *normal))
    return steps


def _blocks(ground: Ground) -> list[dict[str, object]]:
    found = []
    for street in ground.streets:
        middles: dict[int, tuple[float, float, float]] = {}
        for piece in street.pieces:
            for hundred, share, x, y, _, _ in _walk(ground, piece, street):
                if hundred not in middles or abs(share - 0.5) < abs(middles[hundred][0] - 0.5):
                    middles[hundred] = (share, x, y)
        for hundred, (_, x, y) in sorted(middles.items()):
            label = f"{hundred} block {street.name}"
            found.append(_place(ground, "block", label, (x, y), "", label))
    return found


def _addresses(ground: Ground, rng: random.Random) -> list[dict[str, object]]:
    lots: dict[str, tuple[Street, int, float, float]] = {}
    # Nobody lives on a bridge or in a park.
    unbuilt = unary_union([ground.river.buffer(20), *ground.parks.values()])
    prepare(unbuilt)
    for street in ground.streets:
        for piece in street.pieces:
            for hundred, share, x, y, left, up in _walk(ground, piece, street):
                # Corner lots belong to the crossing street as often as not: leave both ends of a block free.
                if not 0.12 < share < 0.88:
                    continue
                for parity, side in ((0, _SETBACK_M), (1, -_SETBACK_M)):
                    number = hundred + int(share * 98) // 2 * 2 + parity
                    lot = (x + left * side, y + up * side)
                    if not unbuilt.contains(Point(lot)):
                        lots.setdefault(f"{number} {street.name}", (street, hundred, *lot))
    chosen = sorted(rng.sample(range(len(lots)), ADDRESS_POINTS))
    labels = list(lots)
    found = []
    for index in chosen:
        street, hundred, x, y = lots[labels[index]]
        kind_of_place = _building(rng, street, math.hypot(x, y))
        block = f"{hundred} block {street.name}"
        found.append(_place(ground, "address", labels[index], (x, y), kind_of_place, block))
    return found


def _building(rng: random.Random, street: Street, from_square_m: float) -> str:
    draw = rng.random()
    if from_square_m < _DOWNTOWN_M:
        return "public_building" if draw < 0.50 else "hotel" if draw < 0.53 else "private_residence"
    if street.main:
        return "public_building" if draw < 0.22 else "hotel" if draw < 0.23 else "private_residence"
    return "group_home" if draw < 0.006 else "private_residence"
