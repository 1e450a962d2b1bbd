"""Approved programs and protocols whose time has come; one that does not hold stays as it was, and somebody is told."""

import logging
from datetime import datetime
from functools import partial

from django.db import transaction

from accounts.models import Centre, Role
from dispatch.due.rows import alarms_over
from dispatch.models import Alarm
from dispatch.services.alarms import alarm_raise
from dispatch.services.brief_locks import BRIEF_MS, RowHeld, lock_waits_briefly, session_waiting_at_most
from programs import due

logger = logging.getLogger(__name__)

_MOST_WORDS = 300


def versions_live(centre: Centre, at: datetime) -> int:
    """Make them live. One that is not safe under what is live now goes on waiting, with an alarm for the supervisor,
    once for each version; it ends when the version goes live or is withdrawn."""
    try:
        # An administrator's process that is stopped in the middle of a change holds up nothing but its version.
        done = due.versions_live(centre, at, within=partial(session_waiting_at_most, BRIEF_MS))
    except RowHeld:
        logger.warning("versions locked", extra={"centre": centre.pk})
        return 0
    told = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.VERSION_NOT_LIVE)
    standing = set(told.filter(ended_at__isnull=True).values_list("subject", flat=True))
    over = standing - set(done.waiting) - done.proving
    alarms_over(Alarm.Kind.VERSION_NOT_LIVE, over, at, "it is live, or was withdrawn")
    if not done.waiting:
        return done.live
    known = set(told.filter(subject__in=done.waiting).values_list("subject", flat=True))
    for subject in sorted(set(done.waiting) - known):
        name, why = done.waiting[subject]
        with transaction.atomic():
            lock_waits_briefly()
            alarm_raise(
                centre=centre,
                kind=Alarm.Kind.VERSION_NOT_LIVE,
                subject=subject,
                at=at,
                owner_role=Role.SUPERVISOR,
                detail={"subject": name, "words": f"{name}: {why}"[:_MOST_WORDS]},
            )
    return done.live
