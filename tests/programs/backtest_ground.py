"""Ground of the backtest's tests: a draft, decisions, and a small log in the shape of a city's open data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Centre, User
from dispatch.models import Decision
from dispatch.selectors.cases import cases_after
from programs.models import BacktestRun, ProgramVersion
from programs.services.backtests import backtest_start
from tests import factories
from triage import natures

MAP = """
about: An invented town
name: elmford_test
licence: none
missing: ["", "NA"]
place_missing: Place withheld
columns: {external_id: number, time: time, nature: type, channel: origin, place: street, lat: lat, lon: lon,
  outcome: end}
time: {zone: America/Chicago}
channels: {"911": "911", Phone: non_emergency}
natures: {Welfare Check: welfare_check, Noise: noise_complaint, Assault: assault, Oddity: null}
"""
_NATURES = ("Welfare Check", "Noise", "Assault", "Oddity")


def a_log(rows: int = 24) -> str:
    """A small log in the shape of a city's open data: every nature in turn, one an hour, some without a place."""
    lines = ["number,time,type,origin,street,lat,lon,end"]
    for nth in range(rows):
        lat, lon = (
            ("NA", "NA") if nth % 5 == 0 else (f"{factories.LAT + (0.05 if nth % 7 == 0 else 0)}", f"{factories.LON}")
        )
        lines.append(
            f"E{nth},2025-06-0{1 + nth // 24} {nth % 24:02d}:15:00,{_NATURES[nth % 4]},911,Main St,{lat},{lon},Advised"
        )
    return "\n".join([*lines, "E99,no time,Noise,911,Main St,NA,NA,"]) + "\n"


@pytest.fixture
def draft(programs: dict[str, ProgramVersion]) -> ProgramVersion:
    """STAR's next version: nights only, and minors too."""
    live = programs["star"]
    rules = {**live.spec["rules"], "switches": {**live.spec["rules"]["switches"], "minors": "allow"}}
    spec = {**live.spec, "hours": "Mo-Su 18:00-06:00", "rules": rules}
    return ProgramVersion.objects.create(
        program=live.program, number=2, spec=spec, area=factories.TOWN, created_at=live.created_at
    )


@pytest.fixture
def decided(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime
) -> list[Decision]:
    """Four decisions at 13:00 local: a calm adult, a calm youth, a call with open questions, a weapon."""
    by = people["call_taker"]
    calls = [
        factories.a_triaged_call(centre, by=by, at=at),
        factories.a_triaged_call(centre, by=by, at=at, age_band="16_17"),
        factories.a_triaged_call(centre, by=by, at=at, answers={"weapon": "none"}),
        factories.a_triaged_call(centre, by=by, at=at, weapon="in_hand"),
    ]
    return [
        factories.a_decision(call.incident, by=by, at=at + timedelta(hours=9 * nth)) for nth, call in enumerate(calls)
    ]


def started(draft: ProgramVersion, by: User, at: datetime, **more: Any) -> BacktestRun:
    given = {"from_at": at - timedelta(days=1), "until_at": at + timedelta(days=3), "units": 1, "minutes": 60, **more}
    return backtest_start(version=draft, by=by, at=at, **given)


def cases_of(run: BacktestRun) -> list[Any]:
    assert run.from_at is not None
    assert run.until_at is not None
    return cases_after(run.version.program.centre, from_at=run.from_at, until_at=run.until_at, cursor="", limit=100)[0]


def logged(draft: ProgramVersion, by: User, at: datetime, rows: int = 24) -> BacktestRun:
    """A run over a log, in batches of a few calls."""
    from interop.call_log.cases import cases
    from interop.call_log.mapping import read_map
    from interop.call_log.reader import BadRow

    ours = {
        "natures": frozenset(n.slug for n in natures.load().natures),
        "channels": frozenset(["911", "non_emergency"]),
    }
    found = list(cases(a_log(rows).splitlines(keepends=True), read_map(MAP, "map", **ours)))
    good = [row for row in found if not isinstance(row, BadRow)]
    run = backtest_start(
        version=draft,
        by=by,
        at=at,
        units=1,
        minutes=60,
        cases=good,
        log_name="town.csv",
        log_bad=len(found) - len(good),
    )
    rows_kept = [row for batch in run.batches.order_by("number") for row in batch.cases]
    run.batches.all().delete()
    for number, start in enumerate(range(0, len(rows_kept), 10)):
        run.batches.create(number=number, cases=rows_kept[start : start + 10])
    return run
