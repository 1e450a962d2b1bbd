"""Holds whose callback time has come."""

from datetime import datetime

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Incident
from dispatch.services.incidents import hold_end


def holds_ended(centre: Centre, at: datetime) -> int:
    """Put incidents back whose hold is over."""
    due = Incident.objects.filter(centre=centre, state="held", held_until__lte=at)
    return each(centre, due, lambda one: hold_end(incident=one, at=at).state != "held")
