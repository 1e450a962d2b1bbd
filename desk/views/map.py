"""The map: the page with its list, what it is drawn from, and the point of one incident."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, may, require, role_required
from accounts.models import Centre, Role, User
from accounts.services import audit
from desk.map_data import (
    HOT_HOURS,
    coverage,
    ground_digest,
    ground_json,
    hot_spots,
    incident_point,
    map_state,
)  # fmt: skip
from desk.map_picture import picture, shape_symbols
from desk.map_row import calls_drawn, units_drawn
from desk.pages import live_page
from dispatch.access import incident_for
from dispatch.selectors.words import PRIORITY_LEVEL, SHAPES
from live.selectors import live_position
from programs.access import READERS as PROGRAM_READERS

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_MOST_RANGE = 8_000_000
"""Of a tile archive in one answer; its directories and tiles are far smaller."""
_BLOCK = 65_536


def _floor(request: HttpRequest) -> tuple[User, Centre, bool]:
    """Who looks at which centre, and whether others can read the screen."""
    user = require(request.user, *FLOOR)
    return user, centre_of(user), request.GET.get("shared") == "1"


@require_GET
@role_required(*FLOOR)
def page(request: HttpRequest) -> HttpResponse:
    """The map with the list of units and calls beside it."""
    user, centre, shared = _floor(request)
    position, at = live_position(centre.pk), datetime.now(UTC)
    if not shared:
        audit(action="map.read", at=at, by=user, centre=centre, entity="centre", entity_id=centre.pk)
    state = map_state(centre, at=at, shared=shared)
    context = {
        "state": state,
        "calls": calls_drawn(state["calls"]),
        "units": units_drawn(state["units"]),
        "shared": shared,
        "hours": list(HOT_HOURS.items()),
        "levels": list(SHAPES),
        "blank_call": calls_drawn([{}]),
        "blank_unit": units_drawn([{}]),
    }
    return live_page(
        request, "desk/map/page.html", context, position=position, centre_id=centre.pk, audiences="console"
    )


@require_GET
@role_required(*(FLOOR | PROGRAM_READERS))
def ground(request: HttpRequest) -> HttpResponse:
    """Streets and areas of the centre as GeoJSON. Large and seldom new: 304 while it is the same."""
    centre = centre_of(require(request.user, *(FLOOR | PROGRAM_READERS)))
    digest = ground_digest(centre)
    return unchanged_or(request, digest, lambda: ground_json(centre, digest))


def unchanged_or(request: HttpRequest, digest: str, made: Callable[[], bytes]) -> HttpResponse:
    """304 where the browser has the JSON of this digest, else the JSON."""
    tag = f'"{digest}"'
    # A proxy that compresses on the way may have marked the tag as weak.
    if tag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(made(), content_type="application/json")
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return response


def _fresh(data: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(data)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def state(request: HttpRequest) -> HttpResponse:
    """Units and open calls, asked for anew whenever the live stream says that something changed."""
    _, centre, shared = _floor(request)
    return _fresh(map_state(centre, at=datetime.now(UTC), shared=shared))


@require_GET
@role_required(*FLOOR)
def coverage_areas(request: HttpRequest) -> HttpResponse:
    """The areas of the live programs."""
    _, centre, _ = _floor(request)
    return _fresh(coverage(centre))


@require_GET
@role_required(*FLOOR)
def hot(request: HttpRequest) -> HttpResponse:
    """Calls of the last hours or days in hexagons. Whole counts are a supervisor's; others see them as shared screens
    do, without the small ones."""
    user, centre, shared = _floor(request)
    given = request.GET.get("hours", "24")
    hours = int(given) if given.isdigit() and int(given) in HOT_HOURS else 24
    shared = shared or not may(user, Role.SUPERVISOR)
    return _fresh(hot_spots(centre, hours=hours, at=datetime.now(UTC), shared=shared))


@require_GET
@role_required(*FLOOR)
def picture_svg(request: HttpRequest) -> HttpResponse:
    """The same as a still picture."""
    _, centre, shared = _floor(request)
    drawn = picture(
        json.loads(ground_json(centre, ground_digest(centre))),
        map_state(centre, at=datetime.now(UTC), shared=shared),
        theme="light" if request.GET.get("theme") == "light" else "dark",
    )
    context = {"picture": drawn, "symbols": shape_symbols()}
    response = render(request, "desk/map/picture.svg", context, content_type="image/svg+xml")
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def pin(request: HttpRequest, id: UUID) -> HttpResponse:
    """Where one incident is: shown when a person opens its map, which is logged as a reading."""
    user, _, _ = _floor(request)
    incident = incident_for(user, id)
    point = incident_point(incident)
    audit(
        action="incident.map", at=datetime.now(UTC), by=user, centre=incident.centre, entity="incident",
        entity_id=incident.pk,
    )  # fmt: skip
    return _fresh(
        {
            "name": f"{incident.number:04d}",
            "level": PRIORITY_LEVEL[incident.priority],
            "lat": point[0] if point else None,
            "lon": point[1] if point else None,
        }
    )


@require_GET
@role_required(*(FLOOR | PROGRAM_READERS))
def tiles(request: HttpRequest) -> HttpResponseBase:
    """The tile archive of MAP_PMTILES, in ranges: the browser reads its directory and then single tiles."""
    require(request.user, *(FLOOR | PROGRAM_READERS))
    archive = Path(settings.MAP_PMTILES) if settings.MAP_PMTILES else None
    if archive is None or not archive.is_file():
        raise Http404
    about = archive.stat()
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None:
        response: HttpResponseBase = FileResponse(archive.open("rb"), content_type="application/octet-stream")
    else:
        first = int(asked[1])
        last = min(int(asked[2]) if asked[2] else about.st_size - 1, about.st_size - 1, first + _MOST_RANGE - 1)
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{about.st_size}"})
        response = StreamingHttpResponse(
            _part(archive.open("rb"), first, last - first + 1), status=206, content_type="application/octet-stream"
        )
        response["Content-Range"] = f"bytes {first}-{last}/{about.st_size}"
        response["Content-Length"] = str(last - first + 1)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _part(source: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    with source:
        source.seek(first, os.SEEK_SET)
        while length > 0 and (block := source.read(min(_BLOCK, length))):
            length -= len(block)
            yield block
