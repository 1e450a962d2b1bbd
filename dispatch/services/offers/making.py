"""One offer: made by the engine or by a dispatcher, and ended by time, by another or by a new plan."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from psycopg.errors import LockNotAvailable

from accounts.access import DISPATCHING, require
from accounts.models import User
from accounts.problems import Refused
from dispatch.engine import Candidate
from dispatch.models import Alarm, Assignment, Incident, Recommendation, StageOrder
from dispatch.models.assignment import Slot
from dispatch.reasons import DANGER_GONE, NO_UNIT, NO_UNIT_NEXT, OFFER_WITHDRAWN
from dispatch.selectors.engine_facts import is_by_phone, recommend_for, units_with_facts
from dispatch.selectors.triage import answers_at_place, dangerous, place_of
from dispatch.services.alarms import alarms_end
from dispatch.services.co_response import officer_offer, two_units
from dispatch.services.journal import incident_locked, record
from dispatch.services.pairs import pair_ends
from dispatch.services.silence import offers_unanswered
from dispatch.services.staging import order_stage
from dispatch.services.standing_orders import order_end
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from programs.selectors import suspended_here
from responders.models import Unit
from triage import vocabulary

logger = logging.getLogger(__name__)

MANUAL_OFFER_TIMEOUT_S = 120
LAPSES = frozenset({"unit_left", "suspended"})
"""Ends of an engine's offer that are no unit's doing and no plan's: another one is asked, if any may be."""
SCENE_DANGERS = (
    "weapon", "violence", "barricade", "domestic", "hazard", "crime", "child_at_risk", "suicide", "behavior",
    "caller_can_talk",
)  # fmt: skip
"""Questions whose danger answers are about the scene, worst first; the others are about the person's body, and those
are what an ambulance comes for."""
_BEYOND_UNARMED = frozenset({"emergency", "co_response"})


def offer_make(
    incident: Incident,
    unit: Unit,
    case: Candidate,
    slot: str,
    timeout_s: int,
    by: User | None,
    at: datetime,
    *,
    lowered: bool | None = None,
) -> Assignment:
    """Bind a locked unit to a slot of a locked incident as an offer. Whatever the incident waited with ends here.

    `lowered`: as `lowered_by_two`, where the caller knows it already.
    """
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
        made=assignment,
        audited={"unit": str(unit.pk)},
    )
    if by is not None:
        missed = bool(Recommendation.objects.filter(incident=incident).delete()[0]) or missed
    if missed or incident.top_at is not None:
        over = (Alarm.Kind.NO_UNIT, Alarm.Kind.CHOOSE_UNIT, Alarm.Kind.PREEMPTED)
        alarms_end(*over, subject=str(incident.pk), at=at, by=by, note="offered")
    if incident.risen_at is not None and not unit.armed:
        last = StageOrder.objects.filter(assignment__incident=incident).order_by("-at").first()
        unsaid = (
            "Another crew says: unsafe" if incident.not_diverted_reason == "returned" else "Danger rose after sending"
        )
        words = last.words if last is not None else f"{unsaid}. Ask dispatch"
        order_stage(incident=incident, assignment=assignment, reason="risen_before", words=words, by=by, at=at)
    elif not unit.armed and not assignment.by_phone:
        lowered = lowered_by_two(incident) if lowered is None else lowered
        if lowered or (by is not None and incident.response_class in _BEYOND_UNARMED):
            _stage_into_danger(incident, assignment, by, at)
    return assignment


def lowered_by_two(incident: Incident) -> bool:
    """Whether the decision that stands is less cautious than was suggested, and the two people who took it did not say
    that the danger is gone."""
    lowered = incident.decisions.filter(state="standing", direction="less")
    return lowered.exclude(reason__in=DANGER_GONE).exists()


def _stage_into_danger(incident: Incident, assignment: Assignment, by: User | None, at: datetime) -> None:
    """An unarmed unit is asked for a call with danger on the scene: by a person, though it was sent as more than such a
    unit is for, or since two people chose less than was suggested. It waits outside until a dispatcher lifts the order.
    A co-response of two units has its officer for that."""
    if assignment.slot == Slot.PRIMARY and two_units(incident.program_version):
        return
    answers = answers_at_place(incident, at=at)
    danger = next((key for key in SCENE_DANGERS if key in answers and dangerous(key, answers[key])), "")
    if danger:
        question = vocabulary.load().get(danger)
        words = f"{question.label}: {question.label_of(answers[danger])}"[:160]
        order_stage(incident=incident, assignment=assignment, reason=danger, words=words, by=by, at=at)


def _diverts(incident: Incident, unit: Unit, slot: str) -> bool:
    """Whether asking the unit goes on with the diversion: to lead without an officer, or as the program's own team,
    whatever place it is asked for. An ambulance beside it does not."""
    version = incident.program_version
    if unit.armed or version is None:
        return False
    if slot == Slot.PRIMARY or unit.team_id is None:
        return slot == Slot.PRIMARY
    return version.program.teams.filter(pk=unit.team_id).exists()


def _free(unit: Unit, incident: Incident) -> bool:
    """Whether a locked unit can take the incident: not exclusively taken, and not on this incident already."""
    taken = Q(incident=incident) | Q(exclusive=True) if unit.exclusive else Q(incident=incident)
    return not Assignment.objects.filter(taken, unit=unit, state__in=ASSIGNMENT_LIVE).exists()


