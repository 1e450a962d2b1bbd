"""Calls in words with their answers: our own, and the shared samples where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from programs.preset_schema import all_presets
from tests.triage.cases import DATA, VOCABULARY, read_lines, safe
from triage.engine import decide, suggest
from triage.programs import ProgramRules
from triage.protocol import load_reference
from triage.response import CLASSES, ResponseClass
from triage.results import FitResult

PROTOCOL = load_reference()
PROGRAMS = {slug: ProgramRules.from_dict(p.rules) for slug, p in all_presets().items()}
OWN = [call | {"facts": safe(**call["facts"])} for call in read_lines(DATA / "vignettes.jsonl")]
SHARED = read_lines(Path(__file__).parents[3] / "shared" / "triage" / "vignettes-sample.jsonl")
CALLS = OWN + SHARED
DIVERTED = [c for c in CALLS if decide(PROTOCOL, c["facts"]).response_class.rank > ResponseClass.CO_RESPONSE.rank]


def name(call: dict[str, Any]) -> str:
    return str(call["id"])


def test_own_calls_cover_all_classes() -> None:
    assert len(OWN) >= 40
    assert {c["acceptable"][0] for c in OWN} == {c.value for c in CLASSES}


@pytest.mark.parametrize("call", CALLS, ids=name)
def test_class_is_acceptable(call: dict[str, Any]) -> None:
    result = suggest(PROTOCOL, tuple(PROGRAMS.values()), call["facts"], call["nature"], open_now={}, covers={})
    assert result.response_class.value in call["acceptable"]
    assert result.response_class.value not in call["must_not"]
    sent = result.recommendation.response_class
    assert sent is None or sent.value not in set(call["must_not"]) - {"emergency", "co_response"}


@pytest.mark.parametrize("call", DIVERTED, ids=name)
def test_any_danger_answer_ends_the_diversion(call: dict[str, Any]) -> None:
    for question in VOCABULARY.questions:
        for value in question.concerning:
            answer = [value] if question.kind == "list" else value
            result = decide(PROTOCOL, call["facts"] | {question.key: answer})
            assert result.response_class.rank <= ResponseClass.CO_RESPONSE.rank, (question.key, value)


@pytest.mark.parametrize("call", DIVERTED, ids=name)
def test_an_unknown_danger_question_ends_the_diversion(call: dict[str, Any]) -> None:
    for key in ("weapon", "violence", "domestic", "crime", "barricade", "child_at_risk", "suicide", "medical_signs"):
        result = decide(PROTOCOL, call["facts"] | {key: None})
        assert result.response_class.rank <= ResponseClass.CO_RESPONSE.rank, key
    for key in ("breathing", "conscious"):
        result = decide(PROTOCOL, call["facts"] | {key: None})
        assert result.response_class.rank <= ResponseClass.MOBILE_TEAM.rank, key


TAKEN = {
    "T30": "star",
    "T32": "star",
    "T38": "austin_c3",
    "T43": "plymouth_county_outreach",
    "T21": "advocates",
    "T22": "tucson_mhst",
    "T45": "steer",
}


@pytest.mark.parametrize(("call_id", "slug"), TAKEN.items())
def test_the_program_made_for_a_call_takes_it(call_id: str, slug: str) -> None:
    call = next(c for c in OWN if c["id"] == call_id)
    result = suggest(PROTOCOL, (PROGRAMS[slug],), call["facts"], call["nature"], open_now={}, covers={})
    assert result.fits[0].result is FitResult.ELIGIBLE
    assert result.recommendation.programs == (slug,)


@pytest.mark.parametrize("nature", ["weapon_call", "assault", "domestic_violence", "fire_or_gas", "medical_emergency"])
def test_a_dangerous_nature_is_no_program_call_however_calm_the_answers(nature: str) -> None:
    result = suggest(PROTOCOL, tuple(PROGRAMS.values()), safe(), nature, open_now={}, covers={})
    assert {f.result for f in result.fits} == {FitResult.EXCLUDED}
    assert result.recommendation.response_class is ResponseClass.CO_RESPONSE
    assert result.recommendation.code == "nature_dangerous"
