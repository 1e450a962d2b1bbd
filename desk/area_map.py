"""A still picture of an area with the beats around it, as SVG paths. The list beside it says the same in words."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from people.models import Area

WIDTH = 460
MOST_HEIGHT = 420


@dataclass(frozen=True)
class Outline:
    """One shape: `kind` is its class in the style sheet, `d` its path."""

    kind: str
    name: str
    d: str


@dataclass(frozen=True)
class AreaMap:
    """The picture; `outlines` in drawing order. Empty when there is nothing to draw."""

    width: int
    height: int
    outlines: list[Outline]


def area_map(parts: Sequence[Mapping[str, Any]], grounds: Iterable[Area]) -> AreaMap:
    """Beats and boundary in the back, then what is included, then what is cut out."""
    shapes = [(ground.kind, ground.name, ground.shape) for ground in grounds]
    shapes += [(part["mode"], part["name"], part["geometry"]) for part in parts if part["mode"] == "include"]
    shapes += [(part["mode"], part["name"], part["geometry"]) for part in parts if part["mode"] == "exclude"]
    corners = [corner for _, _, shape in shapes for ring in _rings(shape) for corner in ring]
    if not corners:
        return AreaMap(WIDTH, 0, [])
    west, east = min(c[0] for c in corners), max(c[0] for c in corners)
    south, north = min(c[1] for c in corners), max(c[1] for c in corners)
    squeeze = max(0.05, math.cos(math.radians((south + north) / 2)))
    across, up = max(1e-9, (east - west) * squeeze), max(1e-9, north - south)
    scale = min((WIDTH - 8) / across, (MOST_HEIGHT - 8) / up)

    def path(shape: Mapping[str, Any]) -> str:
        pieces = []
        for ring in _rings(shape):
            points = [
                f"{4 + (lon - west) * squeeze * scale:.1f} {4 + (north - lat) * scale:.1f}" for lon, lat, *_ in ring
            ]
            pieces.append(f"M{'L'.join(points)}Z")
        return "".join(pieces)

    outlines = [Outline(kind, name, path(shape)) for kind, name, shape in shapes]
    return AreaMap(WIDTH, round(up * scale + 8), outlines)


def _rings(shape: Mapping[str, Any]) -> Iterable[Sequence[Sequence[float]]]:
    polygons = [shape["coordinates"]] if shape.get("type") == "Polygon" else shape.get("coordinates", [])
    for polygon in polygons:
        yield from polygon
