"""The backtest's numbers against a recount that asks the engine about each call; its edges one by one."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.backtest.case import Case
from programs.backtest.counting import Counting
from programs.backtest.plan import Plan, Side
from programs.backtest.report import DEFINITIONS, lines, report
from programs.backtest.tally import SAMPLED, Tally
from programs.preset_schema import all_presets
from programs.selectors import open_at
from tests.programs.backtest_cases import SQUARE, START, WEST_HALF, ZONE, random_cases, recount, side
from tests.triage.cases import safe
from triage.protocol import load_reference

STAR = all_presets()["star"].rules
PROTOCOL = load_reference()
NIGHTS = "Mo-Su 22:00-02:00"


def wider() -> dict[str, Any]:
    """STAR that also takes minors and no longer asks who calls: a draft with more and with less than the live one."""
    switches = {**STAR["switches"], "minors": "allow", "low_level_crime": "exclude"}
    return {**STAR, "switches": switches, "natures": ["welfare_check", "mental_health_crisis", "youth_issue"]}


def plan(draft: Side, live: Side | None = None, **more: int) -> Plan:
    return Plan(PROTOCOL, draft, live, **more)


def counted(one: Plan, *batches: list[Case]) -> Tally:
    counting = Counting(one)
    tally = counting.start()
    for batch in batches:
        counting.add(tally, batch)
    return tally


def assert_equal(one: Plan, cases: list[Case], tally: Tally) -> None:
    """Every figure of the report, and the lists behind it, equal the recount's."""
    mine, theirs = report(tally, one), recount(one, cases)
    assert {k: mine[k] for k in ("total", "no_place", "no_nature", "changed")} == {
        k: theirs[k] for k in ("total", "no_place", "no_nature", "changed")
    }
    assert {f"{a}|{b}": n for a, b, n in mine["changes"]} == theirs["changes"]
    assert [entry["ref"] for entry in mine["list"]] == theirs["refs"][:200]
    for name, want in theirs["sides"].items():
        got = mine["sides"][name]
        ranked = {k: dict(got[k]) for k in ("by_rule", "by_question", "missing")}
        crossed = {k: {f"{a}|{b}": n for a, b, n in got[k]} for k in ("outcomes", "did")}
        figures = {k: got[k] for k in want if k not in {*ranked, *crossed} and not k.startswith("_")}
        assert {**figures, **ranked, **crossed} == {k: v for k, v in want.items() if not k.startswith("_")}
        held = {datetime.fromtimestamp(int(k) * 3600, UTC): n for k, n in tally.sides[name].hour_seconds.items() if n}
        assert held == want["_seconds"]


@pytest.mark.parametrize(
    ("draft", "live"),
    [
        (side(wider(), hours=NIGHTS), side(STAR, hours="Mo-Fr 06:00-22:00; Sa 10:00-18:30", area=WEST_HALF)),
        (side(STAR), None),
        (side(all_presets()["austin_c3"].rules), side(all_presets()["smart911"].rules, hours="nonsense")),
    ],
)
def test_numbers_equal_an_independent_recount(draft: Side, live: Side | None) -> None:
    cases = random_cases(200, seed=7) + random_cases(300, seed=8, calm=0.99)
    one = plan(draft, live, units=1, minutes=95)
    tally = counted(one, cases)
    assert_equal(one, cases, tally)
    assert len([verdict for verdict in tally.sides["draft"].verdicts if tally.sides["draft"].verdicts[verdict]]) >= 4


def test_an_area_that_nobody_has_drawn_shuts_nothing_out() -> None:
    tally = counted(plan(side(STAR, area={})), random_cases(100, seed=8, calm=0.99))
    assert {pair.split("|")[1] for pair in tally.sides["draft"].met} == {"unknown"}


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 120), max_size=4), seed=st.integers(0, 50), minutes=st.integers(1, 1440))
def test_batches_and_json_change_nothing(cuts: list[int], seed: int, minutes: int) -> None:
    cases = random_cases(120, seed)
    one = plan(side(wider(), hours=NIGHTS), side(STAR, area=WEST_HALF), minutes=minutes, seed=seed)
    whole = counted(one, cases)
    edges = [0, *sorted(cuts), len(cases)]
    tally = Counting(one).start()
    for start, end in pairwise(edges):
        # A fresh counter each time, as after a killed worker: the tally alone carries the run.
        Counting(one).add(tally, cases[start:end])
        tally = Tally.from_dict(json.loads(json.dumps(tally.to_dict())))
    assert report(tally, one) == report(whole, one)


def test_the_sample_is_repeatable_and_depends_on_the_seed() -> None:
    cases = random_cases(200, seed=3)
    one, same, other = (plan(side(STAR), seed=seed) for seed in (5, 5, 6))
    refs = [[entry["ref"] for entry in counted(p, cases).sample] for p in (one, same, other)]
    assert refs[0] == refs[1] != refs[2]
    assert len(refs[0]) == min(
        SAMPLED, counted(one, cases).changes.total() - counted(one, cases).changes["excluded|excluded"]
    )
    assert Counter(refs[0]).most_common(1)[0][1] == 1


