"""The clinicians' screen: callers who are given to them, and the same incident with their own actions."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from desk.actions import act, form_of
from desk.detail import detail_context
from desk.forms.transfers import AudienceNoteForm, ResolveForm, ShortAnswersForm, TransferReasonForm
from desk.pages import live_page, live_region
from desk.views.dispatching import call_of, pane
from dispatch.access import audiences_written, incident_for
from dispatch.models import Assignment, Transfer
from dispatch.reasons import CLEARED, TRANSFER_DECLINE, TRANSFER_DISPOSITIONS, TRANSFER_RETURN
from dispatch.selectors.transfers import clinician_rows, clinician_work
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_safety import return_to_911
from dispatch.services.narrative import note_add
from dispatch.services.transfer_ends import (
    transfer_decline,
    transfer_drop,
    transfer_resolve,
    transfer_return,
    transfer_team_ask,
)
from dispatch.services.transfers import transfer_connect
from live.selectors import live_position

_UNIT_DECLINES = {"danger": "safety", "known_to_clinician": "known_to_crew"}
"""A clinician's reason in the codes of units; the rest is one who is busy."""
_CALLBACK_RETURNS = {"rescue_needed": "medical", "risk_rising": "unsafe", "out_of_scope": "out_of_scope"}
"""Why a caller who was called back comes back, in the codes of teams; a rescue asks for EMS, the rest is unresolved."""


@require_GET
@role_required(Role.CLINICIAN)
def clinician(request: HttpRequest) -> HttpResponse:
    """Callers on their way to a clinician or with one, and the pane of the selected one."""
    centre, at = centre_of(require(request.user, Role.CLINICIAN)), datetime.now(UTC)
    position = live_position(centre.pk)
    context = {"rows": clinician_rows(centre=centre), "v": position.number, "now": at}
    return live_page(
        request,
        "desk/clinician/page.html",
        context,
        position=position,
        centre_id=centre.pk,
        audiences="console clinician",
    )


@require_GET
@role_required(Role.CLINICIAN)
def rows(request: HttpRequest) -> HttpResponse:
    """The inside of the region of callers."""
    centre, at = centre_of(require(request.user, Role.CLINICIAN)), datetime.now(UTC)
    position = live_position(centre.pk)
    context = {"rows": clinician_rows(centre=centre), "v": position.number, "now": at}
    return live_region(request, "desk/clinician/rows.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(Role.CLINICIAN)
def clinician_pane(request: HttpRequest, id: UUID) -> HttpResponse:
    """The incident with a clinician's actions. Reading it is logged once a view."""
    user, at = require(request.user, Role.CLINICIAN), datetime.now(UTC)
    incident = incident_for(user, id)
    context = {**detail_context(incident, user, at), "answers_url": reverse("desk:clinician_answers", args=[id])}
    audit(action="incident.read", at=at, by=user, centre=incident.centre, entity="incident", entity_id=incident.pk)
    response = render(request, "desk/clinician/detail.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _transfer(user: User, id: UUID, *, taking: bool = False) -> tuple[Transfer | None, Assignment | None]:
    """The transfer or booking to act on. Raises Refused when nobody gives this caller to a clinician."""
    transfer, booked = clinician_work(incident_for(user, id, change=True), user, taking=taking)
    if transfer is None and booked is None:
        raise Refused("not_given", "Nobody gives this caller to a clinician now.", status=409)
    return transfer, booked


@act(Role.CLINICIAN)
def taken(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """I have the caller. An offer to one's own unit is accepted with it; with nobody on the line it is a callback."""
    transfer, booked = _transfer(user, id, taking=True)
    if booked is not None and booked.state == "offered":
        assignment_act(assignment=booked, action="accept", by=user, at=at)
        transfer, booked = _transfer(user, id, taking=True)
    if transfer is not None:
        transfer_connect(transfer=transfer, by=user, at=at)
    elif booked is not None:
        assignment_act(assignment=booked, action="with_person", by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def declined(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Not mine, with a reason."""
    reason = form_of(TransferReasonForm(request.POST)).cleaned_data["reason"]
    transfer, booked = _transfer(user, id, taking=True)
    if transfer is not None:
        transfer_decline(transfer=transfer, reason=reason, by=user, at=at)
    elif reason not in TRANSFER_DECLINE:
        raise Refused("reason_needed", "Choose why not.", field="reason")
    elif booked is not None:
        unit_reason = _UNIT_DECLINES.get(reason, "finishing_call")
        assignment_act(assignment=booked, action="decline", reason=unit_reason, by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def resolved(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Resolved without dispatch, with a disposition."""
    disposition = form_of(ResolveForm(request.POST)).cleaned_data["disposition"]
    transfer, booked = _transfer(user, id)
    if transfer is not None:
        transfer_resolve(transfer=transfer, disposition=disposition, by=user, at=at)
    elif disposition not in TRANSFER_DISPOSITIONS:
        raise Refused("disposition_needed", "Choose how it ended.", field="disposition")
    elif booked is not None:
        ended = disposition if disposition in CLEARED else "resolved_by_phone"
        assignment_act(assignment=booked, action="clear", disposition=ended, by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def returned(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Back to 911, with a reason."""
    reason = form_of(TransferReasonForm(request.POST)).cleaned_data["reason"]
    transfer, booked = _transfer(user, id)
    if transfer is not None:
        transfer_return(transfer=transfer, reason=reason, by=user, at=at)
    elif reason not in TRANSFER_RETURN or reason == "withdrawn":
        raise Refused("reason_needed", "Choose why it comes back.", field="reason")
    elif booked is not None:
        back = _CALLBACK_RETURNS.get(reason, "unresolved")
        return_to_911(assignment=booked, reason=back, by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def dropped(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The line was lost while the clinician had the caller."""
    reason = form_of(TransferReasonForm(request.POST)).cleaned_data["reason"]
    transfer, _ = _transfer(user, id)
    if transfer is None:
        raise Refused("no_transfer", "Nobody was on the line.", status=409)
    transfer_drop(transfer=transfer, reason=reason, caller_there=transfer.bridge, by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def team_asked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Somebody must go there; the clinician keeps the caller."""
    transfer, _ = _transfer(user, id)
    if transfer is None:
        raise Refused("no_transfer", "Take the caller first.", status=409)
    transfer_team_ask(transfer=transfer, by=user, at=at)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def noted(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A note, clinical unless chosen otherwise."""
    data = form_of(AudienceNoteForm(request.POST)).cleaned_data
    if data["audience"] not in audiences_written(user):
        raise Refused("audience_not_yours", "You do not write notes for this audience.", field="audience")
    note_add(incident=incident_for(user, id, change=True), by=user, at=at, **data)
    return pane(request, user, id)


@act(Role.CLINICIAN)
def answered(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Answers from the short form."""
    given = form_of(ShortAnswersForm(request.POST)).cleaned_data
    incident = incident_for(user, id, change=True)
    answers_record(incident=incident, source=call_of(incident), answers=given, by=user, at=at)
    return pane(request, user, id)
