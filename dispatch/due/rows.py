"""How a job works through its due rows."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model
from psycopg.errors import LockNotAvailable

from accounts.models import Centre
from dispatch.services.alarms import alarms_end
from dispatch.services.brief_locks import lock_waits_briefly

M = TypeVar("M", bound=Model)
logger = logging.getLogger(__name__)


def each(centre: Centre, rows: Iterable[M], act: Callable[[M], bool]) -> int:
    """Do one thing for each row in a transaction of its own; a row that fails is logged and stops no other.

    A row that somebody else has locked is waited for a moment only: a process that is stopped while it holds one call
    delays what is due for that call, not the loop. The next second looks again.
    """
    count = 0
    for row in list(rows):
        try:
            with transaction.atomic():
                lock_waits_briefly()
                count += act(row)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            logger.warning("due row locked", extra={"row": str(row.pk), "centre": centre.pk})
        except Exception:
            # One row's fault must not hold back what is due for the others; a lost connection ends the round.
            if not connection.is_usable():
                raise
            logger.exception("due row failed", extra={"row": str(row.pk), "centre": centre.pk})
    return count


def alarms_over(kind: str, subjects: Iterable[str], at: datetime, note: str) -> None:
    """End the alarms of subjects whose cause has gone, each in a transaction of its own. One that somebody else has
    locked, and may be stopped with in hand, has its turn in another round."""
    for subject in sorted(subjects):
        try:
            with transaction.atomic():
                lock_waits_briefly()
                alarms_end(kind, subject=subject, at=at, note=note)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            logger.warning("due alarm locked", extra={"kind": kind, "subject": subject})
