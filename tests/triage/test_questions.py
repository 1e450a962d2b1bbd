"""The next question: the benchmark's own check on a few calls, and that asking best first is never worse overall."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.questions import main, measure, read_calls, rule_keys, simulated
from programs.preset_schema import all_presets
from tests.triage.cases import DATA, read_lines, safe
from triage.programs import ProgramRules
from triage.protocol import load_reference

PROGRAMS = tuple(ProgramRules.from_dict(p.rules) for p in all_presets().values())
OWN_CALLS = [(safe(**c["facts"]), c["nature"]) for c in read_lines(DATA / "vignettes.jsonl")]


def test_best_first_needs_fewer_questions_and_ends_in_the_same_class() -> None:
    figures = measure(OWN_CALLS[::6], load_reference(), PROGRAMS)
    assert figures["calls"] == len(OWN_CALLS[::6])
    assert figures["best_first"]["mean"] < figures["in_order"]["mean"] <= figures["all_questions"]


def test_simulated_calls_are_the_same_for_the_same_seed() -> None:
    keys = rule_keys(load_reference(), PROGRAMS)
    assert list(simulated(5, 7, keys)) == list(simulated(5, 7, keys))
    assert list(simulated(5, 7, keys)) != list(simulated(5, 8, keys))


def test_the_benchmark_prints_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = tmp_path / "calls.jsonl"
    sample.write_text(json.dumps({"facts": safe(), "nature": "welfare_check"}), encoding="utf-8")
    assert main(["--calls", "2", "--samples", str(sample)]) == 0
    assert "best first" in capsys.readouterr().out
    assert main(["--calls", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["simulated"]["calls"] == 1


def test_calls_are_read_from_a_file() -> None:
    assert len(read_calls(DATA / "vignettes.jsonl")) >= 40
