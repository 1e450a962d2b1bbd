"""Incidents: nature, ownership, holds, joining."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Answer, Call, Incident
from dispatch.models.assignment import Slot
from dispatch.nudge import offer_after_commit
from dispatch.plan import direction
from dispatch.selectors.triage import CAUTION_ANSWERS, Facts, facts_of, judge, place_of
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.cautions import cautions_arrive, not_known_before
from dispatch.services.closing import parts_end, sent_before_reopening
from dispatch.services.journal import incident_locked, record
from dispatch.services.not_sought import nobody_sought
from dispatch.services.offers import offers_withdraw
from dispatch.services.promise_clock import PROMISE_FIELDS, promise_start
from dispatch.services.rising import danger_said, retriage, rise_check
from dispatch.services.standing_answers import answers_stand_on
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT
from triage import natures

MAX_HOLD_S = 4 * 3600
SCENE_NATURES = frozenset(
    {
        "assault",
        "backup_request",
        "barricaded_subject",
        "burglary_or_theft",
        "domestic_violence",
        "fire_or_gas",
        "weapon_call",
    }
)
"""Dangerous natures whose danger is about the scene. Of the others it is about the person's body, or the road: that is
what the crews of an emergency come for."""


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
    was = natures.load().get(before or None)
    rises = incident.response_class != "emergency" and not (was is not None and was.dangerous)
    # A danger of the scene is another one also where the call was dangerous before, or is as high as it can be.
    if incident.sent_at and known.dangerous and nature != before and (rises or nature in SCENE_NATURES):
        services = tuple(known.standard_response) or ("police",)
        danger_said(
            incident=incident, reason=f"nature={nature}", words=f"Now: {known.name}", services=services, by=by, at=at
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
    """Hold until a time at which the caller is called back. Barred while suicidal or not triaged (design section 5) and
    with danger on it."""
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
    sent_as = "" if incident.response_class else sent_before_reopening(incident)
    if "emergency" in {str(judged.suggestion.response_class), sent_as} or incident.risen_at is not None:
        raise Refused("hold_danger", "A call with danger on it cannot be held: decide it.", status=409)
    offers_withdraw(incident, by, at, reason="held")
    before = incident.state
    incident.state = INCIDENT.to("hold", before)
    incident.held_until = until
    fields = ["state", "held_until", *nobody_sought(incident, by=by, at=at, note="held")]
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
        fields=fields,
    )
    return incident


@transaction.atomic
def hold_end(*, incident: Incident, at: datetime) -> Incident:
    """A hold is over: somebody calls back. What was sent goes back into the queue with its promise anew; what was
    never sent, or was reopened and not decided since, waits for its decision as before. Idempotent.
    """
    incident = incident_locked(incident.pk)
    if incident.state != "held" or incident.held_until is None or incident.held_until > at:
        return incident
    before, version = incident.state, incident.program_version
    incident.held_until = None
    if incident.sent_at is None or not incident.response_class:
        incident.state = INCIDENT.to("hold_over", before)
    else:
        incident.state = INCIDENT.to("queue", before)
        incident.offer_wanted = version is not None and incident.risen_at is None and not incident.late
        if version is not None:
            promise_start(incident, version, at)
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="hold_end",
        by=None,
        at=at,
        from_state=before,
        to_state=incident.state,
        fields=["state", "held_until", "offer_wanted", *PROMISE_FIELDS],
    )
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.HOLD_OVER,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=incident.owner,
    )
    return incident


@transaction.atomic
def late_entry_confirm(*, incident: Incident, by: User, at: datetime) -> Incident:
    """A person says that a late entry is still live; only then is it offered, also where it was decided before."""
    incident = incident_locked(incident.pk)
    if not incident.late:
        return incident
    incident.late = False
    waits = incident.state == "pending" and incident.program_version_id is not None and incident.risen_at is None
    incident.offer_wanted = incident.offer_wanted or (
        waits and not incident.assignments.filter(state__in=ASSIGNMENT_LIVE, slot=Slot.PRIMARY).exists()
    )
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="still_live",
        by=by,
        at=at,
        fields=["late", "offer_wanted"],
    )
    alarms_end(Alarm.Kind.LATE_ENTRY, subject=str(incident.pk), at=at, by=by, note="still live")
    if incident.offer_wanted:
        offer_after_commit(incident.centre_id)
    return incident


@transaction.atomic
def call_join(*, call: Call, into: Incident, by: User, at: datetime) -> Call:
    """Join a call to another open incident and triage that again: a joined danger acts like any other.

    Answers and notes go with the call. Its place does not move an incident that has one already: a crew's destination
    changes only by a person's word. An incident whose last call has gone ends as joined. A person's choice, never
    automatic. Raises Refused when the call's own incident already has crews or hand-offs.
    """
    require(by, Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)
    from_id = Call.objects.values_list("incident_id", flat=True).get(pk=call.pk)
    locked = {pk: incident_locked(pk) for pk in sorted({from_id, into.pk})}
    call = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
    old, new = locked[from_id], locked[into.pk]
    if call.incident_id == new.pk:
        return call
    if call.incident_id != old.pk or old.centre_id != new.centre_id or new.state in {"closed", "joined"}:
        raise Refused("cannot_join", "That incident is not open here.", status=409)
    if old.state == "closed":
        raise Refused("cannot_join", "This call's own incident is closed already.", status=409)
    if (
        old.assignments.filter(state__in=ASSIGNMENT_LIVE).exists()
        or old.handoffs.filter(state__in=["requested", "acknowledged"]).exists()
    ):
        raise Refused("cannot_join_sent", "A crew or a hand-off is already on its way for this call.", status=409)
    known, told = facts_of(new, at=at), facts_of(old, at=at)
    call.incident = new
    call.save(update_fields=["incident"])
    answers_stand_on(rows=list(call.answers.order_by("id")), call=call, old=old, new=new, by=by, at=at)
    call.answers.update(incident=new)
    call.narrative.update(incident=new)
    call.transfers.update(incident=new)
    if place_of(new) is None:
        call.locations.update(incident=new)
    else:
        _hazards_kept(told, call, new, by, at)
    if not old.calls.exists():
        old.answers.update(incident=new)
    judged = judge(incident=new, at=at)
    now = str(judged.suggestion.response_class) if judged.suggestion is not None else "emergency"
    if old.response_class and new.sent_at is None and direction(now, old.response_class) == "less":
        # What was sent is not undecided by a join: less than that takes two.
        raise Refused("cannot_join_sent", "This call was sent as more: join the other one to it.", status=409)
    record(
        incident=new,
        entity="call",
        row=call,
        action="join",
        by=by,
        at=at,
        detail={"from": str(old.pk)},
        fields=retriage(incident=new, judged=judged, at=at),
    )
    rise_check(incident=new, before=known.answers, judged=judged, by=by, at=at)
    cautions_arrive(incident=new, cautions=not_known_before(judged.facts.cautions, known.cautions), by=by, at=at)
    if not old.calls.exists():
        _end_as_joined(old, new, by, at)
    audit(action="call.join", at=at, by=by, centre=new.centre, entity="call", entity_id=call.pk)
    return call


def _hazards_kept(told: Facts, call: Call, new: Incident, by: User, at: datetime) -> None:
    """The joined call's place is given up, what is on file there is not: it counts on as an answer, with its source.

    The person whom the call is about goes along, and so do their hazards themselves."""
    rows = []
    for caution in told.cautions:
        if caution.person_id is not None and caution.person_id == call.person_id:
            continue
        known = CAUTION_ANSWERS.get((caution.kind, caution.severity))
        if known is not None:
            key, value = known
            rows.append(
                Answer(
                    incident=new,
                    call=call,
                    source=f"caution:{caution.pk}",
                    key=key,
                    value=value,
                    basis=Answer.Basis.ASSUMED,
                    at=at,
                    by=by,
                )
            )
    Answer.objects.bulk_create(rows)


def _end_as_joined(old: Incident, new: Incident, by: User, at: datetime) -> None:
    old.narrative.update(incident=new)
    parts_end(old, by, at, note="joined")
    before = old.state
    old.state, old.joined_into = INCIDENT.to("join", before), new
    sought = nobody_sought(old, by=by, at=at, note="joined")
    record(
        incident=old,
        entity="incident",
        row=old,
        action="join",
        by=by,
        at=at,
        from_state=before,
        to_state=old.state,
        fields=["state", "joined_into", *sought],
    )
