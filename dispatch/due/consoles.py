"""Open calls of consoles that have gone silent."""

from datetime import datetime, timedelta

from accounts.models import Centre, Role
from dispatch.due.rows import each
from dispatch.models import Alarm, Call
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked

SILENT_CONSOLE_S = 60


def silent_consoles(centre: Centre, at: datetime) -> int:
    """Open calls of a console that has been silent for 60 s are shown to the supervisor; it heals when heard again."""
    since = at - timedelta(seconds=SILENT_CONSOLE_S)
    calls = Call.objects.filter(centre=centre, state="open").select_related("incident", "owner__presence")
    shown = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.SILENT_CONSOLE, ended_at__isnull=True)
    back = calls.filter(pk__in=[alarm.subject for alarm in shown], owner__presence__at__gt=since)
    silent = calls.filter(received_at__lte=since, owner__presence__at__lte=since)
    return each(centre, back, lambda call: _heard_again(call, at)) + each(
        centre, silent, lambda call: _silent(call, at)
    )


def _heard_again(call: Call, at: datetime) -> bool:
    alarms_end(Alarm.Kind.SILENT_CONSOLE, subject=str(call.pk), at=at, note="console is back")
    return True


def _silent(call: Call, at: datetime) -> bool:
    incident = incident_locked(call.incident_id)
    call.refresh_from_db(fields=["state"])
    heard = call.owner.presence.at if call.owner is not None else at
    told = Alarm.objects.filter(kind=Alarm.Kind.SILENT_CONSOLE, subject=str(call.pk), opened_at__gte=heard)
    if call.state != "open" or told.exists():
        return False
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.SILENT_CONSOLE,
        subject=str(call.pk),
        at=at,
        incident=incident,
        owner_role=Role.SUPERVISOR,
        urgent=True,
    )
    return True
