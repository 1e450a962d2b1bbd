"""When an incident is over: by a person's word, or because nothing about it is open any more."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Incident
from dispatch.reasons import OUTCOMES
from dispatch.services.alarms import alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT

_END_WITH_INCIDENT = (
    Alarm.Kind.NO_UNIT,
    Alarm.Kind.PROMISE_WARNING,
    Alarm.Kind.PROMISE_BROKEN,
    Alarm.Kind.RETURNED,
    Alarm.Kind.SECOND_PERSON,
    Alarm.Kind.LATE_ENTRY,
    Alarm.Kind.ENGINE_ERROR,
    Alarm.Kind.RISING_RISK,
)


def _close(incident: Incident, outcome: str, by: User | None, at: datetime) -> None:
    before = incident.state
    incident.state = INCIDENT.to("close", before)
    incident.closed_at, incident.outcome, incident.offer_wanted = at, outcome, False
    incident.no_unit_reason = ""
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="close",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=outcome,
        fields=["state", "closed_at", "outcome", "offer_wanted", "no_unit_reason"],
    )
    for kind in _END_WITH_INCIDENT:
        alarms_end(kind=kind, subject=str(incident.pk), at=at, by=by, note="incident closed")


def settle(*, incident: Incident, by: User | None, at: datetime) -> bool:
    """Close a sent incident of which nothing is open: no call, no assignment, no hand-off, no unit still wanted.

    The incident is locked by the caller. Returns whether it closed.
    """
    if incident.state not in {"assigned", "on_scene", "transferred", "returned"} or incident.offer_wanted:
        return False
    if incident.calls.filter(state="open").exists():
        return False
    if incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists():
        return False
    if incident.handoffs.filter(state__in=["ready", "requested"]).exists():
        return False
    cleared = incident.assignments.filter(state="cleared").order_by("-ended_at").first()
    acknowledged = incident.handoffs.filter(state="acknowledged").exists()
    if cleared is not None and cleared.disposition != "returned_to_911":
        outcome = cleared.disposition
    elif acknowledged:
        outcome = "handed_off"
    else:
        return False
    _close(incident, outcome, by, at)
    return True


@transaction.atomic
def incident_close(*, incident: Incident, outcome: str, by: User, at: datetime) -> Incident:
    """A person closes an incident with an outcome.

    Raises Refused while a crew or a hand-off is still open, or for an outcome that is not in the table.
    """
    if outcome not in OUTCOMES:
        raise Refused("outcome_unknown", "Choose an outcome from the list.", field="outcome")
    incident = incident_locked(incident.pk)
    if incident.state == "closed":
        return incident
    if incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists():
        raise Refused("crew_still_assigned", "A crew is still assigned: clear or cancel it first.", status=409)
    if incident.handoffs.filter(state="requested").exists():
        raise Refused("handoff_open", "A hand-off waits for its acknowledgement: phone them, or cancel it.", status=409)
    for handoff in incident.handoffs.filter(state="ready"):
        handoff.state, handoff.cancelled_at = "cancelled", at
        handoff.save(update_fields=["state", "cancelled_at"])
    _close(incident, outcome, by, at)
    audit(
        action="incident.close",
        at=at,
        by=by,
        centre=incident.centre,
        entity="incident",
        entity_id=incident.pk,
        detail={"outcome": outcome},
    )
    return incident
