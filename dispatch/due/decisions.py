"""Less cautious choices that wait for a second person."""

from datetime import datetime

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Decision
from dispatch.services.decisions import decision_expire


def second_persons(centre: Centre, at: datetime) -> int:
    """Less cautious choices that nobody confirmed in time: the suggestion stands."""
    due = Decision.objects.filter(incident__centre=centre, state="waiting_second", second_due_at__lte=at)
    return each(centre, due, lambda one: decision_expire(decision=one, at=at).state == "refused")
