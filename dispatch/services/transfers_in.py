"""Transfers in: somebody gives us a caller, keeps a number, and is owed the word how it ended."""

from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from accounts.access import DISPATCHING, require
from accounts.models import Centre, Role, User
from accounts.problems import Refused
from dispatch.models import Alarm, Call, Incident, Transfer
from dispatch.models.call import Channel
from dispatch.services.alarms import alarms_end
from dispatch.services.calls import call_open
from dispatch.services.journal import call_locked, record
from dispatch.services.transfer_rows import transfer_locked, transfer_made, transfer_move
from people.models import Phone
from people.services import phone_record

_CHANNEL = {
    Transfer.Kind.L988: Channel.C988_HANDOFF,
    Transfer.Kind.L211: Channel.C211,
    Transfer.Kind.L311: Channel.C311,
    Transfer.Kind.CENTRE: Channel.PARTNER,
}


def transfer_receive(
    *,
    id: UUID,
    centre: Centre,
    kind: str,
    sender_number: str,
    by: User,
    at: datetime,
    sender_name: str = "",
    sender_reference: str = "",
    number: str = "",
) -> Transfer:
    """Somebody gives us a caller: 988 for a rescue, another centre, 211 or 311. Makes the call and its incident.

    The sender's number is kept, and they are owed the word “reached” or “not reached” (`transfer_tell`). The same id
    twice is one. Raises Refused at the field.
    """
    require(by, Role.CALL_TAKER, *DISPATCHING)
    channel = _channel(kind)
    known = Transfer.objects.filter(pk=id).select_related("incident").first()
    if known is not None:
        if known.incident.centre_id != centre.pk:
            raise _id_taken()
        return known
    # Each number in a transaction of its own: two who give us each other's callers would wait for one another.
    sender = phone_record(centre=centre, number=sender_number, at=at, field="sender_number")
    if number.strip():
        phone_record(centre=centre, number=number, at=at)
    with transaction.atomic():
        call = call_open(centre=centre, id=uuid5(id, "call"), channel=channel, number=number, by=by, at=at)
        incident, call = call_locked(call.pk)
        return _received(id, incident, call, kind, sender, sender_name, sender_reference, by, at)


def transfer_from(
    *,
    id: UUID,
    call: Call,
    kind: str,
    sender_number: str,
    by: User,
    at: datetime,
    sender_name: str = "",
    sender_reference: str = "",
) -> Transfer:
    """The caller of this call turns out to have been given to us: the same, where the call was taken before anybody
    knew. The same id twice is one. Raises Refused at the field, and where it is noted already or the incident is over.
    """
    require(by, Role.CALL_TAKER, *DISPATCHING)
    channel = _channel(kind)
    known = Transfer.objects.filter(pk=id).first()
    if known is not None:
        if known.call_id != call.pk:
            raise _id_taken()
        return known
    sender = phone_record(centre=call.incident.centre, number=sender_number, at=at, field="sender_number")
    with transaction.atomic():
        incident, call = call_locked(call.pk)
        if incident.state in {"closed", "joined"}:
            raise Refused("incident_closed", "The incident is closed: reopen it first.", status=409)
        if call.transfers.filter(direction=Transfer.Direction.IN).exists():
            raise Refused("given_already", "It is noted already who gave us this caller.", status=409)
        if call.channel != channel:
            before, call.channel = call.channel, channel
            call.save(update_fields=["channel"])
            detail = {"from": before, "to": str(channel)}
            record(incident=incident, entity="call", row=call, action="channel", by=by, at=at, detail=detail)
        return _received(id, incident, call, kind, sender, sender_name, sender_reference, by, at)


def _channel(kind: str) -> Channel:
    if kind not in _CHANNEL:
        raise Refused("kind_unknown", f"Choose one of {', '.join(_CHANNEL)}.", field="kind")
    return _CHANNEL[Transfer.Kind(kind)]


def _id_taken() -> Refused:
    return Refused("id_taken", "This transfer id is already in use.", field="id", status=409)


def _received(
    id: UUID,
    incident: Incident,
    call: Call,
    kind: str,
    sender: Phone,
    name: str,
    reference: str,
    by: User,
    at: datetime,
) -> Transfer:
    """The row of a caller who was given to us. Call and incident are locked."""
    try:
        with transaction.atomic():
            transfer = Transfer.objects.create(
                id=id,
                incident=incident,
                call=call,
                direction=Transfer.Direction.IN,
                kind=kind,
                state="connected",
                offered_at=at,
                connected_at=at,
                receiver=by,
                receiver_name=name.strip()[:80],
                sender_phone=sender,
                sender_reference=reference.strip()[:40],
            )
    except IntegrityError:
        # The same create arrived twice at once; the other one was first.
        return Transfer.objects.get(pk=id)
    transfer_made(incident, transfer, "receive", by, at)
    return transfer


@transaction.atomic
def transfer_tell(*, transfer: Transfer, reached: bool, by: User, at: datetime) -> Transfer:
    """The sender of an inward transfer was told whether the person was reached. The only end of what is owed."""
    incident, transfer = transfer_locked(transfer)
    if transfer.direction != Transfer.Direction.IN:
        raise Refused("nothing_owed", "Nobody waits for word on this transfer.", status=409)
    if transfer.state != "resolved":
        said = "reached" if reached else "not_reached"
        transfer_move(incident, transfer, "resolve", by, at, disposition=said)
        alarms_end(Alarm.Kind.WORD_OWED, subject=str(transfer.pk), at=at, by=by, note=said)
    return transfer
