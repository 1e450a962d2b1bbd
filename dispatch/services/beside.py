"""A second unit beside one that does not answer: its assignment stays, and another is sought as assisting."""

from datetime import datetime
from uuid import UUID

from accounts.models import Centre
from accounts.problems import Refused
from dispatch.models import Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import recommend_for, units_with_facts
from dispatch.services.offers import assignment_offer, stopped_here
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import Unit


def beside_wanted(*, centre: Centre) -> list[Incident]:
    """Incidents whose primary unit has accepted and does not answer, and for which no other unit is asked or under way.

    Not where danger rose after sending: there a person decides first.
    """
    silent = (
        Assignment.objects.filter(
            incident__centre=centre,
            slot=Slot.PRIMARY,
            state__in=["accepted", "en_route"],
            unit__not_answering_since__isnull=False,
            incident__program_version__isnull=False,
            incident__risen_at__isnull=True,
        )
        .select_related("incident__centre", "incident__program_version__program")
        .order_by("incident__priority", "incident__sent_at")
    )
    found = {one.incident_id: one.incident for one in silent}
    helped = set(
        Assignment.objects.filter(incident__in=found, slot=Slot.ASSIST, state__in=ASSIGNMENT_LIVE).values_list(
            "incident", flat=True
        )
    )
    return [incident for key, incident in found.items() if key not in helped]


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
