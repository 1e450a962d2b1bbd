"""Callbacks that are owed or were promised."""

from datetime import datetime

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Call
from dispatch.services.callbacks import callbacks_look, promised_come_due


def callbacks_owed(centre: Centre, at: datetime) -> int:
    """Late tries go to the supervisor; what was sent after the last try owes no more."""
    owed = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.DROPPED_CALL, ended_at__isnull=True)
    return each(centre, owed, lambda alarm: callbacks_look(alarm=alarm, at=at))


def callbacks_promised(centre: Centre, at: datetime) -> int:
    """Promised times that have come."""
    due = Call.objects.filter(centre=centre, promised_at__isnull=False, promised_at__lte=at)
    return each(centre, due, lambda call: promised_come_due(call=call, at=at))
