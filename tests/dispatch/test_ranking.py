"""Units found one by one by bounds come in the engine's own order (ADR 21)."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import STRAIGHT, IncidentFacts, UnitFacts, who_can_go
from dispatch.ranking import Ranking
from tests.dispatch.test_engine import AT, INCIDENT, UNIT, any_incident, any_units


@settings(max_examples=150, deadline=None)
@given(asked=any_incident, units=any_units, without=st.frozensets(st.integers(0, 3)))
def test_units_found_one_by_one_come_in_the_engines_order(
    asked: IncidentFacts, units: list[UnitFacts], without: frozenset[int]
) -> None:
    units = [replace(unit, id=str(nth)) for nth, unit in enumerate(units)]
    ranking = Ranking(units, AT, STRAIGHT)
    for nth in without:
        ranking.drop(str(nth))
    left = {unit.id for unit in units} - {str(nth) for nth in without}
    found = list(ranking.order(asked, without={"1"}))
    assert [(points, unit.id) for points, unit in found] == [
        (points, unit.id) for points, unit in who_can_go(asked, units, AT) if unit.id in left - {"1"}
    ]


def _fleet(draw: random.Random, number: int) -> list[UnitFacts]:
    """Units of every kind about one town; equal ones among them, some without a place, old, or going home."""
    return [
        replace(
            UNIT,
            id=f"{nth:04}",
            call_sign=f"Star {draw.randrange(number)}",
            service=draw.choice(["in_service"] * 9 + ["on_break"]),
            lat=draw.choice([None, 45.0, *[draw.gauss(45.0, 0.08)] * 8]),
            lon=draw.gauss(-90.0, 0.1),
            position_at=AT - timedelta(minutes=draw.choice([0, 1, 14, 16, 90])),
            shift_ends=AT + timedelta(minutes=draw.choice([20, 46, 50, 55, 300, 300])),
            languages=frozenset(draw.choice([["en"], ["en", "es"]])),
            capabilities=frozenset(draw.sample(["medic", "youth", "transport"], draw.randrange(3))),
            crew=draw.choice([1, 2]),
            crew_ids=frozenset({draw.randrange(30)}),
            free_since=draw.choice([None, AT - timedelta(minutes=draw.randrange(60))]),
            recent_calls=draw.randrange(7),
        )
        for nth in range(number)
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"lat": None},
        {"by_phone": True},
        {"crew_needed": 2, "capabilities": frozenset({"medic"})},
        {"language": "es", "wanted": frozenset({"youth", "transport"}), "met": frozenset({3, 4})},
        {"lat": 46.5, "language": "es", "language_needed": True, "position_needed": True},
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_large_fleet_is_chosen_from_as_if_every_unit_was_worked_out(seed: int, asked: dict[str, Any]) -> None:
    draw = random.Random(seed)
    units = _fleet(draw, 700)
    incident = replace(INCIDENT, **asked)
    every = [(points, unit.id) for points, unit in who_can_go(incident, units, AT)]
    assert every
    ranking = Ranking(units[::-1], AT, STRAIGHT)
    assert [(points, unit.id) for points, unit in ranking.order(incident)] == every
    # Taken one after the other, also while the order is being read, they are the same.
    order = ranking.order(incident)
    assert next(order)[1].id == every[0][1]
    gone = draw.sample(every[1:], len(every) // 2)
    for _, unit_id in gone:
        ranking.drop(unit_id)
    left = [one for one in every[1:] if one not in gone]
    assert [(points, unit.id) for points, unit in order] == left
    assert [(points, unit.id) for points, unit in ranking.order(incident, without={every[0][1]})] == left
