"""Questions, natures, merging of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.triage.cases import VOCABULARY
from triage import natures
from triage.answers import is_danger, is_lowering, merge, most_dangerous

FACTS = Path(__file__).parents[3] / "shared" / "triage" / "facts.json"
FACT_FILES = [json.loads(FACTS.read_text(encoding="utf-8"))] if FACTS.exists() else []


@pytest.mark.parametrize("facts", FACT_FILES)
def test_vocabulary_and_natures_agree_with_the_shared_facts(facts: dict[str, Any]) -> None:
    own = {q.key: q for q in VOCABULARY.questions}
    assert set(facts["facts"]) == set(own) - {"access"}
    for key, values in facts["facts"].items():
        if isinstance(values, list):
            assert set(values) == set(own[key].values), key
    assert [n.slug for n in natures.load().natures] == facts["natures"]
    assert list(VOCABULARY.channels) == facts["channels"]
    assert [c.value for c in VOCABULARY.class_labels] == facts["classes_most_to_least_cautious"]


def test_every_question_can_be_answered_by_single_distinct_keys() -> None:
    for question in VOCABULARY.questions:
        keys = [o.key for o in question.options]
        assert len(set(keys)) == len(keys), question.key
        assert question.ask or question.key == "profile_flags"
        assert json.dumps(question.to_dict())


def test_danger_orders_have_no_circle() -> None:
    for question in VOCABULARY.questions:
        for value, above in question.more_dangerous.items():
            assert value not in above, question.key


GOOD: list[tuple[str, object, object]] = [
    ("weapon", "none", "none"),
    ("weapon", None, None),
    ("weapon", "unknown", None),
    ("weapon", ["none", "in_hand", "none"], ("none", "in_hand")),
    ("weapon", ["none", "none", None], "none"),
    ("weapon", ["unknown"], None),
    ("child_at_risk", False, False),
    ("need", ["shelter", "sharps"], frozenset({"shelter", "sharps"})),
    ("need", [], frozenset()),
    ("subjects", 3, 3),
    ("weapon_type", "knife", "knife"),
    ("language", "es-MX", "es-MX"),
    ("profile_flags", ["deaf"], frozenset({"deaf"})),
]


@pytest.mark.parametrize(("key", "raw", "expected"), GOOD)
def test_answer_in_normal_form(key: str, raw: object, expected: object) -> None:
    assert VOCABULARY.validate_answer(key, raw) == expected


WRONG: list[tuple[str, object, str]] = [
    ("weapon", "sword", "Answers: none, in_hand"),
    ("weapon", 1, "not an answer"),
    ("weapon", True, "not an answer"),
    ("child_at_risk", "yes", "Answers: False, True"),
    ("child_at_risk", 1, "not an answer"),
    ("need", "shelter", "not a list"),
    ("need", [{"a": 1}], "not a list"),
    ("need", ["shelter", "unknown"], "unknown"),
    ("subjects", -1, "whole number"),
    ("subjects", True, "whole number"),
    ("subjects", "2", "whole number"),
    ("weapon_type", 5, "not a text"),
    ("weapon_type", "x" * 201, "at most 200"),
    ("profile_flags", "deaf", "list of texts"),
    ("nothing", 1, "no question 'nothing'"),
]


@pytest.mark.parametrize(("key", "raw", "message"), WRONG)
def test_a_wrong_answer_is_refused_in_words(key: str, raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VOCABULARY.validate_answer(key, raw)


LABELS: list[tuple[str, object, str]] = [
    ("weapon", "in_hand", "In the hand"),
    ("weapon", None, "Unknown"),
    ("need", frozenset(), "None"),
    ("need", frozenset({"shelter", "sharps"}), "Needles to collect, Shelter"),
    ("subjects", 2, "2"),
    ("weapon_type", "knife", "knife"),
    ("child_at_risk", True, "Yes"),
]


@pytest.mark.parametrize(("key", "value", "label"), LABELS)
def test_answer_in_words(key: str, value: object, label: str) -> None:
    assert VOCABULARY.get(key).label_of(value) == label


MERGES: list[tuple[str, list[object], object]] = [
    ("weapon", ["none", "in_hand", None], "in_hand"),
    ("weapon", [None, "unknown"], None),
    ("weapon", [None, "none"], "none"),
    ("hazard", ["water", "roadway", "none"], ("roadway", "water")),
    ("hazard", ["sharps", "water"], "water"),
    ("hazard", [["water", "sharps"], "roadway"], ("roadway", "water")),
    ("child_at_risk", [False, True], True),
    ("medical_signs", [["bleeding"], [], ["seizure"]], frozenset({"bleeding", "seizure"})),
    ("need", [["shelter"], None], frozenset({"shelter"})),
    ("subjects", [1, 4, None], 4),
    ("weapon_type", ["knife", "bat", "knife"], "knife; bat"),
    ("profile_flags", [["deaf"], ["oxygen"]], frozenset({"deaf", "oxygen"})),
    ("location_type", ["hotel", "bridge"], ("bridge", "hotel")),
]


@pytest.mark.parametrize(("key", "values", "expected"), MERGES)
def test_merging_keeps_the_most_dangerous(key: str, values: list[object], expected: object) -> None:
    assert most_dangerous(key, values) == expected


def test_merge_of_calls() -> None:
    merged = merge([{"weapon": "none", "need": ["shelter"]}, {"weapon": "accessible"}])
    assert merged == {"weapon": "accessible", "need": frozenset({"shelter"})}


LOWERING: list[tuple[str, object, object, bool]] = [
    ("weapon", "in_hand", "none", True),
    ("weapon", "in_hand", None, True),
    ("weapon", "history_only", None, True),
    ("weapon", "none", None, False),
    ("weapon", None, "none", False),
    ("weapon", "none", "in_hand", False),
    ("weapon", "in_hand", "in_hand", False),
    ("weapon", ["none", "in_hand"], "none", True),
    ("weapon", "in_hand", ["none", "in_hand"], False),
    ("hazard", "water", "roadway", True),
    ("violence", "verbal", "history_only", False),
    ("suicide", "ideation", "past_only", True),
    ("medical_signs", ["bleeding"], [], True),
    ("medical_signs", ["bleeding"], None, True),
    ("medical_signs", [], ["bleeding"], False),
    ("need", ["shelter"], [], False),
    ("location_type", "bridge", "hotel", False),
]


@pytest.mark.parametrize(("key", "old", "new", "expected"), LOWERING)
def test_lowering(key: str, old: object, new: object, expected: bool) -> None:
    assert is_lowering(key, old, new) is expected


DANGER: list[tuple[str, object, bool]] = [
    ("weapon", "accessible", True),
    ("weapon", "history_only", False),
    ("weapon", None, False),
    ("weapon", ["none", "in_hand"], True),
    ("medical_signs", ["bleeding"], True),
    ("medical_signs", [], False),
    ("request", "ambulance", True),
    ("child_at_risk", True, True),
]


@pytest.mark.parametrize(("key", "value", "expected"), DANGER)
def test_danger(key: str, value: object, expected: bool) -> None:
    assert is_danger(key, value) is expected


SEARCHES: list[tuple[str, str]] = [
    ("welfare", "welfare_check"),
    ("welfare check", "welfare_check"),
    ("trespss", "trespass"),
    ("WEAPON", "weapon_call"),
    ("narcan", "overdose"),
    ("overdoes", "overdose"),
    ("intox", "intoxicated_person"),
    ("neihgbor", "neighbor_dispute"),
    ("court transport", "court_ordered_transport"),
    ("syringe", "syringe_disposal"),
    ("barric", "barricaded_subject"),
    ("inebriate", "intoxicated_person"),
    ("heimer", "dementia_wandering"),
]


@pytest.mark.parametrize(("text", "slug"), SEARCHES)
def test_search_finds_natures_by_code_word_and_misspelling(text: str, slug: str) -> None:
    assert natures.search(text)[0].slug == slug


def test_search_edges() -> None:
    assert natures.search("") == natures.load().natures[:8]
    assert natures.search("zzzzqqqq") == ()
    assert len(natures.search("person", limit=3)) == 3
    assert natures.get("nowhere") is None
    assert natures.get(None) is None
    assert json.dumps(natures.search("weapon")[0].to_dict())
