"""The list for review: returns, backups, classes sent too low, stage orders, overrides, escalations, and readings of
safety profiles for a typed number."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Role, User
from desk.actions import act, form_of
from desk.forms.crew import ReviewForm
from dispatch.access import review_for
from dispatch.models import ReviewItem
from dispatch.reasons import (
    BACKUP,
    ESCALATION,
    OVERRIDE_LESS,
    OVERRIDE_MORE,
    RETURN,
    SENT_CLASS,
    TRANSFER_RETURN,
    words,
)
from dispatch.selectors.reviews import own_acts, reviews_open
from dispatch.services.review import review_close

_WORDS = {
    ReviewItem.Kind.RETURN: {**TRANSFER_RETURN, **RETURN},
    ReviewItem.Kind.BACKUP: BACKUP,
    ReviewItem.Kind.SENT_CLASS: SENT_CLASS,
    ReviewItem.Kind.OVERRIDE: {**OVERRIDE_MORE, **OVERRIDE_LESS},
    ReviewItem.Kind.ESCALATION: ESCALATION,
}


def reason_words(item: ReviewItem) -> str:
    """The reason in words; a stage order's is the answer that rose, and a reading has none."""
    if item.kind == ReviewItem.Kind.STAGE_ORDER:
        return item.reason.replace("_", " ").replace("=", ": ")
    return words(_WORDS.get(ReviewItem.Kind(item.kind), {}), item.reason)


@require_GET
@role_required(Role.SUPERVISOR)
def reviews(request: HttpRequest) -> HttpResponse:
    """What nobody has reviewed yet, oldest first; of one kind with `?kind=`."""
    user = require(request.user, Role.SUPERVISOR)
    centre = centre_of(user)
    kind = request.GET.get("kind", "")
    kind = kind if kind in ReviewItem.Kind.values else ""
    found = reviews_open(centre=centre, kind=kind)
    own = own_acts(found.items, user)
    context = {
        "rows": [(item, reason_words(item), item.pk in own) for item in found.items],
        "more": found.more,
        "kinds": ReviewItem.Kind.choices,
        "kind": kind,
        "zone": centre.time_zone,
    }
    return render(request, "desk/reviews/page.html", context)


@act(Role.SUPERVISOR)
def review_closed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Looked at, with a note. The row leaves the list; a page without scripts is drawn anew."""
    item = review_for(user, id)
    review_close(item=item, note=form_of(ReviewForm(request.POST)).cleaned_data["note"], by=user, at=at)
    if request.headers.get("HX-Request"):
        return render(request, "desk/reviews/done.html", {"item": item})
    return redirect("desk:reviews")
