"""Reading rules: conditions, protocols and programs as data, with clear errors for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.cases import VOCABULARY, safe
from triage.conditions import Condition, compile_open_keys, compile_test, explain, has_negation, leaves, parse, to_data
from triage.kleene import FALSE, TRUE, UNKNOWN, Truth, at_least, negate
from triage.programs import ProgramRules, load_switches
from triage.protocol import Protocol, floor_to_dict, load_reference


def read(raw: object) -> Condition:
    return parse(raw, VOCABULARY)


def truth(raw: object, *, settled: bool = False, mixed: Truth = TRUE, **answers: Any) -> Truth:
    return compile_test(read(raw), settled=settled, mixed=mixed)(VOCABULARY.normalise(answers))


IN_HAND = {"key": "weapon", "is": "in_hand"}
CHILD = {"key": "child_at_risk", "is": True}
CASES: list[tuple[object, dict[str, Any], Truth]] = [
    (True, {}, TRUE),
    (IN_HAND, {"weapon": "in_hand"}, TRUE),
    (IN_HAND, {"weapon": "none"}, FALSE),
    (IN_HAND, {}, UNKNOWN),
    (IN_HAND, {"weapon": "unknown"}, UNKNOWN),
    (CHILD, {"child_at_risk": False}, FALSE),
    ({"key": "need", "any_of": ["shelter"]}, {"need": ["shelter", "sharps"]}, TRUE),
    ({"key": "need", "any_of": ["shelter"]}, {"need": []}, FALSE),
    ({"key": "need", "any_of": ["shelter"]}, {"need": ["unknown"]}, UNKNOWN),
    ({"key": "medical_signs", "non_empty": True}, {"medical_signs": ["other"]}, TRUE),
    ({"key": "medical_signs", "non_empty": True}, {"medical_signs": []}, FALSE),
    ({"key": "subjects", "compare": ">=", "number": 3}, {"subjects": 3}, TRUE),
    ({"key": "subjects", "compare": "<", "number": 3}, {"subjects": 3}, FALSE),
    ({"key": "subjects", "compare": "<", "number": 3}, {}, UNKNOWN),
    ({"key": "hazard", "unknown": True}, {}, TRUE),
    ({"key": "hazard", "unknown": True}, {"hazard": "none"}, FALSE),
    ({"all": [IN_HAND, CHILD]}, {"weapon": "none"}, FALSE),
    ({"all": [IN_HAND, CHILD]}, {"weapon": "in_hand"}, UNKNOWN),
    ({"all": [IN_HAND, CHILD]}, {"weapon": "in_hand", "child_at_risk": True}, TRUE),
    ({"any": [IN_HAND, CHILD]}, {"child_at_risk": True}, TRUE),
    ({"any": [IN_HAND, CHILD]}, {"child_at_risk": False}, UNKNOWN),
    ({"any": [IN_HAND, CHILD]}, {"child_at_risk": False, "weapon": "none"}, FALSE),
    ({"not": IN_HAND}, {}, UNKNOWN),
    ({"not": IN_HAND}, {"weapon": "none"}, TRUE),
    ({"at_least": 2, "of": [IN_HAND, CHILD, True]}, {"weapon": "none"}, UNKNOWN),
    ({"at_least": 2, "of": [IN_HAND, CHILD, True]}, {"weapon": "in_hand"}, TRUE),
    ({"at_least": 2, "of": [IN_HAND, CHILD]}, {"weapon": "none"}, FALSE),
    (IN_HAND, {"weapon": ["in_hand", "none"]}, TRUE),
    (IN_HAND, {"weapon": ["threatened", "none"]}, FALSE),
]


@pytest.mark.parametrize(("raw", "answers", "expected"), CASES)
def test_condition_truth(raw: object, answers: dict[str, Any], expected: Truth) -> None:
    assert truth(raw, **answers) is expected
    assert read(to_data(read(raw))) == read(raw)
    assert explain(read(raw), VOCABULARY.normalise(answers))["truth"] == expected.name.lower()


def test_a_contradiction_is_read_as_the_rule_needs_it() -> None:
    both: dict[str, Any] = {"weapon": ["in_hand", "none"]}
    assert truth(IN_HAND, mixed=FALSE, **both) is FALSE
    assert truth({"not": IN_HAND}, mixed=FALSE, **both) is FALSE
    assert truth({"not": IN_HAND}, mixed=TRUE, **both) is TRUE
    assert truth({"key": "weapon", "in": ["in_hand", "none"]}, mixed=FALSE, **both) is TRUE


def test_settled_reading_of_an_unknown_test() -> None:
    assert truth({"key": "hazard", "unknown": True}, settled=True) is UNKNOWN
    assert truth({"key": "hazard", "unknown": True}, settled=True, hazard="none") is FALSE


def test_open_keys_are_those_that_can_still_decide() -> None:
    def keys(raw: object, **answers: Any) -> set[str]:
        return compile_open_keys(read(raw))(VOCABULARY.normalise(answers))

    both = {"any": [IN_HAND, {"all": [CHILD, {"not": {"key": "crime", "is": "none"}}]}]}
    assert keys(both) == {"weapon", "child_at_risk", "crime"}
    assert keys(both, child_at_risk=False) == {"weapon"}
    assert keys(both, weapon="in_hand") == set()
    assert keys(True) == set()
    assert keys({"at_least": 1, "of": [IN_HAND]}, weapon=["in_hand", "none"]) == set()


def test_kleene_tables() -> None:
    assert [negate(t) for t in Truth] == [TRUE, UNKNOWN, FALSE]
    assert at_least(1, []) is FALSE


def test_leaves_and_negation() -> None:
    tree = read({"at_least": 1, "of": [{"not": IN_HAND}, {"any": [CHILD, True]}]})
    assert [leaf.key for leaf in leaves(tree)] == ["weapon", "child_at_risk"]
    assert has_negation(tree)
    assert has_negation(read({"key": "subjects", "compare": "<", "number": 2}))
    assert not has_negation(read({"all": [IN_HAND, {"key": "subjects", "compare": ">", "number": 2}]}))


BAD: list[tuple[object, str]] = [
    ("weapon", "is not a condition"),
    ({}, "nothing in it"),
    ({"all": []}, "at least one condition"),
    ({"any": IN_HAND}, "at least one condition"),
    ({"all": [IN_HAND], "any": [IN_HAND]}, "cannot read"),
    ({"at_least": 3, "of": [IN_HAND]}, "from 1 to 1"),
    ({"at_least": True, "of": [IN_HAND]}, "from 1 to 1"),
    ({"key": "wepon", "is": "in_hand"}, "no question 'wepon'"),
    ({"key": "weapon", "is": "sword"}, "not an answer"),
    ({"key": "weapon", "is": "unknown"}, "unknown test"),
    ({"key": "weapon", "in": []}, "cannot be compared"),
    ({"key": "weapon", "in": [["none", "in_hand"]]}, "not a single answer"),
    ({"key": "weapon"}, "missing"),
    ({"key": "weapon", "was": 1}, "cannot read the test was"),
    ({"key": "weapon", "any_of": ["in_hand"]}, "not a list question"),
    ({"key": "need", "is": "shelter"}, "cannot be compared"),
    ({"key": "need", "any_of": []}, "at least one value"),
    ({"key": "need", "any_of": ["gold"]}, "gold"),
    ({"key": "subjects", "compare": "~", "number": 1}, "cannot compare"),
    ({"key": "weapon", "compare": ">", "number": 1}, "cannot compare"),
    ({"key": "subjects", "compare": ">", "number": True}, "cannot compare"),
    ({"key": "weapon", "unknown": False}, "cannot read the test unknown"),
    ({"key": "profile_flags", "unknown": True}, "no rule may read 'profile_flags'"),
]


@pytest.mark.parametrize(("raw", "message"), BAD)
def test_a_bad_condition_says_what_is_wrong(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(raw)


def test_trace_tree_shows_the_values_used() -> None:
    tree = explain(
        read({"all": [IN_HAND, {"key": "need", "any_of": ["shelter"]}, {"key": "hazard", "is": "water"}]}),
        VOCABULARY.normalise({"weapon": "none", "need": ["shelter", "sharps"], "hazard": ["water", "sharps"]}),
    )
    assert [item["value"] for item in tree["items"]] == ["none", ["sharps", "shelter"], ["water", "sharps"]]


def protocol(**changes: Any) -> Protocol:
    return Protocol.from_dict(load_reference().to_dict() | changes)


def test_protocol_round_trips_and_is_equal_by_data() -> None:
    again = protocol()
    assert again == load_reference()
    assert hash(again) == hash(load_reference())
    assert again != protocol(version="2")
    assert again != "reference"
    assert floor_to_dict(again.floors[0])["then"] == "emergency"
    assert floor_to_dict(again.floors[1])["if_unknown"] is None


FLOOR: dict[str, Any] = {
    "id": "L1",
    "label": "Local",
    "if": IN_HAND,
    "then": "co_response",
    "if_unknown": None,
    "services": ["police"],
    "source": "test",
}
BASE: dict[str, Any] = {"id": "B1", "label": "All", "if": True, "then": "mobile_team", "source": "test"}
EXCEPT: dict[str, Any] = {"id": "L1x", "label": "Not so", "then": "mobile_team"}

BAD_PROTOCOLS: list[tuple[dict[str, Any], str]] = [
    ({"floors": []}, "floors: .* should have at least 1 item"),
    ({"floors": [FLOOR | {"then": "police_only"}]}, "floors.0.then"),
    ({"floors": [FLOOR | {"services": ["army"]}]}, "floors.0.services"),
    ({"floors": [FLOOR | {"extra": 1}]}, "floors.0.extra"),
    ({"floors": [FLOOR | {"if": {"key": "wepon", "is": "x"}}]}, "floor L1: There is no question 'wepon'"),
    ({"floors": [FLOOR | {"if": {"not": IN_HAND}}]}, "floor L1: a floor's condition has no negation"),
    ({"floors": [FLOOR, FLOOR]}, "'L1' is used more than once"),
    ({"base": [BASE | {"if": IN_HAND}]}, "base B1: the last base rule must always apply"),
    ({"floors": [FLOOR | {"except": EXCEPT | {"if": {"not": CHILD}}}]}, "only known, stated answers"),
    (
        {"floors": [FLOOR | {"except": EXCEPT | {"if": {"key": "hazard", "unknown": True}}}]},
        "only known, stated answers",
    ),
]


@pytest.mark.parametrize(("changes", "message"), BAD_PROTOCOLS)
def test_a_bad_protocol_says_where(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        protocol(**changes)


PROGRAM: dict[str, Any] = {
    "slug": "p",
    "name": "P",
    "kind": "mobile_team",
    "response_class": "mobile_team",
    "natures": ["trespass"],
}

BAD_PROGRAMS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "army"}, "kind"),
    ({"natures": ["tresspass"]}, "no nature 'tresspass'"),
    ({"ages": ["old"]}, "no age band 'old'"),
    ({"switches": {"weather": "allow"}}, "no matter 'weather'"),
    ({"response_class": None}, "exactly the kind 'information' has none"),
    ({"kind": "information"}, "exactly the kind 'information' has none"),
    ({"exclusions": [{"code": "x", "label": "X", "if": "no"}]}, "exclusion x: 'no' is not a condition"),
    ({"entry": [{"code": "y", "label": "Y", "if": {"key": "z", "is": 1}}]}, "entry y: There is no question 'z'"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_PROGRAMS)
def test_a_bad_program_says_where(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProgramRules.from_dict(PROGRAM | changes)


def test_programs_are_equal_by_their_rules() -> None:
    one, same = ProgramRules.from_dict(PROGRAM), ProgramRules.from_dict(PROGRAM | {"hours": "24/7"})
    assert one == same
    assert hash(one) == hash(same)
    assert one != ProgramRules.from_dict(PROGRAM | {"natures": None})
    assert one != "p"
    assert {s.name for s in load_switches()} == set(one.switches)
    assert safe()["need"] == ["mental_health"]
