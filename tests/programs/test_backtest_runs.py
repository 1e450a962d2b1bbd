"""Backtests as jobs: asked for, counted in batches, killed, cancelled, gone on with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from desk.backtest_work import backtests_work
from dispatch.models import Decision
from dispatch.selectors.cases import cases_after
from people.geometry import covers
from programs.backtest.case import Case
from programs.backtest.counting import Counting
from programs.models import BacktestRun, ProgramVersion
from programs.selectors.backtests import plan_of
from programs.services import backtests as services
from programs.services.backtests import STALE, backtest_advance, backtest_cancel, backtest_claim
from tests import factories
from tests.programs.backtest_cases import recount
from tests.programs.backtest_ground import cases_of, decided, draft, logged, started
from triage import natures

__all__ = ["decided", "draft"]
"""Fixtures of this module, from the shared ground."""


def test_a_run_over_stored_decisions_equals_a_recount(
    draft: ProgramVersion, decided: list[Decision], people: dict[str, User], at: datetime
) -> None:
    run = started(draft, people["program_administrator"], at, seed=3)
    assert backtests_work(lambda: at) == 1
    assert backtests_work(lambda: at) == 0
    run.refresh_from_db()
    assert run.result is not None
    mine, theirs = run.result, recount(plan_of(run), cases_of(run))
    assert (run.state, run.done, mine["total"], mine["changed"]) == ("finished", 4, 4, theirs["changed"])
    for side in ("draft", "live"):
        for key in ("eligible", "takes", "closed", "outside", "excluded", "asks", "untestable"):
            assert mine["sides"][side][key] == theirs["sides"][side][key], (side, key)
    # At 13:00 only the live version is open; at 22:00 only the draft takes the youth.
    assert (mine["sides"]["live"]["takes"], mine["sides"]["draft"]["takes"]) == (1, 1)
    assert {tuple(row) for row in mine["sides"]["draft"]["did"]} >= {("takes", "advocates", 1)}
    actions = list(AuditRow.objects.filter(entity="backtest").order_by("id").values_list("action", flat=True))
    assert actions == ["backtest.start", "backtest.finish"]


def test_stored_decisions_carry_their_place_and_time(
    draft: ProgramVersion, decided: list[Decision], people: dict[str, User], at: datetime
) -> None:
    cases = cases_of(started(draft, people["program_administrator"], at))
    assert [case.ref for case in cases] == [str(one.incident_id) for one in decided]
    assert all(
        case.lat is not None and case.lon is not None and covers(factories.TOWN, case.lat, case.lon) for case in cases
    )
    assert cases[1].answers["age_band"] == "16_17"
    assert [case.did for case in cases][::3] == ["star", "emergency"]
    assert natures.get(cases[0].nature) is not None


def test_batches_by_cursor_miss_nothing_and_repeat_nothing(
    draft: ProgramVersion, decided: list[Decision], centre: Centre, at: datetime
) -> None:
    found, cursor = [], ""
    while True:
        cases, cursor = cases_after(
            centre, from_at=at, until_at=at + timedelta(days=3), cursor=cursor, limit=1
        )  # fmt: skip
        if not cases:
            break
        found += [case.ref for case in cases]
    assert found == [str(one.incident_id) for one in decided]


def test_a_killed_worker_costs_a_batch_and_another_goes_on(
    draft: ProgramVersion, people: dict[str, User], centre: Centre, at: datetime
) -> None:
    log = logged(draft, people["program_administrator"], at)
    killed = backtest_claim(at=at)
    assert killed is not None
    counting = Counting(plan_of(killed))
    tally = counting.start()
    counting.add(tally, [Case.from_row(row) for row in killed.batches.get(number=0).cases])
    assert backtest_advance(run=killed, tally=tally.to_dict(), cursor="0", done=tally.total, at=at)
    # The first worker is dead from here on; while it might live, nobody else touches the run.
    assert backtests_work(lambda: at + STALE) == 0
    assert backtests_work(lambda: at + STALE + timedelta(seconds=1)) == 1
    log.refresh_from_db()
    assert log.result is not None
    assert log.result["total"] == log.total == 24
    # If it was only slow, its late report and its end are not taken.
    assert not backtest_advance(run=killed, tally={}, cursor="9", done=1, at=at)
    assert not services.backtest_finish(run=killed, result={"total": 0, "changed": 0}, at=at)
    assert not log.batches.exists()


def test_cancelling_stops_the_worker_at_its_next_report(
    draft: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    by = people["program_administrator"]
    run = logged(draft, by, at)
    claimed = backtest_claim(at=at)
    assert claimed is not None
    assert backtest_cancel(run=run, by=by, at=at).state == "cancelled"
    assert not backtest_advance(run=claimed, tally={}, cursor="0", done=1, at=at)
    assert backtests_work(lambda: at) == 0
    assert backtest_cancel(run=run, by=by, at=at).state == "cancelled"
    assert AuditRow.objects.filter(action="backtest.cancel").count() == 1


def test_one_run_at_a_time(
    draft: ProgramVersion, programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    by = people["program_administrator"]
    started(draft, by, at)
    with pytest.raises(Refused, match="under way"):
        started(draft, by, at)
    other = started(programs["advocates"], by, at + timedelta(seconds=1))
    first = backtest_claim(at=at)
    assert first is not None
    assert first.version == draft
    assert backtest_claim(at=at) is None
    other.refresh_from_db()
    assert other.state == "queued"


def test_a_run_that_cannot_be_counted_fails_with_words(
    draft: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    run = started(draft, people["program_administrator"], at)
    BacktestRun.objects.filter(pk=run.pk).update(spec={"rules": {"slug": "star"}})
    assert backtests_work(lambda: at) == 0
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "It could not be counted: ValueError.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "running"},
        {"state": "finished", "finished_at": "at"},
        {"state": "odd"},
        {"units": 0},
        {"minutes": 0},
        {"until_at": None},
        {"finished_at": "at"},
    ],
)
def test_the_database_forbids_the_impossible(
    draft: ProgramVersion, people: dict[str, User], at: datetime, wrong: dict[str, Any]
) -> None:
    run = started(draft, people["program_administrator"], at)
    values = {key: at if value == "at" else value for key, value in wrong.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        BacktestRun.objects.filter(pk=run.pk).update(**values)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"until_at": None}, "must end after"),
        ({"log_name": "empty.csv"}, "No row"),
    ],
)
def test_what_cannot_be_started(
    draft: ProgramVersion, people: dict[str, User], at: datetime, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        started(draft, people["program_administrator"], at, **change)
    draft.spec = {**draft.spec, "rules": {}}
    with pytest.raises(Refused, match="Mend the draft's rules"):
        started(draft, people["program_administrator"], at)
