"""Everything of this app that falls due by time alone. The sweeper runs it each second, straight from PostgreSQL.

Each job is idempotent, takes `at`, and costs one indexed query when nothing is due. One file per noun.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import connection

from accounts.models import Centre
from dispatch.due.alarms import alarms_unowned, positions_stale, programs_uncovered, services_silent
from dispatch.due.answers import answers_aged
from dispatch.due.callbacks import callbacks_owed, callbacks_promised
from dispatch.due.clock import boards_aged
from dispatch.due.consoles import silent_consoles
from dispatch.due.crews import (
    cautions_new,
    crew_alarms_unanswered,
    crews_silent,
    phones_silent,
    safety_checks_overdue,
    second_units_sought,
    statuses_stuck,
)
from dispatch.due.decisions import second_persons
from dispatch.due.drafts import drafts_over
from dispatch.due.handoffs import handoffs_unacknowledged
from dispatch.due.holds import holds_ended
from dispatch.due.offers import calls_locked, offers_expired, pending_offered
from dispatch.due.promise import promises
from dispatch.due.stage_orders import risen_unanswered, stage_orders_unread
from dispatch.due.transfers import transfers_unanswered, transfers_untaken, words_owed
from dispatch.due.unattended import calls_unattended
from dispatch.due.versions import versions_live
from dispatch.due.visits import visits_due

__all__ = [
    "JOBS",
    "SELDOM",
    "alarms_unowned",
    "answers_aged",
    "boards_aged",
    "callbacks_owed",
    "callbacks_promised",
    "calls_locked",
    "calls_unattended",
    "cautions_new",
    "crew_alarms_unanswered",
    "crews_silent",
    "drafts_over",
    "handoffs_unacknowledged",
    "holds_ended",
    "offers_expired",
    "pending_offered",
    "phones_silent",
    "positions_stale",
    "programs_uncovered",
    "promises",
    "risen_unanswered",
    "run",
    "safety_checks_overdue",
    "second_persons",
    "second_units_sought",
    "services_silent",
    "silent_consoles",
    "stage_orders_unread",
    "statuses_stuck",
    "transfers_unanswered",
    "transfers_untaken",
    "versions_live",
    "visits_due",
    "words_owed",
]

logger = logging.getLogger(__name__)

JOBS: tuple[Callable[[Centre, datetime], int], ...] = (
    offers_expired,
    holds_ended,
    visits_due,
    pending_offered,
    calls_locked,
    handoffs_unacknowledged,
    stage_orders_unread,
    risen_unanswered,
    second_persons,
    promises,
    answers_aged,
    transfers_unanswered,
    transfers_untaken,
    words_owed,
    silent_consoles,
    callbacks_owed,
    callbacks_promised,
    crews_silent,
    second_units_sought,
    safety_checks_overdue,
    statuses_stuck,
    phones_silent,
    cautions_new,
    crew_alarms_unanswered,
    positions_stale,
    programs_uncovered,
    services_silent,
    calls_unattended,
    alarms_unowned,
    versions_live,
    drafts_over,
    boards_aged,
)

SELDOM_S = 10
SELDOM = frozenset(
    {
        boards_aged,
        calls_locked,
        calls_unattended,
        drafts_over,
        positions_stale,
        programs_uncovered,
        services_silent,
        visits_due,
    }
)
"""Jobs for which seconds do not count: a silence of a minute or more, a visit in half an hour. They run in the first
round of each `SELDOM_S` seconds of the clock, however long the rounds before took: late by less than one round."""
_looked: dict[int, int] = {}
"""By centre: the last of those tens of seconds in which they ran here."""


def run(centre: Centre, at: datetime, *, alive: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Run every job that has its turn; one that fails is logged and stops no other.

    `alive` is called between jobs, which may be long.

    Raises the database's error when the connection itself is lost.
    """
    done: dict[str, int] = {}
    ten = int(at.timestamp()) // SELDOM_S
    seldom = ten > _looked.get(centre.pk, -1) or at.second % SELDOM_S == 0
    _looked[centre.pk] = max(ten, _looked.get(centre.pk, -1))
    for job in JOBS:
        alive()
        if job in SELDOM and not seldom:
            done[job.__name__] = 0
            continue
        try:
            done[job.__name__] = job(centre, at)
        except Exception:
            # Whatever is wrong with one job, the others keep the floor's clocks; only a lost connection ends the round.
            if not connection.is_usable():
                raise
            logger.exception("due job failed", extra={"job": job.__name__, "centre": centre.pk})
    return done
