"""Program fit, fallback, next questions and explanation, on small rules made for the test."""

from __future__ import annotations

from typing import Any

import pytest

from tests.triage.cases import safe
from triage.engine import more_cautious, priority, suggest
from triage.programs import SWITCH_NAMES, ProgramRules
from triage.protocol import Protocol, load_reference
from triage.response import ResponseClass
from triage.results import FitResult, ProgramFit, Suggestion

PROTOCOL = load_reference()
ALLOW = dict.fromkeys(SWITCH_NAMES, "allow")


def program(**changes: Any) -> ProgramRules:
    data = {
        "slug": "team",
        "name": "Team",
        "kind": "mobile_team",
        "response_class": "mobile_team",
        "natures": ["welfare_check"],
        "switches": ALLOW,
    }
    return ProgramRules.from_dict(data | changes)


def ask(
    rules: ProgramRules,
    answers: dict[str, Any],
    nature: str | None = "welfare_check",
    open_now: bool | None = None,
    covers: bool | None = None,
) -> tuple[ProgramFit, Suggestion]:
    result = suggest(PROTOCOL, (rules,), answers, nature, open_now={rules.slug: open_now}, covers={rules.slug: covers})
    return result.fits[0], result


def codes(fit: ProgramFit) -> set[str]:
    return {r.code for r in (*fit.reasons, *fit.notes)}


def test_eligible_and_not_evaluated_is_said() -> None:
    fit, result = ask(program(), safe())
    assert fit.result is FitResult.ELIGIBLE
    assert codes(fit) == {"criteria_met", "hours_not_evaluated", "area_not_evaluated"}
    assert result.recommendation.code == "program"
    assert result.ask == ()


def test_open_and_covering_leaves_no_note() -> None:
    assert codes(ask(program(), safe(), open_now=True, covers=True)[0]) == {"criteria_met"}


@pytest.mark.parametrize(("open_now", "covers", "code"), [(False, True, "closed"), (True, False, "out_of_area")])
def test_closed_or_out_of_area_is_counted_apart(open_now: bool, covers: bool, code: str) -> None:
    fit, result = ask(program(), safe(), open_now=open_now, covers=covers)
    assert fit.result is FitResult.EXCLUDED
    assert codes(fit) == {code}
    assert fit.excluded_only_by_operation
    assert result.recommendation.code == "no_program"
    assert result.recommendation.response_class is ResponseClass.CO_RESPONSE


@pytest.mark.parametrize("nature", [None, "not_in_the_table", "unknown_problem"])
def test_an_unknown_nature_asks_and_excludes_nothing(nature: str | None) -> None:
    fit, result = ask(program(), safe(), nature=nature)
    assert (fit.result, fit.ask) == (FitResult.ASK, ("nature",))
    assert [item.key for item in result.ask] == ["nature"]
    assert result.recommendation.code == "ask"
    assert not result.nature_known


def test_nature_outside_the_list_is_excluded_and_no_list_takes_all() -> None:
    assert "nature_not_served" in codes(ask(program(), safe(), nature="trespass")[0])
    assert ask(program(natures=None), safe(), nature="trespass")[0].result is FitResult.ELIGIBLE
    assert "nature_dangerous" in codes(ask(program(natures=None), safe(), nature="assault")[0])


SWITCHES: list[tuple[str, dict[str, Any], str]] = [
    ("suicidality", {"suicide": "ideation"}, "suicide"),
    ("private_homes", {"location_type": "private_residence"}, "location_type"),
    ("minors", {"age_band": "16_17"}, "age_band"),
    ("low_level_crime", {"crime": "minor"}, "crime"),
    ("severe_intoxication", {"intoxication": "severe"}, "intoxication"),
    ("third_party_callers", {"caller": "third_party_stranger"}, "caller"),
]


@pytest.mark.parametrize(("switch", "changes", "key"), SWITCHES)
def test_switch_allows_raises_or_excludes_and_asks_when_unknown(switch: str, changes: dict[str, Any], key: str) -> None:
    assert ask(program(), safe(**changes))[0].result is FitResult.ELIGIBLE
    raised, result = ask(program(switches=ALLOW | {switch: "co_response"}), safe(**changes))
    assert raised.result is FitResult.ELIGIBLE
    assert raised.effective_class is ResponseClass.CO_RESPONSE
    assert "needs_officer" in codes(raised)
    assert result.recommendation.response_class is ResponseClass.CO_RESPONSE
    assert result.recommendation.services == ("police",)
    untouched, _ = ask(program(switches=ALLOW | {switch: "co_response"}), safe())
    assert untouched.effective_class is ResponseClass.MOBILE_TEAM
    shut, _ = ask(program(switches=ALLOW | {switch: "exclude"}), safe(**changes))
    assert shut.result is FitResult.EXCLUDED
    assert codes(shut) >= {switch}
    for setting in ("co_response", "exclude"):
        fit, result = ask(program(switches=ALLOW | {switch: setting}), safe(**{key: None}))
        assert fit.result is FitResult.ASK
        assert key in {item.key for item in result.ask}


