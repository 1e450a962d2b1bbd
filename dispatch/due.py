"""Everything of this app that falls due by time alone. The sweeper runs it each second, straight from PostgreSQL.

Each job is idempotent, takes `at`, and costs one indexed query when nothing is due.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import Centre, Role
from dispatch.models import Alarm, Assignment, Call, Decision, Handoff, Incident, StageOrder
from dispatch.services.alarms import alarm_raise
from dispatch.services.decisions import decision_expire
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import alarm_event, incident_locked, record
from dispatch.services.offers import hold_end, offer_expire, offers_run
from dispatch.states import HANDOFF_OWNER_ALARM_S, HANDOFF_SUPERVISOR_ALARM_S

logger = logging.getLogger(__name__)
PROMISE_WARNING_SHARE = 0.8
STAGE_ESCALATE_S = 30
SILENT_CONSOLE_S = 60


def offers_expired(centre: Centre, at: datetime) -> int:
    """End offers that nobody answered."""
    due = Assignment.objects.filter(incident__centre=centre, state="offered", offer_expires_at__lte=at)
    return sum(offer_expire(assignment=assignment, at=at).state == "expired" for assignment in due)


def holds_ended(centre: Centre, at: datetime) -> int:
    """Put incidents back whose hold is over."""
    due = Incident.objects.filter(centre=centre, state="held", held_until__lte=at)
    return sum(hold_end(incident=incident, at=at).state != "held" for incident in due)


def pending_offered(centre: Centre, at: datetime) -> int:
    """Offer what no nudge has offered."""
    return len(offers_run(centre=centre, at=at))


def second_persons(centre: Centre, at: datetime) -> int:
    """Less cautious choices that nobody confirmed in time: the suggestion stands."""
    due = Decision.objects.filter(incident__centre=centre, state="waiting_second", second_due_at__lte=at)
    return sum(decision_expire(decision=decision, at=at).state == "refused" for decision in due)


def handoffs_unacknowledged(centre: Centre, at: datetime) -> int:
    """After 30 s the owner is alarmed: phone them. After 60 s the supervisor."""
    late = Handoff.objects.filter(
        incident__centre=centre, state="requested", requested_at__lte=at - timedelta(seconds=HANDOFF_OWNER_ALARM_S)
    ).select_related("incident")
    count = 0
    for handoff in late:
        waited = (at - handoff.requested_at).total_seconds() if handoff.requested_at else 0
        with transaction.atomic():
            alarm = alarm_raise(
                centre=centre,
                kind=Alarm.Kind.HANDOFF_UNACKNOWLEDGED,
                subject=str(handoff.pk),
                at=at,
                incident=handoff.incident,
                owner=handoff.incident.owner,
                detail={"service": handoff.service},
                urgent=True,
            )
            count += alarm.opened_at == at
            if waited >= HANDOFF_SUPERVISOR_ALARM_S:
                count += _escalate(alarm, at)
    return count


def stage_orders_unread(centre: Centre, at: datetime) -> int:
    """A crew that has not acknowledged a stage order for 30 s: the supervisor, too."""
    late = StageOrder.objects.filter(
        assignment__incident__centre=centre,
        acknowledged_at__isnull=True,
        lifted_at__isnull=True,
        at__lte=at - timedelta(seconds=STAGE_ESCALATE_S),
    )
    count = 0
    for order in late:
        with transaction.atomic():
            alarm = Alarm.objects.filter(
                kind=Alarm.Kind.STAGE_UNACKNOWLEDGED, subject=str(order.pk), ended_at__isnull=True
            ).first()
            if alarm is not None:
                count += _escalate(alarm, at)
    return count


def _escalate(alarm: Alarm, at: datetime) -> bool:
    """Give an alarm to the supervisor as well, once."""
    if alarm.escalated_at is not None:
        return False
    alarm.escalated_at, alarm.owner_role, alarm.version = at, Role.SUPERVISOR, alarm.version + 1
    alarm.save(update_fields=["escalated_at", "owner_role", "version"])
    alarm_event(alarm, "escalated", at)
    return True


def promises(centre: Centre, at: datetime) -> int:
    """Warn at 80 % of the promised wait; when it runs out, open the hand-off as requested and go on looking."""
    waiting = Incident.objects.filter(centre=centre, offer_wanted=True, promise_at__isnull=False)
    count = 0
    for incident in waiting:
        if incident.sent_at is None or incident.promise_at is None:
            continue
        whole = (incident.promise_at - incident.sent_at).total_seconds()
        gone = (at - incident.sent_at).total_seconds()
        if gone >= whole:
            count += _promise_broken(incident, at)
        elif gone >= whole * PROMISE_WARNING_SHARE:
            with transaction.atomic():
                alarm = alarm_raise(
                    centre=centre,
                    kind=Alarm.Kind.PROMISE_WARNING,
                    subject=str(incident.pk),
                    at=at,
                    incident=incident,
                    owner=incident.owner,
                )
                count += alarm.opened_at == at
    return count


@transaction.atomic
def _promise_broken(incident: Incident, at: datetime) -> bool:
    """The machine asks louder, a person sends: the next class's hand-off is requested, the alarm names both roles."""
    if Alarm.objects.filter(kind=Alarm.Kind.PROMISE_BROKEN, subject=str(incident.pk), ended_at__isnull=True).exists():
        return False
    locked = incident_locked(incident.pk)
    alarm_raise(
        centre=locked.centre,
        kind=Alarm.Kind.PROMISE_BROKEN,
        subject=str(locked.pk),
        at=at,
        incident=locked,
        owner=locked.owner,
        urgent=True,
    )
    locked.not_diverted_reason = "timed_out"
    record(
        incident=locked,
        entity="incident",
        row=locked,
        action="promise_broken",
        by=None,
        at=at,
        reason="timed_out",
        fields=["not_diverted_reason"],
    )
    handoff_open(incident=locked, service="police", reason="promise_broken", by=None, at=at)
    return True


def silent_consoles(centre: Centre, at: datetime) -> int:
    """Open calls of a console that has been silent for 60 s are shown to the supervisor."""
    since = at - timedelta(seconds=SILENT_CONSOLE_S)
    silent = (
        Call.objects.filter(centre=centre, state="open", owner__isnull=False, received_at__lte=since)
        .filter(Q(owner__presence__at__lte=since))
        .select_related("incident")
    )
    count = 0
    for call in silent:
        with transaction.atomic():
            alarm = alarm_raise(
                centre=centre,
                kind=Alarm.Kind.SILENT_CONSOLE,
                subject=str(call.pk),
                at=at,
                incident=call.incident,
                owner_role=Role.SUPERVISOR,
                urgent=True,
            )
            count += alarm.opened_at == at
    return count


JOBS: tuple[Callable[[Centre, datetime], int], ...] = (
    offers_expired,
    holds_ended,
    pending_offered,
    handoffs_unacknowledged,
    stage_orders_unread,
    second_persons,
    promises,
    silent_consoles,
)


def run(centre: Centre, at: datetime) -> dict[str, int]:
    """Run every job; one that fails is logged and stops no other."""
    done: dict[str, int] = {}
    for job in JOBS:
        try:
            done[job.__name__] = job(centre, at)
        except Exception:
            logger.exception("due job failed", extra={"job": job.__name__, "centre": centre.pk})
    return done
