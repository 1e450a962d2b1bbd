"""A call in its call taker's hands: parked, whispered, handed to a colleague, cancelled by its caller."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.access import FLOOR, may, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, CallHandover, Incident
from dispatch.models.call import Channel
from dispatch.selectors.triage import answers_merged
from dispatch.services.alarms import alarm_raise
from dispatch.services.answers import answers_record
from dispatch.services.closing import incident_close
from dispatch.services.journal import call_locked, record
from live.services import event_record
from triage.answers import is_danger

CALLER_CHANNELS = (Channel.C911, Channel.TEXT, Channel.RELAY, Channel.NON_EMERGENCY, Channel.C311, Channel.C211)
"""Ways in which a caller on the line may turn out to have reached us; the others are set by where a call comes from."""


@transaction.atomic
def call_park(*, call: Call, parked: bool, by: User, at: datetime) -> Call:
    """Put an open call aside, or take it up again. It keeps its owner and its clocks. Doing it twice changes nothing.

    Raises Refused for a call that has ended.
    """
    require(by, *FLOOR)
    incident, call = call_locked(call.pk)
    if call.state != "open":
        raise Refused("call_ended", "This call has ended: it cannot be parked.", status=409)
    if (call.parked_at is not None) == parked:
        return call
    call.parked_at = at if parked else None
    call.save(update_fields=["parked_at"])
    action = "park" if parked else "unpark"
    record(incident=incident, entity="call", row=call, action=action, by=by, at=at)
    audit(action=f"call.{action}", at=at, by=by, centre=incident.centre, entity="call", entity_id=call.pk)
    return call


@transaction.atomic
def channel_set(*, call: Call, channel: str, by: User, at: datetime) -> Call:
    """How the caller really reached us, for example by a relay service. Raises Refused for what a caller cannot use."""
    require(by, *FLOOR)
    if channel not in CALLER_CHANNELS:
        raise Refused("channel_unknown", "Choose how the caller reached us.", field="channel")
    incident, call = call_locked(call.pk)
    if call.channel != channel:
        before, call.channel = call.channel, channel
        call.save(update_fields=["channel"])
        detail = {"from": before, "to": channel}
        record(incident=incident, entity="call", row=call, action="channel", by=by, at=at, detail=detail)
    return call


@transaction.atomic
def whisper_set(*, call: Call, on: bool, by: User, at: datetime) -> Call:
    """The caller can only say yes or no, or press a key. Turning it on answers “can the caller talk freely?” with no;
    turning it off answers nothing: whether it is safe again is asked."""
    require(by, *FLOOR)
    incident, call = call_locked(call.pk)
    if call.whisper == on:
        return call
    call.whisper = on
    call.save(update_fields=["whisper"])
    record(incident=incident, entity="call", row=call, action="whisper" if on else "whisper_end", by=by, at=at)
    if on:
        answers_record(incident=incident, source=call, answers={"caller_can_talk": "no"}, basis="heard", by=by, at=at)
    return call


def _told(handover: CallHandover, action: str, at: datetime) -> None:
    event_record(
        centre_id=handover.call.centre_id,
        entity="call_handover",
        entity_id=handover.pk,
        version=2 if handover.answered_at else 1,
        kind=f"handover.{action}",
        at=at,
    )


@transaction.atomic
def handover_offer(*, id: UUID, call: Call, to: User, by: User, at: datetime) -> CallHandover:
    """Offer one's call to a named colleague. It stays one's own until they accept. The same id twice is one offer.

    Raises Refused for oneself, for somebody who takes no calls here, for another's call, and while another offer waits.
    """
    incident, call = call_locked(call.pk)
    known = CallHandover.objects.filter(pk=id).select_related("call").first()
    if known is not None:
        return known
    if to.pk == by.pk:
        raise Refused("to_oneself", "Choose a colleague.", field="to")
    if to.centre_id != call.centre_id or not may(to, Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR):
        raise Refused("takes_no_calls", "Choose somebody who takes calls here.", field="to")
    if call.owner_id != by.pk and not may(by, Role.SUPERVISOR):
        raise Refused("not_yours", "This call is a colleague's: only they or a supervisor hand it over.", status=409)
    if call.state != "open" and (incident.sent_at is not None or incident.state in {"closed", "joined"}):
        raise Refused("call_over", "This call is over: nothing is left to hand over.", status=409)
    try:
        with transaction.atomic():
            made = CallHandover.objects.create(id=id, call=call, by=by, to=to, asked_at=at)
    except IntegrityError as error:
        raise Refused(
            "already_offered", "It is offered to somebody already: withdraw that first.", status=409
        ) from error
    record(incident=incident, entity="call", row=call, action="hand_over", by=by, at=at, detail={"to": to.pk})
    audit(
        action="call.hand_over",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"to": to.pk},
    )
    _told(made, "offer", at)
    return made


@transaction.atomic
def handover_answer(*, handover: CallHandover, answer: str, by: User, at: datetime) -> CallHandover:
    """Accept or decline as the one who was asked, or withdraw as the one who asked. Accepting makes the call theirs,
    and its incident too unless somebody else has taken that meanwhile. Answering twice changes nothing.

    Raises Refused for anybody else, and for an answer that does not exist.
    """
    if answer not in CallHandover.Answer.values:
        raise Refused("answer_unknown", "Accept, decline or withdraw.", field="answer")
    incident, call = call_locked(handover.call_id)
    handover = (
        CallHandover.objects.select_for_update(of=("self",)).select_related("call", "by", "to").get(pk=handover.pk)
    )
    if by.pk != (handover.by_id if answer == CallHandover.Answer.WITHDRAWN else handover.to_id):
        raise Refused("not_asked", "Only the person who was asked can answer.", status=409)
    if handover.answered_at is not None:
        return handover
    handover.answer, handover.answered_at = answer, at
    handover.save(update_fields=["answer", "answered_at"])
    fields = []
    if answer == CallHandover.Answer.ACCEPTED:
        call.owner = by
        call.save(update_fields=["owner"])
        if incident.owner_id in {None, handover.by_id}:
            incident.owner = by
            fields = ["owner"]
        Alarm.objects.filter(subject=str(call.pk), ended_at__isnull=True, owner_id=handover.by_id).update(owner=by)
    record(
        incident=incident,
        entity="call",
        row=call,
        action=f"hand_over_{answer}",
        by=by,
        at=at,
        fields=fields,
    )
    audit(action=f"call.hand_over_{answer}", at=at, by=by, centre=incident.centre, entity="call", entity_id=call.pk)
    _told(handover, answer, at)
    return handover


@transaction.atomic
def caller_cancels(*, call: Call, by: User, at: datetime) -> Incident:
    """The caller says that nobody need come. Before sending and with the call ended that closes the incident; after
    sending it stands nobody down: the dispatcher is asked to decide.

    Raises Refused where nothing was sent and the caller is on the line, or a danger answer stands.
    """
    require(by, *FLOOR)
    incident, call = call_locked(call.pk)
    if incident.state in {"closed", "joined"}:
        return incident
    if incident.sent_at is None:
        if any(is_danger(key, value) for key, value in answers_merged(incident).items()):
            raise Refused("danger_stands", "A danger was stated: send it; a dispatcher may close it.", status=409)
        return incident_close(incident=incident, outcome="no_response_needed", by=by, at=at)
    record(incident=incident, entity="call", row=call, action="cancel_asked", by=by, at=at)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.CANCEL_ASKED,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
    )
    audit(action="call.cancel_asked", at=at, by=by, centre=incident.centre, entity="call", entity_id=call.pk)
    return incident