def test_a_matter_that_a_program_does_not_name_is_excluded() -> None:
    fit, _ = ask(program(switches={}), safe(suicide="ideation"))
    assert codes(fit) >= {"suicidality"}


def test_insufficient_information_asks() -> None:
    strict = program(switches=ALLOW | {"insufficient_information": "exclude"})
    assert ask(program(), safe(ingestion=None))[0].result is FitResult.ELIGIBLE
    fit, _ = ask(strict, safe(ingestion=None))
    assert (fit.result, fit.ask) == (FitResult.ASK, ("ingestion",))


def test_age_range() -> None:
    adults = program(ages=["adult", "older_adult"])
    assert ask(adults, safe())[0].result is FitResult.ELIGIBLE
    assert codes(ask(adults, safe(age_band="12_15"))[0]) >= {"age"}
    assert ask(adults, safe(age_band=None))[0].ask == ("age_band",)
    everyone = program(ages=["under_12", "12_15", "16_17", "adult", "older_adult"])
    assert ask(everyone, safe(age_band=None))[0].result is FitResult.ELIGIBLE


def test_entry_condition_must_hold() -> None:
    rule = {"code": "overdose", "label": "An overdose", "if": {"key": "ingestion", "is": "past"}}
    entry = program(entry=[rule])
    assert ask(entry, safe(ingestion="past"))[0].result is FitResult.ELIGIBLE
    fit, _ = ask(entry, safe())
    assert fit.reasons[0].text == "Not met: An overdose"
    assert ask(entry, safe(ingestion=None))[0].ask == ("ingestion",)
    contradicted, _ = ask(entry, safe(ingestion=["none", "past"]))
    assert (contradicted.result, contradicted.ask) == (FitResult.ASK, ("ingestion",))


def test_information_has_no_crew() -> None:
    fit, _ = ask(program(kind="information", response_class=None, natures=None), safe())
    assert codes(fit) >= {"information_only"}


def test_more_cautious_call_excludes_and_open_questions_ask() -> None:
    fit, result = ask(program(), safe(weapon="in_hand"))
    assert codes(fit) >= {"class_above"}
    assert result.ask == ()
    fit, result = ask(program(), safe(weapon=None))
    assert fit.result is FitResult.ASK
    assert {r.code for r in fit.reasons} == {"class_open"}
    assert result.ask[0].key == "weapon"
    assert result.ask[0].can_change == ("class", "team")
    assert "holds the call at co response" in result.ask[0].why
    outreach = program(kind="outreach", response_class="outreach_followup")
    assert codes(ask(outreach, safe(weapon=None))[0]) >= {"class_above"}


def test_program_more_cautious_than_needed_is_a_fallback() -> None:
    fit, result = ask(program(), safe(in_person_needed="no"))
    assert result.response_class is ResponseClass.TELE_CLINICIAN
    assert fit.fallback
    assert fit.effective_class is ResponseClass.MOBILE_TEAM
    assert result.recommendation.code == "fallback_upward"
    assert result.recommendation.response_class is ResponseClass.MOBILE_TEAM


def test_not_triaged_goes_as_the_standard_response_of_its_nature() -> None:
    _, result = ask(program(), {"location_type": "public_outdoor"}, nature="fire_or_gas")
    assert not result.triaged
    assert result.recommendation.response_class is None
    assert result.recommendation.services == ("ems", "fire")
    assert result.priority == 1
    _, unknown = ask(program(), {}, nature=None)
    assert unknown.recommendation.services == ("police", "ems")
    assert ask(program(), {"weapon": "none"})[1].triaged


def test_co_response_recommends_programs_with_an_officer() -> None:
    officers = program(kind="co_response", response_class="co_response")
    _, result = ask(officers, safe(behavior="agitated_escalating"))
    assert result.recommendation.programs == ("team",)
    assert result.recommendation.code == "class"


def test_safety_questions_come_first_and_crew_questions_stay() -> None:
    _, result = ask(program(ages=["adult"]), safe(age_band=None, weapon=None, access=None, behavior=None))
    assert result.ask[0].key == "weapon"
    assert {i.key for i in result.ask} == {"weapon", "behavior", "age_band"}
    assert next(i.why for i in result.ask if i.key == "age_band") == "Decides whether team can take it."
    assert next(i.why for i in result.ask if i.key == "behavior") == "Can still change the response class."
    assert set(result.for_crew) >= {"weapon", "age_band", "access"}
    settled = ask(program(), safe(weapon="in_hand", violence=None))[1]
    assert settled.ask == ()
    assert "violence" in settled.for_crew


