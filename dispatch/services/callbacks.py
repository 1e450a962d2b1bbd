"""Callbacks: what a lost call is owed, each try an entry; and those that were promised for a later time."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.access import FLOOR, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, CallbackAttempt, Incident, NarrativeEntry
from dispatch.selectors.thresholds import thresholds_of
from dispatch.services.alarms import alarm_raise, alarm_say, alarms_end
from dispatch.services.journal import call_locked, record
from dispatch.services.narrative import note_add
from dispatch.states import CALL_LOST

LONGEST_PROMISE_S = 4 * 3600
"""As long as a hold may last."""


def callbacks_owe(call: Call, incident: Incident, at: datetime) -> None:
    """A lost call owes its centre's number of tries. In the transaction that ends the call."""
    bounds = thresholds_of(incident.centre)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.DROPPED_CALL,
        subject=str(call.pk),
        at=at,
        incident=incident,
        owner_role=Role.CALL_TAKER,
        owner=call.owner,
        detail={"owed": bounds.callbacks_owed, "within_s": bounds.callback_within_s, "tried": 0},
    )


@transaction.atomic
def callback_attempt(
    *,
    id: UUID,
    call: Call,
    reached: bool,
    by: User,
    at: datetime,
    text: str = "",
    device_at: datetime | None = None,
) -> CallbackAttempt:
    """One try to call back, reached or not. The same id twice is one try.

    Reaching the caller ends what was owed. After the last try that is owed the alarm asks for a decision: it ends when
    a person sends or closes the incident, at once where that has been done. Raises Refused while the call is open.
    """
    require(by, *FLOOR)
    incident, call = call_locked(call.pk)
    known = CallbackAttempt.objects.filter(pk=id).first()
    if known is not None:
        if known.call_id != call.pk:
            raise Refused("id_taken", "This id is already in use.", field="id", status=409)
        return known
    if call.state == "open":
        raise Refused("still_on_line", "The caller is still on the line.", status=409)
    tried = CallbackAttempt.objects.filter(call=call).count() + 1
    made = CallbackAttempt.objects.create(id=id, call=call, reached=reached, at=at, device_at=device_at, by=by)
    said = f"Callback {tried}: {'reached' if reached else 'not reached'}."
    note_add(
        id=id,
        incident=incident,
        call=call,
        text=f"{said} {text.strip()}".strip(),
        kind=NarrativeEntry.Kind.CALLBACK,
        by=by,
        at=at,
        device_at=device_at,
    )
    audit(
        action="call.callback",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"reached": reached, "try": tried},
    )
    if reached:
        owed = (Alarm.Kind.DROPPED_CALL, Alarm.Kind.CALLBACK_DUE)
        alarms_end(*owed, subject=str(call.pk), at=at, by=by, note="caller reached")
        return made
    alarm = Alarm.objects.filter(kind=Alarm.Kind.DROPPED_CALL, subject=str(call.pk), ended_at__isnull=True).first()
    if alarm is not None:
        alarm_say(alarm=alarm, detail={"tried": tried}, at=at)
        _decided(incident, call, tried, alarm, by, at)
    return made


def _decided(incident: Incident, call: Call, tried: int, alarm: Alarm, by: User | None, at: datetime) -> bool:
    over = incident.sent_at is not None or incident.state in {"closed", "joined"}
    if tried < int(alarm.detail.get("owed", 2)) or not over:
        return False
    alarms_end(Alarm.Kind.DROPPED_CALL, subject=str(call.pk), at=at, by=by, note="not reached; sent or closed")
    return True


@transaction.atomic
def callbacks_look(*, alarm: Alarm, at: datetime) -> bool:
    """What time alone does to a callback that is owed: late tries go to the supervisor, and an incident that a person
    has sent after the last try owes nothing more. Returns whether something changed."""
    call_id = UUID(alarm.subject)
    incident, call = call_locked(call_id)
    alarm = Alarm.objects.select_for_update(of=("self",)).get(pk=alarm.pk)
    if alarm.ended_at is not None:
        return False
    tried = int(alarm.detail.get("tried", 0))
    if _decided(incident, call, tried, alarm, None, at):
        return True
    late = at >= alarm.opened_at + timedelta(seconds=int(alarm.detail.get("within_s", 120)))
    if not late or tried >= int(alarm.detail.get("owed", 2)) or alarm.escalated_at is not None:
        return False
    alarm.escalated_at, alarm.owner_role, alarm.urgent = at, Role.SUPERVISOR, True
    alarm.save(update_fields=["escalated_at", "owner_role", "urgent"])
    return alarm_say(alarm=alarm, detail={"overdue": True}, at=at)


@transaction.atomic
def callback_promise(*, call: Call, minutes: int, by: User, at: datetime) -> Call:
    """The caller is promised to be called back in so many minutes; when they are over, an alarm says so.

    Raises Refused at the field for less than one minute or more than four hours. A later promise replaces it.
    """
    require(by, *FLOOR)
    if not 1 <= minutes <= LONGEST_PROMISE_S // 60:
        raise Refused("promise_bounds", f"Choose 1 to {LONGEST_PROMISE_S // 60} minutes.", field="minutes")
    incident, call = call_locked(call.pk)
    call.promised_at = at + timedelta(minutes=minutes)
    call.save(update_fields=["promised_at"])
    record(
        incident=incident,
        entity="call",
        row=call,
        action="promise_callback",
        by=by,
        at=at,
        detail={"minutes": minutes},
    )
    audit(
        action="call.promise",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"minutes": minutes},
    )
    return call


@transaction.atomic
def promised_come_due(*, call: Call, at: datetime) -> bool:
    """A promised time has come: the owner's alarm, once."""
    incident, call = call_locked(call.pk)
    if call.promised_at is None or call.promised_at > at:
        return False
    call.promised_at = None
    call.save(update_fields=["promised_at"])
    record(incident=incident, entity="call", row=call, action="callback_due", by=None, at=at)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.CALLBACK_DUE,
        subject=str(call.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=call.owner,
    )
    return True


def lost(call: Call) -> bool:
    """Whether the call ended in a way that owes callbacks."""
    return call.ended_as in CALL_LOST
