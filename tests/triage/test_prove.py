"""The proofs: the reference protocol holds, every sabotaged rule is found, solver and engine agree."""

from __future__ import annotations

import copy
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings

from programs.preset_schema import PRESETS_DIR, all_presets
from tests.triage.cases import safe, some_answers
from triage.engine import decide, suggest
from triage.programs import ProgramRules
from triage.protocol import Protocol, load_reference
from triage.prove import difference, prove_program, prove_protocol
from triage.prove.model import Model, and_, not_, or_
from triage.prove.programs import gaps, overlaps, takes
from triage.prove.report import Counterexample, describe, shorten
from triage.results import FitResult

REFERENCE = load_reference()
PROGRAMS = [ProgramRules.from_dict(p.rules) for p in all_presets().values()]


def sabotaged(floor_id: str, **changes: Any) -> Protocol:
    """The reference protocol with one floor changed, or taken out when nothing is given."""
    data = copy.deepcopy(REFERENCE.to_dict())
    floors = [f for f in data["floors"] if f["id"] != floor_id]
    floors += [f | changes for f in data["floors"] if f["id"] == floor_id and changes]
    return Protocol.from_dict(data | {"floors": floors})


def test_the_reference_protocol_is_proven() -> None:
    report = prove_protocol(REFERENCE)
    assert report.proven
    assert {f.kind for f in report.findings} == {"invariant", "exception"}
    for finding in report.findings:
        if finding.kind == "exception":
            assert finding.example is not None
            # Breathing and wakefulness go no lower than a team that looks; outreach only takes up what is over.
            expected = "outreach_followup" if finding.id.startswith("N") else "mobile_team"
            assert decide(REFERENCE, finding.example.answers).response_class == expected
    assert json.dumps(report.to_dict())


SABOTAGE: list[tuple[str, dict[str, Any]]] = [
    ("S1", {}),
    ("S4", {"then": "co_response"}),
    ("S5", {"if_unknown": None}),
    ("S2u", {"if_unknown": "mobile_team"}),
    ("S11", {"then": "mobile_team"}),
    (
        "S1v",
        {
            "except": {
                "id": "S1v-all",
                "label": "Anybody unseen",
                "if": {"key": "posture", "is": "unseen"},
                "then": "tele_clinician",
            }
        },
    ),
]


@pytest.mark.parametrize(("floor", "changes"), SABOTAGE)
def test_a_sabotaged_rule_is_found_and_its_counterexample_is_real(floor: str, changes: dict[str, Any]) -> None:
    protocol = sabotaged(floor, **changes)
    bad = [f for f in prove_protocol(protocol).findings if f.blocks]
    assert bad
    for finding in bad:
        assert finding.example is not None
        assert decide(protocol, finding.example.answers).response_class.value in finding.example.words


def _base(*rules: dict[str, Any]) -> Protocol:
    return Protocol.from_dict(copy.deepcopy(REFERENCE.to_dict()) | {"base": list(rules)})


def _without(rule: dict[str, Any], part: int) -> dict[str, Any]:
    items = rule["if"]["all"]
    return rule | {"if": {"all": items[:part] + items[part + 1 :]}}


B9, B10, B11 = REFERENCE.to_dict()["base"]
BASE_SABOTAGE: list[tuple[str, Protocol, set[str]]] = [
    ("outreach for all", _base(B11 | {"then": "outreach_followup"}), {"N1", "N6", "N7", "N8"}),
    ("telephone for all", _base(B11 | {"then": "tele_clinician"}), {"N7", "N9", "N10", "N11", "N12"}),
    ("outreach while it goes on", _base(_without(B9, 0), B10, B11), {"N6", "N6-unknown"}),
    ("the telephone for the drowsy", _base(B9, _without(B10, 2), B11), {"N9"}),
]


@pytest.mark.parametrize(("protocol", "named"), [row[1:] for row in BASE_SABOTAGE], ids=[r[0] for r in BASE_SABOTAGE])
def test_a_sabotaged_base_rule_is_found(protocol: Protocol, named: set[str]) -> None:
    bad = {f.id: f for f in prove_protocol(protocol).findings if f.blocks}
    assert named <= set(bad)
    for finding in bad.values():
        assert finding.example is not None
        assert decide(protocol, finding.example.answers).response_class.value in finding.example.words


def test_a_rule_that_changes_nothing_is_called_dead() -> None:
    data = copy.deepcopy(REFERENCE.to_dict())
    data["floors"].append(data["floors"][0] | {"id": "S1-again"})
    dead = [f for f in prove_protocol(Protocol.from_dict(data)).findings if f.kind == "dead_rule"]
    assert {f.id for f in dead} == {"dead-S1", "dead-S1-again"}


def test_the_director_may_switch_off_what_no_invariant_names() -> None:
    data = sabotaged("S12").to_dict()
    floors = [f | {"then": "co_response"} if f["id"] == "S10" else f for f in data["floors"]]
    weaker = Protocol.from_dict(data | {"floors": floors})
    report = prove_protocol(weaker)
    assert report.proven
    # Allowed, but nobody publishes it without seeing a call that comes out lower.
    choices = {f.id: f.example for f in report.findings if f.kind == "choice"}
    assert set(choices) == {"choice-S10", "choice-S12"}
    for example in choices.values():
        assert example is not None
        assert decide(weaker, example.answers).response_class.value in example.text
        assert decide(REFERENCE, example.answers).response_class == "emergency"


def test_difference_gives_calls_that_change() -> None:
    new = sabotaged("S12")
    (found,) = difference(REFERENCE, new)[:1]
    assert found.example is not None
    assert decide(REFERENCE, found.example.answers).response_class == "emergency"
    assert decide(new, found.example.answers).response_class != "emergency"
    assert difference(REFERENCE, REFERENCE) == ()


