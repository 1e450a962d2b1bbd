"""What happens to an assignment after the offer, whichever door it comes through: phone, dispatcher or API."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident, ReviewItem
from dispatch.models.assignment import SentClass, Slot
from dispatch.nudge import offer_after_commit
from dispatch.reasons import DECLINE, DISPOSITIONS, RETURNED
from dispatch.selectors.hazards_told import Shown, hazards_met, ids_told
from dispatch.selectors.pairs import WAITS, officer_awaited
from dispatch.selectors.triage import hazards_at, place_of
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.closing import settle
from dispatch.services.journal import incident_locked, record
from dispatch.services.offers import other_offers_end
from dispatch.services.pairs import officer_left, pair_ends
from dispatch.services.promise_clock import promise_again
from dispatch.services.review import review_add
from dispatch.services.safety_checks import check_due
from dispatch.services.served import served_late
from dispatch.services.silence import unit_heard
from dispatch.services.standing_orders import order_end, standing_order
from dispatch.services.transfer_rows import transfer_follows
from dispatch.soft import FINISH_S
from dispatch.states import (
    ASSIGNMENT,
    ASSIGNMENT_ACCEPTED,
    ASSIGNMENT_ENDS,
    INCIDENT,
    STUCK_AFTER_S,
    TransitionRefused,
    assignment_step,
)
from responders.selectors import shift_end, status_mode

ACTIONS = ("accept", "decline", "en_route", "stage", "on_scene", "with_person", "transport", "clear", "cancel")
"""What a person may do. Offers expire by time alone, and a unit is taken off a call only by the engine's rules."""
_TIMES = {"accept": "accepted_at", "en_route": "en_route_at", "on_scene": "on_scene_at"}


