"""Transfers that nobody answers, that came back and that nobody takes, and senders who wait for word."""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Transfer
from dispatch.services.alarms import alarm_escalate, alarm_raise
from dispatch.services.transfer_rows import transfer_locked
from dispatch.states import TRANSFER_ANSWER_S, WORD_OWED_S

ESCALATE_S = 30
_TO_TAKE = (
    Alarm.Kind.TRANSFER_DROPPED,
    Alarm.Kind.TRANSFER_UNANSWERED,
    Alarm.Kind.TRANSFER_BACK,
    Alarm.Kind.HANDOFF_DECLINED,
    Alarm.Kind.TEAM_ASKED,
)


def transfers_unanswered(centre: Centre, at: datetime) -> int:
    """Nobody has answered for 20 s: whoever gave the caller away is told. They still have the caller."""
    late = Transfer.objects.filter(
        incident__centre=centre,
        state__in=["offered", "ringing"],
        offered_at__lte=at - timedelta(seconds=TRANSFER_ANSWER_S),
    ).exclude(pk__in=_told(centre, Alarm.Kind.TRANSFER_UNANSWERED))
    return each(centre, late, lambda one: _unanswered(one, at))


def _told(centre: Centre, kind: str) -> list[str]:
    """Subjects of the standing alarms of a kind: nothing is said again each second."""
    standing = Alarm.objects.filter(centre=centre, kind=kind, ended_at__isnull=True)
    return list(standing.values_list("subject", flat=True))


def _unanswered(transfer: Transfer, at: datetime) -> bool:
    incident, transfer = transfer_locked(transfer)
    since = transfer.rung_at or transfer.offered_at
    if transfer.state not in {"offered", "ringing"} or (at - since).total_seconds() < TRANSFER_ANSWER_S:
        return False
    told = Alarm.objects.filter(kind=Alarm.Kind.TRANSFER_UNANSWERED, subject=str(transfer.pk), opened_at__gte=since)
    if told.exists():
        # A person has ended this alarm; they are not told again of the same ringing.
        return False
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.TRANSFER_UNANSWERED,
        subject=str(transfer.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=transfer.offered_by,
        detail={"kind": transfer.kind},
        urgent=True,
    )
    return True


def transfers_untaken(centre: Centre, at: datetime) -> int:
    """What came back and has nobody for 30 s: the supervisor, too."""
    alarms = Alarm.objects.filter(
        centre=centre,
        kind__in=_TO_TAKE,
        ended_at__isnull=True,
        escalated_at__isnull=True,
        owner__isnull=True,
        opened_at__lte=at - timedelta(seconds=ESCALATE_S),
    )
    return each(centre, alarms, lambda alarm: alarm_escalate(alarm=alarm, at=at))


def words_owed(centre: Centre, at: datetime) -> int:
    """Senders who have not been told “reached” or “not reached”: when the incident is over, or after half an hour."""
    owed = (
        Transfer.objects.filter(direction="in", state="connected", incident__centre=centre)
        .filter(Q(connected_at__lte=at - timedelta(seconds=WORD_OWED_S)) | Q(incident__state="closed"))
        .exclude(pk__in=_told(centre, Alarm.Kind.WORD_OWED))
    )
    return each(centre, owed, lambda one: _owed(one, at))


def _owed(transfer: Transfer, at: datetime) -> bool:
    incident, transfer = transfer_locked(transfer)
    if transfer.state != "connected":
        return False
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.WORD_OWED,
        subject=str(transfer.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
        detail={"kind": transfer.kind},
    )
    return True
