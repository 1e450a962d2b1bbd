"""The supervisor's overview, and the calls behind each of its numbers."""

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Centre, Role
from accounts.services import audit
from desk.overview_figures import (
    BAR_STEP,
    CHART_HEIGHT,
    beats_worst_first,
    charts,
    decisions_waiting,
    longest_wait,
    loops,
    reasons_today,
    staffing,
    units_by_state,
    waiting_by_program,
)
from desk.pages import live_page, live_region
from desk.views.queue import alarms_worst_first
from dispatch.reasons import NOT_DIVERTED, words
from dispatch.selectors.figures import MEASURES, TREND_HOURS, figures, incidents_behind, trend
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.reviews import reviews_count
from dispatch.selectors.unit_loads import units_read
from dispatch.selectors.unit_rows import rows_of
from live.selectors import Position, live_position

MOST_LISTED = 200


def _figures(centre: Centre, position: Position, at: datetime) -> dict[str, Any]:
    rows = incident_rows(centre=centre, at=at)
    hours, units = trend(centre, at), units_read(centre=centre)
    return {
        "v": position.number,
        "now": at,
        "zone": centre.time_zone,
        "figures": figures(centre, at),
        "longest": longest_wait(rows),
        "programs": waiting_by_program(centre, rows),
        "beats": beats_worst_first(rows),
        "states": units_by_state(rows_of(units, centre=centre, at=at)),
        "staffing": staffing(centre, at, units),
        "reasons": reasons_today(centre, at),
        "decisions": decisions_waiting(centre),
        "reviews": reviews_count(centre=centre),
        "alarms": alarms_worst_first(centre),
        "hours": hours,
        "charts": charts(hours),
        "chart_width": BAR_STEP * TREND_HOURS,
        "chart_height": CHART_HEIGHT,
        "loops": loops(at),
        "measures": MEASURES.values(),
    }


@require_GET
@role_required(Role.SUPERVISOR)
def overview(request: HttpRequest) -> HttpResponse:
    """Waiting, units, staffing, diversion today, decisions for a second person, alarms, the last day."""
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


@require_GET
@role_required(Role.SUPERVISOR)
def calls_behind(request: HttpRequest, measure: str, part: str = "") -> HttpResponse:
    """The calls that a number counts, by the same condition. Nothing about a person is in the address."""
    user = require(request.user, Role.SUPERVISOR)
    centre = centre_of(user)
    found = MEASURES.get(measure)
    if found is None or (part and not found.part):
        raise Http404
    at = datetime.now(UTC)
    audit(
        action="calls.read", at=at, by=user, centre=centre, entity="centre", entity_id=centre.pk,
        detail={"measure": measure, "part": part[:60]},
    )  # fmt: skip
    behind = incidents_behind(centre, measure, at, part=part)
    count = behind.count()
    ids = list(behind.values_list("pk", flat=True)[:MOST_LISTED])
    context = {
        "measure": found,
        "of": MEASURES.get(found.of),
        "part": words(NOT_DIVERTED, part) if found.part == "reason" else part.replace("_", " "),
        "rows": incident_rows(centre=centre, at=at, ids=ids) if ids else [],
        "count": count,
        "more": max(0, count - MOST_LISTED),
        "now": at,
        "zone": centre.time_zone,
    }
    return render(request, "desk/overview/calls.html", context)
