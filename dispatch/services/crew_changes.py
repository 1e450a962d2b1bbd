"""Who is on a unit changes while it is on a call: the assignment stays, and both crews are kept with it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Assignment, Incident
from dispatch.services.journal import incident_locked, record
from dispatch.states import ASSIGNMENT_ACCEPTED
from responders.models import CrewMember, Unit
from responders.services import crew_sign_off, crew_sign_on


def _on(unit_ids: set[UUID]) -> list[tuple[Incident, Assignment]]:
    """The accepted assignments of units, their incidents locked in one order: two changes never deadlock."""
    live = Assignment.objects.filter(unit__in=unit_ids, state__in=ASSIGNMENT_ACCEPTED).order_by("incident", "pk")
    return [(incident_locked(one.incident_id), one) for one in live.select_related("unit")]


def _kept(
    changed: list[tuple[Incident, Assignment]], unit: Unit, action: str, person: User, by: User, at: datetime
) -> None:
    for incident, assignment in changed:
        if assignment.unit_id == unit.pk:
            record(
                incident=incident,
                entity="assignment",
                row=assignment,
                action=action,
                by=by,
                at=at,
                detail={"person": person.pk},
                ids={"unit": str(unit.pk)},
            )


@transaction.atomic
def crew_join(*, unit: Unit, person: User, by: User, at: datetime) -> CrewMember:
    """Sign a person on to a unit, off the one that they were on. A call that either is on keeps its unit."""
    former = CrewMember.objects.filter(user=person, until__isnull=True).select_related("unit").first()
    if former is not None and former.unit_id == unit.pk:
        return former
    changed = _on({unit.pk} | ({former.unit_id} if former is not None else set()))
    if former is not None:
        _not_the_last(former.unit, person, changed)
    member = crew_sign_on(unit=unit, user=person, by=by, at=at)
    if former is not None:
        _kept(changed, former.unit, "crew_off", person, by, at)
    _kept(changed, unit, "crew_on", person, by, at)
    return member


@transaction.atomic
def crew_leave(*, person: User, by: User, at: datetime) -> Unit | None:
    """Sign a person off their unit. Raises Refused for the last one aboard while the unit is on a call."""
    here = CrewMember.objects.filter(user=person, until__isnull=True).select_related("unit").first()
    if here is None:
        return None
    changed = _on({here.unit_id})
    _not_the_last(here.unit, person, changed)
    unit = crew_sign_off(user=person, by=by, at=at)
    _kept(changed, here.unit, "crew_off", person, by, at)
    return unit


def _not_the_last(unit: Unit, person: User, changed: list[tuple[Incident, Assignment]]) -> None:
    mine = [incident for incident, assignment in changed if assignment.unit_id == unit.pk]
    if mine and not unit.crew.filter(until__isnull=True).exclude(user=person).exists():
        said = (
            f"You are the last on {unit.call_sign}, and it is on call {mine[0]}: clear it, or let your relief sign on."
        )
        raise Refused("last_of_the_crew", said, field="unit", status=409)
