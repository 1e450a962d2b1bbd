"""The dispatcher's actions on an incident and its parts. Each answers with the pane as it now is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import DISPATCHING, FLOOR, SECOND_PERSONS
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act, form_of
from desk.detail import detail_context
from desk.forms.call import NoteForm
from desk.forms.dispatching import AckForm, HoldForm, OutcomeForm, OverrideForm, ReasonForm, ServiceForm
from dispatch.access import assignment_for, decision_for, handoff_for, incident_for, stage_order_for, unit_to_send
from dispatch.models import Incident, StageOrder
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.closing import incident_close
from dispatch.services.decisions import decision_second, decision_take
from dispatch.services.handoffs import handoff_acknowledge, handoff_request, handoff_send
from dispatch.services.incidents import incident_hold, late_entry_confirm, owner_take
from dispatch.services.narrative import note_add
from dispatch.services.offers import assignment_offer
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.states import ASSIGNMENT_LIVE

_RADIO_ACTIONS = frozenset({"accept", "en_route", "stage", "on_scene", "with_person", "cancel"})


def pane(request: HttpRequest, user: User, incident_id: UUID) -> HttpResponse:
    """The live part of the pane after an action."""
    at = datetime.now(UTC)
    incident = incident_for(user, incident_id)
    context = {**detail_context(incident, user, at), "oob": True}
    return render(request, "desk/queue/detail_live.html", context)


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


@act(*DISPATCHING)
def handoff_acknowledged(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The receiver has it, by name or number."""
    form = form_of(AckForm(request.POST))
    incident = incident_for(user, id, change=True)
    service = form.cleaned_data.pop("service")
    asked = incident.handoffs.filter(service=service, state="requested").first()
    if asked is None:
        raise Refused("nothing_asked", f"{service.upper()} is not asked for this call.", field="service", status=409)
    handoff_acknowledge(handoff=asked, by=user, at=at, **form.cleaned_data)
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
    order = stage_acknowledge(order=stage_order_for(user, id), how="radio", by=user, at=at)
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
    for order in orders:
        stage_lift(order=order, reason=form.cleaned_data["reason"], by=user, at=at)
    return pane(request, user, id)
