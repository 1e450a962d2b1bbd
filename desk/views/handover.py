"""Shift hand-over: one's own open work, the lists that wait for one, and the printed list."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, may, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from desk.actions import act, form_of
from desk.forms.handover import OfferForm, TakeForm
from dispatch.access import handover_for
from dispatch.models import Handover
from dispatch.reasons import HANDOVER_TAKEN
from dispatch.selectors.handover import (
    handover_ids,
    items_of,
    offered_by,
    offered_to,
    open_items,
    people_with_open_work,
    reliefs_for,
)
from dispatch.services.handover import handover_accept, handover_end, handover_offer, handover_read, handover_take


def _page(request: HttpRequest, user: User, *, problem: Refused | None = None, status: int = 200) -> HttpResponse:
    centre = centre_of(user)
    items, standing = open_items(user), offered_by(user)
    listed = handover_ids(standing) if standing is not None else set()
    supervises = may(user, Role.SUPERVISOR)
    context = {
        "items": items,
        "standing": standing,
        "since": sum(item.row.pk not in listed for item in items) if standing is not None else 0,
        "waiting": offered_to(user),
        "reliefs": reliefs_for(user),
        "leaving": "leaving" in request.GET,
        "others": [one for one in people_with_open_work(centre) if one[0].pk != user.pk] if supervises else [],
        "supervises": supervises,
        "reasons": HANDOVER_TAKEN.items(),
        "problem": problem,
        "zone": centre.time_zone,
        "now": datetime.now(UTC),
    }
    response = render(request, "desk/handover/page.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def handover(request: HttpRequest) -> HttpResponse:
    """One's own open work and to whom it could go; lists that wait for one; a supervisor also sees the others'."""
    return _page(request, require(request.user, *FLOOR))


@role_required(*FLOOR)
def handover_offered(request: HttpRequest) -> HttpResponse:
    """Offer the list to a relief; what cannot be accepted is said beside its field."""
    user = require(request.user, *FLOOR)
    if request.method != "POST":
        return redirect("desk:handover")
    try:
        given = form_of(OfferForm(request.POST)).cleaned_data
        relief = next((one for one in reliefs_for(user) if one.pk == given["relief"]), None)
        if relief is None:
            raise Refused("relief_unknown", "Choose somebody who works on this floor.", field="relief")
        handover_offer(by=user, to=relief, note=given["note"], at=datetime.now(UTC))
    except Refused as error:
        return _page(request, user, problem=error, status=error.status)
    return redirect("desk:handover")


@role_required(*FLOOR)
def handover_taken(request: HttpRequest) -> HttpResponse:
    """A supervisor takes the open work of somebody who cannot hand it over."""
    user = require(request.user, Role.SUPERVISOR)
    if request.method != "POST":
        return redirect("desk:handover")
    try:
        given = form_of(TakeForm(request.POST)).cleaned_data
        person = User.objects.filter(pk=given["person"], centre=user.centre_id).first()
        if person is None:
            raise Refused("person_unknown", "There is nobody like that here.", field="person")
        handover_take(person=person, reason=given["reason"], by=user, at=datetime.now(UTC))
    except Refused as error:
        return _page(request, user, problem=error, status=error.status)
    return redirect("desk:handover")


def _list(request: HttpRequest, user: User, found: Handover, template: str) -> HttpResponse:
    context = {
        "handover": found,
        "items": items_of(found),
        "reliefs_own": found.to_user_id == user.pk,
        "own": found.from_user_id == user.pk,
        "centre": found.centre,
        "zone": found.centre.time_zone,
        "now": datetime.now(UTC),
    }
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def handover_list(request: HttpRequest, id: UUID) -> HttpResponse:
    """One list. That the relief opened it is written down: only what was read can be accepted."""
    user = require(request.user, *FLOOR)
    found = handover_for(user, id)
    if found.to_user_id == user.pk and found.state == "offered" and found.read_at is None:
        found = handover_read(handover=found, by=user, at=datetime.now(UTC))
    return _list(request, user, found, "desk/handover/list.html")


@require_GET
@role_required(*FLOOR)
def handover_sheet(request: HttpRequest, id: UUID) -> HttpResponse:
    """The same list for paper."""
    user = require(request.user, *FLOOR)
    return _list(request, user, handover_for(user, id), "desk/handover/sheet.html")


@act(*FLOOR)
def handover_accepted(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The relief: read, mine from now on."""
    handover_accept(handover=handover_for(user, id), by=user, at=at)
    return redirect("desk:handover")


@act(*FLOOR)
def handover_ended(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Withdrawn or declined: everything stays where it was."""
    handover_end(handover=handover_for(user, id), by=user, at=at)
    return redirect("desk:handover")
