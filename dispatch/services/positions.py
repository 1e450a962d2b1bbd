"""Where units are, and the suggestion “arrived?” when one comes near its call. It is never applied by itself."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from dispatch.models import Assignment
from dispatch.selectors.triage import place_of
from dispatch.services.journal import incident_locked, record
from people.geometry import distance_m
from responders.models import Unit
from responders.services import unit_position

NEAR_M = 75.0
"""About a city block's half, with the error of a phone's receiver between houses."""


def position_report(
    *,
    unit: Unit,
    lat: float,
    lon: float,
    by: User | None,
    at: datetime,
    heading_deg: float | None = None,
    speed_mps: float | None = None,
    tracker: bool = False,
) -> Unit:
    """Record a position, from whichever door. The first one within NEAR_M of a call that the unit is en route to marks
    its assignment, once: phone and queue then ask whether it has arrived. One that is older than the last known one, or
    than its being en route, says nothing about where the unit is now."""
    unit = unit_position(
        unit=unit, lat=lat, lon=lon, by=by, at=at, heading_deg=heading_deg, speed_mps=speed_mps, tracker=tracker
    )
    if unit.position_at != at:
        return unit
    going = Assignment.objects.filter(unit=unit, state="en_route", near_at__isnull=True, en_route_at__lte=at)
    for assignment in going.select_related("incident__centre"):
        place = place_of(assignment.incident)
        if place is None or place.lat is None or place.lon is None:
            continue
        if distance_m(lat, lon, place.lat, place.lon) <= NEAR_M:
            _near(assignment, by, at)
    return unit


@transaction.atomic
def _near(assignment: Assignment, by: User | None, at: datetime) -> None:
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if assignment.state != "en_route" or assignment.near_at is not None:
        return
    assignment.near_at, assignment.version = at, assignment.version + 1
    assignment.save(update_fields=["near_at", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="near",
        by=by,
        at=at,
        ids={"unit": str(assignment.unit_id)},
    )
