"""Writes: positions, service state, silence, crews."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from responders.models import LATE_SERVICE, CrewMember, Unit, UnitHistory


def unit_changed(unit: Unit, kind: str, at: datetime, *, fields: list[str]) -> None:
    """Save a locked unit with a new version and write its event row."""
    unit.version += 1
    unit.save(update_fields=[*fields, "version"])
    event_record(
        centre_id=unit.centre_id, entity="unit", entity_id=unit.pk, version=unit.version, kind=f"unit.{kind}", at=at
    )


@transaction.atomic
def unit_position(
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
    """Record where a unit is (degrees, WGS84). An older report than the known one changes nothing.

    `heading_deg` (clockwise from north) and `speed_mps` come from the receiver; None where it does not know them.
    `tracker`: it comes from the vehicle, so it is no sign of life of the crew or its phone.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Refused("position_invalid", "Latitude is -90 to 90 and longitude -180 to 180.", field="lat")
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    if unit.position_at is None or at >= unit.position_at:
        unit.lat, unit.lon, unit.position_at = lat, lon, at
        unit.heading_deg = None if heading_deg is None else heading_deg % 360
        unit.speed_mps = None if speed_mps is None or speed_mps < 0 else speed_mps
        unit.position_by_tracker = tracker
        fields = ["lat", "lon", "position_at", "heading_deg", "speed_mps", "position_by_tracker"]
        unit_changed(unit, "position", at, fields=fields)
    return unit


