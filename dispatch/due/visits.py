"""Booked visits whose time has come."""

from datetime import datetime, timedelta

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Visit
from dispatch.selectors.visits import LEAD_S
from dispatch.services.visits import visit_fall_due


def visits_due(centre: Centre, at: datetime) -> int:
    """Make them pending calls, so early that somebody can be asked and drive there."""
    due = Visit.objects.filter(centre=centre, state="booked", starts_at__lte=at + timedelta(seconds=LEAD_S))
    return each(centre, due, lambda one: visit_fall_due(visit=one, at=at).state == "due")
