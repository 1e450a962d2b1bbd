"""What the map draws: the ground, who is where, programs' areas, hot spots. JSON without names, numbers or notes.

A shared screen (one that people other than its user read) gets less: no call, and no unit on a call, closer than its
hexagon, no unmarked unit, no small counts.
"""

import json
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import h3
import shapely
from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import TextField
from django.db.models.functions import MD5, Cast, Concat
from django.urls import reverse
from shapely.ops import linemerge

from accounts.models import Centre
from dispatch.due.alarms import POSITION_STALE_S
from dispatch.models import Incident, LocationEntry
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.unit_rows import UnitRow, unit_rows
from people.models import Area, StreetNetwork, StreetPiece
from programs.models import ProgramVersion, VersionState
from responders.models import Unit

HEXAGON = 8
"""H3 resolution of hot spots and of calls on shared screens: 0.74 km² on the average, about a dozen city blocks."""
FEWEST = 5
"""Smaller counts of a hexagon are not shown on shared screens: a few calls in a place point at persons."""
_RING_DEG = 0.0025
"""Latitude, about 280 m: marks that would stand on one another in the middle of a hexagon stay well inside it."""
HOT_HOURS = {24: "24 hours", 7 * 24: "7 days", 30 * 24: "30 days"}
_MAIN = 1.2
"""A street counts as a main one where its average speed is this much above the network's (by length)."""
_DIGITS = 6  # of a degree: 0.1 m


def map_sources() -> dict[str, str]:
    """The basemaps beside the centre's own ground, from the settings; for templates that hold a map."""
    return {
        "pmtiles": reverse("desk:map_tiles") if settings.MAP_PMTILES else "",
        "raster": settings.MAP_TILES_URL,
        "credit": settings.MAP_TILES_ATTRIBUTION,
    }


def ground_digest(centre: Centre) -> str:
    """Changes whenever areas or streets of the centre change."""
    text = Concat("kind", "name", Cast("shape", TextField()), output_field=TextField())
    areas = Area.objects.filter(centre=centre).aggregate(all=MD5(StringAgg(text, delimiter="|", order_by="id")))
    streets = StreetNetwork.objects.filter(centre=centre).values_list("digest", flat=True).first()
    return f"{centre.pk}-{areas['all'] or 'none'}-{(streets or 'none')[:16]}"


_kept: dict[tuple[int, bool], tuple[str, bytes]] = {}


def ground_json(centre: Centre, digest: str, *, shared: bool = False) -> bytes:
    """Areas and streets as two GeoJSON collections, made once a process for each state of the ground (one a centre).

    On shared screens only beats are named: a street's name beside a mark says more than the hexagon does.
    """
    kept = _kept.get((centre.pk, shared))
    if kept is None or kept[0] != digest:
        drawn = ground(centre)
        if shared:
            for one in [*drawn["areas"]["features"], *drawn["streets"]["features"]]:
                if one["properties"].get("kind") != Area.Kind.BEAT:
                    del one["properties"]["name"]
        kept = digest, json.dumps(drawn, separators=(",", ":")).encode()
        _kept[centre.pk, shared] = kept
    return kept[1]


def ground(centre: Centre) -> dict[str, Any]:
    """`areas` and `streets` as GeoJSON, `bounds` as [west, south, east, north] (None where nothing is known)."""
    areas = [
        _feature(area.shape, kind=area.kind, name=area.name)
        for area in Area.objects.filter(centre=centre).order_by("kind", "name")
    ]
    streets = _streets(centre)
    outer = [one for one in areas if one["properties"]["kind"] == Area.Kind.BOUNDARY] or areas or streets
    shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in outer]
    bounds = [round(float(x), _DIGITS) for x in shapely.total_bounds(shapes)] if shapes else None
    return {"areas": _collection(areas), "streets": _collection(streets), "bounds": bounds}


def _streets(centre: Centre) -> list[dict[str, Any]]:
    """The streets' pieces joined to lines, one feature for each name, main streets apart from others."""
    rows = StreetPiece.objects.filter(network__centre=centre).values_list(
        "name", "start_lat", "start_lon", "end_lat", "end_lon", "metres", "speed_mps"
    )
    pieces = list(rows)
    metres = sum(row[5] for row in pieces)
    usual = sum(row[5] * row[6] for row in pieces) / metres if metres else 0.0
    lines: dict[tuple[str, bool], list[list[tuple[float, float]]]] = defaultdict(list)
    for name, start_lat, start_lon, end_lat, end_lon, _, speed in pieces:
        lines[name, speed >= usual * _MAIN].append([(start_lon, start_lat), (end_lon, end_lat)])
    return [
        _feature(json.loads(shapely.to_geojson(linemerge(parts) if len(parts) > 1 else shapely.LineString(parts[0]))),
                 name=name, main=main)
        for (name, main), parts in sorted(lines.items())
    ]  # fmt: skip