@transaction.atomic
def unit_service(
    *, unit: Unit, service: str, reason: str, by: User | None, at: datetime, device_at: datetime | None = None
) -> Unit:
    """Put a unit in service, on a break or out of service. Out of service needs a reason.

    `device_at` is when it happened by the phone's clock; both times are kept.
    """
    if service not in Unit.Service.values:
        raise Refused("service_unknown", f"Choose one of {', '.join(Unit.Service.values)}.", field="status")
    if service == Unit.Service.OUT_OF_SERVICE and not reason.strip():
        raise Refused("reason_needed", "Say why the unit goes out of service.", field="reason")
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    if unit.service != service:
        UnitHistory.objects.create(
            unit=unit,
            at=at,
            by=by,
            action="service",
            from_state=unit.service,
            to_state=service,
            reason=reason[:80],
            device_at=device_at,
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


def unit_service_late(*, unit: Unit, service: str, reason: str, by: User, at: datetime, device_at: datetime) -> None:
    """Keep in a locked unit's history what its phone said too late to be applied."""
    UnitHistory.objects.create(
        unit=unit,
        at=at,
        by=by,
        action=LATE_SERVICE,
        from_state=unit.service,
        to_state=service,
        reason=reason[:80],
        device_at=device_at,
    )
    audit(
        action="unit.service_late",
        at=at,
        by=by,
        centre=unit.centre,
        entity="unit",
        entity_id=unit.pk,
        detail={"to": service},
    )


EQUIPMENT = {
    "naloxone": "naloxone",
    "aed": "AED",
    "first_aid": "first aid",
    "food": "food",
    "child_seat": "child seat",
    "wheelchair": "wheelchair",
    "transport": "transport",
}
"""Code to words: what a vehicle has aboard today, as its crew says. Whatever else a unit can do is its administrator's
to set."""


@transaction.atomic
def unit_flags(
    *,
    unit: Unit,
    unmarked: bool,
    plain_clothes: bool,
    equipment: Collection[str],
    languages: Collection[str],
    by: User,
    at: datetime,
) -> Unit:
    """What the crew says of its unit today: car, clothes, equipment and further languages. Kept in its history.

    Capabilities that are no equipment (clinician, officer) stay as they are. Raises Refused for unknown equipment or a
    language that is no code.
    """
    if not set(EQUIPMENT) >= set(equipment):
        raise Refused("equipment_unknown", f"Choose among {', '.join(EQUIPMENT)}.", field="equipment")
    if not all(one.isascii() and one.isalpha() and 2 <= len(one) <= 3 for one in languages):
        raise Refused(
            "language_unknown", "A language is a code of two or three letters, as en or es.", field="languages"
        )
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    capabilities = [*(one for one in unit.capabilities if one not in EQUIPMENT), *sorted(equipment)]
    now = (unmarked, plain_clothes, sorted(capabilities), sorted({one.lower() for one in languages}))
    before = (unit.unmarked, unit.plain_clothes, sorted(unit.capabilities), sorted(unit.languages))
    if now == before:
        return unit
    unit.unmarked, unit.plain_clothes, unit.capabilities, unit.languages = now
    looks = " ".join(word for word, said in (("unmarked", unmarked), ("plain clothes", plain_clothes)) if said)
    UnitHistory.objects.create(unit=unit, at=at, by=by, action="flags", reason=looks or "marked, uniform")
    unit_changed(unit, "flags", at, fields=["unmarked", "plain_clothes", "capabilities", "languages"])
    audit(
        action="unit.flags",
        at=at,
        by=by,
        centre=unit.centre,
        entity="unit",
        entity_id=unit.pk,
        detail={"unmarked": unmarked, "plain_clothes": plain_clothes, "capabilities": now[2], "languages": now[3]},
    )
    return unit


@transaction.atomic
def crew_sign_on(*, unit: Unit, user: User, by: User | None, at: datetime) -> CrewMember:
    """Put a person on a unit, ending the crew place they had elsewhere: both units have changed.

    Raises Refused for somebody who changes units on another device in the same instant.
    """
    former = CrewMember.objects.filter(user=user, until__isnull=True).values_list("unit", flat=True).first()
    # Units in the order of their ids, then the crew: two changes never wait for each other.
    wanted = {unit.pk} if former is None else {unit.pk, former}
    locked = {one.pk: one for one in Unit.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")}
    unit = locked[unit.pk]
    here = CrewMember.objects.filter(user=user, until__isnull=True).select_for_update().first()
    if here is not None and here.unit_id == unit.pk:
        return here
    if here is not None:
        if here.unit_id not in locked:
            raise _moved()
        _crew_off(locked[here.unit_id], here, by, at)
    try:
        with transaction.atomic():
            member = CrewMember.objects.create(unit=unit, user=user, since=at)
    except IntegrityError as error:
        raise _moved() from error
    UnitHistory.objects.create(unit=unit, at=at, by=by, action="crew_on")
    unit_changed(unit, "crew", at, fields=[])
    return member


@transaction.atomic
def crew_sign_off(*, user: User, by: User | None, at: datetime) -> Unit | None:
    """End the crew place that a person has; the unit it was on, None for somebody who was on none."""
    place = CrewMember.objects.filter(user=user, until__isnull=True)
    here = place.first()
    if here is None:
        return None
    unit = Unit.objects.select_for_update(no_key=True).get(pk=here.unit_id)
    here = place.filter(unit=unit).select_for_update().first()
    if here is None:
        return None
    _crew_off(unit, here, by, at)
    return unit


def _moved() -> Refused:
    return Refused("crew_moved", "This person has just signed on elsewhere: try again.", field="unit", status=409)


def _crew_off(unit: Unit, member: CrewMember, by: User | None, at: datetime) -> None:
    """Of a locked unit."""
    member.until = at
    member.save(update_fields=["until"])
    UnitHistory.objects.create(unit=unit, at=at, by=by, action="crew_off")
    unit_changed(unit, "crew", at, fields=[])


def unit_silence_start(*, unit: Unit, reason: str, at: datetime) -> None:
    """A locked unit does not answer. It stays in service: nothing is sent to it, and somebody looks for it."""
    unit.not_answering_since, unit.not_answering_reason = at, reason
    UnitHistory.objects.create(unit=unit, at=at, by=None, action="not_answering", reason=reason)
    unit_changed(unit, "not_answering", at, fields=["not_answering_since", "not_answering_reason"])


def unit_silence_end(*, unit: Unit, by: User | None, at: datetime, note: str) -> None:
    """A locked unit was heard: what it missed until now counts no more."""
    unit.not_answering_since, unit.not_answering_reason, unit.answered_at = None, "", at
    UnitHistory.objects.create(unit=unit, at=at, by=by, action="heard", reason=note[:80])
    unit_changed(unit, "heard", at, fields=["not_answering_since", "not_answering_reason", "answered_at"])
