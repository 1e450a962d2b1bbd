"""The call taker's doors to a warm transfer. Each answers with the parts of the card as they now are."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from accounts.access import FLOOR
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act, form_of, uuid_of
from desk.forms.transfers import AnsweredForm, GivenForm, TransferForm
from desk.views.console import regions
from desk.views.posted import posted
from dispatch.access import call_for, target_for
from dispatch.models import Call, ConsolePost, Transfer
from dispatch.services.transfer_ends import transfer_drop, transfer_withdraw
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.services.transfers_in import transfer_from
from dispatch.states import TRANSFER_LIVE

_STEPS = {
    "ring": "the transfer rings",
    "answered": "they have the caller",
    "back": "take the caller back",
    "lost": "their line is lost",
    "in": "they gave us this caller",
}


@act(*FLOOR)
def call_transferred(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Offer the caller to the floor's clinicians or to a number of the list."""
    data = form_of(TransferForm(request.POST)).cleaned_data
    call = call_for(user, id)
    clinician = data["whom"] == Transfer.Kind.CLINICIAN
    target = None if clinician else target_for(user, uuid_of(data["whom"], "whom"))
    kind = target.kind if target is not None else Transfer.Kind.CLINICIAN
    said = f"transfer to {target.name if target is not None else 'a clinician'}"
    with posted(request, call, ConsolePost.What.TRANSFER, said, user, at) as fresh:
        if fresh:
            transfer_offer(id=data["id"], call=call, kind=kind, target=target, bridge=data["bridge"], by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_transfer_step(request: HttpRequest, user: User, at: datetime, id: UUID, action: str) -> HttpResponse:
    """What the giver hears: it rings, somebody answered, taken back, the line was lost. Or who gave us this caller."""
    call = call_for(user, id)
    if action not in _STEPS:
        raise Http404
    with posted(request, call, ConsolePost.What.TRANSFER, _STEPS[action], user, at) as fresh:
        if fresh:
            _step(request, call, action, user, at)
    return regions(request, user, call_for(user, id), at)


def _step(request: HttpRequest, call: Call, action: str, user: User, at: datetime) -> None:
    if action == "in":
        transfer_from(call=call, by=user, at=at, **form_of(GivenForm(request.POST)).cleaned_data)
        return
    transfer = call.transfers.filter(direction="out", state__in=TRANSFER_LIVE).first()
    if transfer is None:
        raise Refused("no_transfer", "No transfer is on its way for this call.", status=409)
    if action == "ring":
        transfer_ring(transfer=transfer, by=user, at=at)
    elif action == "answered":
        data = form_of(AnsweredForm(request.POST)).cleaned_data
        transfer_connect(transfer=transfer, by=user, at=at, receiver_name=data["receiver_name"])
    elif action == "back":
        transfer_withdraw(transfer=transfer, by=user, at=at)
    else:
        transfer_drop(transfer=transfer, reason="line_lost", caller_there=True, by=user, at=at)
