"""Around a call: parked, whispered, handed over, called back, promised, cancelled; notes struck, places read."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, require, role_required
from accounts.models import Role, User
from accounts.services import audit
from desk.actions import act, form_of
from desk.call_card import call_card
from desk.call_care import care_statics, handed_to
from desk.conflicts import changed_by
from desk.forms.call import (
    CallbackTryForm,
    ChannelForm,
    HandoverAnswerForm,
    HandOverForm,
    MinutesForm,
    WhisperForm,
)
from desk.unsent import with_unsent
from desk.views.console import card_statics, regions, uncached
from dispatch.access import call_for, call_handover_for, note_for
from dispatch.models import CallHandover, LocationEntry
from dispatch.models.target import LINE_KINDS
from dispatch.selectors.targets import targets_of
from dispatch.services.call_care import (
    call_park,
    caller_cancels,
    channel_set,
    handover_answer,
    handover_offer,
    whisper_set,
)
from dispatch.services.callbacks import callback_attempt, callback_promise
from dispatch.services.narrative import note_strike


@act(*FLOOR)
def call_parked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Put aside, or taken up again."""
    call_park(call=call_for(user, id), parked=form_of(WhisperForm(request.POST)).cleaned_data["on"], by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_whispered(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The caller can only say yes or no; or can talk again."""
    whisper_set(call=call_for(user, id), on=form_of(WhisperForm(request.POST)).cleaned_data["on"], by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_channel(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """How the caller reached us."""
    channel_set(
        call=call_for(user, id), channel=form_of(ChannelForm(request.POST)).cleaned_data["channel"], by=user, at=at
    )
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_called_back(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """One try to reach a caller."""
    callback_attempt(call=call_for(user, id), by=user, at=at, **form_of(CallbackTryForm(request.POST)).cleaned_data)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_promised(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The caller is promised a call back."""
    minutes = form_of(MinutesForm(request.POST)).cleaned_data["minutes"]
    callback_promise(call=call_for(user, id), minutes=minutes, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_cancelled(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The caller says that nobody need come."""
    caller_cancels(call=call_for(user, id), by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def note_struck(request: HttpRequest, user: User, at: datetime, id: UUID, note: UUID) -> HttpResponse:
    """A wrong note, struck through."""
    note_strike(entry=note_for(user, note), by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@require_GET
@role_required(*FLOOR)
def call_places(request: HttpRequest, id: UUID) -> HttpResponse:
    """Every statement of where, newest first. Read when somebody opens it."""
    call = call_for(require(request.user, *FLOOR), id)
    entries = LocationEntry.objects.filter(incident=call.incident_id).select_related("by").order_by("-id")[:40]
    zone = call.incident.centre.time_zone
    context = {"entries": entries, "card": {"id": str(call.pk), "zone": zone}}
    return uncached(render(request, "desk/console/places.html", context))


@require_GET
@role_required(*FLOOR)
def call_changed(request: HttpRequest, id: UUID, field: str) -> HttpResponse:
    """Who changed a field last, as plain text."""
    try:
        name = changed_by(call_for(require(request.user, *FLOOR), id), field)
    except KeyError as error:
        raise Http404 from error
    return uncached(HttpResponse(name, content_type="text/plain; charset=utf-8"))


@act(*FLOOR)
def call_handed_over(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Offered to a named colleague."""
    data = form_of(HandOverForm(request.POST)).cleaned_data
    to = get_object_or_404(User, pk=data["to"], centre=user.centre)
    handover_offer(id=data["id"], call=call_for(user, id), to=to, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def handover_answered(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Accepted, declined or withdrawn. Who accepts gets the card; who withdraws gets the card's parts."""
    answer = form_of(HandoverAnswerForm(request.POST)).cleaned_data["answer"]
    handover = handover_answer(handover=call_handover_for(user, id), answer=answer, by=user, at=at)
    call = call_for(user, handover.call_id)
    if answer == CallHandover.Answer.WITHDRAWN:
        return regions(request, user, call, at)
    context = {"handed": handed_to(user), "now": at}
    if answer == CallHandover.Answer.ACCEPTED:
        audit(action="incident.read", at=at, by=user, centre=call.centre, entity="incident", entity_id=call.incident_id)
        context |= {
            "card": with_unsent([call_card(call, user, at)], [call], user)[0],
            "transfer_targets": targets_of(call.incident.centre, *LINE_KINDS),
            **care_statics(user),
            **card_statics(),
        }
    return uncached(render(request, "desk/console/handed_over.html", context))


@require_GET
@role_required(Role.CALL_TAKER)
def handed(request: HttpRequest) -> HttpResponse:
    """Calls that colleagues offer to this person."""
    user = require(request.user, Role.CALL_TAKER)
    return uncached(render(request, "desk/console/handed.html", {"handed": handed_to(user)}))
