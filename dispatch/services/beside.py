"""A second unit beside one that does not answer: its assignment stays, and another is sought as assisting."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Centre
from accounts.problems import Refused
from dispatch.models import Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import has_officer, recommend_for, units_with_facts
from dispatch.services.co_response import officer_beside
from dispatch.services.journal import incident_locked
from dispatch.services.offers import assignment_offer, stopped_here
from dispatch.services.offers.making import offer_make
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import Unit


def beside_wanted(*, centre: Centre, only: UUID | None = None) -> list[Assignment]:
    """Units that have accepted and do not answer, and beside which no other one is asked or under way: those that lead,
    and the officers of pairs. Of one incident where `only` names it.

    Not where danger rose after sending: there a person decides first.
    """
    silent = (
        Assignment.objects.filter(
            Q(slot=Slot.PRIMARY) | Q(slot=Slot.OFFICER, pair__isnull=False),
            incident__centre=centre,
            state__in=["accepted", "en_route"],
            unit__not_answering_since__isnull=False,
            incident__program_version__isnull=False,
            incident__risen_at__isnull=True,
        )
        .select_related("incident__centre", "incident__program_version__program")
        .order_by("incident__priority", "incident__sent_at")
    )
    found = list(silent if only is None else silent.filter(incident=only))
    if not found:
        return found
    assists = Assignment.objects.filter(
        incident__in={one.incident_id for one in found}, slot=Slot.ASSIST, state__in=ASSIGNMENT_LIVE
    ).select_related("unit")
    helped = {(one.incident_id, has_officer(one.unit.armed, one.unit.capabilities)) for one in assists}
    return [one for one in found if not _helped(one, helped)]


def _helped(silent: Assignment, helped: set[tuple[UUID, bool]]) -> bool:
    """Whether one of those who assist does what the silent unit does: with an officer aboard, or without."""
    with_officer, without = (silent.incident_id, True) in helped, (silent.incident_id, False) in helped
    if silent.slot == Slot.OFFICER:
        return with_officer
    # An officer who comes beside the officer of a pair does not help its clinician.
    return without if silent.pair is not None else with_officer or without


@transaction.atomic
def officer_sought(*, incident: Incident, at: datetime) -> bool:
    """Ask another officer beside one that does not answer. Returns whether one was asked."""
    incident = incident_locked(incident.pk)
    if incident.program_version is None or stopped_here(incident.program_version, incident):
        return False
    wanted = beside_wanted(centre=incident.centre, only=incident.pk)
    if not any(one.slot == Slot.OFFICER for one in wanted):
        return False
    return officer_beside(incident=incident, offer=offer_make, at=at) is not None


def beside_offer(*, incident: Incident, at: datetime) -> Assignment | None:
    """Offer the incident to the best unit of its program as assisting. Nobody can go: the standing alarm says so.

    While a stop key is pressed nobody further is asked: a person chooses.
    """
    version = incident.program_version
    if version is None or stopped_here(version, incident):
        return None
    teams = version.program.teams.values_list("pk", flat=True)
    only = list(Unit.objects.filter(team__in=teams).values_list("pk", flat=True))
    # In a transaction of the one-second loop: travel times that would have to be fetched are estimated.
    best = recommend_for(incident, units=units_with_facts(incident.centre, at=at, only=only), at=at, ahead=False).best
    if best is None:
        return None
    unit = Unit.objects.select_related("centre").get(pk=UUID(best.unit_id))
    try:
        return assignment_offer(incident=incident, unit=unit, by=None, at=at, slot=Slot.ASSIST)
    except Refused:
        # Taken in this instant, or the incident was closed: the next round looks again.
        return None
