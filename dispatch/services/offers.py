"""Offers: the pending rows of a centre, most urgent first, each offered to the best unit that can go."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.access import DISPATCHING, require
from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.engine import Candidate
from dispatch.models import Alarm, Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import is_by_phone, recommend_for, units_with_facts
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE, INCIDENT
from programs.selectors import spec_number
from responders.models import Unit

DISPATCH_LOCK = 7_411_000
"""First key of the advisory lock; the second is the centre. One ordered dispatcher per centre at a time."""
OFFER_TIMEOUT_S = 60
MANUAL_OFFER_TIMEOUT_S = 120


def offers_run(*, centre: Centre, at: datetime) -> list[Assignment]:
    """Offer every pending incident of a centre that no unit has been asked for, most urgent and oldest first.

    Called by the Celery task, by the sweeper each second and after every change that could free a unit. Callers wait
    for one another, so order and fairness hold; each incident is its own transaction, so one that fails stops no other.
    """
    made: list[Assignment] = []
    for incident_id in pending_ids(centre):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DISPATCH_LOCK, centre.pk])
            offered = _offer_best(incident_id, at)
        if offered is not None:
            made.append(offered)
    return made


def pending_ids(centre: Centre) -> list[UUID]:
    """Incidents that want a unit and have nobody asked, in the order in which they are served."""
    return list(
        Incident.objects.filter(centre=centre, offer_wanted=True, late=False)
        .exclude(assignments__state__in=ASSIGNMENT_LIVE, assignments__slot=Slot.PRIMARY)
        .order_by("priority", "sent_at", "number")
        .values_list("pk", flat=True)
    )


def _offer_best(incident_id: UUID, at: datetime) -> Assignment | None:
    incident = incident_locked(incident_id)
    if not incident.offer_wanted or incident.assignments.filter(state__in=ASSIGNMENT_LIVE, slot=Slot.PRIMARY).exists():
        return None
    version = incident.program_version
    if version is None:
        return None
    teams = version.program.teams.values_list("pk", flat=True)
    units = units_with_facts(
        incident.centre, at=at, only=list(Unit.objects.filter(team__in=teams).values_list("pk", flat=True))
    )
    recommendation = recommend_for(incident, units=units, at=at)
    for case in recommendation.candidates:
        if not case.can_go:
            break
        unit = _claim(UUID(case.unit_id))
        if unit is None:
            continue
        timeout = spec_number(version, "offer_timeout_s", OFFER_TIMEOUT_S)
        return _offer(incident, unit, case, Slot.PRIMARY, timeout, None, at)
    _no_unit(incident, recommendation.no_unit_reason or "all_busy", list(recommendation.candidates), at)
    return None


def _claim(unit_id: UUID) -> Unit | None:
    """Lock the unit if nobody else is claiming it and it is still free."""
    unit = Unit.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=unit_id).first()
    if unit is None:
        return None
    taken = Assignment.objects.filter(unit=unit, exclusive=True, state__in=ASSIGNMENT_LIVE).exists()
    return None if taken and unit.exclusive else unit


def _offer(
    incident: Incident, unit: Unit, case: Candidate, slot: str, timeout_s: int, by: User | None, at: datetime
) -> Assignment:
    assignment = Assignment.objects.create(
        incident=incident,
        unit=unit,
        slot=slot,
        exclusive=unit.exclusive,
        by_phone=is_by_phone(incident.program_version),
        program_version=incident.program_version,
        offered_at=at,
        offer_expires_at=at + timedelta(seconds=timeout_s),
        offered_by=by,
        why=case.to_dict(),
        eta_s=case.eta_s,
    )
    incident.no_unit_reason, incident.no_unit_detail = "", []
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="offer",
        by=by,
        at=at,
        to_state="offered",
        fields=["no_unit_reason", "no_unit_detail"],
        ids={"unit": str(unit.pk)},
    )
    audit(
        action="assignment.offer",
        at=at,
        by=by,
        centre=incident.centre,
        entity="assignment",
        entity_id=assignment.pk,
        detail={"unit": str(unit.pk)},
    )
    alarms_end(kind=Alarm.Kind.NO_UNIT, subject=str(incident.pk), at=at, note="offered")
    return assignment


def _no_unit(incident: Incident, reason: str, cases: list[Candidate], at: datetime) -> None:
    """Record why nobody can go, once per change of reason, and raise the alarm."""
    detail = [{"call_sign": case.call_sign, "shortfalls": list(case.shortfalls)} for case in cases]
    if incident.no_unit_reason == reason and incident.no_unit_detail == detail:
        return
    incident.no_unit_reason, incident.no_unit_detail = reason, detail
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="no_unit",
        by=None,
        at=at,
        reason=reason,
        fields=["no_unit_reason", "no_unit_detail"],
    )
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.NO_UNIT,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        detail={"reason": reason},
    )


@transaction.atomic
def assignment_offer(*, incident: Incident, unit: Unit, by: User, at: datetime, slot: str = Slot.PRIMARY) -> Assignment:
    """A dispatcher's own choice. Its shortfalls are stored and shown; only what cannot be is refused.

    Raises Refused for a unit that is taken, a slot that is filled, or an incident without a decision.
    """
    require(by, *DISPATCHING)
    if slot not in Slot.values:
        raise Refused("slot_unknown", f"Choose one of {', '.join(Slot.values)}.", field="slot")
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    if not incident.response_class:
        raise Refused("not_decided", "Decide the response first: accept, override or send.", status=409)
    if unit.centre_id != incident.centre_id:
        raise Refused("unit_elsewhere", "This unit belongs to another centre.", field="unit")
    locked = _claim(unit.pk)
    if locked is None:
        raise Refused("unit_taken", f"{unit.call_sign} is already on a call.", field="unit", status=409)
    if slot != Slot.ASSIST and incident.assignments.filter(slot=slot, state__in=ASSIGNMENT_ACCEPTED).exists():
        raise Refused("slot_filled", "This place is filled: send the unit as assisting.", field="slot", status=409)
    for standing in incident.assignments.select_for_update().filter(slot=slot, state="offered"):
        _end_offer(incident, standing, "cancel", by, at, reason="dispatcher_chose_another")
    loaded = units_with_facts(incident.centre, at=at, only=[locked.pk])
    case = recommend_for(incident, units=loaded, at=at).candidates[0]
    try:
        with transaction.atomic():
            return _offer(incident, locked, case, slot, MANUAL_OFFER_TIMEOUT_S, by, at)
    except IntegrityError as error:
        raise Refused("unit_taken", f"{unit.call_sign} is already on a call.", field="unit", status=409) from error


def _end_offer(
    incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime, *, reason: str = ""
) -> None:
    before = assignment.state
    assignment.state = ASSIGNMENT.to(action, before)
    assignment.ended_at, assignment.end_reason, assignment.version = at, reason, assignment.version + 1
    assignment.save(update_fields=["state", "ended_at", "end_reason", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action=action,
        by=by,
        at=at,
        from_state=before,
        to_state=assignment.state,
        reason=reason,
        ids={"unit": str(assignment.unit_id)},
    )


@transaction.atomic
def offer_expire(*, assignment: Assignment, at: datetime) -> Assignment:
    """End an offer that nobody answered in time; the next unit is asked. Idempotent."""
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if assignment.state == "offered" and assignment.offer_expires_at <= at:
        _end_offer(incident, assignment, "expire", None, at, reason="not_answered")
    return assignment


def other_offers_end(incident: Incident, accepted: Assignment, by: User | None, at: datetime) -> None:
    """The first accept ends the other offers of its slot, in the same transaction."""
    others = (
        incident.assignments.select_for_update().filter(slot=accepted.slot, state="offered").exclude(pk=accepted.pk)
    )
    for other in others:
        _end_offer(incident, other, "cancel", by, at, reason="taken")


@transaction.atomic
def hold_end(*, incident: Incident, at: datetime) -> Incident:
    """A hold whose callback time has come goes back into the queue. Idempotent."""
    incident = incident_locked(incident.pk)
    if incident.state == "held" and incident.held_until is not None and incident.held_until <= at:
        before, incident.state = incident.state, INCIDENT.to("queue", incident.state)
        incident.held_until, incident.offer_wanted = None, incident.program_version_id is not None
        record(
            incident=incident,
            entity="incident",
            row=incident,
            action="hold_end",
            by=None,
            at=at,
            from_state=before,
            to_state=incident.state,
            fields=["state", "held_until", "offer_wanted"],
        )
    return incident