def test_explanation_says_what_counted() -> None:
    _, result = ask(program(), safe(weapon="accessible", suicide=None))
    assert [p.text for p in result.counted_against] == ["Weapon: Within reach or in the place"]
    assert "Crime: None" in {p.text for p in result.counted_for}
    assert {p.key for p in result.unknown} == {"suicide"}
    flip = next(f for f in result.flips if f.key == "suicide")
    assert flip.response_class is ResponseClass.EMERGENCY
    assert "would make it Emergency response" in flip.text
    assert next(f for f in ask(program(), safe())[1].flips if f.key == "weapon" and "in_hand" in f.values).answered


def test_number_rules_and_at_least() -> None:
    data = load_reference().to_dict()
    crowd = {
        "id": "L1",
        "label": "Crowd with trouble",
        "if": {
            "at_least": 2,
            "of": [{"key": "subjects", "compare": ">=", "number": 3}, {"key": "violence", "is": "verbal"}],
        },
        "then": "co_response",
        "if_unknown": None,
        "services": ["police"],
        "source": "test",
    }
    local = Protocol.from_dict(data | {"floors": [*data["floors"], crowd]})
    quiet = suggest(local, (), safe(violence="verbal", subjects=2), "disturbance", open_now={}, covers={})
    assert quiet.response_class is ResponseClass.MOBILE_TEAM
    assert (3, 4) in {f.values for f in quiet.flips if f.key == "subjects"}
    assert (
        suggest(local, (), safe(violence="verbal", subjects=3), None, open_now={}, covers={}).response_class
        == "co_response"
    )
    unknown = suggest(local, (), safe(violence="verbal", subjects=None), "disturbance", open_now={}, covers={})
    assert [i.key for i in unknown.ask] == ["subjects"]


def test_an_exception_that_is_not_decided_keeps_the_floor_open() -> None:
    data = load_reference().to_dict()
    floor = {
        "id": "L2",
        "label": "Older adult down",
        "if": {"key": "posture", "is": "down"},
        "then": "co_response",
        "if_unknown": None,
        "services": ["police"],
        "source": "test",
        "except": {
            "id": "L2-known",
            "label": "Known to sleep there",
            "if": {"key": "engagement", "is": "willing"},
            "then": "mobile_team",
        },
    }
    local = Protocol.from_dict(data | {"floors": [*data["floors"], floor]})

    def run(**changes: Any) -> Suggestion:
        return suggest(local, (), safe(posture="down", **changes), "person_down", open_now={}, covers={})

    assert run(engagement="willing").response_class == "mobile_team"
    assert run(engagement="refuses_all").response_class == "co_response"
    held = run(engagement=None)
    assert held.response_class == "co_response"
    assert "engagement" in {i.key for i in held.ask}


PRIORITIES: list[tuple[str | None, str | None, dict[str, Any], bool, int]] = [
    ("noise_complaint", "mobile_team", {}, False, 4),
    ("noise_complaint", "mobile_team", {}, True, 3),
    ("noise_complaint", "co_response", {}, False, 2),
    ("noise_complaint", "emergency", {}, True, 1),
    ("noise_complaint", None, {}, False, 4),
    ("made_up", None, {}, False, 2),
    (None, "mobile_team", {}, False, 2),
    ("shelter_request", "mobile_team", {"suicide": "ideation"}, False, 2),
    ("shelter_request", "mobile_team", {"suicide": "ideation", "engagement": "not_on_line"}, False, 1),
    ("shelter_request", "mobile_team", {"posture": "down"}, False, 2),
    ("shelter_request", "mobile_team", {"age_band": "under_12"}, False, 2),
    ("shelter_request", "mobile_team", {"hazard": "roadway"}, False, 1),
    ("shelter_request", "mobile_team", {"violence": "threats"}, False, 2),
]


@pytest.mark.parametrize(("nature", "response_class", "answers", "overdue", "level"), PRIORITIES)
def test_priority_table(
    nature: str | None, response_class: str | None, answers: dict[str, Any], overdue: bool, level: int
) -> None:
    assert priority(nature, response_class, answers, overdue=overdue) == level


def test_more_cautious_of_two() -> None:
    assert more_cautious("mobile_team", "emergency") is ResponseClass.EMERGENCY
    with pytest.raises(ValueError, match="nonsense"):
        more_cautious("mobile_team", "nonsense")


def test_a_wrong_answer_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="Weapon: 'sword' is not an answer"):
        ask(program(), safe(weapon="sword"))
    with pytest.raises(ValueError, match="There is no question 'wepon'"):
        ask(program(), {"wepon": "none"})
