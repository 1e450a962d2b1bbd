"""The work of backtests and shadow runs: reads cases, counts them, reports after each batch. May be killed or doubled.

A run is found in PostgreSQL, never in a message: beat asks for work every few seconds, the page's request asks at once.
With Redis away both messages are lost and the run waits, queued, until beat reaches a worker again; calls are not
touched by it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from dispatch.selectors.cases import cases_after
from programs.backtest.case import Case
from programs.backtest.report import report
from programs.backtest.tally import Tally
from programs.models import BacktestRun, ShadowRun
from programs.selectors.backtests import plan_of, shadow_plan_of
from programs.services.backtests import BATCH, backtest_advance, backtest_claim, backtest_fail, backtest_finish
from programs.services.shadows import shadow_advance

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

SETTLED = timedelta(seconds=120)
"""How old a decision is before a shadow run reads it: by then the second person has answered or the wait is over, and
every transaction of that time has committed, so that the cursor passes nothing by."""


def backtests_work(now: Clock) -> int:
    """Count whatever waits, oldest first, until nothing does. Returns how many runs ended here."""
    ended = 0
    while (run := backtest_claim(at=now())) is not None:
        try:
            ended += _counted(run, now)
        except (OperationalError, InterfaceError):
            # The database is away: the run stays as it is, goes stale, and is gone on with.
            raise
        except Exception as error:
            # Whatever the rules, areas or cases of one run break must end that run, not the worker.
            logger.exception("backtest failed", extra={"run": str(run.pk)})
            backtest_fail(run=run, problem=f"It could not be counted: {type(error).__name__}.", at=now())
    return ended


def _counted(run: BacktestRun, now: Clock) -> bool:
    """Count one run to its end. False when it was cancelled or taken over meanwhile."""
    from programs.backtest.counting import Counting  # numpy, only in the process that counts

    plan = plan_of(run)
    counting = Counting(plan)
    tally = Tally.from_dict(run.tally) if run.tally is not None else counting.start()
    cursor = run.cursor
    while True:
        cases, cursor = next_cases(run, cursor)
        if not cases:
            return backtest_finish(run=run, result=report(tally, plan), at=now())
        counting.add(tally, cases)
        if not backtest_advance(run=run, tally=tally.to_dict(), cursor=cursor, done=tally.total, at=now()):
            return False


def next_cases(run: BacktestRun, cursor: str) -> tuple[list[Case], str]:
    """The batch behind the cursor and the cursor behind the batch; no cases at the end."""
    if run.source == BacktestRun.Source.LOG:
        number = int(cursor) + 1 if cursor else 0
        batch = run.batches.filter(number=number).first()
        return ([Case.from_row(row) for row in batch.cases], str(number)) if batch is not None else ([], cursor)
    if run.from_at is None or run.until_at is None:
        return [], cursor
    centre = run.version.program.centre
    return cases_after(centre, from_at=run.from_at, until_at=run.until_at, cursor=cursor, limit=BATCH)


def shadows_work(now: Clock) -> int:
    """Count on every shadow run up to a moment ago. Returns how many decisions were counted."""
    running = ShadowRun.objects.filter(state="running").select_related("version__program__centre", "protocol")
    return sum(_shadow_counted(run, now) for run in running)


def _shadow_counted(run: ShadowRun, now: Clock) -> int:
    until = min(run.until_at, now() - SETTLED)
    if until <= (run.counted_to or run.from_at):
        return 0
    from programs.backtest.counting import Counting  # numpy, only in the process that counts

    counting = Counting(shadow_plan_of(run))
    tally = Tally.from_dict(run.tally) if run.tally is not None else counting.start()
    before = tally.total
    centre = run.version.program.centre
    while True:
        start = run.cursor
        cases, cursor = cases_after(centre, from_at=run.from_at, until_at=until, cursor=start, limit=BATCH)
        counting.add(tally, cases)
        reached = cases[-1].at if cases else until
        kept = shadow_advance(
            run=run, before=start, tally=tally.to_dict(), cursor=cursor, counted_to=reached, at=now()
        )  # fmt: skip
        if not cases or not kept:
            return tally.total - before
