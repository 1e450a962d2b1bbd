"""Everything of this app that falls due by time alone. The sweeper runs it each second, straight from PostgreSQL.

Each job is idempotent, takes `at`, and costs one indexed query when nothing is due.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Model, Q

from accounts.models import Centre, Role
from dispatch.models import Alarm, Assignment, Call, Decision, Handoff, Incident, StageOrder
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.decisions import decision_expire
from dispatch.services.handoffs import handoff_open
from dispatch.services.incidents import hold_end
from dispatch.services.journal import alarm_event, incident_locked, record
from dispatch.services.offers import offer_expire, offers_run
from dispatch.states import ASSIGNMENT_LIVE, HANDOFF_OWNER_ALARM_S, HANDOFF_SUPERVISOR_ALARM_S

M = TypeVar("M", bound=Model)
logger = logging.getLogger(__name__)
PROMISE_WARNING_SHARE = 0.8
STAGE_ESCALATE_S = 30
SILENT_CONSOLE_S = 60


def _each(centre: Centre, rows: Iterable[M], act: Callable[[M], bool]) -> int:
    """Do one thing for each row in a transaction of its own; a row that fails is logged and stops no other."""
    count = 0
    for row in list(rows):
        try:
            with transaction.atomic():
                count += act(row)
        except Exception:
            if not connection.is_usable():
                raise
            logger.exception("due row failed", extra={"row": str(row.pk), "centre": centre.pk})
    return count


def offers_expired(centre: Centre, at: datetime) -> int:
    """End offers that nobody answered."""
    due = Assignment.objects.filter(incident__centre=centre, state="offered", offer_expires_at__lte=at)
    return _each(centre, due, lambda one: offer_expire(assignment=one, at=at).state == "expired")


def holds_ended(centre: Centre, at: datetime) -> int:
    """Put incidents back whose hold is over."""
    due = Incident.objects.filter(centre=centre, state="held", held_until__lte=at)
    return _each(centre, due, lambda one: hold_end(incident=one, at=at).state != "held")


def pending_offered(centre: Centre, at: datetime) -> int:
    """Offer what no nudge has offered."""
    return len(offers_run(centre=centre, at=at))


def second_persons(centre: Centre, at: datetime) -> int:
    """Less cautious choices that nobody confirmed in time: the suggestion stands."""
    due = Decision.objects.filter(incident__centre=centre, state="waiting_second", second_due_at__lte=at)
    return _each(centre, due, lambda one: decision_expire(decision=one, at=at).state == "refused")


def handoffs_unacknowledged(centre: Centre, at: datetime) -> int:
    """After 30 s the owner is alarmed: phone them. After 60 s the supervisor."""
    late = Handoff.objects.filter(
        incident__centre=centre, state="requested", requested_at__lte=at - timedelta(seconds=HANDOFF_OWNER_ALARM_S)
    )
    return _each(centre, late, lambda one: _handoff_late(one, at))


def _handoff_late(handoff: Handoff, at: datetime) -> bool:
    # Locked and read again: an alarm raised after the acknowledgement could be ended by nobody.
    incident = incident_locked(handoff.incident_id)
    handoff.refresh_from_db()
    if handoff.state != "requested" or handoff.requested_at is None:
        return False
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.HANDOFF_UNACKNOWLEDGED,
        subject=str(handoff.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
        detail={"service": handoff.service},
        urgent=True,
    )
    if (at - handoff.requested_at).total_seconds() >= HANDOFF_SUPERVISOR_ALARM_S:
        return _escalate(alarm, at)
    return alarm.opened_at == at


def stage_orders_unread(centre: Centre, at: datetime) -> int:
    """A crew that has not acknowledged a stage order for 30 s: the supervisor, too."""
    unread = StageOrder.objects.filter(
        assignment__incident__centre=centre,
        assignment__state__in=ASSIGNMENT_LIVE,
        acknowledged_at__isnull=True,
        lifted_at__isnull=True,
        at__lte=at - timedelta(seconds=STAGE_ESCALATE_S),
    ).values_list("pk", flat=True)
    alarms = Alarm.objects.filter(
        kind=Alarm.Kind.STAGE_UNACKNOWLEDGED,
        subject__in=[str(pk) for pk in unread],
        ended_at__isnull=True,
        escalated_at__isnull=True,
    )
    return _each(centre, alarms, lambda alarm: _escalate(alarm, at))


def risen_unanswered(centre: Centre, at: datetime) -> int:
    """A danger that rose and that nobody has taken for 30 s: the supervisor, too."""
    alarms = Alarm.objects.filter(
        centre=centre,
        kind=Alarm.Kind.RISING_RISK,
        ended_at__isnull=True,
        escalated_at__isnull=True,
        opened_at__lte=at - timedelta(seconds=STAGE_ESCALATE_S),
    )
    return _each(centre, alarms, lambda alarm: _escalate(alarm, at))


def _escalate(alarm: Alarm, at: datetime) -> bool:
    """Give an alarm to the supervisor as well, once."""
    alarm = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.escalated_at is not None or alarm.ended_at is not None:
        return False
    alarm.escalated_at, alarm.owner_role, alarm.version = at, Role.SUPERVISOR, alarm.version + 1
    alarm.save(update_fields=["escalated_at", "owner_role", "version"])
    alarm_event(alarm, "escalated", at)
    return True


def promises(centre: Centre, at: datetime) -> int:
    """Warn at 80 % of the promised wait; when it runs out, open the hand-off as requested and go on looking.

    Also where the engine looks for nobody any more because the danger rose: the caller still waits.
    """
    waiting = Incident.objects.filter(
        Q(offer_wanted=True) | Q(state="pending"), centre=centre, late=False, promise_at__isnull=False
    )
    return _each(centre, [one for one in waiting if _share_gone(one, at) >= PROMISE_WARNING_SHARE], _promise(at))


def _share_gone(incident: Incident, at: datetime) -> float:
    if incident.sent_at is None or incident.promise_at is None:
        return 0.0
    whole = (incident.promise_at - incident.sent_at).total_seconds()
    return (at - incident.sent_at).total_seconds() / whole if whole > 0 else 1.0


def _promise(at: datetime) -> Callable[[Incident], bool]:
    def act(incident: Incident) -> bool:
        kind = Alarm.Kind.PROMISE_BROKEN if _share_gone(incident, at) >= 1 else Alarm.Kind.PROMISE_WARNING
        told = Alarm.objects.filter(kind=kind, subject=str(incident.pk)).order_by("-opened_at").first()
        if told is not None and (told.ended_at is None or _share_gone(incident, told.opened_at) >= _SHARE[kind]):
            # Said once for this promise. A person who has ended the alarm is not told again each second.
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
            owner=locked.owner,
            urgent=kind == Alarm.Kind.PROMISE_BROKEN,
        )
        if kind == Alarm.Kind.PROMISE_BROKEN:
            _promise_broken(locked, at)
        return True

    return act


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
    handoff_open(incident=incident, service="police", reason="promise_broken", by=None, at=at)


def silent_consoles(centre: Centre, at: datetime) -> int:
    """Open calls of a console that has been silent for 60 s are shown to the supervisor; it heals when heard again."""
    since = at - timedelta(seconds=SILENT_CONSOLE_S)
    calls = Call.objects.filter(centre=centre, state="open").select_related("incident", "owner__presence")
    shown = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.SILENT_CONSOLE, ended_at__isnull=True)
    back = calls.filter(pk__in=[alarm.subject for alarm in shown], owner__presence__at__gt=since)
    silent = calls.filter(received_at__lte=since, owner__presence__at__lte=since)
    return _each(centre, back, lambda call: _heard_again(call, at)) + _each(
        centre, silent, lambda call: _silent(call, at)
    )


def _heard_again(call: Call, at: datetime) -> bool:
    alarms_end(Alarm.Kind.SILENT_CONSOLE, subject=str(call.pk), at=at, note="console is back")
    return True


def _silent(call: Call, at: datetime) -> bool:
    incident = incident_locked(call.incident_id)
    call.refresh_from_db(fields=["state"])
    heard = call.owner.presence.at if call.owner is not None else at
    told = Alarm.objects.filter(kind=Alarm.Kind.SILENT_CONSOLE, subject=str(call.pk), opened_at__gte=heard)
    if call.state != "open" or told.exists():
        return False
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.SILENT_CONSOLE,
        subject=str(call.pk),
        at=at,
        incident=incident,
        owner_role=Role.SUPERVISOR,
        urgent=True,
    )
    return True


JOBS: tuple[Callable[[Centre, datetime], int], ...] = (
    offers_expired,
    holds_ended,
    pending_offered,
    handoffs_unacknowledged,
    stage_orders_unread,
    risen_unanswered,
    second_persons,
    promises,
    silent_consoles,
)


def run(centre: Centre, at: datetime, *, alive: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Run every job; one that fails is logged and stops no other. `alive` is called between jobs, which may be long.

    Raises the database's error when the connection itself is lost.
    """
    done: dict[str, int] = {}
    for job in JOBS:
        alive()
        try:
            done[job.__name__] = job(centre, at)
        except Exception:
            if not connection.is_usable():
                raise
            logger.exception("due job failed", extra={"job": job.__name__, "centre": centre.pk})
    return done
