"""Properties that hold for any answers: danger never lowers caution, programs never lower a class."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from programs.preset_schema import all_presets
from tests.triage.cases import RULE_KEYS, SAFE, VOCABULARY, safe, some_answers, value_of
from triage.answers import is_danger, is_lowering, merge, most_dangerous
from triage.engine import decide, priority, suggest
from triage.natures import load as load_natures
from triage.programs import ProgramRules
from triage.protocol import load_reference
from triage.response import ResponseClass
from triage.results import FitResult, ProgramFit

PROTOCOL = load_reference()
PROGRAMS = tuple(ProgramRules.from_dict(p.rules) for p in all_presets().values())
NATURES = tuple(n.slug for n in load_natures().natures)
ORDERED = tuple(q.key for q in VOCABULARY.questions if q.danger_order)
LEAST = {
    q.key: [v for v in q.values if v in q.more_dangerous and not any(v in m for m in q.more_dangerous.values())]
    for q in VOCABULARY.questions
    if q.danger_order
}


def rank(answers: dict[str, Any]) -> int:
    return decide(PROTOCOL, answers).response_class.rank


@settings(deadline=None, max_examples=150)
@given(answers=some_answers(), key=st.sampled_from(ORDERED), data=st.data())
def test_i1_more_danger_never_lowers_the_class(answers: dict[str, Any], key: str, data: st.DataObject) -> None:
    more = VOCABULARY.get(key).more_dangerous
    less = data.draw(st.sampled_from(sorted(more, key=str)))
    worse = data.draw(st.sampled_from(sorted(more[less], key=str)))
    assert rank(answers | {key: worse}) <= rank(answers | {key: less})


@settings(deadline=None, max_examples=100)
@given(answers=some_answers(), sign=st.sampled_from(VOCABULARY.get("medical_signs").values))
def test_i1_one_more_medical_sign_never_lowers_the_class(answers: dict[str, Any], sign: str) -> None:
    signs = answers["medical_signs"] or []
    assert rank(answers | {"medical_signs": [*signs, sign]}) <= rank(answers | {"medical_signs": signs})


@settings(deadline=None, max_examples=100)
@given(answers=some_answers(), key=st.sampled_from(ORDERED), data=st.data())
def test_i2_unknown_is_never_less_cautious_than_the_safest(
    answers: dict[str, Any], key: str, data: st.DataObject
) -> None:
    least = data.draw(st.sampled_from(LEAST[key]))
    assert rank(answers | {key: None}) <= rank(answers | {key: least})


CONCERNING = [(q.key, v) for q in VOCABULARY.questions for v in sorted(q.concerning, key=str)]


@settings(deadline=None, max_examples=150)
@given(answers=some_answers(), concern=st.sampled_from(CONCERNING))
def test_i3_a_concerning_answer_never_lowers_an_unknown(answers: dict[str, Any], concern: tuple[str, Any]) -> None:
    key, value = concern
    given_value = [value] if VOCABULARY.get(key).kind == "list" else value
    assert rank(answers | {key: given_value}) <= rank(answers | {key: None})


def test_the_concerning_values_are_those_that_alone_force_co_response() -> None:
    for question in VOCABULARY.questions:
        found = set()
        for value in question.values:
            answer = [value] if question.kind == "list" else value
            if rank(safe(**{"in_person_needed": "no", question.key: answer})) <= ResponseClass.CO_RESPONSE.rank:
                found.add(value)
        assert found == question.concerning, question.key


@settings(deadline=None, max_examples=60)
@given(answers=some_answers(), nature=st.sampled_from(NATURES) | st.none() | st.just("made_up"), hours=st.booleans())
def test_no_program_lowers_and_no_excluded_call_is_sent(
    answers: dict[str, Any], nature: str | None, hours: bool
) -> None:
    open_now = {p.slug: hours for p in PROGRAMS}
    result = suggest(PROTOCOL, PROGRAMS, answers, nature, open_now=open_now, covers={})
    json.dumps(result.to_dict())
    assert result == suggest(PROTOCOL, PROGRAMS, dict(answers), nature, open_now=open_now, covers={})
    for fit in result.fits:
        assert fit.effective_class.rank <= result.response_class.rank
        assert not (fit.result is FitResult.ELIGIBLE and not hours)
        assert (fit.result is FitResult.ASK) == bool(fit.ask)
        if nature in (None, "made_up"):
            assert fit.result is not FitResult.ELIGIBLE
    sent = result.recommendation.response_class
    assert sent is None or sent.rank <= result.response_class.rank
    assert all(answers.get(item.key) is None for item in result.ask)


@settings(deadline=None, max_examples=80)
@given(answers=some_answers(), key=st.sampled_from(RULE_KEYS), data=st.data())
def test_a_question_that_is_not_asked_changes_nothing(answers: dict[str, Any], key: str, data: st.DataObject) -> None:
    before = suggest(PROTOCOL, PROGRAMS, answers, "welfare_check", open_now={}, covers={})
    if answers[key] is None and key not in {item.key for item in before.ask}:
        after = suggest(
            PROTOCOL, PROGRAMS, answers | {key: data.draw(value_of(key))}, "welfare_check", open_now={}, covers={}
        )
        assert after.response_class == before.response_class
        assert [f.result for f in after.fits] == [f.result for f in before.fits]


@settings(deadline=None, max_examples=40)
@given(
    answers=some_answers(),
    notes=st.lists(st.sampled_from(["Medical condition", "weapon", "x"]), max_size=3),
    nature=st.sampled_from(NATURES),
)
def test_notes_of_a_safety_profile_change_no_class_and_no_program(
    answers: dict[str, Any], notes: list[str], nature: str
) -> None:
    """They can tell people, and no more: no rule may read them (see the conditions that are refused)."""
    before, after = (
        suggest(PROTOCOL, PROGRAMS, given, nature, open_now={}, covers={})
        for given in (answers, answers | {"profile_flags": notes})
    )
    for name in ("response_class", "triaged", "services", "fits", "recommendation", "ask", "flips", "priority"):
        assert getattr(after, name) == getattr(before, name), name
    assert not is_danger("profile_flags", notes)


@settings(deadline=None, max_examples=60)
@given(answers=some_answers())
def test_flips_are_true(answers: dict[str, Any]) -> None:
    result = suggest(PROTOCOL, (), answers, None, open_now={}, covers={})
    for flip in result.flips:
        for value in flip.values:
            kind = VOCABULARY.get(flip.key).kind
            changed = [] if value is None else [value] if kind == "list" else value
            assert decide(PROTOCOL, answers | {flip.key: changed}).response_class == flip.response_class


@settings(deadline=None, max_examples=80)
@given(answers=some_answers(), nature=st.sampled_from(NATURES), overdue=st.booleans())
def test_priority_is_only_ever_raised(answers: dict[str, Any], nature: str, overdue: bool) -> None:
    default = next(n.priority for n in load_natures().natures if n.slug == nature)
    level = priority(nature, decide(PROTOCOL, answers).response_class, answers, overdue=overdue)
    assert 1 <= level <= default


@settings(deadline=None, max_examples=100)
@given(first=some_answers(), second=some_answers())
def test_joining_calls_never_lowers_the_class_below_a_known_danger(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    joined = decide(PROTOCOL, merge([first, second]))
    for key in ORDERED:
        for value in (first[key], second[key]):
            if value is not None and not isinstance(value, list) and is_danger(key, value):
                assert joined.response_class.rank <= ResponseClass.CO_RESPONSE.rank


@settings(deadline=None, max_examples=100)
@given(key=st.sampled_from([k for k in ORDERED if k in SAFE]), data=st.data())
def test_merging_never_lowers_either_answer(key: str, data: st.DataObject) -> None:
    one, two = data.draw(value_of(key) | st.none()), data.draw(value_of(key) | st.none())
    merged = most_dangerous(key, [one, two])
    assert not is_lowering(key, one, merged)
    assert not is_lowering(key, two, merged)


def test_a_fit_that_lowers_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="less cautious"):
        ProgramFit(
            "x", FitResult.ELIGIBLE, (), (), (), ResponseClass.CO_RESPONSE, ResponseClass.MOBILE_TEAM, fallback=False
        )
