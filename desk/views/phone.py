"""The responder's phone: the page, its board, and the crew's actions."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit, crew_line_of, presence_note
from desk.actions import act, form_of, uuid_of
from desk.forms.call import NoteForm
from desk.forms.crew import BackupForm, ClearForm, DeviceForm
from desk.forms.dispatching import PositionForm, ReasonForm, UnitServiceForm
from desk.pages import live_page, live_region
from desk.phone_board import phone_context
from dispatch.access import assignment_for, incident_for, stage_order_for
from dispatch.models import Assignment
from dispatch.selectors.hazards_told import Shown
from dispatch.services.cautions import cautions_read
from dispatch.services.crew_changes import crew_join, crew_leave
from dispatch.services.crew_reports import crew_clear
from dispatch.services.crew_safety import help_request
from dispatch.services.narrative import note_add
from dispatch.services.positions import position_report
from dispatch.services.safety_checks import crew_ok
from dispatch.services.silence import unit_heard
from dispatch.services.staging import stage_acknowledge
from dispatch.services.unit_status import APPLIED, return_report, service_set, status_report
from dispatch.states import ASSIGNMENT_ACCEPTED
from live.selectors import live_position
from responders.models import Unit
from responders.selectors import unit_of

_STEPS = frozenset({"accept", "en_route", "stage", "on_scene", "with_person", "transport"})


@require_GET
@role_required(Role.RESPONDER)
def phone(request: HttpRequest) -> HttpResponse:
    """The page of the unit that the person is on."""
    user = require(request.user, Role.RESPONDER)
    centre, at = centre_of(user), datetime.now(UTC)
    presence_note(user=user, page="phone", at=at)
    position = live_position(centre.pk)
    unit = unit_of(user)
    context = {**phone_context(unit, user, at), "v": position.number}
    audiences = f"unit:{unit.pk}" if unit else ""
    for row in (*context.get("offers", ()), *context.get("current", ())):
        # Reading notes and numbers is logged once a page view.
        audit(action="incident.read", at=at, by=user, centre=centre, entity="incident", entity_id=row["incident_id"])
    context["line"] = crew_line_of(centre)
    response = live_page(
        request, "desk/phone/page.html", context, position=position, centre_id=centre.pk, audiences=audiences
    )
    return _kept(response, unit)


def _kept(response: HttpResponse, unit: Unit | None) -> HttpResponse:
    """Tell the phone's worker whether it may keep this for a dead spot: only for a crew, and so until its board is
    drawn anew without the call. Nothing else in the browser may keep it (Cache-Control: no-store, live.responses)."""
    response["X-Phone-Keep"] = "unit" if unit is not None else "nothing"
    return response


def board_of(request: HttpRequest, user: User, *, said: str = "") -> HttpResponse:
    """The board as it now is; every request of the phone is a sign of its life. `said` is what became of a status,
    where it was not simply applied."""
    centre, at = centre_of(user), datetime.now(UTC)
    presence_note(user=user, page="phone", at=at)
    position, unit = live_position(centre.pk), unit_of(user)
    context = {
        **phone_context(unit, user, at),
        "said": said if said != APPLIED else "",
        "v": position.number,
        "oob": request.method == "POST",
    }
    response = live_region(request, "desk/phone/board.html", context, position=position, centre_id=centre.pk)
    return _kept(response, unit)


@require_GET
@role_required(Role.RESPONDER)
def phone_board(request: HttpRequest) -> HttpResponse:
    """The board as it now is."""
    return board_of(request, require(request.user, Role.RESPONDER))


@act(Role.RESPONDER)
def phone_heard(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """The phone is there, although nobody presses anything: what it is sent can be read."""
    presence_note(user=user, page="phone", at=at)
    return HttpResponse(status=204)


def device_at(request: HttpRequest) -> datetime | None:
    """When it was pressed, by the phone's clock; a clock that cannot be read costs nothing."""
    form = DeviceForm({"device_at": request.POST.get("device_at", "")})
    return form.cleaned_data["device_at"] if form.is_valid() else None


def unit_aboard(user: User) -> Unit:
    unit = unit_of(user)
    if unit is None:
        raise Refused("no_unit", "You are not signed on to a unit.", status=409)
    return unit


