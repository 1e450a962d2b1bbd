"""Offers: the pending rows of a centre, most urgent first, each offered to the best unit that can go."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.access import DISPATCHING, require
from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.engine import Candidate, candidate
from dispatch.models import Alarm, Assignment, Incident, StageOrder
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import facts_at, is_by_phone, recommend_for, units_with_facts
from dispatch.selectors.free_units import Round, unit_claimed, waiting
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record, row_insert
from dispatch.services.staging import order_end, order_stage
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from programs.selectors import spec_number, stopped
from responders.models import Unit

logger = logging.getLogger(__name__)

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
    seen = Round(centre, at)
    for incident_id in pending_ids(centre):
        try:
            offered = incident_offer(incident_id, seen)
        except Exception:
            if not connection.is_usable():
                raise
            logger.exception("offer failed", extra={"incident": str(incident_id)})
            continue
        if offered is not None:
            made.append(offered)
    return made


def pending_ids(centre: Centre) -> list[UUID]:
    """Incidents that want a unit and have nobody asked, in the order in which they are served."""
    asked = Assignment.objects.filter(incident=OuterRef("pk"), state__in=ASSIGNMENT_LIVE, slot=Slot.PRIMARY)
    return list(
        Incident.objects.filter(~Exists(asked), centre=centre, offer_wanted=True, late=False)
        .order_by("priority", "sent_at", "number")
        .values_list("pk", flat=True)
    )


def incident_offer(incident_id: UUID, seen: Round) -> Assignment | None:
    """Offer one incident to the best unit that can go, in one transaction that holds the centre's order."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DISPATCH_LOCK, seen.centre.pk])
            return _offer_best(incident_id, seen)
    except IntegrityError:
        # A dispatcher sent the unit elsewhere in the same instant; the index let one through. The next round asks on.
        logger.info("offer overtaken", extra={"incident": str(incident_id)})
        return None


def _offer_best(incident_id: UUID, seen: Round) -> Assignment | None:
    incident = seen.locked(incident_id)
    version = incident.program_version
    if not incident.offer_wanted or version is None:
        return None
    now = waiting(incident, seen.at)
    if now.stands.asked:
        return None
    if any(stopped(*stop, program=version.program.slug, beat=now.beat, nature=incident.nature) for stop in now.stops):
        _no_unit(incident, "suspended", [], seen.at)
        return None
    facts = facts_at(incident, now.lat, now.lon)
    contended = False
    for best in seen.candidates(facts, version, {str(key) for key in now.stands.on_it.union(now.stands.refused)}):
        unit = unit_claimed(best.id)
        seen.taken(best.id)
        if unit is not None:
            timeout = spec_number(version, "offer_timeout_s", OFFER_TIMEOUT_S)
            return _offer(incident, unit, candidate(facts, best, seen.at), Slot.PRIMARY, timeout, None, seen.at)
        contended = True
    if not contended:
        # A unit that was locked or taken in this instant is no missing unit: the next round looks again.
        _nobody(incident, version, now.stands.on_it, seen.at)
    return None


def _nobody(incident: Incident, version: ProgramVersion, on_it: Collection[UUID], at: datetime) -> None:
    """Say of each of the program's units why it cannot go."""
    teams = version.program.teams.values_list("pk", flat=True)
    only = list(Unit.objects.filter(team__in=teams).values_list("pk", flat=True))
    said = recommend_for(incident, units=units_with_facts(incident.centre, at=at, only=only), at=at)
    if said.best is None or UUID(said.best.unit_id) in on_it:
        # Otherwise one came free while we looked: the next round asks it.
        _no_unit(incident, said.no_unit_reason or "all_busy", list(said.candidates), at)


def _free(unit: Unit, incident: Incident) -> bool:
    """Whether a locked unit can take the incident: not exclusively taken, and not on this incident already."""
    taken = Q(incident=incident) | Q(exclusive=True) if unit.exclusive else Q(incident=incident)
    return not Assignment.objects.filter(taken, unit=unit, state__in=ASSIGNMENT_LIVE).exists()


def _offer(
    incident: Incident, unit: Unit, case: Candidate, slot: str, timeout_s: int, by: User | None, at: datetime
) -> Assignment:
    assignment = Assignment(
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
    row_insert(assignment)
    missed = bool(incident.no_unit_reason)
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
    if missed:
        alarms_end(Alarm.Kind.NO_UNIT, subject=str(incident.pk), at=at, note="offered")
    if incident.risen_at is not None and not unit.armed:
        last = StageOrder.objects.filter(assignment__incident=incident).order_by("-at").first()
        words = last.words if last is not None else "Danger rose after sending: ask dispatch"
        order_stage(incident=incident, assignment=assignment, reason="risen_before", words=words, by=by, at=at)
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
    if incident.late:
        raise Refused("late_entry", "This entry came late: say first that it is still live.", status=409)
    if unit.centre_id != incident.centre_id:
        raise Refused("unit_elsewhere", "This unit belongs to another centre.", field="unit")
    locked = Unit.objects.select_for_update(of=("self",)).get(pk=unit.pk)
    if not _free(locked, incident):
        raise Refused("unit_taken", f"{unit.call_sign} is already on a call.", field="unit", status=409)
    if slot != Slot.ASSIST and incident.assignments.filter(slot=slot, state__in=ASSIGNMENT_ACCEPTED).exists():
        raise Refused("slot_filled", "This place is filled: send the unit as assisting.", field="slot", status=409)
    for former in incident.assignments.select_for_update().filter(slot=slot, state="offered"):
        _end_offer(incident, former, "cancel", by, at, reason="another_chosen")
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
    order_end(assignment, by, at)


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
    others = incident.assignments.select_for_update().filter(slot=accepted.slot, state="offered")
    for other in others.exclude(pk=accepted.pk):
        _end_offer(incident, other, "cancel", by, at, reason="taken")


def offers_withdraw(incident: Incident, by: User | None, at: datetime, *, reason: str) -> None:
    """The plan of a locked incident has changed: nobody may still accept an offer that was made under the old one."""
    for offer in incident.assignments.select_for_update().filter(state="offered"):
        _end_offer(incident, offer, "cancel", by, at, reason=reason)
