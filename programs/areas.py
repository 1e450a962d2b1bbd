"""Areas of programs: named polygons that include or exclude, read from GeoJSON, joined to one (WGS84 degrees)."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from accounts.problems import Refused

MOST_BYTES = 2_000_000
"""Of one import. A county's border at full detail is below 1 MB."""
MOST_CORNERS = 20_000
MOST_PARTS = 100
_FIELD = "geojson"

Part = dict[str, Any]
"""`{"name": text, "mode": "include" or "exclude", "geometry": GeoJSON geometry}`"""


def parts_read(text: str) -> list[Part]:
    """The polygons of a GeoJSON text as parts that include. Raises Refused that names the place and the mend."""
    if len(text.encode()) > MOST_BYTES:
        raise _refused(
            "too_big", f"This is larger than {MOST_BYTES // 1_000_000} MB. Simplify the outline and try again."
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise _refused(
            "not_json", f"This is not GeoJSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise _refused("not_json", "This is nested too deeply to be GeoJSON.") from None
    found: list[Part] = []
    for nth, (name, geometry) in enumerate(_geometries(data), 1):
        where = f"shape {nth}" + (f" ({name})" if name else "")
        found.append({"name": name or f"Shape {nth}", "mode": "include", "geometry": _checked(geometry, where)})
        if len(found) > MOST_PARTS:
            raise _refused("too_many", f"More than {MOST_PARTS} shapes. Join them before importing.")
    if not found:
        raise _refused("empty", "There is no polygon in this file. Draw the area as a polygon and export it again.")
    return found


def _refused(code: str, words: str) -> Refused:
    return Refused(f"area_{code}", words, field=_FIELD)


def _geometries(data: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if not isinstance(data, dict):
        raise _refused("kind", "GeoJSON is an object with a type; this is something else.")
    kind = data.get("type")
    if kind == "FeatureCollection":
        features = data.get("features")
        if not isinstance(features, list):
            raise _refused("kind", "The FeatureCollection has no list of features.")
        for feature in features:
            yield from _geometries(feature)
    elif kind == "Feature":
        properties = data.get("properties")
        name = properties.get("name", "") if isinstance(properties, dict) else ""
        if not isinstance(data.get("geometry"), dict):
            raise _refused("kind", "A feature has no geometry.")
        for inner, geometry in _geometries(data["geometry"]):
            yield str(name or inner)[:80], geometry
    elif kind == "GeometryCollection" and isinstance(data.get("geometries"), list):
        for geometry in data["geometries"]:
            yield from _geometries(geometry)
    elif kind in ("Polygon", "MultiPolygon"):
        yield "", data
    else:
        raise _refused("kind", f"A {kind or 'thing without a type'} is no area: only polygons have an inside.")


def _checked(geometry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The geometry if it is a whole polygon on the earth. Raises Refused otherwise."""
    corners = list(_corners(geometry.get("coordinates"), where))
    if len(corners) > MOST_CORNERS:
        raise _refused("too_detailed", f"{where}: {len(corners)} corners. Simplify it to at most {MOST_CORNERS}.")
    for lon, lat in corners:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            swapped = " Longitude comes first: are the two exchanged?" if abs(lat) <= 180 and abs(lon) <= 90 else ""
            raise _refused("off_earth", f"{where}: {lon}, {lat} is not on the globe, in degrees.{swapped}")
    try:
        made = shape(dict(geometry))
    except (ValueError, TypeError, IndexError, KeyError, shapely.errors.ShapelyError):
        raise _refused("broken", f"{where}: a ring needs four corners or more, the last equal to the first.") from None
    if not made.is_valid and len({*corners}) > 2:
        raise _refused("crossing", f"{where}: {_validity(made)}")
    if made.is_empty or made.area == 0:
        raise _refused("empty", f"{where}: the polygon has no inside.")
    return json.loads(json.dumps(mapping(made)))  # type: ignore[no-any-return]  # tuples become lists, as they are stored


def _corners(node: Any, where: str) -> Iterable[tuple[float, float]]:
    if not isinstance(node, list) or not node:
        raise _refused("broken", f"{where}: the list of corners is empty or no list.")
    if isinstance(node[0], int | float) and not isinstance(node[0], bool):
        if len(node) < 2 or not all(isinstance(n, int | float) and math.isfinite(n) for n in node[:2]):
            raise _refused("broken", f"{where}: {str(node)[:60]} is not longitude and latitude.")
        yield float(node[0]), float(node[1])
    else:
        for inner in node:
            yield from _corners(inner, where)


def _validity(geometry: BaseGeometry) -> str:
    """What is wrong with a polygon in words, with the place."""
    reason, _, at = explain_validity(geometry).partition("[")
    lon, _, lat = at.rstrip("]").partition(" ")
    place = f" at longitude {float(lon):.5f}, latitude {float(lat):.5f}" if lat else ""
    if "Self-intersection" in reason:
        return f"the outline crosses itself{place}. Move the corner next to it and import it again."
    return f"{reason.lower()}{place}. Mend the outline and import it again."


def parts_of(spec: Mapping[str, Any], area: Mapping[str, Any]) -> list[Part]:
    """The parts of a version: those of its spec, or its whole area as one part where it was made without parts."""
    parts = spec.get("area_parts")
    if parts:
        return [dict(part) for part in parts]
    if not area or not area.get("coordinates"):
        return []
    return [{"name": "Whole area", "mode": "include", "geometry": dict(area)}]


def composed(parts: Sequence[Part]) -> dict[str, Any]:
    """All that is included without all that is excluded, as one geometry. Raises Refused when nothing is left."""
    include = [shape(part["geometry"]) for part in parts if part["mode"] == "include"]
    exclude = [shape(part["geometry"]) for part in parts if part["mode"] == "exclude"]
    if not include:
        raise Refused("area_empty", "The area is empty: include at least one beat, district or polygon.", field="area")
    whole = shapely.union_all(include)
    if exclude:
        whole = shapely.difference(whole, shapely.union_all(exclude))
    polygons = [one for one in getattr(whole, "geoms", [whole]) if one.geom_type == "Polygon" and one.area > 0]
    if not polygons:
        raise Refused("area_empty", "Nothing is left of the area: what is excluded covers all of it.", field="area")
    made = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return json.loads(json.dumps(mapping(made)))  # type: ignore[no-any-return]  # as it is stored


def size_km2(area: Mapping[str, Any]) -> float:
    """Square kilometres, on a plane that is true at the area's middle; good to a percent for a county."""
    if not area or not area.get("coordinates"):
        return 0.0
    geometry = shape(dict(area))
    middle = geometry.centroid.y
    return float(geometry.area * 111.32 * 110.57 * math.cos(math.radians(middle)))


def share_covered(area: Mapping[str, Any], beat: Mapping[str, Any]) -> float:
    """How much of a beat lies in the area, 0 to 1."""
    if not area or not area.get("coordinates"):
        return 0.0
    ground = shape(dict(beat))
    return float(shapely.intersection(shape(dict(area)), ground).area / ground.area) if ground.area else 0.0


def part_joined(name: str, shapes: Sequence[Mapping[str, Any]], mode: str = "include") -> Part:
    """One part made of several geometries, for example a district of its beats."""
    joined = shapely.union_all([shape(dict(one)) for one in shapes])
    return {"name": name, "mode": mode, "geometry": json.loads(json.dumps(mapping(joined)))}