def calm(ref: str, at: datetime, **answers: Any) -> Case:
    given = {**safe(), **answers}
    return Case(ref, {k: v for k, v in given.items() if v is not None}, "welfare_check", at, 41.5, -95.9)


def test_what_was_not_recorded_cannot_be_tested_but_unknown_can() -> None:
    one = plan(side(STAR))
    tally = counted(one, [calm("a", START), calm("b", START, weapon=None), calm("c", START, weapon="unknown")])
    figures = report(tally, one)["sides"]["draft"]
    assert (figures["takes"], figures["asks"], figures["untestable"]) == (1, 2, 1)
    assert dict(figures["missing"]) == {"weapon": 1}
    assert dict(figures["by_question"]) == {"weapon": 2}


def test_a_call_without_answers_is_undecided_unless_its_nature_decides() -> None:
    one = plan(side(STAR))
    cases = [
        Case(f"{nth}", {}, nature, START)
        for nth, nature in enumerate(["welfare_check", "assault", None, "noise_complaint"])
    ]
    figures = report(counted(one, cases), one)
    draft = figures["sides"]["draft"]
    assert dict(draft["by_rule"]) == {"nature_dangerous": 1, "nature_not_served": 1}
    assert (draft["untestable"], draft["undecided"], draft["takes"]) == (2, 2, 0)
    assert (figures["no_nature"], figures["no_place"]) == (1, 4)


FALL_BACK = datetime(2025, 11, 2, 5, 0, tzinfo=UTC)
"""Midnight in Chicago of the night in which 01:00 to 02:00 comes twice."""
SPRING_FORWARD = datetime(2026, 3, 8, 6, 0, tzinfo=UTC)
"""Midnight in Chicago of the night without 02:00 to 03:00."""


@pytest.mark.parametrize("midnight", [FALL_BACK, SPRING_FORWARD])
def test_nights_on_which_the_clocks_change(midnight: datetime) -> None:
    instants = [midnight + timedelta(minutes=10 * step) for step in range(-18, 30)]
    one = plan(side(STAR, hours=NIGHTS))
    tally = counted(one, [calm(str(nth), at) for nth, at in enumerate(instants)])
    expected = sum(open_at(NIGHTS, at, ZONE) for at in instants)
    hours_open = 5 if midnight == FALL_BACK else 4
    assert tally.sides["draft"].verdicts["takes"] == expected == 6 * hours_open


def test_overflow_is_counted_by_the_hour() -> None:
    hour = datetime(2025, 6, 3, 18, 0, tzinfo=UTC)
    cases = [calm("a", hour), calm("b", hour + timedelta(minutes=30)), calm("c", hour + timedelta(hours=5))]
    one = plan(side(STAR), units=1, minutes=60)
    draft = report(counted(one, cases), one)["sides"]["draft"]
    # 13:00 holds 60 + 30 minutes and overflows; 14:00 holds 30; 18:00 holds 60 and is just full.
    assert (draft["unit_hours"], draft["overflow_hours"], draft["hours"]) == (3.0, 1, 6)
    full = [(row["day"], row["hour"], row["most"]) for row in draft["week"] if row["over"]]
    assert full == [(1, 13, 1.5)]
    two = plan(side(STAR), units=2, minutes=60)
    assert report(counted(two, cases), two)["sides"]["draft"]["overflow_hours"] == 0


def test_the_edge_of_an_area_is_inside() -> None:
    one = plan(side(STAR, area=SQUARE))
    corner = Case("corner", safe(), "welfare_check", START, 41.0, -96.0)
    assert counted(one, [corner]).sides["draft"].verdicts["takes"] == 1


@pytest.mark.parametrize("wrong", [{"units": 0}, {"minutes": 0}, {"minutes": 1441}])
def test_assumptions_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"unit"):
        plan(side(STAR), None, **wrong)


def test_nothing_counted_is_a_report_too() -> None:
    one = plan(side(STAR), side(STAR))
    empty = report(counted(one, []), one)
    assert empty["total"] == empty["changed"] == empty["sides"]["draft"]["hours"] == 0
    assert "0 calls" in lines(empty)[0]


def test_the_text_report_names_every_figure() -> None:
    one = plan(side(wider()), side(STAR))
    text = "\n".join(lines(report(counted(one, random_cases(60, seed=2)), one)))
    for words in ("would take", "cannot be tested", "Violence or a threat of it", "calls change", "unit hours"):
        assert words in text
    assert all(DEFINITIONS.values())


def test_a_case_survives_json() -> None:
    for case in random_cases(5, seed=1):
        assert Case.from_row(json.loads(json.dumps(case.to_row()))) == case
