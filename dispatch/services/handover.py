"""Shift hand-over: offered to a named relief, read, accepted. Owners change when the relief accepts, not before."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.access import FLOOR, may
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, Handover, HandoverItem, Incident
from dispatch.reasons import HANDOVER_TAKEN
from dispatch.selectors.handover import OpenItem, open_items
from dispatch.services.alarms import alarm_take
from dispatch.services.incidents import owner_take
from dispatch.services.journal import call_locked, incident_locked, record


def _note(handover: Handover, action: str, by: User, at: datetime) -> None:
    audit(
        action=f"handover.{action}",
        at=at,
        by=by,
        centre=handover.centre,
        entity="handover",
        entity_id=handover.pk,
        detail={"from": handover.from_user_id, "to": handover.to_user_id, "items": handover.items.count()},
    )


def _made(from_user: User, to_user: User, items: list[OpenItem], at: datetime, **more: str) -> Handover:
    if from_user.centre is None or to_user.centre_id != from_user.centre_id or not may(to_user, *FLOOR):
        raise Refused("relief_unknown", "Choose somebody who works on this floor.", field="relief")
    if from_user.pk == to_user.pk:
        raise Refused("relief_is_self", "The relief is another person.", field="relief")
    handover = Handover(centre=from_user.centre, from_user=from_user, to_user=to_user, offered_at=at, **more)
    if handover.state != "offered":
        handover.ended_at = at
    handover.save(force_insert=True)
    HandoverItem.objects.bulk_create(
        [
            HandoverItem(
                handover=handover,
                incident=item.row if isinstance(item.row, Incident) else None,
                call=item.row if isinstance(item.row, Call) else None,
                alarm=item.row if isinstance(item.row, Alarm) else None,
            )
            for item in items
        ]
    )
    return handover


@transaction.atomic
def handover_offer(*, by: User, to: User, note: str, at: datetime) -> Handover:
    """Offer everything open of `by` to a relief. One list at a time; nothing changes hands yet. Raises Refused."""
    items = open_items(by)
    if not items:
        raise Refused("nothing_open", "Nothing of yours is open: there is nothing to hand over.", status=409)
    try:
        with transaction.atomic():
            handover = _made(by, to, items, at, note=note.strip()[:400])
    except IntegrityError:
        raise Refused("handover_standing", "You have offered a list already: withdraw it first.", status=409) from None
    _note(handover, "offer", by, at)
    return handover


def _locked(handover: Handover) -> Handover:
    """The hand-over, locked, if it is still offered. Raises Refused."""
    found = Handover.objects.select_for_update(of=("self",)).select_related("centre", "from_user", "to_user")
    handover = found.get(pk=handover.pk)
    if handover.state != "offered":
        raise Refused("handover_over", f"This list was {handover.state} already.", status=409)
    return handover


@transaction.atomic
def handover_read(*, handover: Handover, by: User, at: datetime) -> Handover:
    """The relief has opened the list; written once."""
    handover = _locked(handover)
    if handover.to_user_id == by.pk and handover.read_at is None:
        handover.read_at = at
        handover.save(update_fields=["read_at"])
        _note(handover, "read", by, at)
    return handover


@transaction.atomic
def handover_accept(*, handover: Handover, by: User, at: datetime) -> Handover:
    """The relief takes everything on the list that is still open and still the other's. Raises Refused."""
    handover = _locked(handover)
    if handover.to_user_id != by.pk:
        raise Refused("not_the_relief", "Only the named relief can accept this list.", status=403)
    if handover.read_at is None:
        raise Refused("handover_unread", "Read the list first.", status=409)
    _end(handover, "accepted", at)
    _move(handover, by, at)
    _note(handover, "accept", by, at)
    return handover


@transaction.atomic
def handover_end(*, handover: Handover, by: User, at: datetime) -> Handover:
    """Withdrawn by the one who offered it, or declined by the relief: nothing changes hands. Raises Refused."""
    handover = _locked(handover)
    if by.pk not in {handover.from_user_id, handover.to_user_id}:
        raise Refused("not_in_handover", "This list is between two others.", status=403)
    action = "withdraw" if by.pk == handover.from_user_id else "decline"
    _end(handover, "withdrawn" if action == "withdraw" else "declined", at)
    _note(handover, action, by, at)
    return handover


@transaction.atomic
def handover_take(*, person: User, reason: str, by: User, at: datetime) -> Handover:
    """A supervisor takes somebody's open work over at once, with a coded reason. Raises Refused."""
    if not may(by, Role.SUPERVISOR):
        raise Refused("not_a_supervisor", "Only a supervisor can take a list over.", status=403)
    if reason not in HANDOVER_TAKEN:
        raise Refused("reason_unknown", "Choose a reason.", field="reason")
    items = open_items(person)
    if not items:
        raise Refused("nothing_open", "Nothing of theirs is open any more.", status=409)
    for standing in Handover.objects.select_for_update().filter(from_user=person, state="offered"):
        _end(standing, "withdrawn", at)
    handover = _made(person, by, items, at, state="taken", reason=reason)
    _move(handover, by, at)
    _note(handover, "take", by, at)
    return handover


def _end(handover: Handover, state: str, at: datetime) -> None:
    handover.state, handover.ended_at = state, at
    handover.save(update_fields=["state", "ended_at"])


def _move(handover: Handover, to: User, at: datetime) -> None:
    """New owners, each with its own history, event and audit row. All incidents are locked first and in one order, also
    those of calls and alarms: of two lists, each with a call of the other's incident, neither waits for the other."""
    items = list(handover.items.select_related("incident", "call", "alarm"))
    concerned = {part.incident_id for item in items for part in (item, item.call, item.alarm) if part is not None}
    for key in sorted(one for one in concerned if one is not None):
        incident_locked(key)
    for item in items:
        if item.incident is not None and _incident_moved(item.incident, handover, to, at):
            _moved(item, at)
    for item in items:
        call = item.call is not None and _call_moved(item.call, handover, to, at)
        alarm = item.alarm is not None and _alarm_moved(item.alarm, handover, to, at)
        if call or alarm:
            _moved(item, at)


def _moved(item: HandoverItem, at: datetime) -> None:
    item.moved_at = at
    item.save(update_fields=["moved_at"])


def _incident_moved(incident: Incident, handover: Handover, to: User, at: datetime) -> bool:
    now = Incident.objects.select_for_update().get(pk=incident.pk)
    if now.owner_id != handover.from_user_id or now.state in {"closed", "joined"}:
        return False
    owner_take(incident=now, by=to, at=at)
    return True


def _call_moved(call: Call, handover: Handover, to: User, at: datetime) -> bool:
    incident, call = call_locked(call.pk)
    if call.owner_id != handover.from_user_id or call.state != "open":
        return False
    call.owner = to
    call.save(update_fields=["owner"])
    record(incident=incident, entity="call", row=call, action="own", by=to, at=at)
    return True


def _alarm_moved(alarm: Alarm, handover: Handover, to: User, at: datetime) -> bool:
    now = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if now.owner_id != handover.from_user_id or now.ended_at is not None:
        return False
    alarm_take(alarm=now, by=to, at=at)
    return True
