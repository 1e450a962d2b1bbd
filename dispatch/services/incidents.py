"""Incidents: nature, ownership, holds, joining."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, Incident
from dispatch.selectors.triage import judge
from dispatch.services.alarms import alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT
from triage import natures

MAX_HOLD_S = 4 * 3600


@transaction.atomic
def nature_set(
    *, incident: Incident, nature: str, by: User | None, at: datetime, local: str = "", call: Call | None = None
) -> Incident:
    """Set the nature (a slug of the neutral list). Raises Refused for one that is not in it: never guessed."""
    known = natures.load().get(nature)
    if known is None:
        raise Refused("nature_unknown", "Pick a nature from the list.", field="nature")
    incident = incident_locked(incident.pk)
    before = incident.nature
    incident.nature = nature
    if call is not None and local:
        call.local_nature = local[:120]
        call.save(update_fields=["local_nature"])
    if not incident.sent_at:
        incident.priority = min(incident.priority, known.priority) if before else known.priority
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="nature",
        by=by,
        at=at,
        from_state="",
        to_state="",
        detail={"from": before, "to": nature},
        fields=["nature", "priority"],
    )
    return incident


@transaction.atomic
def owner_take(*, incident: Incident, by: User, at: datetime) -> Incident:
    """A person on the floor says: mine. The one who had it reads so."""
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    if incident.owner_id != by.pk:
        incident.owner = by
        if incident.sent_at:
            incident.owner_role = Role.DISPATCHER
        record(
            incident=incident,
            entity="incident",
            row=incident,
            action="own",
            by=by,
            at=at,
            fields=["owner", "owner_role"],
        )
        audit(action="incident.own", at=at, by=by, centre=incident.centre, entity="incident", entity_id=incident.pk)
    return incident


@transaction.atomic
def priority_set(*, incident: Incident, priority: int, reason: str, by: User, at: datetime) -> Incident:
    """A person sets the priority (1 is most urgent). Lower urgency needs a reason."""
    if not 1 <= priority <= 4:
        raise Refused("priority_invalid", "Priority is 1, 2, 3 or 4.", field="priority")
    incident = incident_locked(incident.pk)
    if priority > incident.priority and not reason.strip():
        raise Refused("reason_needed", "Say why it is less urgent.", field="reason")
    before, incident.priority = incident.priority, priority
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="priority",
        by=by,
        at=at,
        reason=reason,
        detail={"from": before, "to": priority},
        fields=["priority"],
    )
    return incident


@transaction.atomic
def incident_hold(*, incident: Incident, until: datetime, reason: str, by: User, at: datetime) -> Incident:
    """Hold until a time at which the caller is called back. Barred while suicidal or not triaged (design section 5)."""
    if not reason.strip():
        raise Refused("reason_needed", "Say why it can wait.", field="reason")
    if not at < until <= at + timedelta(seconds=MAX_HOLD_S):
        raise Refused("hold_time", "Give a callback time within the next four hours.", field="until")
    incident = incident_locked(incident.pk)
    judged = judge(incident=incident, at=at)
    if judged.suggestion is None or not incident.triaged:
        raise Refused("hold_not_triaged", "A call that is not triaged cannot be held.", status=409)
    if judged.answers.get("suicide") not in {"none", "past_only"}:
        raise Refused("hold_suicidal", "A call with possible suicide cannot be held.", status=409)
    before = incident.state
    incident.state = INCIDENT.to("hold", before)
    incident.held_until, incident.offer_wanted = until, False
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="hold",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=reason,
        fields=["state", "held_until", "offer_wanted"],
    )
    return incident


@transaction.atomic
def late_entry_confirm(*, incident: Incident, by: User, at: datetime) -> Incident:
    """A person says that a late entry is still live; only then may it be offered."""
    incident = incident_locked(incident.pk)
    if incident.late:
        incident.late = False
        record(incident=incident, entity="incident", row=incident, action="still_live", by=by, at=at, fields=["late"])
        alarms_end(kind=Alarm.Kind.LATE_ENTRY, subject=str(incident.pk), at=at, by=by, note="still live")
    return incident


@transaction.atomic
def call_join(*, call: Call, into: Incident, by: User, at: datetime) -> Call:
    """Join a call to another open incident: its answers, notes and places go with it, its own incident ends as joined.

    A person's choice, never automatic. Raises Refused when its own incident already has crews or hand-offs.
    """
    require(by, Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
    if call.incident_id == into.pk:
        return call
    first, second = sorted([call.incident_id, into.pk])
    locked = {pk: incident_locked(pk) for pk in (first, second)}
    old, new = locked[call.incident_id], locked[into.pk]
    if old.centre_id != new.centre_id or new.state in {"closed", "joined"}:
        raise Refused("cannot_join", "That incident is not open here.", status=409)
    if (
        old.assignments.filter(state__in=ASSIGNMENT_LIVE).exists()
        or old.handoffs.filter(state__in=["requested", "acknowledged"]).exists()
    ):
        raise Refused("cannot_join_sent", "A crew or a hand-off is already on its way for this call.", status=409)
    call = Call.objects.select_for_update().get(pk=call.pk)
    call.incident = new
    call.save(update_fields=["incident"])
    call.answers.update(incident=new)
    call.narrative.update(incident=new)
    call.locations.update(incident=new)
    record(incident=new, entity="call", row=call, action="join", by=by, at=at, detail={"from": str(old.pk)})
    if not old.calls.exists():
        before = old.state
        old.state, old.joined_into, old.offer_wanted = INCIDENT.to("join", before), new, False
        record(
            incident=old,
            entity="incident",
            row=old,
            action="join",
            by=by,
            at=at,
            from_state=before,
            to_state=old.state,
            fields=["state", "joined_into", "offer_wanted"],
        )
    audit(action="call.join", at=at, by=by, centre=new.centre, entity="call", entity_id=call.pk)
    return call
