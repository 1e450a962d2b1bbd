"""What crews and others tell the dispatcher by radio: escalations, “scene safe”, who leads, and that a crew is well."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.access import DISPATCHING, FLOOR, require
from accounts.models import User
from desk.actions import act, form_of
from desk.forms.crew import EscalationForm, SceneSafeForm
from desk.views.dispatching import pane
from dispatch.access import assignment_for, incident_for
from dispatch.reasons import RETURNS_TOLD
from dispatch.services.escalations import escalation_open, return_told
from dispatch.services.pairs import scene_safe_say
from dispatch.services.primary import assignment_promote
from dispatch.services.safety_checks import crew_ok


@act(*FLOOR)
def incident_escalated(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Police do not release the scene, no clinician, or 988 hands back: an alarm with an owner. Or the crew gives the
    call back by radio, which a dispatcher does for it."""
    data, incident = form_of(EscalationForm(request.POST)).cleaned_data, incident_for(user, id, change=True)
    if data["kind"] in RETURNS_TOLD:
        reason = data["kind"].partition(":")[2]
        return_told(incident=incident, reason=reason, words=data["reason"], by=require(user, *DISPATCHING), at=at)
    else:
        escalation_open(incident=incident, by=user, at=at, **data)
    return pane(request, user, id)


@act(*DISPATCHING)
def scene_safe_said(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Somebody on the scene said that it is safe."""
    form = form_of(SceneSafeForm(request.POST))
    scene_safe_say(incident=incident_for(user, id, change=True), by=user, at=at, **form.cleaned_data)
    return pane(request, user, id)


@act(*DISPATCHING)
def primary_chosen(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """An assisting unit leads from now on."""
    assignment = assignment_promote(assignment=assignment_for(user, id), by=user, at=at)
    return pane(request, user, assignment.incident_id)


@act(*DISPATCHING)
def crew_said_ok(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The crew said by radio that it is well."""
    assignment = crew_ok(assignment=assignment_for(user, id), by=user, at=at, note="said so by radio")
    return pane(request, user, assignment.incident_id)
