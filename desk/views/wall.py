"""The wall: for a person of the floor, or for a named display device."""

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Centre, DisplayDevice, Role
from accounts.services import display_hash
from desk.displays import COOKIE, COOKIE_AGE_S, device_of
from desk.pages import live_page, live_region
from desk.wall_board import wall_board, wall_boards, whole_floor
from desk.wall_size import FLOOR_ARCMIN, LARGEST, SMALLEST, WallSize, wall_size
from desk.wall_views import USUAL, USUAL_VIEW, Layout, Turn, WallView, room_of, turns_of
from live.selectors import live_position

WATCHERS = (*FLOOR, Role.SYSTEM_ADMINISTRATOR)
KEEPERS = (Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR)
DAY_FROM, NIGHT_FROM = 7, 19
"""Hours of the centre's clock between which a display that goes by the clock is light."""


def by_day(centre: Centre, at: datetime) -> bool:
    """Whether the centre's clock says day."""
    return DAY_FROM <= at.astimezone(centre.zone).hour < NIGHT_FROM


def _page(
    request: HttpRequest,
    centre: Centre,
    turns: list[tuple[Turn, str]],
    size: WallSize,
    *,
    theme: str = DisplayDevice.Theme.NIGHT,
    device: DisplayDevice | None = None,
) -> HttpResponse:
    """`turns`: what is shown in turn, each with the address of its snapshot."""
    at = datetime.now(UTC)
    position = live_position(centre.pk)
    boards = wall_boards(centre, at, whole_floor(centre, at), [turn.view for turn, _ in turns])
    audiences = list(dict.fromkeys(turn.view.audience for turn, _ in turns))
    if device is not None:
        audiences.append(f"display:{device.pk}")
    light = theme == DisplayDevice.Theme.DAY or (theme == DisplayDevice.Theme.CLOCK and by_day(centre, at))
    context = {
        "turns": [(turn, url, board) for (turn, url), board in zip(turns, boards, strict=True)],
        "has_map": any(turn.view.layout == Layout.MAP for turn, _ in turns),
        "size": size,
        "floor_arcmin": FLOOR_ARCMIN,
        "theme": "light" if light else "dark",
        "by_clock": theme == DisplayDevice.Theme.CLOCK,
        "day": (DAY_FROM, NIGHT_FROM),
        "device": device,
        "centre": centre,
        "v": position.number,
        "now": at,
    }
    return live_page(
        request,
        "desk/wall/page.html",
        context,
        position=position,
        centre_id=centre.pk,
        audiences=" ".join(audiences),
    )


def _region(request: HttpRequest, centre: Centre, view: WallView) -> HttpResponse:
    position = live_position(centre.pk)
    at = datetime.now(UTC)
    context: dict[str, Any] = {
        "board": wall_board(centre, at, whole_floor(centre, at), view),
        "v": position.number,
        "now": at,
    }
    return live_region(request, "desk/wall/board.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(*WATCHERS)
def wall(request: HttpRequest) -> HttpResponse:
    """The wall in a person's own window."""
    centre = centre_of(require(request.user, *WATCHERS))
    return _page(request, centre, [(Turn(USUAL_VIEW, 0), reverse("desk:wall_board"))], wall_size(USUAL))


@require_GET
@role_required(*WATCHERS)
def wall_region(request: HttpRequest) -> HttpResponse:
    """The inside of the wall's region for a person."""
    return _region(request, centre_of(require(request.user, *WATCHERS)), USUAL_VIEW)


def _display(request: HttpRequest, device: int) -> DisplayDevice | None:
    found = device_of(request)
    return found if found is not None and found.pk == device else None


def _device_page(request: HttpRequest, device: DisplayDevice, region: str) -> HttpResponse:
    turns = [(turn, reverse(region, args=[device.pk, place])) for place, turn in enumerate(turns_of(device))]
    return _page(request, device.centre, turns, wall_size(room_of(device)), theme=device.theme, device=device)


def _turn_at(device: DisplayDevice, place: int) -> Turn:
    """The view at a place; the first one where the rotation has become shorter meanwhile."""
    turns = turns_of(device)
    return turns[place] if place < len(turns) else turns[0]


@require_GET
def display_wall(request: HttpRequest, device: int) -> HttpResponse:
    """The wall of a display device."""
    found = _display(request, device)
    if found is None:
        return render(request, "desk/wall/set_up.html", {"denied": True}, status=403)
    return _device_page(request, found, "desk:display_board_at")


@require_GET
def display_region(request: HttpRequest, device: int, place: int = 0) -> HttpResponse:
    """The inside of one of a display's regions; 403 once it is revoked."""
    found = _display(request, device)
    if found is None:
        return HttpResponse(status=403)
    return _region(request, found.centre, _turn_at(found, place).view)


def device_for(request: HttpRequest, device: int) -> DisplayDevice:
    """A display of the keeper's own centre. Raises Http404."""
    user = require(request.user, *KEEPERS)
    found = DisplayDevice.objects.select_related("centre").filter(pk=device, centre=user.centre_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@role_required(*KEEPERS)
def display_preview(request: HttpRequest, device: int) -> HttpResponse:
    """What a display shows, in a keeper's own window."""
    return _device_page(request, device_for(request, device), "desk:preview_board_at")


@require_GET
@role_required(*KEEPERS)
def preview_region(request: HttpRequest, device: int, place: int) -> HttpResponse:
    """The inside of one of the preview's regions."""
    found = device_for(request, device)
    return _region(request, found.centre, _turn_at(found, place).view)


@require_GET
def wall_sheet(request: HttpRequest, text: int, height: int) -> HttpResponse:
    """The size of a wall as a style sheet: nothing on a page may carry styles of its own."""
    if not (SMALLEST <= text <= LARGEST and 600 <= height <= 2000):
        raise Http404
    response = HttpResponse(f":root{{--wall-text:{text};--wall-height:{height}}}", content_type="text/css")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@csrf_protect
@require_http_methods(["GET", "POST"])
def display_set_up(request: HttpRequest) -> HttpResponse:
    """Trade the token of a set-up link for the display's cookie."""
    if request.method == "GET":
        return render(request, "desk/wall/set_up.html", {"denied": False})
    token = request.POST.get("token", "")
    device = DisplayDevice.objects.filter(token_hash=display_hash(token), revoked_at__isnull=True).first()
    if device is None:
        return HttpResponse("Not authorised.", status=403)
    response = HttpResponse(reverse("desk:display_wall", args=[device.pk]), content_type="text/plain")
    response.set_cookie(
        COOKIE, token, max_age=COOKIE_AGE_S, httponly=True, samesite="Strict", secure=request.is_secure()
    )
    return response
