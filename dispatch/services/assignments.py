"""What happens to an assignment after the offer, whichever door it comes through: phone, dispatcher or API."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.nudge import offer_after_commit
from dispatch.reasons import DECLINE, DISPOSITIONS
from dispatch.selectors.triage import place_of
from dispatch.services.alarms import alarms_end
from dispatch.services.closing import settle
from dispatch.services.journal import incident_locked, record
from dispatch.services.offers import other_offers_end
from dispatch.services.staging import order_end, standing_order
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, INCIDENT, TransitionRefused
from people.selectors import cautions_at

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
) -> Assignment:
    """Apply one action of dispatch.states.ASSIGNMENT. Doing what is already done changes nothing.

    Raises TransitionRefused for a wrong state, Refused for a missing reason or disposition, for an unarmed unit that
    has not read the cautions, and for entering a scene while a stage order stands.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    before = assignment.state
    if action not in ACTIONS:
        raise TransitionRefused("assignment", action, before)
    if ASSIGNMENT.table[action][1] == before:
        return assignment
    after = ASSIGNMENT.to(action, before)
    _check(incident, assignment, action, reason, disposition, at)
    fields = ["state", "version"]
    assignment.state, assignment.version = after, assignment.version + 1
    if action in _TIMES:
        setattr(assignment, _TIMES[action], at)
        fields.append(_TIMES[action])
    if action == "accept" and by is not None and assignment.unit.crew.filter(user=by, until__isnull=True).exists():
        # Accepting on their behalf is no reading: whoever does that relays the hazards (cautions_relay).
        assignment.cautions_read_at = at
        fields.append("cautions_read_at")
    if after in {"cleared", "declined", "cancelled", "preempted", "expired"}:
        assignment.ended_at, assignment.end_reason = at, reason[:40]
        assignment.disposition = disposition
        fields += ["ended_at", "end_reason", "disposition"]
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
    _incident_follows(incident, assignment, action, by, at)
    return assignment


def _check(
    incident: Incident, assignment: Assignment, action: str, reason: str, disposition: str, at: datetime
) -> None:
    if action == "decline" and reason not in DECLINE:
        raise Refused("reason_needed", "Choose why this unit cannot go.", field="reason")
    if action == "cancel" and not reason.strip():
        raise Refused("reason_needed", "Say why the unit is cancelled.", field="reason")
    if action == "clear" and disposition not in DISPOSITIONS:
        raise Refused("disposition_needed", "Choose how it ended.", field="disposition")
    if action == "accept" and assignment.offer_expires_at <= at:
        raise Refused("offer_over", "This offer has run out; it went to the next unit.", status=409)
    if assignment.unit.armed or assignment.by_phone:
        return
    if action in {"en_route", "on_scene", "with_person"} and _cautions_unread(incident, assignment, at):
        raise Refused("cautions_not_read", "The hazards of this place must be read or relayed first.", status=409)
    if action in {"on_scene", "with_person", "transport"} and standing_order(assignment) is not None:
        raise Refused("stage_order_stands", "STAGE: wait until a dispatcher lifts the stage order.", status=409)


def _cautions_unread(incident: Incident, assignment: Assignment, at: datetime) -> bool:
    """Whether hazards are on file for the place and nobody has read them to this crew."""
    where = place_of(incident)
    if where is None or assignment.cautions_read_at is not None or assignment.relayed_by_id is not None:
        return False
    return bool(cautions_at(centre=incident.centre, lat=where.lat, lon=where.lon, place=where.place, at=at))


def _incident_follows(incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime) -> None:
    """The incident's own state after a unit's change."""
    before = incident.state
    fields: list[str] = []
    if action == "accept":
        other_offers_end(incident, assignment, by, at)
        incident.state = INCIDENT.to("assign", before) if before != "on_scene" else before
        fields = ["state"]
        if assignment.slot == Slot.PRIMARY:
            incident.offer_wanted = False
            fields.append("offer_wanted")
            over = (Alarm.Kind.NO_UNIT, Alarm.Kind.PROMISE_WARNING, Alarm.Kind.PROMISE_BROKEN)
            alarms_end(*over, subject=str(incident.pk), at=at, by=by, note="a unit accepted")
    elif action == "on_scene" or (action == "with_person" and before == "assigned"):
        incident.state = INCIDENT.to("arrive", before) if before in {"assigned", "on_scene"} else before
        incident.promise_at = None
        fields = ["state", "promise_at"]
    elif action == "cancel" and assignment.accepted_at is not None and before in {"assigned", "on_scene"}:
        fields = _wanted_again(incident, assignment)
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
        settle(incident=incident, by=by, at=at)
        offer_after_commit(incident.centre_id)


def _wanted_again(incident: Incident, cancelled: Assignment) -> list[str]:
    """A crew was called off. With nobody else on it the incident waits again; for a primary the engine looks again,
    unless the danger has risen: then a person decides first."""
    fields: list[str] = []
    if cancelled.slot == Slot.PRIMARY:
        incident.offer_wanted = incident.program_version_id is not None and incident.risen_at is None
        fields.append("offer_wanted")
    if not incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).exists():
        incident.state = INCIDENT.to("queue", incident.state)
        fields.append("state")
    return fields


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
            ids={"unit": str(assignment.unit_id)},
        )
        audit(
            action="cautions.relay", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk
        )
    return assignment
