"""The dispatcher's actions on an incident and its parts. Each answers with the pane as it now is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.access import DISPATCHING, FLOOR, SECOND_PERSONS, require
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act, form_of, uuid_of
from desk.detail import detail_context
from desk.forms.call import NoteForm
from desk.forms.dispatching import AckForm, HoldForm, OutcomeForm, OverrideForm, ReasonForm, ServiceForm
from desk.forms.transfers import CallbackForm, EndedForm, ExtendForm, HandoffDeclineForm, ShortAnswersForm, TellForm
from dispatch.access import assignment_for, decision_for, handoff_for, incident_for, stage_order_for, unit_to_send
from dispatch.models import Call, Incident, StageOrder
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.decisions import decision_second, decision_take
from dispatch.services.handoffs import (
    handoff_acknowledge,
    handoff_cancel,
    handoff_decline,
    handoff_request,
    handoff_send,
)
from dispatch.services.incidents import incident_hold, late_entry_confirm, owner_take
from dispatch.services.narrative import note_add
from dispatch.services.offers import assignment_offer
from dispatch.services.promise import callback_note, promise_extend
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.transfer_ends import transfer_decline, transfer_drop, transfer_resolve, transfer_return
from dispatch.services.transfers_in import transfer_tell
from dispatch.states import ASSIGNMENT_LIVE, TRANSFER_LIVE

_RADIO_ACTIONS = frozenset({"accept", "en_route", "stage", "on_scene", "with_person", "cancel"})


def pane(request: HttpRequest, user: User, incident_id: UUID) -> HttpResponse:
    """The live part of the pane after an action."""
    at = datetime.now(UTC)
    incident = incident_for(user, incident_id)
    context = {**detail_context(incident, user, at), "oob": True}
    return render(request, "desk/queue/detail_live.html", context)


def call_of(incident: Incident) -> Call:
    """The call that an answer given now belongs to: the one on the line, else the last."""
    call = incident.calls.order_by("-state", "-received_at").first()
    if call is None:
        raise Refused("no_call", "Nobody has called about this.", status=409)
    return call


@act(*FLOOR)
def incident_take(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Mine."""
    owner_take(incident=incident_for(user, id, change=True), by=user, at=at)
    return pane(request, user, id)


