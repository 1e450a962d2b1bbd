"""What a wall's map is drawn on: the ground, hexagons, and a picture. For displays and whoever may see walls."""

import json
from datetime import UTC, datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require
from accounts.models import Centre
from desk.displays import device_of
from desk.map_data import ground_digest, ground_json, hot_spots, map_spots
from desk.map_picture import LETTERS_LARGE, picture, shape_symbols
from desk.views.map import unchanged_or
from desk.views.wall import WATCHERS
from desk.wall_board import whole_floor
from desk.wall_map import HOT_HOURS
from desk.wall_rows import units_on_duty


def _centre(request: HttpRequest) -> Centre:
    """Of the display that asks, else of the person. Raises PermissionDenied for anybody else."""
    device = device_of(request)
    if device is not None:
        return device.centre
    if not request.user.is_authenticated:
        raise PermissionDenied("This display is not authorised.")
    return centre_of(require(request.user, *WATCHERS))


@require_GET
def ground(request: HttpRequest) -> HttpResponse:
    """Streets without names, areas, and beats by name, as GeoJSON. 304 while it is the same."""
    centre = _centre(request)
    digest = ground_digest(centre)
    return unchanged_or(request, f"{digest}-shared", lambda: ground_json(centre, digest, shared=True))


@require_GET
def hot(request: HttpRequest) -> HttpResponse:
    """Calls of the last seven days in hexagons, without small counts."""
    found = hot_spots(_centre(request), hours=HOT_HOURS, at=datetime.now(UTC), shared=True)
    response = JsonResponse(found)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def picture_svg(request: HttpRequest) -> HttpResponse:
    """The map as a still picture, with letters for a wall, where the display draws no maps."""
    centre, at = _centre(request), datetime.now(UTC)
    incidents, units = whole_floor(centre, at)
    drawn = picture(
        json.loads(ground_json(centre, ground_digest(centre), shared=True)),
        map_spots(centre, incidents, units_on_duty(units), at, shared=True),
        theme="light" if request.GET.get("theme") == "light" else "dark",
        letters=LETTERS_LARGE,
    )
    context = {"picture": drawn, "symbols": shape_symbols(), "large": True}
    response = render(request, "desk/map/picture.svg", context, content_type="image/svg+xml")
    response["Cache-Control"] = "no-store"
    return response
