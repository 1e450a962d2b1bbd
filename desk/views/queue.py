"""The dispatcher's queue: the page, its live regions, and the pane of one incident."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, may, require, role_required
from accounts.models import Centre, Role, User
from accounts.services import audit, queue_map_set
from desk.actions import act
from desk.alarm_row import alarms_drawn
from desk.detail import detail_context
from desk.page_context import stops_of
from desk.pages import live_page, live_region
from desk.queue_row import rows_drawn
from desk.unit_row import units_drawn
from dispatch.access import incident_for
from dispatch.models import Alarm
from dispatch.selectors.alarms import alarm_rows, alarms_standing
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from live.selectors import Position, live_position

_READERS = (*FLOOR, Role.AUDITOR)


def _rows(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    rows = incident_rows(centre=centre, at=at)
    return {"rows": rows, "drawn": rows_drawn(rows, position.number, at), "v": position.number, "now": at}


def _units(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    units = unit_rows(centre=centre, at=at)
    return {"units": units, "fleet": units_drawn(units, position.number, at), "v": position.number, "now": at}


def alarms_worst_first(centre: Centre) -> list[Alarm]:
    """Standing alarms: a crew that needs help, then what is urgent, then the rest; the oldest first of each."""
    return sorted(
        alarm_rows(centre=centre), key=lambda one: (one.kind != Alarm.Kind.PANIC, not one.urgent, one.opened_at)
    )


def _alarms(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    alarms = alarms_worst_first(centre)
    return {"alarms": alarms, "tray": alarms_drawn(alarms, position.number, at), "v": position.number, "now": at}


@require_GET
@role_required(*FLOOR)
def queue(request: HttpRequest) -> HttpResponse:
    """Rows, units, alarm tray and the pane of the selected incident."""
    user = require(request.user, *FLOOR)
    centre, at = centre_of(user), datetime.now(UTC)
    # Rows say where people called from: one row an opening, none for what the page asks for while it is open.
    audit(action="queue.read", at=at, by=user, centre=centre, entity="centre", entity_id=centre.pk)
    position = live_position(centre.pk)
    context = {
        **_rows(centre, position, at),
        **_units(centre, position, at),
        **_alarms(centre, position, at),
        "may_stop": may(user, Role.SUPERVISOR),
        "may_resume": may(user, Role.SUPERVISOR, Role.DISPATCHER),
    }
    return live_page(
        request, "desk/queue/page.html", context, position=position, centre_id=centre.pk, audiences="console"
    )


@require_GET
@role_required(*FLOOR)
def queue_rows(request: HttpRequest) -> HttpResponse:
    """The inside of the region of incidents."""
    centre = centre_of(require(request.user, *FLOOR))
    position = live_position(centre.pk)
    context = _rows(centre, position, datetime.now(UTC))
    return live_region(request, "desk/queue/rows.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(*FLOOR)
def queue_units(request: HttpRequest) -> HttpResponse:
    """The inside of the region of units."""
    centre = centre_of(require(request.user, *FLOOR))
    position = live_position(centre.pk)
    context = _units(centre, position, datetime.now(UTC))
    return live_region(request, "desk/queue/units.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(*FLOOR)
def queue_alarms(request: HttpRequest) -> HttpResponse:
    """The inside of the alarm tray."""
    centre = centre_of(require(request.user, *FLOOR))
    position = live_position(centre.pk)
    context = _alarms(centre, position, datetime.now(UTC))
    return live_region(request, "desk/queue/alarms.html", context, position=position, centre_id=centre.pk)


@act(*FLOOR)
def queue_map(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Show the map beside the person's queue (`shown` is "on"), or put it away; kept until they choose again."""
    queue_map_set(user=user, shown=request.POST.get("shown") == "on")
    return HttpResponse(status=204)


@require_GET
@role_required(*FLOOR)
def frame_suspensions(request: HttpRequest) -> HttpResponse:
    """The banner of standing stop keys."""
    centre = centre_of(require(request.user, *FLOOR))
    position = live_position(centre.pk)
    context = {"stops": stops_of(centre), "zone": centre.time_zone, "v": position.number}
    return live_region(request, "desk/parts/suspensions.html", context, position=position, centre_id=centre.pk)


@require_GET
@role_required(*FLOOR)
def frame_alarms(request: HttpRequest) -> HttpResponse:
    """How many alarms stand, for the header."""
    centre = centre_of(require(request.user, *FLOOR))
    position = live_position(centre.pk)
    context = {"standing": alarms_standing(centre=centre), "v": position.number}
    return live_region(request, "desk/parts/alarm_count.html", context, position=position, centre_id=centre.pk)


def _detail(request: HttpRequest, id: UUID, template: str) -> HttpResponse:
    user = require(request.user, *_READERS)
    incident = incident_for(user, id)
    at = datetime.now(UTC)
    context = detail_context(incident, user, at)
    # Reading notes and numbers is logged once a view.
    audit(action="incident.read", at=at, by=user, centre=incident.centre, entity="incident", entity_id=incident.pk)
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*_READERS)
def incident_pane(request: HttpRequest, id: UUID) -> HttpResponse:
    """The pane of one incident with its forms."""
    return _detail(request, id, "desk/queue/detail.html")


@require_GET
@role_required(*_READERS)
def incident_live(request: HttpRequest, id: UUID) -> HttpResponse:
    """The part of the pane that changes by itself."""
    return _detail(request, id, "desk/queue/detail_live.html")


@require_GET
@role_required(*_READERS)
def incident_page(request: HttpRequest, id: UUID) -> HttpResponse:
    """One incident on a page of its own, with its history."""
    return _detail(request, id, "desk/queue/incident.html")