@settings(deadline=None, max_examples=20)
@given(answers=some_answers())
def test_solver_and_engine_agree(answers: dict[str, Any]) -> None:
    model = _MODEL
    result = decide(REFERENCE, answers).response_class
    here = model.given(answers)
    for rank, at_most in enumerate(model.classes(REFERENCE)):
        assert (model.find(and_((here, at_most))) is not None) is (result.rank <= rank)
    program = next(p for p in PROGRAMS if p.slug == "star")
    fit = suggest(REFERENCE, (program,), answers, "welfare_check", open_now={}, covers={}).fits[0]
    taken = model.find(and_((here, takes(model, REFERENCE, program)))) is not None
    assert taken is (fit.result is FitResult.ELIGIBLE)


_MODEL = Model()


def test_counting_and_number_rules_in_the_solver() -> None:
    data = copy.deepcopy(REFERENCE.to_dict())
    for symbol in ("<", "<=", ">", ">=", "==", "!="):
        test = {"key": "subjects", "compare": symbol, "number": 3}
        data["base"] = [
            {"id": "L", "label": "L", "if": {"at_least": 2, "of": [test, {"key": "behavior", "is": "calm"}]}}
            | {"then": "tele_clinician", "source": "test"},
            REFERENCE.to_dict()["base"][2],
        ]
        protocol = Protocol.from_dict(data)
        model = Model()
        for subjects in (2, 3, 4, None):
            answers = safe(subjects=subjects)
            expected = decide(protocol, answers).response_class.rank
            at_most = model.find(and_((model.given(answers), model.class_at_most(protocol, 2)))) is not None
            assert at_most is (expected <= 2), (symbol, subjects)


def test_formulas_that_are_decided_stay_plain() -> None:
    assert and_(()) is True
    assert and_((True, False)) is False
    assert or_(()) is False
    assert or_((False, True)) is True
    assert not_(True) is False


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.slug)
def test_every_preset_is_proven(program: ProgramRules) -> None:
    findings = prove_program(REFERENCE, program)
    assert [f for f in findings if not f.holds] == []


def program(**changes: Any) -> ProgramRules:
    data: dict[str, Any] = {
        "slug": "odd",
        "name": "Odd team",
        "kind": "mobile_team",
        "response_class": "mobile_team",
        "natures": ["welfare_check"],
        "switches": {},
    }
    return ProgramRules.from_dict(data | changes)


def test_an_exclusion_that_opens_with_more_danger_is_found() -> None:
    rule = {"code": "only_verbal", "label": "No shouting", "if": {"key": "violence", "is": "history_only"}}
    drowsy = {"code": "no_alert", "label": "Not for alert people", "if": {"key": "conscious", "is": "alert"}}
    assert all(f.holds for f in prove_program(REFERENCE, program(exclusions=[rule])))
    bad = [f for f in prove_program(REFERENCE, program(exclusions=[drowsy])) if not f.holds]
    assert [f.id for f in bad] == ["odd-P2-conscious-alert-drowsy_rousable"]
    assert bad[0].example is not None
    assert "shuts it out" in bad[0].example.words


def test_a_program_that_no_call_meets_is_dead() -> None:
    entry = [{"code": "never", "label": "Weapon in hand", "if": {"key": "weapon", "is": "in_hand"}}]
    assert "odd-dead" in {f.id for f in prove_program(REFERENCE, program(entry=entry))}


def test_gaps_and_overlaps() -> None:
    team, twin = program(slug="team"), program(slug="twin")
    assert [f.id for f in overlaps(REFERENCE, [team, twin])] == ["overlap-team-twin"]
    found = {f.id: f.label for f in gaps(REFERENCE, [team])}
    assert "its programs shut it out" in found["gap-mobile_team-welfare_check"]
    assert "no program of this class" in found["gap-mobile_team-trespass"]
    info = program(kind="information", response_class=None, natures=None)
    assert prove_program(REFERENCE, info)[0].holds
    assert overlaps(REFERENCE, [info, program(natures=None)]) == ()


def test_counterexamples_are_words_and_json() -> None:
    answers = safe(weapon="in_hand", suicide=None, medical_signs=["bleeding"])
    words = describe(answers)
    assert "weapon: in the hand" in words
    assert "not answered: suicide" in words
    assert json.dumps(Counterexample(answers, "Why.").to_dict())
    with pytest.raises(RuntimeError, match="disagree"):
        shorten(answers, lambda _: False)


def test_prove_command(tmp_path: Path) -> None:
    out = StringIO()
    call_command("prove", "star", "austin_c3", stdout=out)
    assert "program star: PROVEN" in out.getvalue()
    assert "program austin_c3: PROVEN" in out.getvalue()
    path = tmp_path / "local.json"
    path.write_text(json.dumps(sabotaged("S4").to_dict()), encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="not hold"):
        call_command("prove", str(path), "--against", "reference", stdout=out)
    assert "FAILS" in out.getvalue()
    assert "exception I4-breathing-exception" in out.getvalue()
    assert "difference diff-emergency-co_response" in out.getvalue()
    out = StringIO()
    call_command("prove", str(PRESETS_DIR / "star.yaml"), "--gaps", stdout=out)
    assert "gap gap-mobile_team-noise_complaint" in out.getvalue()


BAD_NAMES: list[tuple[str, str]] = [("nobody", "names: reference"), ("broken.json", "not readable as JSON")]


@pytest.mark.parametrize(("name", "message"), BAD_NAMES)
def test_prove_command_says_what_names_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        call_command("prove", name)


def test_prove_command_needs_a_protocol_to_prove_under() -> None:
    with pytest.raises(CommandError, match="name a protocol"):
        call_command("prove", "star", "--under", "star")
