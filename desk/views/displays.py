"""The centre's wall displays: made, set up for their room, previewed, revoked."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.access import centre_of, require, role_required
from accounts.models import DisplayDevice, User
from accounts.services import display_configure, display_create, display_revoke
from desk.actions import form_of
from desk.displays import session_key_of
from desk.forms.displays import PLACES, DisplayForm, LayoutForm, RoomForm
from desk.views.wall import KEEPERS, device_for
from desk.wall_size import WallSize, wall_size
from desk.wall_views import room_of
from live.services import event_record, revoke_after_commit
from programs.models import Program


def display_entity(device: DisplayDevice) -> UUID:
    """The id under which the live boards hear of a display."""
    return UUID(int=device.pk)


@role_required(*KEEPERS)
def displays(request: HttpRequest) -> HttpResponseBase:
    """The centre's displays: make one (its link is shown once), revoke one."""
    user = require(request.user, *KEEPERS)
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
    sized = [(row, wall_size(room_of(row))) for row in rows]
    context = {"displays": sized, "link": link, "form": form, "zone": centre.time_zone}
    response = render(request, "desk/overview/displays.html", context)
    response["Cache-Control"] = "no-store"
    return response


@role_required(*KEEPERS)
def display_edit(request: HttpRequest, device: int) -> HttpResponseBase:
    """A display's room and what it shows in turn. Says how large the text becomes and how many rows fit."""
    user, found = require(request.user, *KEEPERS), device_for(request, device)
    if request.method == "POST" and found.revoked_at is None:
        room = RoomForm(request.POST)
        places = [LayoutForm(request.POST, prefix=f"p{place}") for place in range(PLACES)]
        if all([room.is_valid(), *(one.is_valid() for one in places), _each_once(places)]):
            _save(found, room, places, user)
            return redirect(f"{reverse('desk:display_edit', args=[found.pk])}?saved=1")
        size = wall_size(room.room) if room.is_valid() else None
    else:
        room, places = _forms(found)
        size = wall_size(room_of(found))
    return _edit_page(request, found, room, places, size)


def _each_once(places: list[LayoutForm]) -> bool:
    """Whether no board stands twice in the rotation; said beside the second one."""
    seen: set[tuple[str, str]] = set()
    for one in places:
        chosen = one.chosen if one.is_valid() else None
        if chosen is not None and chosen[:2] in seen:
            one.add_error("layout", "Each board stands in the rotation once.")
            return False
        if chosen is not None:
            seen.add(chosen[:2])
    return True


def _forms(device: DisplayDevice) -> tuple[RoomForm, list[LayoutForm]]:
    room = RoomForm(
        initial={
            "name": device.name,
            "inches": device.panel_inches,
            "width": device.width_px,
            "height": device.height_px,
            "distance": device.distance_cm / 100,
            "theme": device.theme,
        }
    )
    chosen = list(device.layouts.all())
    initial = [{"layout": one.layout, "program": one.program, "seconds": one.seconds} for one in chosen]
    first = {"layout": "queue", "seconds": 30} if not chosen else {}
    filled = [*initial, first, *({} for _ in range(PLACES))][:PLACES]
    return room, [LayoutForm(initial=one, prefix=f"p{place}") for place, one in enumerate(filled)]


@transaction.atomic
def _save(device: DisplayDevice, form: RoomForm, places: list[LayoutForm], by: User) -> None:
    at, room = datetime.now(UTC), form.room
    display_configure(
        device=device,
        name=form.cleaned_data["name"],
        inches=int(room.inches),
        width=room.width,
        height=room.height,
        distance_cm=round(room.distance * 100),
        theme=form.cleaned_data["theme"],
        layouts=[one.chosen for one in places if one.chosen is not None],
        by=by,
        at=at,
    )
    # The display itself loads its page anew when it hears of this.
    event_record(
        centre_id=device.centre_id,
        entity="display",
        entity_id=display_entity(device),
        version=1,
        kind="display.configured",
        at=at,
    )


def _edit_page(
    request: HttpRequest, device: DisplayDevice, room: RoomForm, places: list[LayoutForm], size: WallSize | None
) -> HttpResponse:
    context = {
        "device": device,
        "room": room,
        "places": places,
        "size": size,
        "programs": Program.objects.filter(centre=device.centre).order_by("name").values_list("slug", "name"),
        "saved": "saved" in request.GET,
    }
    wrong = bool(room.errors) or any(one.errors for one in places if one.is_bound)
    return render(request, "desk/overview/display.html", context, status=422 if wrong else 200)
