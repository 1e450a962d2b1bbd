"""What a card says around the fields: clocks, callbacks that are owed, whether it is parked, offered or whispered."""

from datetime import datetime
from typing import Any

from accounts.models import RoleGrant, User
from accounts.models.user import Role
from desk.call_clocks import clocks_of
from dispatch.access import may_strike
from dispatch.models import Alarm, Call, CallHandover, NarrativeEntry
from dispatch.models.call import HEADINGS
from dispatch.selectors.callbacks import OWED
from dispatch.selectors.card import CardFacts
from dispatch.selectors.thresholds import thresholds_of
from dispatch.services.call_care import CALLER_CHANNELS
from dispatch.states import ASSIGNMENT_ACCEPTED, CALL_LOST

HEADING_WORDS = {
    "N": "north",
    "NE": "north-east",
    "E": "east",
    "SE": "south-east",
    "S": "south",
    "SW": "south-west",
    "W": "west",
    "NW": "north-west",
}


def colleagues_of(user: User) -> list[User]:
    """Who may be given a call: everybody else of the centre who takes calls, by name."""
    takers = RoleGrant.objects.filter(role__in=[Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR]).values("user")
    found = User.objects.filter(centre=user.centre, is_active=True, pk__in=takers).exclude(pk=user.pk)
    return sorted(found, key=str)


def handed_to(user: User) -> list[CallHandover]:
    """Calls that colleagues offer to this person, oldest first."""
    waiting = CallHandover.objects.filter(to=user, answered_at__isnull=True)
    return list(waiting.select_related("call__incident", "by").order_by("asked_at"))


def care_statics(user: User) -> dict[str, Any]:
    """What every card offers, whatever the call: ways of contact, headings, colleagues."""
    return {
        "channels": [(str(one.value), str(one.label)) for one in CALLER_CHANNELS],
        "headings": [(code, HEADING_WORDS[code]) for code in HEADINGS],
        "colleagues": colleagues_of(user),
    }


def care_part(call: Call, viewer: User, facts: CardFacts, at: datetime) -> dict[str, Any]:
    """Two queries, and two more for a call that has ended. Not drawn with an answer, which changes none of it."""
    incident = call.incident
    accepted = any(one.state in ASSIGNMENT_ACCEPTED for one in facts.assignments) or any(
        one.state == "acknowledged" for one in facts.handoffs
    )
    placed = facts.judged.facts.place is not None
    bounds = thresholds_of(incident.centre)
    handover = CallHandover.objects.filter(call=call, answered_at__isnull=True).select_related("to", "by").first()
    return {
        "mine": call.owner_id == viewer.pk,
        "owner": str(call.owner) if call.owner is not None else "",
        "clocks": clocks_of(call, placed=placed, accepted=accepted, bounds=bounds, at=at),
        "handover": handover,
        "promised_at": call.promised_at,
        "callbacks": _callbacks(call),
    }


def _callbacks(call: Call) -> dict[str, Any] | None:
    if call.state == "open":
        return None
    standing = Alarm.objects.filter(subject=str(call.pk), kind__in=OWED, ended_at__isnull=True)
    alarm = standing.order_by("opened_at").first()
    if alarm is None:
        return None
    lost = call.ended_as in CALL_LOST and alarm.kind == Alarm.Kind.DROPPED_CALL
    tried, owed = int(alarm.detail.get("tried", 0)), int(alarm.detail.get("owed", 1))
    return {
        "lost": lost,
        "tried": tried,
        "owed": owed,
        "since": alarm.opened_at,
        "within_s": alarm.detail.get("within_s", 0),
        "decide": lost and tried >= owed,
        "level": "critical" if alarm.escalated_at else "serious",
        "tries": list(call.callbacks.select_related("by")),
    }


def moving_words(place: Any, at: datetime) -> str:
    """“last seen 3 min ago, heading north-east”, or nothing for a place that stands still."""
    if place is None or not place.moving:
        return ""
    minutes = int((at - place.seen_at).total_seconds() // 60)
    seen = "last seen just now" if minutes < 1 else f"last seen {minutes} min ago"
    return f"moving, {seen}{', heading ' + HEADING_WORDS[place.heading] if place.heading else ''}"


def strikable(notes: list[NarrativeEntry], viewer: User) -> set[object]:
    """Ids of the notes that the viewer may strike: their own, or any as a supervisor; struck ones not again."""
    return {note.pk for note in notes if note.struck_at is None and may_strike(viewer, note)}
