"""Calls and units matched together: urgency first, then points, whatever the order of the rows."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.matching import HYSTERESIS_POINTS, MOST_CALLS, Pending, keeps, match

UNITS = ["Star 1", "Star 2", "Star 3"]


def _call(name: str, priority: int, **points: float) -> Pending:
    return Pending(name, priority, {f"Star {key[1:]}": value for key, value in points.items()})


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([], {}),
        ([_call("a", 1)], {}),
        ([_call("a", 1, u1=10, u2=20)], {"a": "Star 2"}),
        # First come, first served would give the older call the one unit that the other could use, too.
        ([_call("a", 2, u1=90, u2=80), _call("b", 2, u1=70)], {"a": "Star 2", "b": "Star 1"}),
        # The same where the other is less urgent: nobody waits who need not.
        ([_call("a", 1, u1=90, u2=10), _call("b", 4, u1=70)], {"a": "Star 2", "b": "Star 1"}),
        # One unit for two: the more urgent, whatever the points.
        ([_call("a", 2, u1=99), _call("b", 1, u1=-300)], {"b": "Star 1"}),
        # Equally urgent: the older, whatever the points.
        ([_call("a", 2, u1=-300), _call("b", 2, u1=99)], {"a": "Star 1"}),
        # Both can be served either way: the more urgent gets the nearer crew, though the sum is smaller so.
        ([_call("a", 1, u1=50, u2=49), _call("b", 2, u1=90, u2=10)], {"a": "Star 1", "b": "Star 2"}),
        # Within one priority the sum counts: the younger is not sent across the town for a point of the older.
        ([_call("a", 2, u1=50, u2=49), _call("b", 2, u1=90, u2=10)], {"a": "Star 2", "b": "Star 1"}),
        # Equal in all: the older call gets the earlier call sign.
        ([_call("a", 2, u1=5, u2=5), _call("b", 2, u1=5, u2=5)], {"a": "Star 1", "b": "Star 2"}),
        # A third, most urgent one moves both others along the chain.
        (
            [_call("a", 1, u1=9), _call("b", 2, u1=9, u2=9), _call("c", 3, u2=9, u3=9)],
            {"a": "Star 1", "b": "Star 2", "c": "Star 3"},
        ),
    ],
)
def test_who_is_asked_for_which_call(calls: list[Pending], said: dict[str, str]) -> None:
    assert match(calls, UNITS) == said


def test_a_unit_that_was_named_gives_way_only_for_a_gain() -> None:
    assert keeps(50.0, 50.0 + HYSTERESIS_POINTS - 0.1)
    assert not keeps(50.0, 50.0 + HYSTERESIS_POINTS)
    assert not keeps(None, -400.0)


def test_more_calls_than_a_round_matches_leave_out_the_least_urgent() -> None:
    units = [f"u{nth:03}" for nth in range(MOST_CALLS + 20)]
    calls = [Pending(f"c{nth}", 1 + nth // MOST_CALLS, dict.fromkeys(units, 0.0)) for nth in range(MOST_CALLS + 20)]
    assert set(match(calls, units)) == {f"c{nth}" for nth in range(MOST_CALLS)}


_points = st.dictionaries(st.sampled_from(UNITS), st.integers(-300, 150).map(float), max_size=3)
_calls = st.lists(st.tuples(st.integers(1, 4), _points), max_size=5)


def _pending(rows: list[tuple[int, dict[str, float]]]) -> list[Pending]:
    return [Pending(f"c{nth}", priority, points) for nth, (priority, points) in enumerate(rows)]


def _best(calls: list[Pending]) -> tuple[list[bool], list[float]]:
    """By trying all: which calls are served (in order), then the points of each priority."""
    calls = sorted(calls, key=lambda one: one.priority)
    places: list[str | None] = [*UNITS, *[None] * len(calls)]
    best: tuple[list[bool], list[float]] = ([], [])
    for chosen in set(permutations(places, len(calls))):
        pairs = list(zip(calls, chosen, strict=True))
        if any(unit is not None and unit not in call.points for call, unit in pairs):
            continue
        served = [unit is not None for _, unit in pairs]
        sums = [
            sum(call.points[unit] for call, unit in pairs if unit is not None and call.priority == band)
            for band in (1, 2, 3, 4)
        ]
        best = max(best, (served, sums))
    return best


@settings(max_examples=60, deadline=None)
@given(rows=_calls)
def test_no_other_way_serves_more_urgent_calls_or_serves_them_better(rows: list[tuple[int, dict[str, float]]]) -> None:
    calls = sorted(_pending(rows), key=lambda one: one.priority)
    said = match(calls, UNITS)
    served = [call.id in said for call in calls]
    sums = [
        sum(call.points[said[call.id]] for call in calls if call.id in said and call.priority == band)
        for band in (1, 2, 3, 4)
    ]
    assert (served, sums) == _best(calls)
    assert len(set(said.values())) == len(said)


@settings(max_examples=60, deadline=None)
@given(rows=_calls)
def test_no_call_waits_while_a_less_urgent_one_gets_a_unit_that_it_could_use(
    rows: list[tuple[int, dict[str, float]]],
) -> None:
    calls = sorted(_pending(rows), key=lambda one: one.priority)
    said = match(calls, UNITS)
    for nth, call in enumerate(calls):
        if call.id in said:
            continue
        assert set(call.points) <= {said[other.id] for other in calls[:nth] if other.id in said}


@settings(max_examples=40, deadline=None)
@given(rows=_calls)
def test_the_same_whatever_the_order_of_the_units_points(
    rows: list[tuple[int, dict[str, float]]],
) -> None:
    calls = _pending(rows)
    turned = [Pending(one.id, one.priority, dict(reversed(list(one.points.items())))) for one in calls]
    assert match(turned, UNITS) == match(calls, UNITS) == match(calls, UNITS)
