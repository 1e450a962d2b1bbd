"""The assignment engine is pure: facts in, an explained order out."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import shortfalls
from dispatch.engine import SHORTFALLS, IncidentFacts, UnitFacts, candidate, recommend, who_can_go
from dispatch.facts import Refusal, language_words
from dispatch.reasons import DECLINE, DECLINE_LASTS_S, NO_UNIT, NO_UNIT_NEXT
from dispatch.soft import ENDS_SOON

AT = datetime(2025, 6, 3, 18, tzinfo=UTC)
THEN = AT.replace(hour=3, minute=12)
INCIDENT = IncidentFacts(id="i", priority=3, waiting_since=AT, lat=45.0, lon=-90.0)
UNIT = UnitFacts(
    id="u",
    call_sign="Star 3",
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
    ("asked", "unit", "code", "words"),
    [
        ({}, {"serves": False}, "wrong_program", "does not serve this program"),
        ({"open_now": False}, {}, "closed", "the program is closed now"),
        ({"open_now": False, "opens_at": THEN}, {}, "closed", "the program is closed until Tue 03:12"),
        ({"full": True}, {}, "program_full", "the program has as many calls under way as it takes"),
        ({"full": True, "capacity": 1}, {}, "program_full", "the program takes one call at a time and has it"),
        ({"full": True, "capacity": 12}, {}, "program_full", "the program takes 12 calls at a time and has them"),
        ({"covered": False}, {}, "out_of_area", "the place is outside the program's area"),
        ({}, {"service": "out_of_service"}, "out_of_service", "out of service"),
        ({}, {"service": "on_break"}, "on_break", "on a break"),
        ({}, {"shift_ends": None}, "off_shift", "off shift"),
        ({}, {"crew": 0}, "no_crew", "nobody is signed on"),
        ({}, {"not_answering": True}, "not_answering", "is not answering"),
        ({"beat": "B2"}, {"beats": frozenset({"A1"})}, "other_beats", "serves other beats than B2"),
        ({"capabilities": frozenset({"medic"})}, {}, "capability", "has no medic, this program needs it"),
        (
            {"capabilities": frozenset({"medic", "youth", "es"})},
            {"capabilities": frozenset({"medic"})},
            "capability",
            "has no Spanish and no youth worker, this program needs them",
        ),
        (
            {"crew_needed": 2},
            {"crew": 1},
            "one_person",
            "only one crew member signed on, this program needs two",
        ),
        ({"officer_needed": True}, {}, "no_officer", "no officer aboard, this program needs one"),
        ({"language": "es", "language_needed": True}, {}, "language", "nobody on it speaks Spanish"),
        ({"gender_needed": "woman"}, {}, "gender", "no woman on the crew, this program needs one"),
        (
            {"position_needed": True},
            {"position_at": AT - timedelta(hours=1)},
            "no_position",
            "its position is more than 15 min old",
        ),
        ({}, {"busy": True}, "busy", "already on a call"),
        ({}, {"busy": True, "busy_with": "on call #0412"}, "busy", "on call #0412"),
        (
            {},
            {"refusal": Refusal("declined", THEN, "too far away", THEN + timedelta(minutes=15))},
            "declined",
            "declined 03:12 (too far away), not asked again before 03:27",
        ),
        (
            {},
            {"refusal": Refusal("declined", THEN, "not safe for this crew")},
            "declined",
            "declined 03:12 (not safe for this crew), not asked again",
        ),
        (
            {},
            {"refusal": Refusal("did_not_answer", THEN, again_at=THEN + timedelta(minutes=3))},
            "did_not_answer",
            "did not answer 03:12, not asked again before 03:15",
        ),
        ({}, {"refusal": Refusal("cancelled", THEN)}, "cancelled", "taken off this call 03:12, not asked again"),
        ({}, {"busy": True, "refusal": Refusal("on_it")}, "on_it", "already on this call"),
        (
            {},
            {"refusal": Refusal("named_for_other")},
            "named_for_other",
            "named for another call, waits for the dispatcher",
        ),
        ({}, {"refusal": Refusal("contended")}, "contended", "being changed at this moment, asked again at once"),
    ],
)
def test_each_hard_constraint_gives_its_shortfall_in_a_dispatchers_words(
    asked: dict[str, Any], unit: dict[str, Any], code: str, words: str
) -> None:
    case = candidate(replace(INCIDENT, **asked), replace(UNIT, **unit), AT)
    assert (case.shortfalls, case.words) == ((code,), (words,))
    assert case.to_dict()["shortfalls"] == [{"code": code, "words": words}]


def test_every_shortfall_has_general_words_and_a_step_at_which_it_leaves_nobody() -> None:
    steps = [codes for codes, _ in shortfalls._STEPS]
    assert set().union(*steps) == set(SHORTFALLS)
    assert sum(len(codes) for codes in steps) == len(SHORTFALLS)
    assert {reason for _, reason in shortfalls._STEPS} <= set(NO_UNIT)


@pytest.mark.parametrize(
    ("asked", "unit"),
    [
        ({"beat": ""}, {"beats": frozenset({"A1"})}),
        ({"beat": "B2"}, {"beats": frozenset()}),
        ({"covered": None}, {}),
        ({"language": "es"}, {}),
        ({"language": "en", "language_needed": True}, {}),
        ({"language_needed": True}, {}),
        ({}, {"position_at": None, "lat": None, "lon": None}),
        ({"position_needed": True, "by_phone": True}, {"position_at": None, "lat": None, "lon": None}),
        ({"crew_needed": 2}, {"crew": 2}),
        ({"officer_needed": True}, {"officer": True}),
        ({"capabilities": frozenset({"medic"})}, {"capabilities": frozenset({"medic", "peer"})}),
        ({"gender_needed": "woman"}, {"genders": frozenset({"woman"})}),
    ],
)
def test_what_is_not_known_or_not_required_keeps_nobody_back(asked: dict[str, Any], unit: dict[str, Any]) -> None:
    assert candidate(replace(INCIDENT, **asked), replace(UNIT, **unit), AT).can_go


def test_the_nearer_unit_is_first_and_a_degree_of_longitude_is_shorter_than_one_of_latitude() -> None:
    east = replace(UNIT, id="east", call_sign="Z", lat=45.0, lon=-90.0 + 0.012)
    north = replace(UNIT, id="north", call_sign="A", lat=45.01)
    assert [one.unit_id for one in recommend(INCIDENT, [north, east], AT).candidates] == ["east", "north"]


def test_ties_go_to_the_earlier_call_sign_in_any_order_of_the_rows() -> None:
    units = [replace(UNIT, id=name, call_sign=name) for name in ("C", "A", "B")]
    for rows in (units, units[::-1]):
        assert [one.call_sign for one in recommend(INCIDENT, rows, AT).candidates] == ["A", "B", "C"]


def test_a_position_older_than_15_minutes_is_said_to_be_old_and_counts_less() -> None:
    young = candidate(INCIDENT, replace(UNIT, position_at=AT - timedelta(minutes=15)), AT)
    old = candidate(INCIDENT, replace(UNIT, position_at=AT - timedelta(minutes=23)), AT)
    assert "position is old (23 min)" in old.reasons
    assert not any("old" in reason for reason in young.reasons)
    assert young.points - old.points == 10
    assert not old.eta_certain


def test_an_unknown_position_is_no_distance_of_zero() -> None:
    lost = replace(UNIT, id="lost", lat=None, lon=None, position_at=None)
    assert candidate(INCIDENT, lost, AT).eta_s is None
    assert "position not known" in candidate(INCIDENT, lost, AT).reasons
    assert [unit.id for _, unit in who_can_go(INCIDENT, [lost, UNIT], AT)] == ["u", "lost"]


def test_a_far_unit_is_hours_away() -> None:
    assert candidate(INCIDENT, replace(UNIT, lat=44.0), AT).reasons == ("about 4 h 41 min away (straight line)",)


def test_a_phone_program_needs_no_distance() -> None:
    case = candidate(replace(INCIDENT, by_phone=True), replace(UNIT, lat=None, lon=None, position_at=None), AT)
    assert (case.eta_s, case.eta_certain, case.can_go) == (0, True, True)
    assert case.reasons == ("answers by telephone",)


@pytest.mark.parametrize(
    ("asked", "unit", "points", "words"),
    [
        ({"language": "es"}, {"languages": frozenset({"es"})}, 20, "speaks Spanish"),
        (
            {"met": frozenset({7})},
            {"crew_ids": frozenset({7, 8})},
            15,
            "crew was with this caller or at this address before",
        ),
        ({"wanted": frozenset({"transport"})}, {"capabilities": frozenset({"transport"})}, 8, "would help: transport"),
        ({}, {"free_since": AT - timedelta(hours=2)}, 10, "free for 30 min or more"),
        ({}, {"free_since": AT - timedelta(minutes=9)}, 3, "free for 9 min"),
        # By the clock of another machine, which is a little ahead.
        ({}, {"free_since": AT + timedelta(minutes=2)}, 0, "free just now"),
        ({}, {"recent_calls": 1}, -2, "1 call in the last 8 h"),
        ({}, {"recent_calls": 9}, -10, "9 calls in the last 8 h"),
        (
            {},
            {"shift_ends": AT + timedelta(minutes=30)},
            ENDS_SOON,
            "shift ends 18:30, before this is likely over: the crew says yes itself",
        ),
        (
            {},
            {"booked_at": AT + timedelta(minutes=40), "booked_for": "#0412"},
            -50,
            "booked for a visit 18:40 (from #0412): this call may last into it",
        ),
        ({"booked_unit": "u"}, {}, 40, "was booked for this visit"),
        ({}, {"position_at": AT - timedelta(hours=3)}, -10, "position is old (3 h)"),
        ({}, {"position_at": AT - timedelta(days=4)}, -10, "position is old (4 days)"),
        ({}, {"position_at": None}, -10, "age of its position not known"),
        ({"wanted": frozenset({"youth"})}, {"capabilities": frozenset({"youth"})}, 8, "would help: youth worker"),
    ],
)
def test_what_counts_has_points_and_words(
    asked: dict[str, Any], unit: dict[str, Any], points: float, words: str
) -> None:
    plain = candidate(INCIDENT, UNIT, AT)
    case = candidate(replace(INCIDENT, **asked), replace(UNIT, **unit), AT)
    assert round(case.points - plain.points, 2) == points
    assert any(words in reason for reason in case.reasons)
    assert case.can_go


def test_a_unit_whose_shift_ends_is_last_whatever_else_speaks_for_it() -> None:
    asked = replace(INCIDENT, language="es", met=frozenset({7}))
    ending = replace(
        UNIT,
        id="ending",
        lat=45.0,
        shift_ends=AT + timedelta(minutes=44),
        languages=frozenset({"es"}),
        crew_ids=frozenset({7}),
        free_since=AT - timedelta(hours=3),
    )
    far = replace(UNIT, id="far", lat=45.2, position_at=AT - timedelta(hours=1), recent_calls=9)
    first, last = recommend(asked, [ending, far], AT).candidates
    assert (first.unit_id, last.unit_id) == ("far", "ending")
    assert (first.says_yes_itself, last.says_yes_itself) == (False, True)


@pytest.mark.parametrize(
    ("asked", "changes", "reason"),
    [
        ({}, [], "no_unit_in_program"),
        ({}, [{"serves": False}], "no_unit_in_program"),
        ({"open_now": False}, [{}, {"busy": True}], "program_closed"),
        ({"covered": False}, [{}], "outside_area"),
        ({}, [{"shift_ends": None}, {"service": "out_of_service"}], "all_off_shift"),
        ({"beat": "B2"}, [{"beats": frozenset({"A1"})}, {"crew": 0}], "none_covers_place"),
        ({}, [{"refusal": Refusal("declined")}, {"refusal": Refusal("did_not_answer")}], "all_declined"),
        ({}, [{"refusal": Refusal("declined")}, {"not_answering": True}], "all_declined"),
        ({"crew_needed": 3}, [{"busy": True}, {}], "capability_missing"),
        ({}, [{"busy": True}, {"refusal": Refusal("declined")}, {"crew": 0}], "all_busy"),
        ({}, [{}], ""),
    ],
)
def test_no_unit_says_the_reason_that_a_dispatcher_can_act_on(
    asked: dict[str, Any], changes: list[dict[str, Any]], reason: str
) -> None:
    said = recommend(replace(INCIDENT, **asked), [replace(UNIT, **change) for change in changes], AT)
    assert said.no_unit_reason == reason


def test_no_unit_reads_well() -> None:
    units = [
        replace(UNIT, id="1", call_sign="Star 1", busy=True),
        replace(UNIT, id="2", call_sign="Star 2", busy=True),
        replace(UNIT, id="3", crew=1),
        replace(UNIT, id="4", call_sign="C3-1", serves=False),
    ]
    said = recommend(replace(INCIDENT, crew_needed=2), units, AT)
    assert said.no_unit_words == (
        "Already on a call: Star 1, Star 2. Only one crew member signed on, this program needs two: Star 3."
    )


def test_what_lies_in_the_program_is_said_once_and_who_is_busy_before_who_is_off_shift() -> None:
    units = [replace(UNIT, id="1", call_sign="Star 1", shift_ends=None), replace(UNIT, id="2", busy=True)]
    assert recommend(INCIDENT, units, AT).no_unit_words == "Already on a call: Star 3. Off shift: Star 1."
    shut = replace(INCIDENT, open_now=False, opens_at=THEN, covered=False)
    assert recommend(shut, units, AT).no_unit_words == (
        "The program is closed until Tue 03:12. The place is outside the program's area."
    )


def test_of_many_units_that_lack_the_same_some_are_named() -> None:
    units = [replace(UNIT, id=str(nth), call_sign=f"Star {nth}", busy=True) for nth in range(1, 10)]
    said = recommend(INCIDENT, units, AT)
    assert said.no_unit_words == ("Already on a call: Star 1, Star 2, Star 3, Star 4, Star 5, Star 6 and 3 more.")


def test_why_nobody_goes_is_short_and_says_what_to_do() -> None:
    assert set(NO_UNIT) == set(NO_UNIT_NEXT)
    assert set(DECLINE_LASTS_S) <= set(DECLINE)
    for words in [*NO_UNIT.values(), *NO_UNIT_NEXT.values()]:
        assert len(words) <= 68, words
        assert re.fullmatch(r"[A-Z][^_]*[^_.]", words)


def test_a_language_without_a_name_here_is_its_code() -> None:
    assert (language_words("ase"), language_words("so"), language_words("qq")) == (
        "American Sign Language",
        "Somali",
        "the language “qq”",
    )


_names = st.sampled_from(["medic", "youth", "transport"])
any_units = st.lists(
    st.builds(
        UnitFacts,
        id=st.uuids().map(str),
        call_sign=st.text("AB1", min_size=1, max_size=3),
        service=st.sampled_from(["in_service", "on_break", "out_of_service"]),
        serves=st.booleans(),
        busy=st.booleans(),
        crew=st.integers(0, 2),
        shift_ends=st.none() | st.sampled_from([AT + timedelta(minutes=20), AT + timedelta(hours=4)]),
        lat=st.none() | st.floats(44, 46),
        lon=st.none() | st.floats(-91, -89),
        position_at=st.none() | st.sampled_from([AT, AT - timedelta(hours=1)]),
        capabilities=st.frozensets(_names),
        languages=st.frozensets(st.sampled_from(["es", "en"])),
        genders=st.frozensets(st.sampled_from(["woman", "man"])),
        crew_ids=st.frozensets(st.integers(1, 3)),
        beats=st.frozensets(st.sampled_from(["A1", "B2"])),
        free_since=st.none() | st.just(AT - timedelta(minutes=7)),
        recent_calls=st.integers(0, 9),
        not_answering=st.booleans(),
        refusal=st.none()
        | st.builds(
            Refusal,
            code=st.sampled_from(
                ["declined", "did_not_answer", "cancelled", "not_answering", "busy", "on_it", "named_for_other"]
            ),
            at=st.sampled_from([None, AT]),
            reason=st.sampled_from(["", "too far away"]),
            again_at=st.sampled_from([None, AT]),
        ),
    ),
    max_size=6,
)
any_incident = st.builds(
    IncidentFacts,
    id=st.just("i"),
    priority=st.integers(1, 4),
    waiting_since=st.just(AT),
    lat=st.none() | st.floats(44, 46),
    lon=st.none() | st.floats(-91, -89),
    by_phone=st.booleans(),
    capabilities=st.frozensets(_names),
    wanted=st.frozensets(_names),
    language=st.sampled_from(["", "en", "es"]),
    language_needed=st.booleans(),
    gender_needed=st.sampled_from(["", "woman"]),
    crew_needed=st.integers(1, 2),
    position_needed=st.booleans(),
    beat=st.sampled_from(["", "A1", "B2"]),
    open_now=st.booleans(),
    covered=st.none() | st.booleans(),
    met=st.frozensets(st.integers(1, 3)),
)


@settings(max_examples=150, deadline=None)
@given(asked=any_incident, units=any_units)
def test_an_unexplained_no_unit_cannot_be_produced(asked: IncidentFacts, units: list[UnitFacts]) -> None:
    said = recommend(asked, units, AT)
    assert len(said.candidates) == len(units)
    for case in said.candidates:
        assert set(case.shortfalls) <= set(SHORTFALLS)
        assert len(case.words) == len(case.shortfalls) == len(set(case.shortfalls))
        assert all(case.words)
        # No code, no value of the program's own language, nothing that is not there.
        assert not re.search(r"_|None|\(\)|  |\b1 (calls|days|crew members)\b", " ".join([*case.words, *case.reasons]))
        assert round(sum(one.points for one in case.counted), 1) == round(case.points, 1)
        assert all(case.reasons)
    if said.best is None:
        assert said.no_unit_reason in NO_UNIT
        serving = [case for case in said.candidates if "wrong_program" not in case.shortfalls]
        shut = any(shortfalls.OF_THE_PROGRAM & set(case.shortfalls) for case in serving)
        assert all((case.call_sign in said.no_unit_words) is not shut for case in serving)
        assert bool(said.no_unit_words) is bool(serving)
    else:
        assert said.no_unit_reason == said.no_unit_words == ""
        assert who_can_go(asked, units, AT)[0][1].id == said.best.unit_id


@settings(max_examples=100, deadline=None)
@given(cases=st.lists(st.frozensets(st.sampled_from([*SHORTFALLS, "a code of tomorrow"])), max_size=5))
def test_there_is_a_reason_for_any_shortfalls_whatever(cases: list[frozenset[str]]) -> None:
    assert shortfalls.no_unit_reason(cases) in NO_UNIT
