"""Calls: opened before the first keystroke, ended with a code."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.models import Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Answer, Call, Incident
from dispatch.models.call import Channel
from dispatch.selectors.triage import answers_merged
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.answers import answers_record
from dispatch.services.call_drafts import drafts_forget
from dispatch.services.callbacks import callbacks_owe
from dispatch.services.closing import settle
from dispatch.services.journal import call_locked, record
from dispatch.services.transfer_rows import live_transfer, transfer_back, transfer_move
from dispatch.states import CALL_ENDS, CALL_LOST, TransitionRefused
from people.models import Phone
from people.services import phone_record

_RISKS_OF_A_DROP = ("suicide", "violence", "weapon")
LATE_AFTER_S = 60
"""A create that arrives this long after it was taken is a late entry: never offered until a person says it is live."""


def incident_numbers(centre: Centre, count: int = 1) -> list[int]:
    """The centre's next incident numbers, each given once. Never waits for another transaction.

    From the centre's sequence: a counter in a row would be locked until the transaction that took a number ends, and
    whoever is stopped in it would hold up every new call of the centre. What is rolled back leaves a gap.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(format('incident_number_%%s', %s::bigint)::regclass) FROM generate_series(1, %s)",
            [centre.pk, count],
        )
        return [number for (number,) in cursor.fetchall()]


def call_open(
    *,
    centre: Centre,
    id: UUID,
    channel: str,
    by: User | None,
    at: datetime,
    device_at: datetime | None = None,
    external_id: str = "",
    number: str = "",
    rang_at: datetime | None = None,
) -> Call:
    """Make the call's row and its incident, owned by the call taker. The same id, or the same external id, is one call.

    `rang_at`: when it began to ring, where the telephone system says so; what lies in the future counts as now.

    Raises Refused for an unknown channel, a number that is no number, or an id that belongs to another centre.
    """
    if channel not in Channel.values:
        raise Refused("channel_unknown", "This way of contact is not known.", field="channel")
    known = _known(centre, id, external_id)
    if known is not None:
        return known
    # In a transaction of its own: the next call from a number that was never seen before would wait for this one.
    phone = phone_record(centre=centre, number=number, at=at) if number.strip() else None
    try:
        with transaction.atomic():
            return _open(centre, id, channel, by, at, device_at, external_id, phone, rang_at)
    except IntegrityError:
        # The same create arrived twice at once; the other one was first.
        known = _known(centre, id, external_id)
        if known is None:
            raise
        return known


def _known(centre: Centre, id: UUID, external_id: str) -> Call | None:
    known = Call.objects.select_related("incident").filter(pk=id).first()
    if known is None and external_id:
        known = Call.objects.select_related("incident").filter(centre=centre, external_id=external_id).first()
    if known is not None and known.centre_id != centre.pk:
        raise Refused("id_taken", "This call id is already in use.", field="id", status=409)
    return known


def _open(
    centre: Centre,
    id: UUID,
    channel: str,
    by: User | None,
    at: datetime,
    device_at: datetime | None,
    external_id: str,
    phone: Phone | None,
    rang_at: datetime | None,
) -> Call:
    late = device_at is not None and at - device_at > timedelta(seconds=LATE_AFTER_S)
    (numbered,) = incident_numbers(centre)
    incident = Incident.objects.create(
        centre=centre, number=numbered, opened_at=at, owner_role=Role.CALL_TAKER, owner=by, late=late
    )
    call = Call.objects.create(
        id=id,
        centre=centre,
        incident=incident,
        channel=channel,
        phone=phone,
        owner=by,
        created_by=by,
        late=late,
        received_at=at,
        device_at=device_at,
        external_id=external_id,
        rang_at=min(rang_at, at) if rang_at is not None else None,
    )
    record(
        incident=incident, entity="call", row=call, action="open", by=by, at=at, to_state="open", device_at=device_at
    )
    audit(action="call.open", at=at, by=by, centre=centre, entity="call", entity_id=call.pk)
    if late:
        alarm_raise(
            centre=centre,
            kind=Alarm.Kind.LATE_ENTRY,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=Role.CALL_TAKER,
            owner=by,
        )
    return call


def phone_set(*, call: Call, number: str, confirmed: bool, by: User | None, at: datetime) -> Call:
    """Set or confirm the number to call back. Raises Refused at the field for what is no number.

    The history says where it is another number than stood there: typed, and not the one that the call came from.
    """
    # In a transaction of its own, and before the call is locked: see `call_open`.
    return _phone_set(call, phone_record(centre=call.incident.centre, number=number, at=at), confirmed, by, at)


@transaction.atomic
def _phone_set(call: Call, phone: Phone, confirmed: bool, by: User | None, at: datetime) -> Call:
    incident, call = call_locked(call.pk)
    typed = phone.pk != call.phone_id
    call.phone = phone
    call.phone_confirmed = confirmed
    call.save(update_fields=["phone", "phone_confirmed"])
    detail = {"typed": True} if typed else {}
    record(incident=incident, entity="call", row=call, action="phone", by=by, at=at, detail=detail)
    return call


@transaction.atomic
def call_end(*, call: Call, ended_as: str, by: User | None, at: datetime) -> Call:
    """End a call with a code. A dropped, abandoned or silent call owes callbacks (services.callbacks).

    Raises TransitionRefused when it has ended otherwise already; ending it the same way twice changes nothing.
    """
    if ended_as not in CALL_ENDS:
        raise Refused("end_unknown", f"Choose one of {', '.join(CALL_ENDS)}.", field="as")
    incident, call = call_locked(call.pk)
    if call.state == "ended":
        if call.ended_as == ended_as:
            return call
        raise TransitionRefused("call", ended_as, call.state)
    transfer = live_transfer(call)
    if transfer is not None and ended_as in CALL_LOST:
        # Whoever was to take the caller, or had joined in, has nobody on the line any more.
        transfer_back(incident, transfer, "drop", by, at, reason="caller_hung_up")
    elif transfer is not None and transfer.bridge and transfer.state == "connected":
        transfer_move(incident, transfer, "resolve", by, at, disposition="resolved_by_phone")
    elif transfer is not None and transfer.state != "connected":
        raise Refused("transfer_rings", "They have not answered yet: stay on the line, or take it back.", status=409)
    elif transfer is not None and ended_as != "transferred":
        raise Refused("transfer_open", "Somebody else has the caller: resolve it or take it back first.", status=409)
    call.state, call.ended_as, call.ended_at, call.parked_at = "ended", ended_as, at, None
    call.save(update_fields=["state", "ended_as", "ended_at", "parked_at"])
    drafts_forget(call)
    record(
        incident=incident,
        entity="call",
        row=call,
        action="end",
        by=by,
        at=at,
        from_state="open",
        to_state="ended",
        reason=ended_as,
    )
    audit(
        action="call.end",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"as": ended_as},
    )
    if ended_as in CALL_LOST:
        callbacks_owe(call, incident, at)
        told = answers_merged(incident)
        if incident.state not in {"closed", "joined"} and any(told.get(key) != "none" for key in _RISKS_OF_A_DROP):
            # Nobody is on the line to ask any more: that is an answer of its own, and triage counts it.
            answers_record(
                incident=incident,
                source=call,
                answers={"engagement": "not_on_line"},
                basis=Answer.Basis.ASSUMED,
                by=by,
                at=at,
            )
            incident.refresh_from_db()
    alarms_end(Alarm.Kind.SILENT_CONSOLE, subject=str(call.pk), at=at, by=by, note="call ended")
    settle(incident=incident, by=by, at=at)
    return call
