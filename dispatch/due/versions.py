"""Approved programs and protocols whose time has come; one that does not hold stays as it was, and somebody is told."""

from datetime import datetime

from django.db import transaction

from accounts.models import Centre, Role
from dispatch.models import Alarm
from dispatch.services.alarms import alarm_raise, alarms_end
from programs import due

_MOST_WORDS = 300


def versions_live(centre: Centre, at: datetime) -> int:
    """Make them live. One that is not safe under what is live now goes on waiting, with an alarm for the supervisor,
    once for each version; it ends when the version goes live or is withdrawn."""
    done = due.versions_live(centre, at)
    told = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.VERSION_NOT_LIVE)
    standing = set(told.filter(ended_at__isnull=True).values_list("subject", flat=True))
    for subject in sorted(standing - set(done.waiting) - done.proving):
        with transaction.atomic():
            alarms_end(Alarm.Kind.VERSION_NOT_LIVE, subject=subject, at=at, note="it is live, or was withdrawn")
    if not done.waiting:
        return done.live
    known = set(told.filter(subject__in=done.waiting).values_list("subject", flat=True))
    for subject in sorted(set(done.waiting) - known):
        name, why = done.waiting[subject]
        with transaction.atomic():
            alarm_raise(
                centre=centre,
                kind=Alarm.Kind.VERSION_NOT_LIVE,
                subject=subject,
                at=at,
                owner_role=Role.SUPERVISOR,
                detail={"subject": name, "words": f"{name}: {why}"[:_MOST_WORDS]},
            )
    return done.live
