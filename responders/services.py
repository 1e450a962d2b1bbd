"""Writes: positions, service state, crews."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from responders.models import CrewMember, Unit, UnitHistory


def unit_changed(unit: Unit, kind: str, at: datetime, *, fields: list[str]) -> None:
    """Save a locked unit with a new version and write its event row."""
    unit.version += 1
    unit.save(update_fields=[*fields, "version"])
    event_record(
        centre_id=unit.centre_id, entity="unit", entity_id=unit.pk, version=unit.version, kind=f"unit.{kind}", at=at
    )


@transaction.atomic
def unit_position(*, unit: Unit, lat: float, lon: float, by: User | None, at: datetime) -> Unit:
    """Record where a unit is (degrees, WGS84). An older report than the known one changes nothing."""
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Refused("position_invalid", "Latitude is -90 to 90 and longitude -180 to 180.", field="lat")
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if unit.position_at is None or at >= unit.position_at:
        unit.lat, unit.lon, unit.position_at = lat, lon, at
        unit_changed(unit, "position", at, fields=["lat", "lon", "position_at"])
    return unit


@transaction.atomic
def unit_service(*, unit: Unit, service: str, reason: str, by: User | None, at: datetime) -> Unit:
    """Put a unit in service, on a break or out of service. Out of service needs a reason."""
    if service not in Unit.Service.values:
        raise Refused("service_unknown", f"Choose one of {', '.join(Unit.Service.values)}.", field="status")
    if service == Unit.Service.OUT_OF_SERVICE and not reason.strip():
        raise Refused("reason_needed", "Say why the unit goes out of service.", field="reason")
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    if unit.service != service:
        UnitHistory.objects.create(
            unit=unit, at=at, by=by, action="service", from_state=unit.service, to_state=service, reason=reason[:80]
        )
        unit.service, unit.service_reason, unit.service_since = service, reason[:80], at
        unit_changed(unit, service, at, fields=["service", "service_reason", "service_since"])
        audit(
            action="unit.service",
            at=at,
            by=by,
            centre=unit.centre,
            entity="unit",
            entity_id=unit.pk,
            detail={"to": service},
        )
    return unit


@transaction.atomic
def crew_sign_on(*, unit: Unit, user: User, by: User | None, at: datetime) -> CrewMember:
    """Put a person on a unit, ending the crew place they had elsewhere."""
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    here = CrewMember.objects.filter(user=user, until__isnull=True).select_for_update().first()
    if here is not None and here.unit_id == unit.pk:
        return here
    if here is not None:
        here.until = at
        here.save(update_fields=["until"])
    member = CrewMember.objects.create(unit=unit, user=user, since=at)
    UnitHistory.objects.create(unit=unit, at=at, by=by, action="crew_on")
    unit_changed(unit, "crew", at, fields=[])
    return member
