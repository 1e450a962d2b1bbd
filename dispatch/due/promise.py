"""Promised waits: warned of at 80 %, broken at 100 %."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.promise import PROMISE_WARNING_SHARE, promise_share
from dispatch.services.alarms import alarm_raise
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import incident_locked, record


def promises(centre: Centre, at: datetime) -> int:
    """Warn at 80 % of the promised wait; when it runs out, open the hand-off as requested and go on looking.

    Also where the engine looks for nobody any more because the danger rose: the caller still waits.
    """
    waiting = Incident.objects.filter(
        Q(offer_wanted=True) | Q(state="pending"), centre=centre, late=False, promise_at__isnull=False
    )
    return each(centre, [one for one in waiting if promise_share(one, at) >= PROMISE_WARNING_SHARE], _promise(at))


def _promise(at: datetime) -> Callable[[Incident], bool]:
    def act(incident: Incident) -> bool:
        kind = Alarm.Kind.PROMISE_BROKEN if promise_share(incident, at) >= 1 else Alarm.Kind.PROMISE_WARNING
        told = Alarm.objects.filter(kind=kind, subject=str(incident.pk)).order_by("-opened_at").first()
        if told is not None and (
            told.ended_at is None
            or (promise_share(incident, told.opened_at) >= _SHARE[kind] and not _lost_since(incident, told))
        ):
            # Said once for this promise. A person who has ended the alarm is not told again each second; a unit that
            # had ended it by coming, and was lost since, is another matter.
            return False
        locked = incident_locked(incident.pk)
        if not (locked.offer_wanted or locked.state == "pending") or locked.promise_at != incident.promise_at:
            return False
        alarm_raise(
            centre=locked.centre,
            kind=kind,
            subject=str(locked.pk),
            at=at,
            incident=locked,
            # Whoever owns the call may be elsewhere: a broken promise that nobody takes is the supervisor's, too.
            owner=locked.owner if kind == Alarm.Kind.PROMISE_WARNING else None,
            urgent=kind == Alarm.Kind.PROMISE_BROKEN,
        )
        if kind == Alarm.Kind.PROMISE_BROKEN:
            _promise_broken(locked, at)
        return True

    return act


def _lost_since(incident: Incident, told: Alarm) -> bool:
    """Whether a unit that had accepted was lost after an alarm was raised."""
    led = incident.assignments.filter(slot=Slot.PRIMARY, accepted_at__gte=told.opened_at)
    return led.filter(state__in=("cancelled", "preempted"), ended_at__isnull=False).exists()


_SHARE = {Alarm.Kind.PROMISE_WARNING: PROMISE_WARNING_SHARE, Alarm.Kind.PROMISE_BROKEN: 1.0}


def _promise_broken(incident: Incident, at: datetime) -> None:
    """The machine asks louder, a person sends: the next class's hand-off is requested, the alarm names both roles."""
    incident.not_diverted_reason = "timed_out"
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="promise_broken",
        by=None,
        at=at,
        reason="timed_out",
        fields=["not_diverted_reason"],
    )
    has_it = incident.handoffs.filter(service="police", reason="promise_broken", state="acknowledged")
    if not has_it.exists():
        handoff_open(incident=incident, service="police", reason="promise_broken", by=None, at=at)
