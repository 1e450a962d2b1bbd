"""Drafts: nobody overwrites anybody unseen, nothing typed is lost, and what is wrong is said with its mend."""

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Agency, Centre, User
from accounts.problems import Refused
from programs.models import ProgramVersion
from programs.rule_rows import Row, condition_of, row_of, rules_moved, rules_with
from programs.selectors import draft_problems
from programs.services import (
    SectionTaken,
    draft_area_save,
    draft_begin,
    draft_keep_unsaved,
    draft_rebase,
    draft_save,
    program_start,
    version_publish_simulated,
    version_submit,
)
from programs.services.starting import blank_spec
from programs.spec_checks import fallback_ring
from tests import factories
from tests.programs.drafting import changed
from triage import vocabulary
from triage.conditions import compile_test, parse


def test_two_administrators_in_one_section_see_both_values(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    star, first, second = programs["star"], people["program_administrator"], people["supervisor"]
    draft = draft_begin(program=star.program, source=star, by=first, at=at)
    assert draft_begin(program=star.program, source=star, by=second, at=at) == draft
    draft_save(version=draft, section="hours", values={"hours": "Mo 09:00-10:00"}, lock=0, by=first, at=at)
    with pytest.raises(SectionTaken) as taken:
        draft_save(version=draft, section="hours", values={"hours": "Tu 09:00-10:00"}, lock=0, by=second, at=at)
    assert taken.value.status == 409
    assert (taken.value.theirs, taken.value.mine) == ({"hours": "Mo 09:00-10:00"}, {"hours": "Tu 09:00-10:00"})
    draft_save(version=draft, section="script", values={"caller_script": "Hello"}, lock=0, by=second, at=at)
    mine = {"hours": "Tu 09:00-10:00"}
    kept = draft_save(version=draft, section="hours", values=mine, lock=taken.value.lock, by=second, at=at)
    assert (kept.spec["hours"], kept.spec["caller_script"]) == ("Tu 09:00-10:00", "Hello")
    assert set(kept.editors) == {first.pk, second.pk}


def test_saving_the_same_again_is_no_change(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    draft = changed(programs["star"], people, at, hours="Mo 09:00-10:00")
    again = draft_save(
        version=draft, section="natures", values={"hours": "Mo 09:00-10:00"}, lock=0, by=people["supervisor"], at=at
    )
    assert again.locks == {"natures": 1}
    assert people["supervisor"].pk not in again.editors


def test_only_a_draft_is_brought_up_to_date(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    star = programs["star"]
    version_publish_simulated(version=changed(star, people, at, hours="Mo 09:00-10:00"), at=at)
    with pytest.raises(Refused, match="only a draft"):
        draft_rebase(version=star, by=people["supervisor"], at=at)


def test_what_cannot_be_accepted_is_kept_and_holds_the_draft_back(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    by = people["program_administrator"]
    draft = changed(programs["star"], people, at)
    draft_keep_unsaved(version=draft, section="hours", typed={"day_0": "9 to 5"}, by=by, at=at)
    with pytest.raises(Refused, match="could not be accepted, in: hours"):
        version_submit(version=draft, reason="Hours", by=by, at=at)
    saved = draft_save(version=draft, section="hours", values={"hours": "Mo 09:00-17:00"}, lock=0, by=by, at=at)
    assert saved.unsaved == {}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"hours": "off"}, "never open"),
    ({"hours": "2020 Mo-Fr 09:00-17:00"}, "never open"),
    ({"hours": "whenever"}, "cannot be read"),
    ({"name": " "}, "no name"),
    ({"rules.natures": []}, "no nature at all"),
    ({"rules.natures": ["unicorn"]}, "there is no nature 'unicorn'"),
    ({"rules.ages": []}, "no age at all"),
    ({"max_wait_s": 10}, "maximum wait of at least one minute"),
    ({"offer_timeout_s": 4000}, "longer than the caller is promised"),
    ({"fallback": ["star"]}, "fall back on itself"),
    ({"fallback": ["nowhere"]}, "no program nowhere"),
    ({"caller_script": ""}, "what the call taker says"),
    ({"cost_per_response": -1}, "cost per response"),
    (
        {"rules.entry": [{"code": "e", "label": "E", "if": {"key": "colour", "is": "red"}}]},
        "Entry e: There is no question",
    ),
]


@pytest.mark.parametrize(("values", "words"), BAD)
def test_bad_values_are_named_with_their_mend(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime, values: dict[str, Any], words: str
) -> None:
    by = people["program_administrator"]
    draft = changed(programs["star"], people, at)
    draft = draft_save(version=draft, section="basics", values=values, lock=0, by=by, at=at)
    found = [problem for problem in draft_problems(draft, at=at) if problem.blocks]
    assert any(words in problem.words for problem in found), found
    with pytest.raises(Refused):
        version_submit(version=draft, reason="Bad", by=by, at=at)


def test_a_rule_that_must_hold_and_shuts_out_is_a_contradiction(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    rule = deepcopy(programs["star"].spec["rules"]["exclusions"][0])
    draft = changed(programs["star"], people, at, rules__entry=[{**rule, "code": "same"}])
    assert any("no call can pass" in problem.words for problem in draft_problems(draft, at=at))


def test_a_fallback_that_goes_in_a_circle_is_drawn(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    other = changed(programs["advocates"], people, at, fallback=["star"])
    assert other.spec["fallback"] == ["star"]
    draft = changed(programs["star"], people, at, fallback=["austin_c3", "advocates"])
    assert any("star → advocates → star" in problem.words for problem in draft_problems(draft, at=at))
    assert fallback_ring("a", ("b",), {"b": ("c",), "c": ("b", "d")}) == []
    assert fallback_ring("a", ("b",), {"b": ("c",), "c": ("a",)}) == ["a", "b", "c", "a"]


def test_an_empty_area_keeps_a_draft_back(
    programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    by = people["program_administrator"]
    draft = changed(programs["star"], people, at)
    empty = draft_area_save(version=draft, parts=[], lock=0, by=by, at=at)
    assert any("area is empty" in problem.words for problem in draft_problems(empty, at=at))
    hole = [
        {"name": "Town", "mode": "include", "geometry": factories.TOWN},
        {"name": "All of it", "mode": "exclude", "geometry": factories.TOWN},
    ]
    with pytest.raises(Refused, match="Nothing is left"):
        draft_area_save(version=draft, parts=hole, lock=1, by=by, at=at)


def test_a_program_from_nothing_is_the_most_cautious_there_is(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    made = []
    for _ in range(2):
        spec = blank_spec(name="Night Walkers", kind="mobile_team", response_class="mobile_team", on="2025-06-03")
        made.append(program_start(centre=centre, agency=agency, spec=spec, parts=[], by=people["clinician"], at=at))
    assert [version.program.slug for version in made] == ["night_walkers", "night_walkers_2"]
    assert set(made[0].spec["rules"]["switches"].values()) == {"exclude"}
    sections = {problem.section for problem in draft_problems(made[0], at=at) if problem.blocks}
    assert sections == {"area", "hours", "natures", "script"}


@pytest.mark.parametrize("noun", ["exclusions", "entry"])
@pytest.mark.parametrize("counted", ["ask", "out", "continue"])
def test_if_not_asked_means_what_it_says(noun: Any, counted: Any) -> None:
    row = Row("behavior", ("confused",), counted)
    condition = condition_of(row, noun)
    assert row_of(condition, noun) == row
    truth = compile_test(parse(condition, vocabulary.load()))(vocabulary.load().normalise({})).name
    passes = {"ask": "UNKNOWN", "out": "TRUE" if noun == "exclusions" else "FALSE"}
    assert truth == passes.get(counted, "FALSE" if noun == "exclusions" else "TRUE")
    yes = compile_test(parse(condition, vocabulary.load()))(vocabulary.load().normalise({"behavior": "confused"}))
    assert yes.name == "TRUE"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Row("weapon", ("in_hand",), "continue"), "safety question"),
        (Row("weapon", (), "ask"), "at least one answer"),
        (Row("weapon", ("sword",), "ask"), "no answer to Weapon"),
        (Row("colour", ("red",), "ask"), "Choose a question"),
        (Row("subjects", ("3",), "ask"), "no fixed answers"),
    ],
)
def test_a_row_that_cannot_be_is_refused(row: Row, words: str) -> None:
    with pytest.raises(Refused, match=words):
        condition_of(row, "exclusions")


def test_rows_are_added_named_moved_and_removed() -> None:
    rules = rules_with([], code="", label="Loud, drunk!", condition=True)
    rules = rules_with(rules, code="", label="Loud drunk", condition=True)
    assert [rule["code"] for rule in rules] == ["loud_drunk", "loud_drunk_2"]
    assert [rule["code"] for rule in rules_moved(rules, "loud_drunk", 1)] == ["loud_drunk_2", "loud_drunk"]
    assert len(rules_moved(rules, "loud_drunk", 0)) == 1
    with pytest.raises(Refused, match="not there"):
        rules_moved(rules, "gone", 0)
    with pytest.raises(Refused, match="Name the rule"):
        rules_with(rules, code="", label=" ", condition=True)
