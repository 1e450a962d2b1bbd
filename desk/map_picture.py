"""The map as a still picture (SVG), for browsers without WebGL or scripts. The list beside it says the same."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 1000, 760
_MARGIN = 24
_OVER = frozenset({"beat", "boundary", "district"})
"""Kinds of areas that are lines over the others."""
_NONE = "none"
LETTERS, LETTERS_LARGE = 13, 30
"""Height of a mark's words in the picture, and on a wall."""
_LETTER_WIDTH = 0.62
"""Of a letter's height, on average."""
_OLD = " (old)"
_WORST_FIRST = ("critical", "serious", "caution", "normal", "standby", "off")
# (fill, stroke, width) by kind: the same colours as static/desk/map_style.js, which the browser's own map uses.
_COLOURS: dict[str, dict[str, tuple[str, str, float]]] = {
    "dark": {
        "water": ("#16384f", _NONE, 0), "park": ("#1c3322", _NONE, 0), "district": (_NONE, "#5b6d80", 1),
        "beat": (_NONE, "#51657a", 1.2), "boundary": (_NONE, "#8ea2b6", 2), "street": (_NONE, "#35424f", 1),
        "main": (_NONE, "#546678", 2),
    },
    "light": {
        "water": ("#b9dcf0", _NONE, 0), "park": ("#d3e8cd", _NONE, 0), "district": (_NONE, "#8796a5", 1),
        "beat": (_NONE, "#7d8c9b", 1.2), "boundary": (_NONE, "#3f4d5a", 2), "street": (_NONE, "#cdd5dc", 1),
        "main": (_NONE, "#aab6c1", 2),
    },
}  # fmt: skip
_LEVELS = {
    "dark": {"critical": "#ff5252", "serious": "#ffb302", "caution": "#fce83a", "normal": "#56f000",
             "standby": "#2dccff", "off": "#a4abb6"},
    "light": {"critical": "#b00020", "serious": "#8a4600", "caution": "#665400", "normal": "#1c6600",
              "standby": "#00567d", "off": "#4b5563"},
}  # fmt: skip
_PAPER = {"dark": ("#0e141b", "#e8eef4"), "light": ("#f4f6f8", "#10161c")}


@dataclass(frozen=True)
class Outline:
    """One line or surface with its colours."""

    d: str
    fill: str
    stroke: str
    width: float


@dataclass(frozen=True)
class Mark:
    """A unit or a call: where on the picture, which shape, which words."""

    kind: str
    level: str
    x: float
    y: float
    name: str
    faded: bool
    colour: str
    labelled: bool = True
    """Whether its words find room. Where they would cover others', the list beside the picture has them."""

    @property
    def place(self) -> SafeString:
        """Figures only, so nothing in it needs escaping."""
        return SafeString(f"translate({self.x:.1f} {self.y:.1f})")


@dataclass(frozen=True)
class Picture:
    """What the template draws, from the back to the front."""

    width: int
    height: int
    outlines: list[Outline]
    marks: list[Mark]
    paper: str
    ink: str


class _Sheet:
    """From degrees to the picture: equirectangular at the middle latitude, north up."""

    def __init__(self, bounds: Sequence[float]) -> None:
        west, south, east, north = bounds
        self.squeeze = max(0.05, math.cos(math.radians((south + north) / 2)))
        across, up = max(1e-6, (east - west) * self.squeeze), max(1e-6, north - south)
        self.scale = min((WIDTH - 2 * _MARGIN) / across, (HEIGHT - 2 * _MARGIN) / up)
        self.west, self.north = west, north
        self.left = (WIDTH - across * self.scale) / 2
        self.top = (HEIGHT - up * self.scale) / 2

    def point(self, lon: float, lat: float) -> tuple[float, float]:
        return (
            self.left + (lon - self.west) * self.squeeze * self.scale,
            self.top + (self.north - lat) * self.scale,
        )

    def path(self, lines: Iterable[Sequence[Sequence[float]]], *, closed: bool) -> str:
        end = "Z" if closed else ""
        return "".join(
            "M" + "L".join("{:.0f} {:.0f}".format(*self.point(lon, lat)) for lon, lat, *_ in line) + end
            for line in lines
        )


def _lines(shape: Mapping[str, Any]) -> Iterable[Sequence[Sequence[float]]]:
    kind, given = shape.get("type"), shape.get("coordinates", [])
    if kind == "LineString":
        yield given
    elif kind in {"MultiLineString", "Polygon"}:
        yield from given
    elif kind == "MultiPolygon":
        for polygon in given:
            yield from polygon


def picture(ground: Mapping[str, Any], state: Mapping[str, Any], *, theme: str, letters: int = LETTERS) -> Picture:
    """The ground and everything of the state that has a point on it. `theme`: dark or light; `letters`: their height.

    The worst stand in front, are never pale, and have their words first.
    """
    paper, ink = _PAPER[theme]
    marked = [
        (kind, one) for kind in ("unit", "call") for one in state[f"{kind}s"] if one["lat"] is not None
    ]  # fmt: skip
    bounds = ground["bounds"] or _around(marked)
    if bounds is None:
        return Picture(WIDTH, HEIGHT, [], [], paper, ink)
    sheet = _Sheet(bounds)
    areas = sorted(ground["areas"]["features"], key=lambda one: one["properties"]["kind"] in _OVER)
    outlines = [
        Outline(sheet.path(_lines(one["geometry"]), closed=True), *_COLOURS[theme][one["properties"]["kind"]])
        for one in areas
    ]
    for main in (False, True):
        streets = [one for one in ground["streets"]["features"] if one["properties"]["main"] is main]
        d = "".join(sheet.path(_lines(one["geometry"]), closed=False) for one in streets)
        if d:
            outlines.append(Outline(d, *_COLOURS[theme]["main" if main else "street"]))
    marks = [
        Mark(
            kind,
            one["level"],
            *sheet.point(one["lon"], one["lat"]),
            one["name"],
            bool(one.get("stale")) and one["level"] != "critical",
            _LEVELS[theme][one["level"]],
        )
        for kind, one in marked
    ]
    return Picture(WIDTH, HEIGHT, outlines, _with_room(marks, letters), paper, ink)


def _with_room(marks: Iterable[Mark], letters: int) -> list[Mark]:
    """The marks from the back to the front; words only where they cover no worse one's."""
    taken: list[tuple[float, float, float]] = []
    front: list[Mark] = []
    for mark in sorted(marks, key=lambda one: (_WORST_FIRST.index(one.level), one.faded, one.kind)):
        half = letters * _LETTER_WIDTH * (len(mark.name) + (len(_OLD) if mark.faded else 0)) / 2
        free = all(abs(mark.x - x) > half + other or abs(mark.y - y) > letters for x, y, other in taken)
        labelled = free or mark.level == "critical"
        if labelled:
            taken.append((mark.x, mark.y, half))
        front.append(replace(mark, labelled=labelled))
    return front[::-1]


@lru_cache(maxsize=1)
def shape_symbols() -> SafeString:
    """The six status shapes as SVG symbols, from the file that the pages use."""
    found = finders.find("desk/shapes.svg")
    text = Path(str(found)).read_text(encoding="utf-8")
    return SafeString(text[text.index(">") + 1 : text.rindex("</svg>")])


def _around(marked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[float] | None:
    """The box of what is shown, where no ground is known; a kilometre or so around a single point."""
    if not marked:
        return None
    lats, lons = [one["lat"] for _, one in marked], [one["lon"] for _, one in marked]
    return [min(lons) - 0.01, min(lats) - 0.01, max(lons) + 0.01, max(lats) + 0.01]
