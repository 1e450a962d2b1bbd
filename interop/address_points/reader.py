"""Address points from a city's file: CSV or GeoJSON, as address registers and OpenAddresses publish them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_BYTES = 1_000_000_000
LONGEST_LABEL = 160
_NAMES: dict[str, tuple[str, ...]] = {
    "label": ("label", "full_address", "fulladdr", "full_addr", "address"),
    "number": ("number", "house_number", "housenumber", "add_number", "addr:housenumber", "stnum"),
    "street": ("street", "street_name", "fullname", "st_name", "addr:street", "streetname"),
    "unit": ("unit", "addr:unit", "subaddress", "apt"),
    "kind": ("kind",),
    "lat": ("lat", "latitude", "y", "point_y"),
    "lon": ("lon", "lng", "long", "longitude", "x", "point_x"),
}
"""Our field to the column names that are taken for it, case aside; the first one present counts."""
KINDS = ("address", "intersection", "block", "street", "common_place")


class FileRefused(ValueError):
    """The file as a whole cannot be read. Its text says why and what to do."""


@dataclass(frozen=True)
class AddressPoint:
    """One understood point. `line` counts from 1, header included; of a GeoJSON file it counts features."""

    line: int
    kind: str
    label: str
    lat: float
    lon: float


@dataclass(frozen=True)
class BadPoint:
    """One point that was not understood. The reason names columns, never an address."""

    line: int
    reason: str


def read(path: Path) -> Iterator[AddressPoint | BadPoint]:
    """Understand a file of points, WGS84. Raises FileRefused for a file of another kind, or one that is too large."""
    if path.stat().st_size > MOST_BYTES:
        raise FileRefused(f"The file is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    if path.suffix.lower() in {".geojson", ".json"}:
        yield from _geojson(path)
    elif path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as lines:
            yield from _csv(lines)
    else:
        raise FileRefused("Only .csv, .geojson and .json files are read. Export the layer as one of them, in WGS84.")


def _csv(lines: Iterable[str]) -> Iterator[AddressPoint | BadPoint]:
    reader = csv.reader(lines)
    header = [name.strip().lower() for name in next(reader, [])]
    columns = _columns(header)
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            yield BadPoint(reader.line_num, f"{len(row)} cells under {len(header)} columns")
            continue
        yield _point(reader.line_num, {ours: row[at].strip() for ours, at in columns.items()})


def _columns(header: list[str]) -> dict[str, int]:
    columns = {
        ours: header.index(found)
        for ours, names in _NAMES.items()
        if (found := next((name for name in names if name in header), None)) is not None
    }
    if "lat" not in columns or "lon" not in columns:
        raise FileRefused(
            "The file has no columns lat and lon (or latitude and longitude, or y and x), in degrees WGS84."
        )
    if "label" not in columns and "street" not in columns:
        raise FileRefused("The file has neither a column label (or full_address) nor number and street.")
    return columns


def _geojson(path: Path) -> Iterator[AddressPoint | BadPoint]:
    for number, feature in enumerate(_features(path), start=1):
        if not isinstance(feature, dict):
            yield BadPoint(number, "not a feature")
            continue
        geometry, properties = feature.get("geometry") or {}, feature.get("properties") or {}
        if geometry.get("type") != "Point" or len(geometry.get("coordinates") or ()) < 2:
            yield BadPoint(number, "the geometry is not a point")
            continue
        known = {str(name).lower(): value for name, value in properties.items() if value is not None}
        cells = {ours: str(known[name]) for ours, names in _NAMES.items() for name in names if name in known}
        lon, lat = geometry["coordinates"][:2]
        yield _point(number, {**cells, "lat": str(lat), "lon": str(lon)})


def _features(path: Path) -> Iterator[Any]:
    """The features of a collection, or one feature a line as OpenAddresses publishes."""
    with path.open(encoding="utf-8-sig") as file:
        try:
            first = file.readline()
            if first.lstrip().startswith('{"type":"Feature",') or first.lstrip().startswith('{"type": "Feature",'):
                yield json.loads(first)
                for line in file:
                    if line.strip():
                        yield json.loads(line)
                return
            whole = json.loads(first + file.read())
        except ValueError as error:
            raise FileRefused("The file is not valid JSON.") from error
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list):
        raise FileRefused("The file is no GeoJSON feature collection: it has no list “features”.")
    yield from features


def _point(line: int, cells: Mapping[str, str]) -> AddressPoint | BadPoint:
    try:
        lat, lon = float(cells["lat"]), float(cells["lon"])
    except ValueError:
        return BadPoint(line, "lat or lon is not a number")
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat == 0 and lon == 0):
        return BadPoint(line, "lat or lon is outside the earth, or zero: the file must be in WGS84 degrees")
    label = cells.get("label", "") or " ".join(
        part for part in (cells.get("number", ""), cells.get("street", "")) if part and part != "0"
    )
    if unit := cells.get("unit", ""):
        label = f"{label} Unit {unit}" if unit[0].isdigit() or len(unit) == 1 else f"{label} {unit}"
    label = " ".join(label.split())
    kind = cells.get("kind", "").lower() or "address"
    if not label:
        return BadPoint(line, "no address")
    if len(label) > LONGEST_LABEL:
        return BadPoint(line, f"the address is longer than {LONGEST_LABEL} characters")
    if kind not in KINDS:
        return BadPoint(line, f"kind is none of {', '.join(KINDS)}")
    return AddressPoint(line, kind, label, lat, lon)
