"""Incidents with several units: who leads. A person says so; the machine only asks."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access import DISPATCHING, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment
from dispatch.models.assignment import Slot
from dispatch.selectors.pairs import pair_under_way
from dispatch.services.alarms import alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.services.not_sought import nobody_sought
from dispatch.services.offers import other_offers_end
from dispatch.states import ASSIGNMENT_ACCEPTED


@transaction.atomic
def assignment_promote(*, assignment: Assignment, by: User, at: datetime) -> Assignment:
    """An assisting unit becomes the primary one. Offers to a further primary end, as that place is taken.

    Raises PermissionDenied, Refused while another unit is primary, and Refused for a unit that has not accepted.
    """
    require(by, *DISPATCHING)
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    if assignment.slot == Slot.PRIMARY:
        return assignment
    if assignment.slot != Slot.ASSIST or assignment.state not in ASSIGNMENT_ACCEPTED:
        raise Refused("not_assisting", "Only a unit that assists and has accepted can lead.", status=409)
    try:
        with transaction.atomic():
            assignment.slot, assignment.version = Slot.PRIMARY, assignment.version + 1
            officer = pair_under_way(incident.pk)
            if officer is not None and officer.slot == Slot.OFFICER:
                # In the clinician's place: they wait for that officer, and fall out together, from now on.
                assignment.pair = officer.pair
            assignment.save(update_fields=["slot", "pair", "version"])
    except IntegrityError as error:
        raise Refused("primary_stays", "Another unit is primary: clear or cancel it first.", status=409) from error
    other_offers_end(incident, assignment, by, at)
    fields = nobody_sought(incident, by=by, at=at, note=f"{assignment.unit.call_sign} leads")
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="promote",
        by=by,
        at=at,
        from_state=Slot.ASSIST,
        to_state=Slot.PRIMARY,
        fields=fields,
        ids={"unit": str(assignment.unit_id)},
    )
    audit(
        action="assignment.promote", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk
    )
    alarms_end(
        Alarm.Kind.PRIMARY_GONE, subject=str(incident.pk), at=at, by=by, note=f"{assignment.unit.call_sign} leads"
    )
    return assignment
