"""Calls and units that somebody else has locked: waited for a moment, and said aloud where the holder seems frozen."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from accounts.models import Centre, Role
from dispatch.models import Alarm, Incident
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.brief_locks import lock_waits_briefly
from responders.models import Unit

logger = logging.getLogger(__name__)

FROZEN_S = 4.0
"""A session that holds a transaction open and has done nothing for so long is a stopped process, not a busy one.
PostgreSQL ends it after 30 s (config.database)."""


def call_free(centre: Centre, incident_id: UUID, at: datetime, *, frozen_s: float = FROZEN_S) -> bool:
    """Wait a moment for a call that was locked, holding nothing else; whether it is free now.

    While a frozen process holds it, an alarm names the call: its offers wait, all others go on.
    """
    try:
        with transaction.atomic():
            lock_waits_briefly()
            Incident.objects.select_for_update(of=("self",)).only("pk").get(pk=incident_id)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        logger.warning("offer waits for a locked call", extra={"incident": str(incident_id)})
        if _somebody_frozen(frozen_s):
            _say(centre, incident_id, at)
        return False
    return True


def unit_free(unit_id: str) -> bool:
    """Wait a moment for a unit that was locked, holding nothing else; whether nobody has it locked now."""
    try:
        with transaction.atomic():
            lock_waits_briefly()
            Unit.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=unit_id)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        logger.warning("offer waits for a locked unit", extra={"unit": unit_id})
        return False
    return True


def _somebody_frozen(frozen_s: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
            " AND state_change < clock_timestamp() - make_interval(secs => %s))",
            [frozen_s],
        )
        return bool(cursor.fetchone()[0])


def _say(centre: Centre, incident_id: UUID, at: datetime) -> None:
    # Without the incident itself: a reference to it would wait for the same lock.
    number = Incident.objects.values_list("number", flat=True).get(pk=incident_id)
    with transaction.atomic():
        alarm_raise(
            centre=centre,
            kind=Alarm.Kind.CALL_LOCKED,
            subject=str(incident_id),
            at=at,
            owner_role=Role.DISPATCHER,
            detail={
                "subject": f"#{number:04d}",
                "words": f"#{number:04d}: phone or radio; it frees itself within 30 s",
            },
        )


def call_freed(alarm: Alarm, at: datetime) -> bool:
    """End the alarm of a call that nobody has locked any more. Returns whether it was free."""
    calls = Incident.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=UUID(alarm.subject))
    if not calls.exists():
        return False
    alarms_end(alarm.kind, subject=alarm.subject, at=at, note="free again")
    return True
