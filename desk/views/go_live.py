"""The go-live list of a centre."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import centre_of, may, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from desk.actions import act
from desk.readiness import missing, points
from dispatch.access import target_for
from dispatch.models import HandoffTarget
from dispatch.services.targets import target_set, target_tested
from programs.services import centre_open, readiness_confirm
from programs.services.readiness import OPENERS


@require_GET
@role_required(*OPENERS)
def go_live(request: HttpRequest) -> HttpResponse:
    """What is missing until the centre may take real calls, and who mends it where."""
    user, at = require(request.user, *OPENERS), datetime.now(UTC)
    return _page(request, user, at)


def _page(request: HttpRequest, user: User, at: datetime, refused: str = "", status: int = 200) -> HttpResponse:
    centre = centre_of(user)
    found = points(centre, at)
    context = {
        "centre": centre,
        "points": found,
        "left": sum(not point.done for point in found),
        "zone": centre.time_zone,
        "refused": refused,
        "targets": HandoffTarget.objects.filter(centre=centre, active=True).select_related("tested_by"),
        "kinds": HandoffTarget.Kind.choices,
        "administers": may(user, Role.SYSTEM_ADMINISTRATOR),
    }
    return render(request, "desk/go_live.html", context, status=status)


@act(*OPENERS)
def point_confirmed(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A person confirms by name what no program can know."""
    try:
        readiness_confirm(centre=centre_of(user), item=request.POST.get("item", ""), by=user, at=at)
    except Refused as refused:
        return _page(request, user, at, refused.detail, refused.status)
    return redirect("desk:go_live")


@act(*OPENERS)
def target_saved(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A number that the centre telephones; one that changed has to be called again."""
    post = request.POST
    try:
        target_set(
            centre=centre_of(user), kind=post.get("kind", ""), name=post.get("name", ""), phone=post.get("phone", ""),
            at=at, by=user,
        )  # fmt: skip
    except Refused as refused:
        return _page(request, user, at, refused.detail, refused.status)
    return redirect("desk:go_live")


@act(*OPENERS)
def target_tried(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Somebody has called the number: answered, or not."""
    target_tested(target=target_for(user, id), answered=request.POST.get("answered") == "yes", by=user, at=at)
    return redirect("desk:go_live")


@act(*OPENERS)
def centre_opened(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """The centre takes real calls from now on."""
    centre = centre_of(user)
    try:
        centre_open(centre=centre, missing=missing(centre, at), by=user, at=at)
    except Refused as refused:
        return _page(request, user, at, refused.detail, refused.status)
    return redirect("desk:go_live")
