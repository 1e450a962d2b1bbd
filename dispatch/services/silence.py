"""Units that do not answer: out of the recommendations, an alarm until they are heard, and never out of service."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident
from dispatch.nudge import offer_after_commit
from dispatch.selectors.pairs import officer_awaited
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked
from dispatch.services.standing_orders import standing_order
from dispatch.states import NOT_MOVING_S
from people.geometry import distance_m
from responders.models import Silence, Unit
from responders.selectors import shift_start
from responders.services import unit_silence_end, unit_silence_start

EXPIRED_OFFERS = 2
"""So many offers that ran out in one shift, and the unit is not answering."""
MOVED_M = 50.0
"""A unit that is this far from where it accepted is moving; a parked receiver wanders less."""
LATE_FACTOR = 2
UNKNOWN_ETA_S = 15 * 60
"""Taken where the time to arrive was not known."""
SHORTEST_ETA_S = 90
"""A drive round the corner is not late at the second red light."""


def _unit_silent(incident: Incident, unit: Unit, reason: str, at: datetime) -> bool:
    """Flag a unit of a locked incident and raise the safety check, once."""
    unit = Unit.objects.select_for_update(of=("self",), no_key=True).select_related("centre").get(pk=unit.pk)
    if unit.not_answering_since is not None:
        return False
    unit_silence_start(unit=unit, reason=reason, at=at)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.NOT_ANSWERING,
        subject=str(unit.pk),
        at=at,
        incident=incident,
        unit=unit,
        owner=incident.owner,
        urgent=reason != Silence.EXPIRED_TWICE,
        detail={"reason": reason, "words": f"It {Silence(reason).label}"},
    )
    return True


def offers_unanswered(*, incident: Incident, unit: Unit, at: datetime) -> bool:
    """An offer of a locked incident to the unit just ran out. The second in its shift means that it is not answering.

    What ran out before the unit was last heard counts no more. Returns whether it was flagged now.
    """
    began = shift_start(list(unit.shifts.all()), at, incident.centre.zone)
    since = max(one for one in (began or at - timedelta(hours=12), unit.answered_at) if one is not None)
    missed = Assignment.objects.filter(unit=unit, state="expired", ended_at__gt=since, ended_at__lte=at)
    if missed[:EXPIRED_OFFERS].count() < EXPIRED_OFFERS:
        return False
    return _unit_silent(incident, unit, Silence.EXPIRED_TWICE, at)


@transaction.atomic
def crew_watched(*, assignment: Assignment, at: datetime) -> bool:
    """Flag the unit of an accepted assignment when it has not moved for 3 min, or is under way for twice its time.

    The assignment stays. Idempotent; returns whether the unit was flagged now.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_related("unit", "officer_handoff").get(pk=assignment.pk)
    reason = silence_of(assignment, at)
    if not reason or standing_order(assignment) is not None or officer_awaited(assignment) == "accept":
        return False
    return _unit_silent(incident, assignment.unit, reason, at)


def silence_of(assignment: Assignment, at: datetime) -> str:
    """Why the unit of an assignment counts as silent now; empty when it does not. A position not known is no move.

    By telephone nobody moves: a clinician who has accepted and talks with nobody is as silent.
    """
    unit = assignment.unit
    if assignment.state not in {"accepted", "en_route"}:
        return ""
    since = max(one for one in (assignment.state_since, assignment.accepted_at, unit.answered_at) if one is not None)
    waited = (at - since).total_seconds()
    if assignment.by_phone:
        return Silence.NOT_CALLING.value if waited >= NOT_MOVING_S and not _talks(unit) else ""
    if assignment.state == "accepted":
        return Silence.NOT_MOVING.value if waited >= NOT_MOVING_S and not _moved(assignment) else ""
    eta = max(assignment.eta_s if assignment.eta_s is not None else UNKNOWN_ETA_S, SHORTEST_ETA_S)
    return Silence.OVERDUE.value if waited >= LATE_FACTOR * eta else ""


def _talks(unit: Unit) -> bool:
    return Assignment.objects.filter(unit=unit, by_phone=True, state="with_person").exists()


def _moved(assignment: Assignment) -> bool:
    unit = assignment.unit
    if assignment.from_lat is None or assignment.from_lon is None or unit.lat is None or unit.lon is None:
        return False
    return distance_m(assignment.from_lat, assignment.from_lon, unit.lat, unit.lon) >= MOVED_M


def unit_heard(*, unit: Unit, by: User | None, at: datetime, note: str) -> Unit:
    """The unit was heard: a status from its phone, or a person who says so. It is recommended again at once.

    In the caller's transaction, which has locked the incident first where there is one.
    """
    unit = Unit.objects.select_for_update(of=("self",), no_key=True).select_related("centre").get(pk=unit.pk)
    if unit.not_answering_since is not None:
        unit_silence_end(unit=unit, by=by, at=at, note=note)
        alarms_end(Alarm.Kind.NOT_ANSWERING, subject=str(unit.pk), at=at, by=by, note=note)
        audit(action="unit.heard", at=at, by=by, centre=unit.centre, entity="unit", entity_id=unit.pk)
        offer_after_commit(unit.centre_id)
    return unit