@transaction.atomic
def assignment_act(
    *,
    assignment: Assignment,
    action: str,
    by: User | None,
    at: datetime,
    device_at: datetime | None = None,
    reason: str = "",
    disposition: str = "",
    sent_class: str = "",
    shown: Shown | None = None,
    returned: bool = False,
) -> Assignment:
    """Apply one action of dispatch.states.ASSIGNMENT. Doing what is already done changes nothing, whichever door; what
    the crew says of the class that it was sent as is kept even so.

    A status out of the usual order is applied, and marked so in the history, unless the centre enforces the order
    (dispatch.states.assignment_step). Raises TransitionRefused for a wrong state, Refused for a missing reason or
    disposition, for an unarmed unit that has not read the cautions, for entering a scene while a stage order stands,
    for a clinician before the officer, and for a dispatcher who accepts for a crew whose shift is about to end.

    Accepting on the phone reads the hazards on file; where the phone says what it has `shown`, those alone.
    `returned`: it is part of a return, which asks who else must go; no other clearing may say that it went back.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    before = assignment.state
    if action not in ACTIONS:
        raise TransitionRefused("assignment", action, before)
    if ASSIGNMENT.table[action][1] == before:
        if sent_class in SentClass.values:
            class_said(incident, assignment, sent_class, by, at)
        return assignment
    if disposition == RETURNED and not returned:
        raise Refused(
            "return_instead", "Give it back with Return and why: then police are asked to go.", field="disposition"
        )
    usual = before in ASSIGNMENT.table[action][0]
    after, out_of_order = assignment_step(action, before, "enforce" if usual else status_mode(incident.centre))
    aboard = by is not None and assignment.unit.crew.filter(user=by, until__isnull=True).exists()
    _check(incident, assignment, action, reason, disposition, sent_class, at)
    if action == "accept" and not aboard:
        _shift_lasts(incident, assignment, at)
    assignment.state, assignment.version, assignment.state_since = after, assignment.version + 1, at
    fields = ["state", "version", "state_since", *_times(assignment, action, at)]
    detail: dict[str, Any] = {"out_of_order": True} if out_of_order else {}
    if action == "accept":
        told, unread = hazards_met(incident, assignment, shown if aboard else None, at)
        detail |= ids_told(told)
        if aboard and not unread:
            # Accepting on their behalf is no reading: whoever does that relays the hazards (cautions_relay).
            assignment.cautions_read_at = at
            fields.append("cautions_read_at")
    due = check_due(state=after, by_phone=assignment.by_phone, version=assignment.program_version, at=at)
    if due != assignment.check_due_at:
        assignment.check_due_at = due
        fields.append("check_due_at")
    if after in ASSIGNMENT_ENDS:
        assignment.ended_at, assignment.end_reason = at, reason[:40]
        assignment.disposition, assignment.sent_class = disposition, sent_class
        fields += ["ended_at", "end_reason", "disposition", "sent_class"]
    try:
        with transaction.atomic():
            assignment.save(update_fields=fields)
    except IntegrityError as error:
        raise TransitionRefused("assignment", action, "taken by another unit") from error
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action=action,
        by=by,
        at=at,
        from_state=before,
        to_state=after,
        device_at=device_at,
        reason=reason or disposition,
        detail=detail,
        ids={"unit": str(assignment.unit_id)},
    )
    audit(
        action=f"assignment.{action}",
        at=at,
        by=by,
        centre=incident.centre,
        entity="assignment",
        entity_id=assignment.pk,
        detail={"reason": reason, "disposition": disposition},
    )
    if assignment.unit.not_answering_since is not None and action != "cancel":
        unit_heard(unit=assignment.unit, by=by, at=at, note=f"gave a status: {after.replace('_', ' ')}")
    if before in STUCK_AFTER_S or after in ASSIGNMENT_ENDS:
        _alarms_over(assignment, action, by, at)
    if sent_class == SentClass.TOO_LOW:
        _too_low(incident, assignment, by, at)
    _incident_follows(incident, assignment, action, by, at)
    if assignment.by_phone:
        transfer_follows(incident, assignment, action, by, at)
    return assignment


def class_said(incident: Incident, assignment: Assignment, sent_class: str, by: User | None, at: datetime) -> None:
    """What the crew says of its class after somebody else had ended its assignment: kept once, of a crew that had
    accepted. The incident is locked."""
    if assignment.sent_class or assignment.accepted_at is None:
        return
    assignment.sent_class, assignment.version = sent_class, assignment.version + 1
    assignment.save(update_fields=["sent_class", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="class_said",
        by=by,
        at=at,
        reason=sent_class,
        ids={"unit": str(assignment.unit_id)},
    )
    if sent_class == SentClass.TOO_LOW:
        _too_low(incident, assignment, by, at)


def _too_low(incident: Incident, assignment: Assignment, by: User | None, at: datetime) -> None:
    review_add(
        incident=incident,
        kind=ReviewItem.Kind.SENT_CLASS,
        subject=assignment.pk,
        unit=assignment.unit,
        reason=SentClass.TOO_LOW,
        by=by,
        at=at,
    )


def _times(assignment: Assignment, action: str, at: datetime) -> list[str]:
    """Set the times of an action on the row; returns the fields. Whoever is with the person has arrived."""
    fields = [_TIMES[action]] if action in _TIMES else []
    if action in {"with_person", "transport"} and assignment.on_scene_at is None and not assignment.by_phone:
        fields.append("on_scene_at")
    for name in fields:
        setattr(assignment, name, at)
    if action == "accept":
        assignment.from_lat, assignment.from_lon = assignment.unit.lat, assignment.unit.lon
        fields += ["from_lat", "from_lon"]
    return fields


def _alarms_over(assignment: Assignment, action: str, by: User | None, at: datetime) -> None:
    """A new status ends what asked about the old one; the end of the assignment also what was left to read."""
    kinds = [Alarm.Kind.STUCK_STATUS]
    if action != "cancel":
        # Whoever gives a status has been heard.
        kinds.append(Alarm.Kind.SAFETY_CHECK)
    if assignment.state in ASSIGNMENT_ENDS:
        kinds += [Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.SAFETY_CHECK, Alarm.Kind.PLACE_CHANGED]
    alarms_end(*kinds, subject=str(assignment.pk), at=at, by=by, note=assignment.state.replace("_", " "))


def _shift_lasts(incident: Incident, assignment: Assignment, at: datetime) -> None:
    """Nobody says yes for a crew whose shift ends before the call is likely to be over."""
    unit = assignment.unit
    if not unit.crew.filter(until__isnull=True).exists():
        return
    end = shift_end(list(unit.shifts.all()), at, incident.centre.zone)
    finish = at + timedelta(seconds=FINISH_S + (assignment.eta_s or 0))
    if end is None or end < finish:
        said = f"{unit.call_sign}'s shift ends before this is likely to be over: its crew says yes itself."
        raise Refused("shift_ends", said, status=409)


def _check(
    incident: Incident,
    assignment: Assignment,
    action: str,
    reason: str,
    disposition: str,
    sent_class: str,
    at: datetime,
) -> None:
    if action == "decline" and reason not in DECLINE:
        raise Refused("reason_needed", "Choose why this unit cannot go.", field="reason")
    if action == "cancel" and not reason.strip():
        raise Refused("reason_needed", "Say why the unit is cancelled.", field="reason")
    if action == "clear" and disposition not in DISPOSITIONS:
        raise Refused("disposition_needed", "Choose how it ended.", field="disposition")
    if sent_class and (action != "clear" or sent_class not in SentClass.values):
        raise Refused("sent_class_unknown", f"Choose one of {', '.join(SentClass.values)}.", field="sent_class")
    if action == "accept" and assignment.offer_expires_at <= at:
        raise Refused("offer_over", "This offer has run out; it went to the next unit.", status=409)
    if assignment.unit.armed or assignment.by_phone:
        return
    if action in {"en_route", "on_scene", "with_person"} and _cautions_unread(incident, assignment, at):
        raise Refused("cautions_not_read", "The hazards of this place must be read or relayed first.", status=409)
    if action in {"on_scene", "with_person", "transport"} and standing_order(assignment) is not None:
        raise Refused("stage_order_stands", "STAGE: wait until a dispatcher lifts the stage order.", status=409)
    if action in {"en_route", "on_scene", "with_person", "transport"}:
        awaited = officer_awaited(assignment)
        if awaited == "accept" or (awaited and action != "en_route"):
            raise Refused(f"officer_awaited_{awaited}", f"{WAITS[awaited]}.", status=409)


def _cautions_unread(incident: Incident, assignment: Assignment, at: datetime) -> bool:
    """Whether hazards are on file for the place or the person and nobody has read them to this crew."""
    if assignment.cautions_read_at is not None or assignment.relayed_by_id is not None:
        return False
    return bool(hazards_at(incident, place_of(incident), at=at))


def _incident_follows(incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime) -> None:
    """The incident's own state after a unit's change."""
    served_late(incident=incident, assignment=assignment, action=action, by=by, at=at)
    before = incident.state
    fields: list[str] = []
    if action == "accept":
        other_offers_end(incident, assignment, by, at)
        incident.state = INCIDENT.to("assign", before) if before != "on_scene" else before
        incident.top_at = None
        fields = ["state", "top_at"]
        if assignment.slot == Slot.PRIMARY:
            incident.offer_wanted = False
            fields.append("offer_wanted")
            over = (
                Alarm.Kind.NO_UNIT,
                Alarm.Kind.PROMISE_WARNING,
                Alarm.Kind.PROMISE_BROKEN,
                Alarm.Kind.PAIR_BROKEN,
                Alarm.Kind.PRIMARY_GONE,
            )
            alarms_end(*over, subject=str(incident.pk), at=at, by=by, note="a unit accepted")
    elif action == "on_scene" or (action == "with_person" and before == "assigned"):
        incident.state = INCIDENT.to("arrive", before) if before in {"assigned", "on_scene"} else before
        if not incident.offer_wanted:
            # Otherwise another unit is still looked for, since the response was changed: its clock goes on.
            incident.promise_at = None
        fields = ["state", "promise_at"]
    elif action == "clear" and assignment.slot == Slot.PRIMARY and not incident.offer_wanted:
        # The promise was met, with or without a word from the scene: what comes after is no part of it.
        incident.promise_at = None
        fields = ["promise_at"]
    elif action == "cancel" and assignment.accepted_at is not None and before in {"assigned", "on_scene"}:
        fields = _wanted_again(incident, assignment, at)
    if fields:
        record(
            incident=incident,
            entity="incident",
            row=incident,
            action=action,
            by=by,
            at=at,
            from_state=before,
            to_state=incident.state,
            fields=fields,
        )
    if action in {"clear", "cancel", "decline"}:
        order_end(assignment, by, at)
        if assignment.pair is not None and action != "clear":
            _other_half(incident, assignment, by, at)
        elif action == "clear":
            officer_left(incident=incident, officer=assignment, at=at)
        if assignment.slot == Slot.PRIMARY and action != "decline":
            _who_leads(incident, assignment, at)
        settle(incident=incident, by=by, at=at)
        offer_after_commit(incident.centre_id)


def _other_half(incident: Incident, assignment: Assignment, by: User | None, at: datetime) -> None:
    if assignment.pair is None:
        return
    pair_ends(
        incident=incident,
        pair=assignment.pair,
        who=assignment.unit.call_sign,
        how=assignment.state,
        by=by,
        at=at,
        again=True,
    )


def _who_leads(incident: Incident, gone: Assignment, at: datetime) -> None:
    """The primary unit has left and others stay: a person says which of them leads (dispatch.services.primary)."""
    left = incident.assignments.filter(slot=Slot.ASSIST, state__in=ASSIGNMENT_ACCEPTED).exclude(pk=gone.pk)
    if left.exists():
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.PRIMARY_GONE,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            unit=gone.unit,
            owner=incident.owner,
        )


def _wanted_again(incident: Incident, cancelled: Assignment, at: datetime) -> list[str]:
    """A crew was called off. With nobody else on it the incident waits again; for a primary the engine looks again,
    unless the danger has risen: then a person decides first."""
    fields: list[str] = []
    if cancelled.slot == Slot.PRIMARY:
        incident.offer_wanted = incident.program_version_id is not None and incident.risen_at is None
        fields.append("offer_wanted")
    if not incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).exists():
        incident.state = INCIDENT.to("queue", incident.state)
        fields.append("state")
    return fields + (promise_again(incident, at) if fields else [])


@transaction.atomic
def cautions_relay(*, assignment: Assignment, by: User, at: datetime) -> Assignment:
    """Whoever assigns by radio says that the hazards were relayed; kept in the audit trail."""
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if assignment.relayed_by_id is None:
        assignment.relayed_by, assignment.version = by, assignment.version + 1
        assignment.save(update_fields=["relayed_by", "version"])
        record(
            incident=incident,
            entity="assignment",
            row=assignment,
            action="relay",
            by=by,
            at=at,
            detail=ids_told(hazards_at(incident, place_of(incident), at=at)),
            ids={"unit": str(assignment.unit_id)},
        )
        audit(
            action="cautions.relay", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk
        )
        told = (Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.PLACE_CHANGED)
        alarms_end(*told, subject=str(assignment.pk), at=at, by=by, note="relayed by radio")
    return assignment