@act(*FLOOR)
def incident_note(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A note from the floor."""
    form = form_of(NoteForm(request.POST))
    incident = incident_for(user, id, change=True)
    note_add(id=form.cleaned_data["id"], incident=incident, text=form.cleaned_data["text"], by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def incident_override(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Another response, with a reason; less cautious waits for a second person."""
    form = form_of(OverrideForm(request.POST))
    decision_take(action="override", incident=incident_for(user, id, change=True), by=user, at=at, **form.cleaned_data)
    return pane(request, user, id)


@act(*DISPATCHING)
def incident_held(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Hold until a callback time."""
    form = form_of(HoldForm(request.POST))
    until = at + timedelta(minutes=form.cleaned_data["minutes"])
    incident = incident_for(user, id, change=True)
    incident_hold(incident=incident, until=until, reason=form.cleaned_data["reason"], by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def incident_closed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Close with an outcome."""
    form = form_of(OutcomeForm(request.POST))
    incident_close(incident=incident_for(user, id, change=True), outcome=form.cleaned_data["outcome"], by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def incident_reopened(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """It was not over: the page of the call leads back to the queue, where it stands first of its priority."""
    reason = form_of(ReasonForm(request.POST)).cleaned_data["reason"]
    incident_reopen(incident=incident_for(user, id, change=True), reason=reason, by=user, at=at)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("desk:queue")})
    return redirect("desk:queue")


@act(*FLOOR)
def late_confirmed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A late entry is still live: only now may it be offered."""
    late_entry_confirm(incident=incident_for(user, id, change=True), by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def handoff_asked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Ask police, EMS or fire."""
    form = form_of(ServiceForm(request.POST))
    incident = incident_for(user, id, change=True)
    handoff_request(incident=incident, service=form.cleaned_data["service"], reason="dispatcher", by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def handoff_sent(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Send a hand-off that stands ready."""
    handoff = handoff_send(handoff=handoff_for(user, id), by=user, at=at)
    return pane(request, user, handoff.incident_id)


@act(*FLOOR)
def handoff_acknowledged(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The receiver has it, by name or number: whoever of the floor has telephoned them says so."""
    form = form_of(AckForm(request.POST))
    incident = incident_for(user, id, change=True)
    service = form.cleaned_data.pop("service")
    # One that somebody has acknowledged in this instant is answered by what stands, not by “nobody asked”.
    known = incident.handoffs.filter(service=service, state__in=["requested", "acknowledged"])
    asked = known.order_by("-state", "-opened_at").first()
    if asked is None:
        raise Refused("nothing_asked", f"{service.upper()} is not asked for this call.", field="service", status=409)
    handoff_acknowledge(handoff=asked, by=user, at=at, **form.cleaned_data)
    return pane(request, user, id)


@act(*FLOOR)
def handoff_declined(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The service says no; or a dispatcher withdraws what was asked, or made ready, and says why."""
    data = form_of(HandoffDeclineForm(request.POST)).cleaned_data
    incident = incident_for(user, id, change=True)
    service, withdrawn = data.pop("service"), data["reason"] == HandoffDeclineForm.WITHDRAWN
    states = ["ready", "requested"] if withdrawn else ["requested"]
    asked = incident.handoffs.filter(service=service, state__in=states).order_by("opened_at").last()
    if asked is None:
        raise Refused("nothing_asked", f"{service.upper()} is not asked for this call.", field="service", status=409)
    if withdrawn:
        handoff_cancel(handoff=asked, reason=data["receiver_name"], by=require(user, *DISPATCHING), at=at)
    else:
        handoff_decline(handoff=asked, by=user, at=at, **data)
    return pane(request, user, id)


@act(*DISPATCHING)
def promise_extended(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The promise ends later, with a reason; the caller is told."""
    data = form_of(ExtendForm(request.POST)).cleaned_data
    promise_extend(incident=incident_for(user, id, change=True), by=user, at=at, **data)
    return pane(request, user, id)


@act(*DISPATCHING)
def more_cautious(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The next more cautious class that can go, since the promised wait runs out."""
    incident = incident_for(user, id, change=True)
    decision_take(
        id=uuid_of(request.POST.get("id", "")),
        action="override",
        incident=incident,
        response_class="emergency" if incident.response_class == "co_response" else "co_response",
        reason="promise_ends",
        by=user,
        at=at,
    )
    return pane(request, user, id)


@act(*FLOOR)
def called_back(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The caller was called back: reached or not."""
    data = form_of(CallbackForm(request.POST)).cleaned_data
    data["reached"] = data["reached"] == "yes"
    callback_note(incident=incident_for(user, id, change=True), by=user, at=at, **data)
    return pane(request, user, id)


@act(*FLOOR)
def asked_again(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Answers that the caller gave when they were asked again."""
    given = form_of(ShortAnswersForm(request.POST)).cleaned_data
    incident = incident_for(user, id, change=True)
    answers_record(incident=incident, source=call_of(incident), answers=given, by=user, at=at)
    return pane(request, user, id)


@act(*FLOOR)
def transfer_ended(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """How a transfer ended, as whoever hears of it records it: 988 and other centres do not sign in here."""
    what, _, code = form_of(EndedForm(request.POST)).cleaned_data["how"].partition(":")
    incident = incident_for(user, id, change=True)
    transfer = incident.transfers.filter(direction="out", state__in=TRANSFER_LIVE).order_by("offered_at").last()
    if transfer is None:
        raise Refused("no_transfer", "Nobody else has the caller now.", status=409)
    if what == "resolve":
        transfer_resolve(transfer=transfer, disposition=code, by=user, at=at)
    elif what == "return":
        transfer_return(transfer=transfer, reason=code, by=user, at=at)
    elif what == "decline":
        transfer_decline(transfer=transfer, reason=code, by=user, at=at)
    else:
        transfer_drop(transfer=transfer, reason=code, caller_there=transfer.connected_at is None, by=user, at=at)
    return pane(request, user, id)


@act(*FLOOR)
def sender_told(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Whoever gave us this caller was told how it ended."""
    reached = form_of(TellForm(request.POST)).cleaned_data["reached"] == "yes"
    transfer = incident_for(user, id, change=True).transfers.filter(direction="in", state="connected").first()
    if transfer is None:
        raise Refused("nothing_owed", "Nobody waits for word on this call.", status=409)
    transfer_tell(transfer=transfer, reached=reached, by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def offer_declined(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A crew said no by radio: its offer of this incident is declined with a reason."""
    reason = form_of(ReasonForm(request.POST)).cleaned_data["reason"]
    offer = incident_for(user, id, change=True).assignments.filter(state="offered").order_by("offered_at").last()
    if offer is None:
        raise Refused("no_offer", "No unit is being asked for this call.", status=409)
    assignment_act(assignment=assignment_for(user, offer.pk), action="decline", reason=reason, by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def unit_offered(request: HttpRequest, user: User, at: datetime, id: UUID, unit: UUID) -> HttpResponse:
    """A dispatcher's own choice of a unit."""
    assignment_offer(incident=incident_for(user, id, change=True), unit=unit_to_send(user, unit), by=user, at=at)
    return pane(request, user, id)


@act(*DISPATCHING)
def assignment_radio(request: HttpRequest, user: User, at: datetime, id: UUID, action: str) -> HttpResponse:
    """A status that the crew gave by radio, or a cancellation."""
    if action not in _RADIO_ACTIONS:
        raise Http404
    assignment = assignment_for(user, id)
    reason = "dispatcher" if action == "cancel" else ""
    assignment_act(assignment=assignment, action=action, reason=reason, by=user, at=at)
    return pane(request, user, assignment.incident_id)


@act(*DISPATCHING)
def hazards_relayed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The hazards were told to the crew by radio."""
    assignment = cautions_relay(assignment=assignment_for(user, id), by=user, at=at)
    return pane(request, user, assignment.incident_id)


@act(*SECOND_PERSONS)
def decision_confirmed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The second person agrees to a less cautious choice, or not."""
    agree = request.POST.get("agree")
    if agree not in {"yes", "no"}:
        raise Refused("agree_needed", "Agree or refuse.", field="agree")
    decision = decision_second(decision=decision_for(user, id), agree=agree == "yes", by=user, at=at)
    return pane(request, user, decision.incident_id)


@act(*DISPATCHING)
def stage_told(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The crew was told to stage by radio, by this person."""
    seen = request.POST.get("seen", "")
    order = stage_acknowledge(order=stage_order_for(user, id), how="radio", by=user, at=at, seen=seen)
    if order.acknowledged_at is None:
        raise Refused("order_changed", "Another danger has come since: tell them that, too.", status=409)
    return pane(request, user, order.assignment.incident_id)


@act(*DISPATCHING)
def stage_lifted(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Lift the standing stage orders of an incident, with a coded reason."""
    form = form_of(ReasonForm(request.POST))
    incident: Incident = incident_for(user, id, change=True)
    orders = list(
        StageOrder.objects.filter(
            assignment__incident=incident, assignment__state__in=ASSIGNMENT_LIVE, lifted_at__isnull=True
        ).select_related("assignment")
    )
    if not orders:
        raise Refused("no_stage_order", "No crew is under a stage order here.", field="reason", status=409)
    with transaction.atomic():
        # All of those that were on the screen, or none.
        for order in orders:
            reason, seen = form.cleaned_data["reason"], request.POST.getlist("seen")
            stage_lift(order=order, reason=reason, by=user, at=at, seen=seen)
    return pane(request, user, id)
