"""The assignment engine is pure: facts in, an explained order out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import SHORTFALLS, IncidentFacts, UnitFacts, candidate, recommend, travel_s
from dispatch.reasons import NO_UNIT

AT = datetime(2025, 6, 3, 18, tzinfo=UTC)
INCIDENT = IncidentFacts(id="i", priority=3, waiting_since=AT, lat=45.0, lon=-90.0)
UNIT = UnitFacts(
    id="u",
    call_sign="Star 1",
    service="in_service",
    serves=True,
    busy=False,
    crew=2,
    shift_ends=AT + timedelta(hours=6),
    lat=45.01,
    lon=-90.0,
    position_at=AT,
)


@pytest.mark.parametrize(
    ("change", "shortfall"),
    [
        ({"serves": False}, "wrong_program"),
        ({"service": "out_of_service"}, "out_of_service"),
        ({"service": "on_break"}, "on_break"),
        ({"shift_ends": None}, "off_shift"),
        ({"crew": 0}, "no_crew"),
        ({"busy": True}, "busy"),
        ({"refusal": "declined"}, "declined"),
        ({"refusal": "did_not_answer"}, "did_not_answer"),
        ({"refusal": "cancelled"}, "cancelled"),
    ],
)
def test_each_hard_constraint_gives_its_shortfall(change: dict[str, Any], shortfall: str) -> None:
    case = candidate(INCIDENT, replace(UNIT, **change), AT)
    assert case.shortfalls == (shortfall,)
    assert case.to_dict()["shortfalls"] == [{"code": shortfall, "words": SHORTFALLS[shortfall]}]


def test_a_missing_capability_is_a_shortfall() -> None:
    case = candidate(replace(INCIDENT, capabilities=frozenset({"medic"})), UNIT, AT)
    assert case.shortfalls == ("capability",)


def test_the_nearer_unit_is_first_and_a_degree_of_longitude_is_shorter_than_one_of_latitude() -> None:
    east = replace(UNIT, id="east", call_sign="Z", lat=45.0, lon=-90.0 + 0.012)
    north = replace(UNIT, id="north", call_sign="A", lat=45.01)
    assert [one.unit_id for one in recommend(INCIDENT, [north, east], AT).candidates] == ["east", "north"]


def test_ties_go_to_the_earlier_call_sign_in_any_order_of_the_rows() -> None:
    units = [replace(UNIT, id=name, call_sign=name) for name in ("C", "A", "B")]
    for rows in (units, units[::-1]):
        assert [one.call_sign for one in recommend(INCIDENT, rows, AT).candidates] == ["A", "B", "C"]


def test_a_position_older_than_15_minutes_is_said_to_be_old() -> None:
    assert travel_s(INCIDENT, replace(UNIT, position_at=AT - timedelta(minutes=15)), AT)[1]
    old = candidate(INCIDENT, replace(UNIT, position_at=AT - timedelta(minutes=15, seconds=1)), AT)
    assert not old.eta_certain
    assert any("position is old" in reason for reason in old.reasons)


def test_an_unknown_position_is_no_distance_of_zero() -> None:
    lost = candidate(INCIDENT, replace(UNIT, id="lost", lat=None, lon=None, position_at=None), AT)
    assert lost.eta_s is None
    assert "position not known" in lost.reasons
    best = recommend(INCIDENT, [replace(UNIT, id="lost", lat=None, lon=None, position_at=None), UNIT], AT).best
    assert best is not None
    assert best.unit_id == "u"


def test_a_phone_program_needs_no_distance() -> None:
    case = candidate(replace(INCIDENT, by_phone=True), replace(UNIT, lat=None, lon=None, position_at=None), AT)
    assert (case.eta_s, case.eta_certain, case.can_go) == (0, True, True)


def test_language_rest_and_the_end_of_the_shift_count() -> None:
    asked = replace(INCIDENT, language="es")
    speaks = candidate(asked, replace(UNIT, languages=frozenset({"es"})), AT)
    assert speaks.points == candidate(asked, UNIT, AT).points + 20
    rested = candidate(INCIDENT, replace(UNIT, free_since=AT - timedelta(hours=2)), AT)
    assert rested.points == candidate(INCIDENT, UNIT, AT).points + 10
    ending = candidate(INCIDENT, replace(UNIT, shift_ends=AT + timedelta(minutes=30)), AT)
    assert ending.points == candidate(INCIDENT, UNIT, AT).points - 60
    assert ending.can_go


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([], "no_unit_in_program"),
        ([{"serves": False}], "no_unit_in_program"),
        ([{"shift_ends": None}, {"service": "out_of_service"}], "all_off_shift"),
        ([{"refusal": "declined"}, {"refusal": "did_not_answer"}], "all_declined"),
        ([{"busy": True}, {"refusal": "declined"}, {"crew": 0}], "all_busy"),
        ([{}], ""),
    ],
)
def test_no_unit_says_the_reason_that_a_dispatcher_can_act_on(changes: list[dict[str, Any]], reason: str) -> None:
    assert recommend(INCIDENT, [replace(UNIT, **change) for change in changes], AT).no_unit_reason == reason


_units = st.lists(
    st.builds(
        UnitFacts,
        id=st.uuids().map(str),
        call_sign=st.text("AB1", min_size=1, max_size=3),
        service=st.sampled_from(["in_service", "on_break", "out_of_service"]),
        serves=st.booleans(),
        busy=st.booleans(),
        crew=st.integers(0, 2),
        shift_ends=st.none() | st.just(AT + timedelta(hours=1)),
        lat=st.none() | st.floats(44, 46),
        lon=st.none() | st.floats(-91, -89),
        position_at=st.none() | st.just(AT),
        capabilities=st.frozensets(st.sampled_from(["medic", "youth"])),
        refusal=st.sampled_from(["", "declined", "did_not_answer", "cancelled", "not_answering"]),
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(units=_units, needed=st.frozensets(st.sampled_from(["medic", "youth"])))
def test_an_unexplained_no_unit_cannot_be_produced(units: list[UnitFacts], needed: frozenset[str]) -> None:
    said = recommend(replace(INCIDENT, capabilities=needed), units, AT)
    if said.best is None:
        assert said.no_unit_reason in NO_UNIT
        assert all(set(one.shortfalls) <= set(SHORTFALLS) for one in said.candidates)
    else:
        assert said.no_unit_reason == ""
        assert not said.best.shortfalls
    assert len(said.candidates) == len(units)
