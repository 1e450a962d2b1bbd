"""The officer's half of a co-response of two units, offered in the same transaction as the clinician's.

The program's own team is the clinician's half and holds the primary slot; the officer has the officer slot.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from accounts.models import User
from dispatch.engine import Candidate, IncidentFacts, recommend
from dispatch.models import Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import is_co_response, standing, unit_facts, units_with_facts
from dispatch.selectors.free_units import unit_claimed
from dispatch.selectors.triage import place_of
from dispatch.services.handoffs import handoff_open
from dispatch.states import ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from programs.selectors import spec_number
from programs.spec import setting
from responders.models import Team, Unit

OFFER_S = 60
"""How long an officer is asked beside another one where the program does not say."""
Offering = Callable[[Incident, Unit, Candidate, str, int, "User | None", datetime], Assignment]


def two_units(version: ProgramVersion | None) -> bool:
    """Whether the program sends officer and clinician as two units."""
    return version is not None and is_co_response(version, "two_units")


def officer_offer(
    *, incident: Incident, clinician: Assignment, offer: Offering, by: User | None, at: datetime
) -> Assignment | None:
    """Pair a clinician's offer that was just made on a locked incident with an officer; nothing for other programs.

    The officer is a unit of the team that the program names (`officer_from`). Where it names none, or none of its
    units can go, police are asked by a hand-off: it counts as the officer once it is acknowledged.
    """
    if clinician.slot != Slot.PRIMARY or not two_units(incident.program_version):
        return None
    clinician.pair = uuid4()
    best = _best(incident, at)
    unit = unit_claimed(best.unit_id) if best is not None else None
    if best is None or unit is None:
        # Police may have been asked with the decision, or have it already: the same hand-off is then the officer.
        has_it = incident.handoffs.filter(service="police", state="acknowledged").last()
        clinician.officer_handoff = has_it or handoff_open(
            incident=incident, service="police", reason="co_response", by=by, at=at
        )
        clinician.save(update_fields=["pair", "officer_handoff"])
        return None
    clinician.save(update_fields=["pair"])
    seconds = round((clinician.offer_expires_at - at).total_seconds())
    officer = offer(incident, unit, best, Slot.OFFICER, seconds, by, at)
    officer.pair = clinician.pair
    officer.save(update_fields=["pair"])
    return officer


def officer_beside(*, incident: Incident, offer: Offering, at: datetime) -> Assignment | None:
    """Another officer for a locked incident whose own does not answer: offered as assisting, whose coming is as good
    (dispatch.selectors.pairs). Where nobody else of that team can go, police are asked by a hand-off, once."""
    version = incident.program_version
    best = _best(incident, at, beside=True)
    unit = unit_claimed(best.unit_id) if best is not None else None
    if best is not None and unit is not None:
        return offer(incident, unit, best, Slot.ASSIST, spec_number(version, "offer_timeout_s", OFFER_S), None, at)
    asked = incident.handoffs.filter(service="police", state__in=["requested", "acknowledged"])
    if best is None and not asked.exists():
        handoff_open(incident=incident, service="police", reason="co_response", by=None, at=at)
    return None


def _best(incident: Incident, at: datetime, *, beside: bool = False) -> Candidate | None:
    """The best unit of the team that gives the officer, by the same engine; a team without a free unit has none, nor
    has an incident with an officer already, unless another one is sought `beside`."""
    slug = str(setting(incident.program_version.spec, "officer_from")) if incident.program_version else ""
    team = Team.objects.filter(centre=incident.centre, slug=slug).first() if slug else None
    if team is None:
        return None
    if not beside and incident.assignments.filter(slot=Slot.OFFICER, state__in=ASSIGNMENT_LIVE).exists():
        return None
    ids = list(team.units.values_list("pk", flat=True))
    stands = standing(incident, at)
    facts = [
        unit_facts(unit, centre=incident.centre, at=at, team_ids={team.pk}, refusal=stands.refused.get(unit.pk))
        for unit in units_with_facts(incident.centre, at=at, only=ids)
        # A unit that several calls may share is never both halves, nor twice on one call.
        if unit.pk not in stands.on_it
    ]
    where = place_of(incident)
    # Only where and how urgent: what else the call needs of its crew is the clinician's half to bring.
    call = IncidentFacts(
        id=str(incident.pk),
        priority=incident.priority,
        waiting_since=incident.sent_at or incident.opened_at,
        lat=where.lat if where is not None else None,
        lon=where.lon if where is not None else None,
    )
    return recommend(call, facts, at).best
