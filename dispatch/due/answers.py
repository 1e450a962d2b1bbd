"""Answers that have grown old while a call waits: they are asked again."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Answer, Incident
from dispatch.selectors.asked import ASK_AGAIN_EVERY_S, ASK_AGAIN_KEYS, keys_to_ask
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record


def answers_aged(centre: Centre, at: datetime) -> int:
    """Flag pending calls with no safety answer for 20 minutes, and clear the flag once all were asked again.

    Nothing is lowered or raised by age alone: the answers stand until a person gives new ones.
    """
    since = at - timedelta(seconds=ASK_AGAIN_EVERY_S)
    fresh = Answer.objects.filter(incident=OuterRef("pk"), key__in=ASK_AGAIN_KEYS, at__gt=since)
    live = Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"])
    aged = live.filter(state="pending", late=False).filter(
        ~Exists(fresh), ask_again_at__isnull=True, sent_at__lte=since
    )
    flagged = live.filter(ask_again_at__isnull=False)
    return each(centre, aged, lambda one: _flag(one, since, at)) + each(centre, flagged, lambda one: _look(one, at))


def _flag(incident: Incident, since: datetime, at: datetime) -> bool:
    incident = incident_locked(incident.pk)
    again = incident.answers.filter(key__in=ASK_AGAIN_KEYS, at__gt=since).exists()
    if incident.ask_again_at is not None or incident.state != "pending" or again:
        return False
    incident.ask_again_at = at
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="ask_again",
        by=None,
        at=at,
        fields=["ask_again_at"],
    )
    _alarm(incident, at)
    return True


def _look(incident: Incident, at: datetime) -> bool:
    if incident.ask_again_at is None:
        return False
    gone = incident.state not in {"pending", "held"}
    if not gone and keys_to_ask({incident.pk: incident.ask_again_at})[incident.pk]:
        told = Alarm.objects.filter(
            kind=Alarm.Kind.ASK_AGAIN, subject=str(incident.pk), opened_at__gte=incident.ask_again_at
        )
        if told.exists():
            return False
        # An extension flags by itself; the alarm follows here.
        locked = incident_locked(incident.pk)
        if locked.ask_again_at is None or locked.state != "pending":
            return False
        _alarm(locked, at)
        return True
    locked = incident_locked(incident.pk)
    if locked.ask_again_at != incident.ask_again_at:
        return False
    locked.ask_again_at = None
    record(
        incident=locked,
        entity="incident",
        row=locked,
        action="asked_again",
        by=None,
        at=at,
        fields=["ask_again_at"],
    )
    alarms_end(Alarm.Kind.ASK_AGAIN, subject=str(locked.pk), at=at, note="asked again")
    return True


def _alarm(incident: Incident, at: datetime) -> None:
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.ASK_AGAIN,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=incident.owner,
    )