def _feature(shape: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": shape}


def _collection(features: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def map_state(centre: Centre, *, at: datetime, shared: bool) -> dict[str, Any]:
    """Units and open calls with their points, as the list and the map show them. `shared`: see the module."""
    spots = map_spots(centre, incident_rows(centre=centre, at=at), unit_rows(centre=centre, at=at), at, shared=shared)
    return {"at": at.isoformat(), "stale_s": POSITION_STALE_S, "shared": shared, **spots}


def map_spots(
    centre: Centre, incidents: Collection[IncidentRow], units: Collection[UnitRow], at: datetime, *, shared: bool
) -> dict[str, list[dict[str, Any]]]:
    """`calls` and `units` of rows that were read already, with their points. Two queries."""
    still_open = Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"])
    points = _points(still_open.values_list("pk", flat=True))
    units_where = Unit.objects.filter(centre=centre).values_list("pk", *_Position._fields)
    known = {str(pk): _Position._make(position) for pk, *position in units_where}
    calls = [_call(row, points.get(UUID(row.id)), shared) for row in incidents]
    shown = [_unit(row, known[row.id], at, shared) for row in units if row.id in known]
    if shared:
        _apart([*calls, *shown])
    return {"calls": calls, "units": shown}


def _apart(spots: Iterable[dict[str, Any]]) -> None:
    """Marks that stand on one point are put on a small ring around it, so that each is seen."""
    there: dict[tuple[float, float], list[dict[str, Any]]] = defaultdict(list)
    for one in spots:
        if one["lat"] is not None:
            there[one["lat"], one["lon"]].append(one)
    for (lat, lon), same in there.items():
        for nth, one in enumerate(same if len(same) > 1 else ()):
            turn = math.tau * nth / len(same)
            east = _RING_DEG / max(0.05, math.cos(math.radians(lat)))
            one.update(_where((lat + _RING_DEG * math.cos(turn), lon + east * math.sin(turn))))


def _middle(point: tuple[float, float]) -> tuple[float, float]:
    """The middle of the hexagon that a point is in."""
    lat, lon = h3.cell_to_latlng(h3.latlng_to_cell(*point, HEXAGON))
    return lat, lon


def _points(incidents: Iterable[UUID]) -> dict[UUID, tuple[float, float]]:
    """Where each incident is by the last statement about it; absent where that has no point."""
    last = (
        LocationEntry.objects.filter(incident__in=incidents, subject=LocationEntry.Subject.INCIDENT)
        .order_by("incident", "-id")
        .distinct("incident")
        .values_list("incident_id", "lat", "lon")
    )
    return {pk: (lat, lon) for pk, lat, lon in last if lat is not None and lon is not None}


def incident_point(incident: Incident) -> tuple[float, float] | None:
    """Where the incident is; None where no point is known."""
    return _points([incident.pk]).get(incident.pk)


def _call(row: IncidentRow, point: tuple[float, float] | None, shared: bool) -> dict[str, Any]:
    if point is not None and shared:
        point = _middle(point)
    return {
        "id": row.id,
        "name": row.code,
        "priority": row.priority,
        "level": row.level,
        "what": row.group if shared else row.nature_name,
        "words": row.state_words,
        "beat": row.beat,
        "since": row.since.isoformat(),
        "waiting": row.waiting,
        **_where(point),
    }


class _Position(NamedTuple):
    """Where a unit was last, as far as its row does not say."""

    lat: float | None
    lon: float | None
    position_at: datetime | None
    heading_deg: float | None
    unmarked: bool


def _unit(row: UnitRow, unit: _Position, at: datetime, shared: bool) -> dict[str, Any]:
    known = unit.lat is not None and unit.lon is not None and not (shared and unit.unmarked)
    since = unit.position_at if known else None
    point = (unit.lat, unit.lon) if known and unit.lat is not None and unit.lon is not None else None
    # Where a unit on a call stands, or whither it drives, is somebody's address.
    coarse = shared and bool(row.incident_code)
    if point is not None and coarse:
        point = _middle(point)
    return {
        "id": row.id,
        "name": row.call_sign,
        "level": row.level,
        "what": row.team,
        "words": row.words,
        "on": row.incident_code,
        "since": since.isoformat() if since else "",
        "looks": "" if shared else row.looks,
        "stale": since is not None and (at - since).total_seconds() > POSITION_STALE_S,
        "heading": round(unit.heading_deg) if known and unit.heading_deg is not None and not coarse else None,
        **_where(point),
    }


def _where(point: tuple[float, float] | None) -> dict[str, float | None]:
    return {
        "lat": round(point[0], _DIGITS) if point else None,
        "lon": round(point[1], _DIGITS) if point else None,
    }


def coverage(centre: Centre) -> dict[str, Any]:
    """The areas of the programs that are live, as GeoJSON."""
    versions = ProgramVersion.objects.filter(program__centre=centre, state=VersionState.PUBLISHED)
    return _collection(
        _feature(version.area, name=version.program.name, slug=version.program.slug)
        for version in versions.select_related("program").order_by("program__name")
    )


def hot_spots(centre: Centre, *, hours: int, at: datetime, shared: bool) -> dict[str, Any]:
    """Calls opened in the last `hours`, counted in hexagons, as GeoJSON with `count`; and how many are not shown.

    Joined incidents count once, practice calls not at all. On shared screens hexagons with fewer than FEWEST calls are
    left out; `withheld` is how many hexagons that are.
    """
    opened = Incident.objects.filter(centre=centre, opened_at__gt=at - timedelta(hours=hours), opened_at__lte=at)
    counted = opened.exclude(state="joined").exclude(calls__practice_run__isnull=False).values_list("pk", flat=True)
    counts: dict[str, int] = defaultdict(int)
    for lat, lon in _points(counted).values():
        counts[h3.latlng_to_cell(lat, lon, HEXAGON)] += 1
    shown = {cell: count for cell, count in counts.items() if not shared or count >= FEWEST}
    features = [_feature(_hexagon(cell), count=count) for cell, count in sorted(shown.items())]
    return {**_collection(features), "hours": hours, "withheld": len(counts) - len(shown), "fewest": FEWEST}


def _hexagon(cell: str) -> dict[str, Any]:
    ring = [[round(lon, _DIGITS), round(lat, _DIGITS)] for lat, lon in h3.cell_to_boundary(cell)]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