@transaction.atomic
def assignment_offer(
    *, incident: Incident, unit: Unit, by: User | None, at: datetime, slot: str = Slot.PRIMARY
) -> Assignment:
    """A dispatcher's own choice. Its shortfalls are stored and shown; only what cannot be is refused.

    Without a person it is the engine's, for a unit beside one that does not answer (dispatch.services.beside).
    Raises Refused for a unit that is taken, a slot that is filled, or an incident without a decision.
    """
    if by is not None:
        require(by, *DISPATCHING)
    if slot not in Slot.values:
        raise Refused("slot_unknown", f"Choose one of {', '.join(Slot.values)}.", field="slot")
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    if not incident.response_class:
        raise Refused("not_decided", "Decide the response first: accept, override or send.", status=409)
    if incident.state == "held":
        raise Refused("on_hold", "This call is held, so no crew could accept it: decide it again first.", status=409)
    if incident.late:
        raise Refused("late_entry", "This entry came late: say first that it is still live.", status=409)
    if unit.centre_id != incident.centre_id:
        raise Refused("unit_elsewhere", "This unit belongs to another centre.", field="unit")
    if _diverts(incident, unit, slot) and (stop := stopped_here(incident.program_version, incident)):
        # What one person has stopped only two resume: nobody goes on with it by asking a unit by name.
        raise Refused("suspended", f"{NO_UNIT[stop]}. {NO_UNIT_NEXT[stop]}.", status=409)
    locked = Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    if not _free(locked, incident):
        raise Refused("unit_taken", f"{unit.call_sign} is already on a call.", field="unit", status=409)
    if slot != Slot.ASSIST and incident.assignments.filter(slot=slot, state__in=ASSIGNMENT_ACCEPTED).exists():
        raise Refused("slot_filled", "This place is filled: send the unit as assisting.", field="slot", status=409)
    if slot != Slot.ASSIST:
        # Of those who assist there may be any number.
        for former in incident.assignments.select_for_update().filter(slot=slot, state="offered"):
            _end(incident, former, "cancel", by, at, reason="another_chosen")
    loaded = units_with_facts(incident.centre, at=at, only=[locked.pk])
    case = recommend_for(incident, units=loaded, at=at, ahead=False).candidates[0]
    try:
        with transaction.atomic():
            offered = offer_make(incident, locked, case, slot, MANUAL_OFFER_TIMEOUT_S, by, at)
            officer_offer(incident=incident, clinician=offered, offer=offer_make, by=by, at=at)
            return offered
    except IntegrityError as error:
        raise Refused("unit_taken", f"{unit.call_sign} is already on a call.", field="unit", status=409) from error


def _end(
    incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime, *, reason: str = ""
) -> None:
    if assignment.pair is not None:
        assignment.refresh_from_db()
        if assignment.ended_at is not None:
            # Its other half has just ended, and released it.
            return
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
    if assignment.pair is not None:
        pair_ends(
            incident=incident,
            pair=assignment.pair,
            who=assignment.unit.call_sign,
            how=assignment.state,
            by=by,
            at=at,
            again=reason in LAPSES or reason not in OFFER_WITHDRAWN,
        )


@transaction.atomic
def offer_expire(*, assignment: Assignment, at: datetime) -> Assignment:
    """End an offer that nobody answered in time; the next unit is asked. Idempotent."""
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if assignment.state == "offered" and assignment.offer_expires_at <= at:
        _end(incident, assignment, "expire", None, at, reason="not_answered")
        try:
            with transaction.atomic():
                offers_unanswered(incident=incident, unit=assignment.unit, at=at)
        except OperationalError as error:
            # Somebody has the unit, and may be stopped: the call goes to the next one all the same.
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            logger.warning("silence of a locked unit not noted", extra={"unit": str(assignment.unit_id)})
    return assignment


@transaction.atomic
def offer_lapse(*, assignment: Assignment, at: datetime) -> Assignment:
    """End an engine's offer that cannot be answered any more: its unit went off duty, or a stop key was pressed, before
    it had answered. That is no refusal and no silence of the unit. Idempotent."""
    incident = incident_locked(assignment.incident_id)
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("unit", "program_version__program")
        .get(pk=assignment.pk)
    )
    reason = lapsed(assignment, incident)
    if assignment.state == "offered" and assignment.offered_by_id is None and reason:
        _end(incident, assignment, "cancel", None, at, reason=reason)
    return assignment


def lapsed(assignment: Assignment, incident: Incident) -> str:
    """Why an offer cannot be answered any more, as one of LAPSES; empty while it can."""
    unit = assignment.unit
    if unit.service != Unit.Service.IN_SERVICE or not unit.crew.filter(until__isnull=True).exists():
        return "unit_left"
    return "suspended" if stopped_here(assignment.program_version, incident) else ""


def stopped_here(version: ProgramVersion | None, incident: Incident) -> str:
    """Why a stop key forbids a program for a call, by where it is and its nature: a code of NO_UNIT. Empty for none."""
    if version is None:
        return ""
    place = place_of(incident)
    beat, located = (place.beat, place.lat is not None) if place is not None else ("", False)
    return suspended_here(version, beat=beat, nature=incident.nature, located=located)


def other_offers_end(incident: Incident, accepted: Assignment, by: User | None, at: datetime) -> None:
    """The first accept ends the other offers of its slot, in the same transaction. Of those who assist each may
    come."""
    if accepted.slot == Slot.ASSIST:
        return
    others = incident.assignments.select_for_update().filter(slot=accepted.slot, state="offered")
    for other in others.exclude(pk=accepted.pk):
        _end(incident, other, "cancel", by, at, reason="taken")


def offers_withdraw(incident: Incident, by: User | None, at: datetime, *, reason: str) -> None:
    """The plan of a locked incident has changed: nobody may still accept an offer that was made under the old one."""
    for offer in incident.assignments.select_for_update().filter(state="offered"):
        _end(incident, offer, "cancel", by, at, reason=reason)
    Recommendation.objects.filter(incident=incident).delete()
