"""Each floor and base rule of the reference protocol, by table: what it asks for when true and when unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.cases import VOCABULARY, safe
from triage.engine import decide
from triage.protocol import load_reference

E, C, M, T, O = "emergency", "co_response", "mobile_team", "tele_clinician", "outreach_followup"  # noqa: E741
PHONE = {"in_person_needed": "no"}
REMOTE: dict[str, Any] = {"posture": "unseen", "breathing": None, "conscious": None}

FLOORS: list[tuple[str, dict[str, Any], str]] = [
    ("S1", {"breathing": "abnormal"}, E),
    ("S1", {"breathing": "absent"}, E),
    ("S1", {"conscious": "unresponsive"}, E),
    ("S1", {"medical_signs": ["needlestick"]}, E),
    ("S1", REMOTE | {"need": ["welfare_check"]}, M),
    ("S1u", {"medical_signs": None}, E),
    ("S1u", REMOTE | {"medical_signs": None, "need": ["welfare_check"]}, E),
    ("S1v", {"breathing": None}, E),
    ("S1v", {"conscious": None}, E),
    ("S1v", REMOTE, E),
    ("S1v", {"posture": "down", "breathing": None, "need": ["welfare_check"]}, E),
    ("S1v-unseen", REMOTE | {"need": ["welfare_check"]}, M),
    ("S1v-unseen", REMOTE | {"caller": "agency_court"}, M),
    ("S1v-unseen", REMOTE | {"location_type": "phone_only"}, M),
    ("S1v-unseen", REMOTE | {"elapsed": "days", "need": ["follow_up"]}, M),
    ("S1v", REMOTE | {"elapsed": None, "need": ["follow_up"]}, E),
    ("S2", {"ingestion": "suspected_now"}, E),
    ("S2", {"ingestion": "reversed_recent"}, E),
    ("S2", {"suicide": "attempt_now"}, E),
    ("S2u", {"ingestion": "suspected_now", "posture": "down"}, E),
    ("S2u", {"ingestion": None, "suicide": "ideation"}, E),
    ("S2u", {"ingestion": None, "posture": "down"}, E),
    ("S3", {"hazard": "roadway"}, E),
    ("S3", {"hazard": "height_or_bridge"}, E),
    ("S3", {"hazard": "water"}, E),
    ("S3", {"hazard": "fire_or_gas"}, E),
    ("S3", {"hazard": "moving_vehicle"}, E),
    ("S3", PHONE | {"hazard": None}, M),
    ("S3u", {"hazard": None, "location_type": "roadway"}, E),
    ("S3u", {"hazard": None, "location_type": "bridge"}, E),
    ("S4", {"weapon": "in_hand"}, E),
    ("S4", {"weapon": "threatened"}, E),
    ("S4", {"weapon": None}, C),
    ("S4b", {"weapon": "accessible", "violence": "threats"}, E),
    ("S4b", {"weapon": "accessible", "violence": "physical_recent"}, E),
    ("S4b", {"weapon": None, "violence": "threats"}, E),
    ("S5", {"violence": "physical_now"}, E),
    ("S5", {"domestic": "violence_or_fear"}, E),
    ("S5", {"crime": "serious"}, E),
    ("S5", {"barricade": "barricaded"}, E),
    ("S5", {"barricade": "hostage"}, E),
    ("S5", {"child_at_risk": True}, E),
    ("S5", {"violence": None}, C),
    ("S5", {"domestic": None}, C),
    ("S5", {"crime": None}, C),
    ("S5", {"barricade": None}, C),
    ("S5", {"child_at_risk": None}, C),
    ("S6", {"suicide": "plan_with_means"}, E),
    ("S6", {"suicide": None}, C),
    ("S6b", {"suicide": "ideation", "posture": "down", "engagement": "not_on_line"}, E),
    ("S6b", {"suicide": "ideation", "posture": "unseen", "engagement": None}, E),
    ("S7", {"weapon": "accessible"}, C),
    ("S7", {"violence": "threats"}, C),
    ("S7", {"violence": "physical_recent"}, C),
    ("S7", {"domestic": "verbal_only"}, C),
    ("S7", {"crime": "order_or_warrant"}, C),
    ("S8", {"request": "police"}, C),
    ("S9", {"caller_can_talk": "no"}, C),
    ("S10", {"request": "ambulance"}, E),
    ("S11", {"behavior": "agitated_escalating"}, C),
    ("S12", {"hazard": "extreme_cold", "posture": "down"}, E),
    ("S12", {"hazard": "extreme_heat", "posture": "down"}, E),
    ("S12", {"hazard": None, "posture": "down"}, E),
]


@pytest.mark.parametrize(("floor", "changes", "expected"), FLOORS)
def test_floor_fires_and_gives_its_class(floor: str, changes: dict[str, Any], expected: str) -> None:
    decision = decide(load_reference(), safe(**changes))
    assert decision.response_class == expected
    assert floor in {f.rule for f in decision.fired if f.response_class == expected}


def test_every_floor_and_exception_is_in_the_table() -> None:
    floors = load_reference().floors
    ids = {f.id for f in floors} | {f.exception.id for f in floors if f.exception}
    assert ids == {row[0] for row in FLOORS}


HARMLESS: list[tuple[dict[str, Any], str, str]] = [
    ({}, M, "B11"),
    ({"weapon": "history_only", "violence": "history_only"}, M, "B11"),
    ({"violence": "verbal", "crime": "minor", "barricade": "self_isolated"}, M, "B11"),
    ({"hazard": "sharps"}, M, "B11"),
    ({"hazard": "extreme_cold"}, M, "B11"),
    ({"ingestion": None}, M, "B11"),
    ({"request": None, "behavior": None, "caller_can_talk": None}, M, "B11"),
    ({"suicide": "plan_no_means"}, M, "B11"),
    (PHONE, T, "B10"),
    (PHONE | {"engagement": "refuses_police", "suicide": "plan_no_means"}, T, "B10"),
    (PHONE | {"engagement": "not_on_line"}, M, "B11"),
    (PHONE | {"conscious": "drowsy_rousable"}, M, "B11"),
    (PHONE | {"behavior": None}, M, "B11"),
    (PHONE | {"need": ["mental_health", "transport"]}, M, "B11"),
    (PHONE | {"need": None}, M, "B11"),
    ({"in_person_needed": None}, M, "B11"),
    ({"elapsed": "days", "need": ["follow_up"]}, O, "B9"),
    ({"elapsed": "weeks", "need": ["bereavement"], "suicide": "past_only"}, O, "B9"),
    ({"elapsed": "hours", "need": ["shelter", "information"]}, O, "B9"),
    ({"elapsed": "days", "need": ["follow_up", "conflict"]}, M, "B11"),
    ({"elapsed": "days", "need": ["follow_up"], "suicide": "ideation"}, M, "B11"),
    (PHONE | {"elapsed": "now", "need": ["follow_up"]}, T, "B10"),
    (PHONE | {"elapsed": None, "need": ["follow_up"]}, T, "B10"),
]


@pytest.mark.parametrize(("changes", "expected", "base"), HARMLESS)
def test_base_rule_decides_where_no_floor_applies(changes: dict[str, Any], expected: str, base: str) -> None:
    decision = decide(load_reference(), safe(**changes))
    assert (decision.response_class, decision.base_rule) == (expected, base)


def test_nothing_answered_is_an_emergency_by_unknown() -> None:
    decision = decide(load_reference(), {})
    assert decision.response_class == E
    assert all(f.by_unknown for f in decision.fired)


SERVICES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"breathing": "absent"}, ("ems",)),
    ({"request": "ambulance"}, ("ems",)),
    ({"breathing": "absent", "weapon": None}, ("ems",)),
    ({"breathing": "absent", "weapon": "accessible"}, ("police", "ems")),
    ({"hazard": "fire_or_gas"}, ("ems", "fire")),
    ({"hazard": "water"}, ("police", "ems", "fire")),
    ({"hazard": "roadway"}, ("police", "ems")),
    ({"weapon": "in_hand"}, ("police", "ems")),
    ({"crime": "serious"}, ("police",)),
    ({"violence": "physical_now"}, ("police", "ems")),
    ({"domestic": "verbal_only"}, ("police",)),
    ({"suicide": None}, ("police", "ems")),
    ({"medical_signs": None}, ("ems",)),
    ({}, ()),
]


@pytest.mark.parametrize(("changes", "services"), SERVICES)
def test_services_come_from_the_rule_that_fired(changes: dict[str, Any], services: tuple[str, ...]) -> None:
    assert decide(load_reference(), safe(**changes)).services == services


BLOCKING = [q for q in VOCABULARY.questions if q.fallback is not None]


@pytest.mark.parametrize("question", BLOCKING, ids=lambda q: q.key)
def test_unknown_on_a_blocking_question_gives_its_fallback(question: Any) -> None:
    extra = {"suicide": "ideation"} if question.key == "ingestion" else {}
    decision = decide(load_reference(), safe(**PHONE | extra | {question.key: None}))
    assert not decision.response_class.is_less_cautious_than(question.fallback)


def test_contradiction_counts_as_its_most_cautious_reading() -> None:
    both = decide(load_reference(), safe(hazard=["water", "extreme_cold"]))
    assert both.response_class == E
    past = decide(load_reference(), safe(elapsed=("now", "days"), need=["follow_up"]))
    assert past.response_class == M


def test_decision_is_json_and_names_its_protocol() -> None:
    stored = decide(load_reference(), safe(weapon=None, medical_signs=["bleeding"])).to_dict()
    assert stored["protocol"] == "reference"
    assert {t["rule"] for t in stored["trace"]} >= {"S1", "S12", "B11"}
    assert next(t for t in stored["trace"] if t["rule"] == "S4")["truth"] == "unknown"
