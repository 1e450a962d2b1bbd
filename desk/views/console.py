"""The call taker's console: the page, one call's parts, and the searches behind its two fields."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Role, User
from accounts.services import audit
from desk.actions import act, form_of
from desk.advice import class_words
from desk.call_card import CALL_ENDS, blank_card, call_card
from desk.forms.call import PlaceSearchForm
from desk.pages import live_page
from dispatch.access import call_for
from dispatch.models import Call
from dispatch.reasons import OVERRIDE_LESS, OVERRIDE_MORE
from live.selectors import live_position
from people.selectors import places_search
from triage import natures, vocabulary

_MOST_PICKS = 8


def card_statics() -> dict[str, Any]:
    """What every card offers, whatever the call: classes, reasons, ends."""
    return {
        "classes": [(str(code), class_words(str(code))) for code in vocabulary.load().class_labels],
        "reasons_more": list(OVERRIDE_MORE.items()),
        "reasons_less": list(OVERRIDE_LESS.items()),
        "call_ends": CALL_ENDS,
    }


@require_GET
@role_required(Role.CALL_TAKER)
def console(request: HttpRequest) -> HttpResponse:
    """All open calls of this person, each in its card, and the blank card for the next one."""
    user = require(request.user, Role.CALL_TAKER)
    centre, at = centre_of(user), datetime.now(UTC)
    position = live_position(centre.pk)
    calls = (
        Call.objects.filter(centre=centre, owner=user)
        # An ended call whose incident nobody has sent or closed still needs a person: it stays in sight.
        .filter(Q(state="open") | Q(incident__owner=user, incident__state__in=["open", "triaged"]))
        .select_related("incident__centre", "incident__program_version__program", "phone")
        .order_by("received_at")
    )
    for call in calls:
        # Reading notes and numbers is logged once a page view.
        audit(action="incident.read", at=at, by=user, centre=centre, entity="incident", entity_id=call.incident_id)
    context = {
        "cards": [call_card(call, user, at) for call in calls],
        "blank": blank_card(at, centre.time_zone),
        **card_statics(),
    }
    return live_page(
        request, "desk/console/page.html", context, position=position, centre_id=centre.pk, audiences="console"
    )


def regions(request: HttpRequest, user: User, call_id: UUID) -> HttpResponse:
    """All parts of a call's card that are not fields."""
    call = call_for(user, call_id)
    at = datetime.now(UTC)
    context = {"card": call_card(call, user, at)}
    response = render(request, "desk/console/regions.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def call_regions(request: HttpRequest, id: UUID) -> HttpResponse:
    """The parts of one call, after somebody else has changed something."""
    return regions(request, require(request.user, *FLOOR), id)


@act(*FLOOR)
def places(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Gazetteer matches. A POST, since what is typed here is an address and addresses do not belong in URLs."""
    form = form_of(PlaceSearchForm(request.POST))
    found = places_search(centre=centre_of(user), text=form.cleaned_data["text"], limit=_MOST_PICKS)
    return render(request, "desk/console/picks.html", {"places": found, "token": form.cleaned_data["token"]})


@act(*FLOOR)
def nature_search(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Natures like the words typed; small typing errors are forgiven."""
    form = form_of(PlaceSearchForm(request.POST))
    found = natures.search(form.cleaned_data["text"], _MOST_PICKS)
    return render(request, "desk/console/nature_picks.html", {"natures": found, "token": form.cleaned_data["token"]})
