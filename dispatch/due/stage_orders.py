"""Stage orders that no crew has read, and dangers that rose and that nobody has taken."""

from datetime import datetime, timedelta

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, StageOrder
from dispatch.services.alarms import alarm_escalate
from dispatch.states import ASSIGNMENT_LIVE

STAGE_ESCALATE_S = 30


def stage_orders_unread(centre: Centre, at: datetime) -> int:
    """A crew that has not acknowledged a stage order for 30 s: the supervisor, too."""
    unread = StageOrder.objects.filter(
        assignment__incident__centre=centre,
        assignment__state__in=ASSIGNMENT_LIVE,
        acknowledged_at__isnull=True,
        lifted_at__isnull=True,
        at__lte=at - timedelta(seconds=STAGE_ESCALATE_S),
    ).values_list("pk", flat=True)
    alarms = Alarm.objects.filter(
        kind=Alarm.Kind.STAGE_UNACKNOWLEDGED,
        subject__in=[str(pk) for pk in unread],
        ended_at__isnull=True,
        escalated_at__isnull=True,
    )
    return each(centre, alarms, lambda alarm: alarm_escalate(alarm=alarm, at=at))


def risen_unanswered(centre: Centre, at: datetime) -> int:
    """A danger that rose and that nobody has taken for 30 s: the supervisor, too."""
    alarms = Alarm.objects.filter(
        centre=centre,
        kind=Alarm.Kind.RISING_RISK,
        ended_at__isnull=True,
        escalated_at__isnull=True,
        opened_at__lte=at - timedelta(seconds=STAGE_ESCALATE_S),
    )
    return each(centre, alarms, lambda alarm: alarm_escalate(alarm=alarm, at=at))