@act(Role.RESPONDER)
def signed_on(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Sign on to a unit of one's own agency. A whole page follows, since the stream belongs to the unit."""
    wanted = uuid_of(request.POST.get("unit", ""), "unit")
    unit = Unit.objects.filter(pk=wanted, centre=centre_of(user), agency=user.agency).first()
    if unit is None:
        raise Http404
    crew_join(unit=unit, person=user, by=user, at=at)
    return redirect("desk:phone")


@act(Role.RESPONDER)
def signed_off(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Off the unit, which keeps its call; not for the last one aboard while it has one."""
    crew_leave(person=user, by=user, at=at)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _shown(request: HttpRequest) -> Shown | None:
    """What stood on the phone when it was pressed; None for a page of before that said nothing of it."""
    return Shown.read(request.POST.get("shown", ""))


def _report(request: HttpRequest, user: User, at: datetime, id: UUID, action: str, **more: Any) -> HttpResponse:
    """One status, with the phone's own time. A late one that is no longer allowed is kept, and said so."""
    done = status_report(
        assignment=assignment_for(user, id), action=action, by=user, at=at, device_at=device_at(request), **more
    )
    return board_of(request, user, said=done.said)


@act(Role.RESPONDER)
def step_taken(request: HttpRequest, user: User, at: datetime, id: UUID, action: str) -> HttpResponse:
    """One status."""
    if action not in _STEPS:
        raise Http404
    return _report(request, user, at, id, action, shown=_shown(request))


@act(Role.RESPONDER)
def offer_declined(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Decline with a coded reason; the next unit is asked at once."""
    return _report(request, user, at, id, "decline", **form_of(ReasonForm(request.POST)).cleaned_data)


@act(Role.RESPONDER)
def cleared(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Clear with a disposition, whether the class that it was sent as was right, and the report of the visit."""
    data = form_of(ClearForm(request.POST)).cleaned_data
    done = crew_clear(assignment=assignment_for(user, id), by=user, at=at, device_at=device_at(request), **data)
    return board_of(request, user, said=done.said)


@act(Role.RESPONDER)
def returned(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Give the call back to 911."""
    reason = form_of(ReasonForm(request.POST)).cleaned_data["reason"]
    done = return_report(
        assignment=assignment_for(user, id), reason=reason, by=user, at=at, device_at=device_at(request)
    )
    return board_of(request, user, said=done.said)


@act(Role.RESPONDER)
def crew_is_ok(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """“I'm OK”: the safety timer starts anew, and a unit that was not heard is heard."""
    unit = unit_aboard(user)
    checked = list(Assignment.objects.filter(unit=unit, check_due_at__isnull=False))
    for assignment in checked:
        crew_ok(assignment=assignment, by=user, at=at, device_at=device_at(request))
    if not checked:
        with transaction.atomic():
            unit_heard(unit=unit, by=user, at=at, note="answered on the phone")
    return board_of(request, user)


@act(Role.RESPONDER)
def hazards_read(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The crew has read a hazard that came after it accepted."""
    pressed = device_at(request)
    cautions_read(assignment=assignment_for(user, id), by=user, at=at, device_at=pressed, shown=_shown(request))
    return board_of(request, user)


@act(Role.RESPONDER)
def order_read(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The crew has read the stage order."""
    seen = request.POST.get("shown", "")
    order = stage_acknowledge(order=stage_order_for(user, id), how="phone", by=user, at=at, seen=seen)
    return board_of(request, user, said="" if order.acknowledged_at is not None else "another danger has come, read it")


@act(Role.RESPONDER)
def crew_note(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A note from the crew, on the call that it names, else on the one that the unit is on."""
    data = form_of(NoteForm(request.POST)).cleaned_data
    unit, meant = unit_aboard(user), request.POST.get("assignment", "")
    if meant:
        # Written about this call, whatever became of it before the note arrived.
        incident = assignment_for(user, uuid_of(meant, "assignment")).incident
    else:
        on = Assignment.objects.filter(unit=unit, state__in=ASSIGNMENT_ACCEPTED).order_by("-accepted_at").first()
        if on is None:
            raise Refused("no_call", "The unit is not on a call.", field="text", status=409)
        incident = incident_for(user, on.incident_id, change=True)
    note_add(
        id=data["id"],
        incident=incident,
        text=data["text"],
        kind="crew",
        by=user,
        at=at,
        device_at=device_at(request),
    )
    return board_of(request, user)


@act(Role.RESPONDER)
def help_asked(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """NEED HELP, or backup. Never refused for a bad position or level: help goes out without it, as the loudest."""
    form, wanted = PositionForm(request.POST), BackupForm(request.POST)
    data = form.cleaned_data if form.is_valid() else {}
    unit, shown = unit_aboard(user), DeviceForm({"assignment": request.POST.get("assignment", "")})
    meant = shown.cleaned_data["assignment"] if shown.is_valid() else None
    help_request(
        unit=unit,
        about=Assignment.objects.filter(pk=meant, unit=unit).select_related("incident").first() if meant else None,
        by=user,
        at=at,
        level=wanted.cleaned_data["level"] if wanted.is_valid() else "panic",
        lat=data.get("lat"),
        lon=data.get("lon"),
        device_at=device_at(request),
    )
    return board_of(request, user)


@act(Role.RESPONDER)
def position_shared(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Where the unit is, by the crew's choice."""
    data = form_of(PositionForm(request.POST)).cleaned_data
    if data["lat"] is None or data["lon"] is None:
        raise Refused("position_missing", "The phone gave no position.", field="lat")
    presence_note(user=user, page="phone", at=at)
    position_report(unit=unit_aboard(user), lat=data["lat"], lon=data["lon"], by=user, at=at)
    return HttpResponse(status=204)


@act(Role.RESPONDER)
def unit_state(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Break, out of service, in service."""
    data = form_of(UnitServiceForm(request.POST)).cleaned_data
    said = service_set(unit=unit_aboard(user), by=user, at=at, device_at=device_at(request), **data)
    return board_of(request, user, said=said)
