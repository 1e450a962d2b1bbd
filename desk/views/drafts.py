"""Unsent words: kept while they are typed, read by whoever takes the call over."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.access import FLOOR
from accounts.models import User
from desk.actions import act, form_of
from desk.forms.call import SettledForm, UnsentForm
from desk.views.console import uncached
from dispatch.access import call_for
from dispatch.services.call_drafts import draft_keep, drafts_read, drafts_settle


@act(*FLOOR)
def call_unsent(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """What is typed so far. Nothing comes back: nobody waits for it."""
    draft_keep(call=call_for(user, id), by=user, at=at, **form_of(UnsentForm(request.POST)).cleaned_data)
    return HttpResponse(status=204)


@act(*FLOOR)
def call_unsent_read(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """What others left in a call that is this person's now. A POST, since reading it is written down."""
    found = drafts_read(call=call_for(user, id), by=user, at=at)
    words = [{"id": one.pk, "field": one.field, "text": one.text, "by": str(one.by)} for one in found]
    return uncached(JsonResponse({"words": words}))


@act(*FLOOR)
def call_unsent_settled(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """They are in this person's own fields now, or wanted no more."""
    ids = form_of(SettledForm(request.POST)).cleaned_data["ids"]
    drafts_settle(call=call_for(user, id), ids=ids, by=user, at=at)
    return HttpResponse(status=204)
