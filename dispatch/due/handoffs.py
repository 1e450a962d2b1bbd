"""Hand-offs that nobody has acknowledged."""

from datetime import datetime, timedelta

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Handoff
from dispatch.services.alarms import alarm_escalate, alarm_raise
from dispatch.services.journal import incident_locked
from dispatch.states import HANDOFF_OWNER_ALARM_S, HANDOFF_SUPERVISOR_ALARM_S


def handoffs_unacknowledged(centre: Centre, at: datetime) -> int:
    """After 30 s the owner is alarmed: phone them. After 60 s the supervisor."""
    late = Handoff.objects.filter(
        incident__centre=centre, state="requested", requested_at__lte=at - timedelta(seconds=HANDOFF_OWNER_ALARM_S)
    )
    return each(centre, late, lambda one: _handoff_late(one, at))


def _handoff_late(handoff: Handoff, at: datetime) -> bool:
    # Locked and read again: an alarm raised after the acknowledgement could be ended by nobody.
    incident = incident_locked(handoff.incident_id)
    handoff.refresh_from_db()
    if handoff.state != "requested" or handoff.requested_at is None:
        return False
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.HANDOFF_UNACKNOWLEDGED,
        subject=str(handoff.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
        detail={"service": handoff.service},
        urgent=True,
    )
    if (at - handoff.requested_at).total_seconds() >= HANDOFF_SUPERVISOR_ALARM_S:
        return alarm_escalate(alarm=alarm, at=at)
    return alarm.opened_at == at
