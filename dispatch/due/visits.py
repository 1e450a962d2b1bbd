"""Booked visits whose time has come."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import OperationalError, connection, transaction

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Visit
from dispatch.selectors.visits import LEAD_S
from dispatch.services.visits_due import visit_failed, visit_fall_due

logger = logging.getLogger(__name__)


def visits_due(centre: Centre, at: datetime) -> int:
    """Make them pending calls, so early that somebody can be asked and drive there."""
    due = Visit.objects.filter(centre=centre, state="booked", starts_at__lte=at + timedelta(seconds=LEAD_S))
    return each(centre, due, partial(_fall_due, at))


def _fall_due(at: datetime, visit: Visit) -> bool:
    try:
        with transaction.atomic():
            return visit_fall_due(visit=visit, at=at).state == "due"
    except OperationalError:
        # Somebody has it locked, or the connection is lost: the next round looks again.
        raise
    except Exception:
        # Whatever is wrong with a booking, somebody was promised a visit: it is said aloud, not only logged.
        if not connection.is_usable():
            raise
        logger.exception("visit not made a call", extra={"visit": str(visit.pk), "centre": visit.centre_id})
        visit_failed(visit=visit, at=at)
        return False
