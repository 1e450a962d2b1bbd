"""Shared answers for the triage tests: the safest call, and strategies for random ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from triage import vocabulary

VOCABULARY = vocabulary.load()
DATA = Path(__file__).parent / "data"

#: Every question answered as safely as it can be: a calm, willing adult who needs somebody to come.
SAFE: dict[str, Any] = {
    "caller": "family",
    "caller_can_talk": "yes",
    "age_band": "adult",
    "subjects": 1,
    "patients": 0,
    "location_type": "public_outdoor",
    "posture": "up",
    "breathing": "normal",
    "conscious": "alert",
    "medical_signs": [],
    "ingestion": "none",
    "intoxication": "none",
    "weapon": "none",
    "violence": "none",
    "domestic": "no",
    "crime": "none",
    "barricade": "no",
    "child_at_risk": False,
    "suicide": "none",
    "hazard": "none",
    "behavior": "calm",
    "engagement": "willing",
    "need": ["mental_health"],
    "in_person_needed": "yes",
    "request": "none",
    "elapsed": "now",
}


def safe(**changes: Any) -> dict[str, Any]:
    """The safest call with ``changes``; a value None takes the answer away."""
    return {k: v for k, v in {**SAFE, **changes}.items() if v is not None}


def value_of(key: str) -> st.SearchStrategy[Any]:
    """A known answer to a question that rules read."""
    question = VOCABULARY.get(key)
    if question.kind == "list":
        return st.lists(st.sampled_from(question.values), unique=True, max_size=3)
    if question.kind == "integer":
        return st.integers(0, 5)
    return st.sampled_from(question.values)


RULE_KEYS = tuple(sorted(SAFE))


@st.composite
def some_answers(draw: st.DrawFn) -> dict[str, Any]:
    """Answers in which most are safe, some are anything and some are unknown: near the edges of the rules."""
    result = dict(SAFE)
    for key in draw(st.lists(st.sampled_from(RULE_KEYS), unique=True, max_size=8)):
        result[key] = draw(value_of(key) | st.none())
    return result


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file; none when it does not exist."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
