"""Writes of backtests: asking for one, and what its worker reports. Lost, doubled or late messages do no harm."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from programs.backtest.case import Case
from programs.models import BacktestBatch, BacktestRun, ProgramVersion, VersionState
from programs.selectors.backtests import protocol_for_tests, side_of

BATCH = 5_000
"""Calls that are counted and reported at a time: a fraction of a second of work, the most that a kill can cost."""
STALE = timedelta(seconds=30)
"""A worker that has reported nothing for so long is taken for dead, and another goes on from its last report."""
_OPEN = ("queued", "running")
_MOST_SEED = 2**31


@transaction.atomic
def backtest_start(
    *,
    version: ProgramVersion,
    units: int,
    minutes: int,
    by: User,
    at: datetime,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    total: int = 0,
    log_name: str = "",
    log_map: str = "",
    log_bad: int = 0,
    cases: Sequence[Case] = (),
    seed: int | None = None,
) -> BacktestRun:
    """Queue a backtest over the decisions of a period, or over the `cases` of a log when `log_name` is given.

    Raises Refused: for a version that one is queued or running for (409), for rules that cannot be read, without a
    published protocol, and for an impossible period.
    """
    require(by, Role.PROGRAM_ADMINISTRATOR)
    centre = version.program.centre
    protocol = protocol_for_tests(centre)
    if protocol is None:
        raise Refused("no_protocol", "No protocol is published: there is nothing to judge calls under.", status=409)
    try:
        side_of(version.spec, version.area, centre)
    except (KeyError, ValueError) as error:
        raise Refused("rules_unreadable", f"Mend the draft's rules first: {error}", status=409) from error
    if not log_name and (from_at is None or until_at is None or until_at <= from_at):
        raise Refused("period_impossible", "The period must end after it begins.", field="until")
    if log_name and not cases:
        raise Refused("log_empty", "No row of this log could be read.", field="log")
    try:
        with transaction.atomic():
            run = BacktestRun.objects.create(
                version=version,
                live=version.program.versions.filter(state=VersionState.PUBLISHED).exclude(pk=version.pk).first(),
                protocol=protocol,
                spec=version.spec,
                area=version.area,
                source=BacktestRun.Source.LOG if log_name else BacktestRun.Source.DECISIONS,
                from_at=None if log_name else from_at,
                until_at=None if log_name else until_at,
                log_name=log_name[:120],
                log_map=log_map[:80],
                log_bad=log_bad,
                units=units,
                minutes=minutes,
                seed=secrets.randbelow(_MOST_SEED) if seed is None else seed,
                total=len(cases) if log_name else total,
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError as error:
        raise Refused(
            "backtest_open", "A backtest of this version is under way: wait for it or cancel it.", status=409
        ) from error
    BacktestBatch.objects.bulk_create(
        [
            BacktestBatch(run=run, number=number, cases=[case.to_row() for case in cases[start : start + BATCH]])
            for number, start in enumerate(range(0, len(cases), BATCH))
        ]
    )
    audit(
        action="backtest.start",
        at=at,
        by=by,
        centre=centre,
        entity="backtest",
        entity_id=run.pk,
        detail={"version": str(version.pk), "source": run.source, "calls": run.total},
    )
    return run


@transaction.atomic
def backtest_cancel(*, run: BacktestRun, by: User, at: datetime) -> BacktestRun:
    """End a run that nobody needs any more; its worker notices at its next report. Ended ones stay as they are."""
    require(by, Role.PROGRAM_ADMINISTRATOR)
    run = BacktestRun.objects.select_for_update().get(pk=run.pk)
    if run.state in _OPEN:
        _end(run, BacktestRun.State.CANCELLED, at)
        centre = run.version.program.centre
        audit(action="backtest.cancel", at=at, by=by, centre=centre, entity="backtest", entity_id=run.pk)
    return run


@transaction.atomic
def backtest_claim(*, at: datetime) -> BacktestRun | None:
    """The oldest run that waits, or whose worker is silent, for the caller to count. None while another is counted:
    one at a time leaves the worker's other threads to the calls."""
    silent = Q(state="running", heard_at__lt=at - STALE)
    if BacktestRun.objects.filter(state="running").exclude(silent).exists():
        return None
    run = (
        BacktestRun.objects.select_for_update(skip_locked=True)
        .filter(Q(state="queued") | silent)
        .order_by("requested_at")
        .first()
    )
    if run is None:
        return None
    run.state, run.lease, run.heard_at = BacktestRun.State.RUNNING, uuid.uuid4(), at
    run.started_at = run.started_at or at
    run.save(update_fields=["state", "lease", "heard_at", "started_at"])
    return run


def backtest_advance(*, run: BacktestRun, tally: dict[str, Any], cursor: str, done: int, at: datetime) -> bool:
    """Keep how far the counting came. False when the run is cancelled, or another worker has taken it over: stop."""
    kept = BacktestRun.objects.filter(pk=run.pk, state="running", lease=run.lease).update(
        tally=tally, cursor=cursor, done=done, heard_at=at
    )
    return kept == 1


@transaction.atomic
def backtest_finish(*, run: BacktestRun, result: dict[str, Any], at: datetime) -> bool:
    """Keep the result with the version. False when the run is no longer the caller's."""
    held = BacktestRun.objects.select_for_update().filter(pk=run.pk, state="running", lease=run.lease).first()
    if held is None:
        return False
    held.result, held.done, held.total = result, result["total"], result["total"]
    _end(held, BacktestRun.State.FINISHED, at)
    audit(
        action="backtest.finish",
        at=at,
        centre=held.version.program.centre,
        entity="backtest",
        entity_id=held.pk,
        detail={"calls": result["total"], "changed": result["changed"]},
    )
    return True


@transaction.atomic
def backtest_fail(*, run: BacktestRun, problem: str, at: datetime) -> None:
    """End a run that cannot be counted, with words for the page. What had been counted is dropped."""
    held = BacktestRun.objects.select_for_update().filter(pk=run.pk, state="running", lease=run.lease).first()
    if held is not None:
        held.problem = problem[:200]
        _end(held, BacktestRun.State.FAILED, at)
        centre = held.version.program.centre
        audit(action="backtest.fail", at=at, centre=centre, entity="backtest", entity_id=held.pk)


def _end(run: BacktestRun, state: str, at: datetime) -> None:
    run.state, run.finished_at, run.tally, run.lease = state, at, None, None
    run.save(update_fields=["state", "finished_at", "tally", "lease", "result", "done", "total", "problem"])
    run.batches.all().delete()
