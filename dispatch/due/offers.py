"""Offers that nobody answered, and calls that no nudge has offered."""

from datetime import datetime

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Assignment
from dispatch.services.offers import offer_expire, offers_run
from dispatch.services.offers.locked import locked_calls_freed


def offers_expired(centre: Centre, at: datetime) -> int:
    """End offers that nobody answered."""
    due = Assignment.objects.filter(incident__centre=centre, state="offered", offer_expires_at__lte=at)
    return each(centre, due, lambda one: offer_expire(assignment=one, at=at).state == "expired")


def pending_offered(centre: Centre, at: datetime) -> int:
    """Offer what no nudge has offered."""
    return len(offers_run(centre=centre, at=at))


def calls_locked(centre: Centre, at: datetime) -> int:
    """Calls whose offers waited for a frozen process, and are free again."""
    return locked_calls_freed(centre, at)
