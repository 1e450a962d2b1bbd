"""The supervisor's overview."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Centre, Role
from desk.overview_figures import decisions_waiting, diversion_today, units_by_state, waiting_now
from desk.pages import live_page, live_region
from desk.views.queue import alarms_worst_first
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from live.selectors import Position, live_position


def _figures(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    rows = incident_rows(centre=centre, at=at)
    return {
        "v": position.number,
        "now": at,
        "zone": centre.time_zone,
        "open": len(rows),
        "waiting": waiting_now(rows),
        "states": units_by_state(unit_rows(centre=centre, at=at)),
        "today": diversion_today(centre, at),
        "decisions": decisions_waiting(centre),
        "alarms": alarms_worst_first(centre),
    }


@require_GET
@role_required(Role.SUPERVISOR)
def overview(request: HttpRequest) -> HttpResponse:
    """Waiting, units, diversion today, decisions for a second person, alarms."""
    centre = centre_of(require(request.user, Role.SUPERVISOR))
    position = live_position(centre.pk)
    context = _figures(centre, position, datetime.now(UTC))
    return live_page(
        request, "desk/overview/page.html", context, position=position, centre_id=centre.pk, audiences="console"
    )


@require_GET
@role_required(Role.SUPERVISOR)
def overview_figures(request: HttpRequest) -> HttpResponse:
    """The inside of the overview's region."""
    centre = centre_of(require(request.user, Role.SUPERVISOR))
    position = live_position(centre.pk)
    context = _figures(centre, position, datetime.now(UTC))
    return live_region(request, "desk/overview/figures.html", context, position=position, centre_id=centre.pk)
