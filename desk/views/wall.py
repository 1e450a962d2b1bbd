"""The wall: for a person of the floor, or for a named display device."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Centre, DisplayDevice, Role
from accounts.services import display_create, display_hash, display_revoke
from desk.actions import form_of
from desk.displays import COOKIE, COOKIE_AGE_S, device_of, session_key_of
from desk.forms.dispatching import DisplayForm
from desk.pages import live_page, live_region
from desk.wall_board import wall_board, whole_floor
from live.selectors import Position, live_position
from live.services import revoke_after_commit

_WATCHERS = (*FLOOR, Role.SYSTEM_ADMINISTRATOR)
_KEEPERS = (Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR)


def wall_context(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    """Context of the board; also used by its frames."""
    return {"board": wall_board(centre, at, whole_floor(centre, at)), "v": position.number, "now": at}


def _page(request: HttpRequest, centre: Centre, snapshot: str) -> HttpResponse:
    at = datetime.now(UTC)
    position = live_position(centre.pk)
    context = {**wall_context(centre, position, at), "centre": centre, "snapshot_url": snapshot}
    return live_page(request, "desk/wall/page.html", context, position=position, centre_id=centre.pk, audiences="wall")


def _region(request: HttpRequest, centre: Centre) -> HttpResponse:
    position = live_position(centre.pk)
    context = wall_context(centre, position, datetime.now(UTC))
    return live_region(request, "desk/wall/board.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(*_WATCHERS)
def wall(request: HttpRequest) -> HttpResponse:
    """The wall in a person's own window."""
    return _page(request, centre_of(require(request.user, *_WATCHERS)), reverse("desk:wall_board"))


@require_GET
@role_required(*_WATCHERS)
def wall_region(request: HttpRequest) -> HttpResponse:
    """The inside of the wall's region for a person."""
    return _region(request, centre_of(require(request.user, *_WATCHERS)))


def _display(request: HttpRequest, device: int) -> DisplayDevice | None:
    found = device_of(request)
    return found if found is not None and found.pk == device else None


@require_GET
def display_wall(request: HttpRequest, device: int) -> HttpResponse:
    """The wall of a display device."""
    found = _display(request, device)
    if found is None:
        return render(request, "desk/wall/set_up.html", {"denied": True}, status=403)
    return _page(request, found.centre, reverse("desk:display_board", args=[device]))


@require_GET
def display_region(request: HttpRequest, device: int) -> HttpResponse:
    """The inside of a display's region; 403 once it is revoked."""
    found = _display(request, device)
    return HttpResponse(status=403) if found is None else _region(request, found.centre)


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


@role_required(*_KEEPERS)
def displays(request: HttpRequest) -> HttpResponseBase:
    """The centre's displays: make one (its link is shown once), revoke one."""
    user = require(request.user, *_KEEPERS)
    centre, at = centre_of(user), datetime.now(UTC)
    link, form = "", DisplayForm(request.POST if request.method == "POST" and "revoke" not in request.POST else None)
    if request.method == "POST" and request.POST.get("revoke", "").isdigit():
        device = DisplayDevice.objects.filter(pk=int(request.POST["revoke"]), centre=centre).first()
        if device is not None:
            with transaction.atomic():
                display_revoke(device=device, by=user, at=at)
                revoke_after_commit(session_key_of(device))
        return redirect("desk:displays")
    if form.is_bound and form.is_valid():
        _, token = display_create(centre=centre, name=form_of(form).cleaned_data["name"], by=user, at=at)
        link = request.build_absolute_uri(f"{reverse('desk:display_set_up')}#{token}")
    rows = DisplayDevice.objects.filter(centre=centre).select_related("created_by").order_by("revoked_at", "name")
    context = {"displays": rows, "link": link, "form": form, "zone": centre.time_zone}
    response = render(request, "desk/overview/displays.html", context)
    response["Cache-Control"] = "no-store"
    return response
