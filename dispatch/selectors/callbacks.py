"""Which alarms say that a caller is owed a call."""

from dispatch.models import Alarm

OWED = (Alarm.Kind.DROPPED_CALL, Alarm.Kind.CALLBACK_DUE)
"""About one call, named by their subject; its card stays on its owner's console while one stands."""
