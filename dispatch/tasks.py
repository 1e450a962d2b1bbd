"""Celery tasks: ids in, one service out. Lost, doubled or late, they do no harm."""

import time

from celery import shared_task
from django.utils import timezone

from accounts.models import Centre
from accounts.row_read import row_read
from dispatch.due.alarms import WORKER
from dispatch.nudge import nudge_taken
from dispatch.selectors.rounds import Round
from dispatch.services.offers import offers_run
from dispatch.turns import turns
from live.services import engine_heartbeat


@shared_task(name="dispatch.offer")
def offer(centre_id: int) -> int:
    """Offer a centre's pending incidents."""
    nudge_taken("dispatch.offer", centre_id)
    return _round(centre_id)


@shared_task(name="dispatch.offer_pending")
def offer_pending() -> int:
    """Beat's round over all centres; the sweeper's twin through the broker. Says that beat and worker are alive."""
    engine_heartbeat(role=WORKER)
    return sum(_round(centre_id) for centre_id in Centre.objects.values_list("pk", flat=True))


def _round(centre_id: int) -> int:
    with turns.taken(centre_id) as mine:
        centre = row_read(Centre, "one.id = %s", [centre_id]) if mine else None
        if centre is None:
            return 0
        seen = Round(centre, timezone.now(), begun=time.monotonic())
        seen.follow(_last.get(centre_id))
        _last[centre_id] = seen
        return len(offers_run(centre=centre, at=seen.at, seen=seen))


_last: dict[int, Round] = {}
"""Of each centre the round before, for the units that it has read."""
