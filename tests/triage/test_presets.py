"""Preset files and the triage command behind ``manage.py triage``."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from programs.management.commands.triage import LineError, parse_at, parse_place, triage_lines
from programs.preset_schema import PRESETS_DIR, Preset, all_presets, load_preset
from tests.triage.cases import safe
from triage.engine import suggest
from triage.programs import ProgramRules
from triage.protocol import load_reference
from triage.prove import prove_program

PRESETS = all_presets()


@pytest.mark.parametrize("slug", PRESETS)
def test_preset_is_complete(slug: str) -> None:
    preset = PRESETS[slug]
    assert ProgramRules.from_dict(preset.rules).slug == slug == Path(f"{slug}.yaml").stem
    assert set(preset.sources) == preset.sources_used()
    assert json.loads(preset.model_dump_json(by_alias=True))["slug"] == slug
    assert bool(preset.crew) != (preset.kind == "information")


HOURS: list[tuple[str, str, bool]] = [
    ("star", "2026-03-01T21:30:00-07:00", True),
    ("star", "2026-03-02T05:30:00+00:00", False),
    ("austin_c3", "2026-03-01T03:00:00-06:00", True),
    ("advocates", "2026-03-02T10:00:00-05:00", True),
    ("advocates", "2026-03-01T10:00:00-05:00", False),
]


@pytest.mark.parametrize(("slug", "at", "is_open"), HOURS)
def test_hours_in_the_programs_own_zone(slug: str, at: str, is_open: bool) -> None:
    assert PRESETS[slug].is_open(datetime.fromisoformat(at)) is is_open


def test_hours_need_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        PRESETS["star"].is_open(datetime.fromisoformat("2026-03-01T12:00:00"))


def test_rough_coverage() -> None:
    assert PRESETS["star"].covers(39.74, -104.99) is True
    assert PRESETS["star"].covers(30.27, -97.74) is False
    bare = PRESETS["star"].model_copy(update={"coverage": PRESETS["star"].coverage.model_copy(update={"bbox": None})})
    assert bare.covers(0, 0) is None


def star(tmp_path: Path, **changes: Any) -> Preset:
    data = yaml.safe_load((PRESETS_DIR / "star.yaml").read_text(encoding="utf-8"))
    path = tmp_path / "star.yaml"
    path.write_text(yaml.safe_dump(data | changes), encoding="utf-8")
    return load_preset(path)


DAMAGED: list[tuple[dict[str, Any], str]] = [
    ({"switches": {}}, "every local matter"),
    ({"sources": {}}, "not listed: LOCAL"),
    ({"hours": {"value": "always", "timezone": "America/Denver", "source": ["S1"]}}, "star.yaml: hours"),
    ({"coverage": {"note": "x", "bbox": [1, 2, 0, 3], "source": ["S1"]}}, "west, south, east, north"),
    ({"entry": [{"code": "x", "label": "X", "if": {"key": "no", "is": 1}, "source": ["S1"]}]}, "entry x"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("changes", "message"), DAMAGED)
def test_a_damaged_preset_names_file_and_place(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        star(tmp_path, **changes)


def test_a_preset_that_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.yaml: not readable as YAML"):
        load_preset(path)


def run(lines: list[str], **options: Any) -> list[dict[str, Any] | LineError]:
    presets = tuple(PRESETS.values())
    return list(triage_lines(lines, protocol=load_reference(), presets=presets, **options))


GOOD = {"id": "A1", "nature": "welfare_check", "facts": safe()}

BAD_LINES: list[tuple[str, str]] = [
    ("{", "line 2: not readable as JSON"),
    ("[1]", "line 2: not a JSON object"),
    ('{"facts": {}}', "line 2: has no id"),
    ('{"id": 1, "facts": 3}', "line 2: facts is not an object"),
    ('{"id": 1, "nature": 3}', "line 2: nature is not a text"),
    ('{"id": 1, "facts": {"weapon": "sword"}}', "line 2: call 1: Weapon: 'sword' is not an answer"),
    ('{"id": 1, "facts": {"need": [{}]}}', "line 2: call 1: What is needed"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_a_bad_line_is_reported_and_the_rest_is_answered(line: str, message: str) -> None:
    first, bad, last = run([json.dumps(GOOD), line, "", json.dumps(GOOD)])
    assert isinstance(bad, LineError)
    assert message in str(bad)
    assert isinstance(first, dict)
    assert first == last
    assert first["response_class"] == "mobile_team"
    assert {p["slug"]: p["result"] for p in first["programs"]}["star"] == "ELIGIBLE"
    assert first["reasons"][0]["rule"] == "B11"


def test_time_and_place_are_evaluated_when_given() -> None:
    (inside,) = run([json.dumps(GOOD)], at=parse_at("2026-03-01T12:00:00-07:00"), place=parse_place("39.74,-104.99"))
    assert isinstance(inside, dict)
    results = {p["slug"]: {r["code"] for r in p["reasons"]} for p in inside["programs"]}
    assert results["star"] == {"criteria_met"}
    assert "out_of_area" in results["austin_c3"]


@pytest.mark.parametrize("text", ["2026-03-01T12:00:00", "noon"])
def test_time_must_have_a_zone(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        parse_at(text)


@pytest.mark.parametrize("text", ["39.7", "a,b", "1,2,3", "-104.99,39.74", "95,0"])
def test_place_must_be_on_the_globe(text: str) -> None:
    with pytest.raises(ValueError, match=r"degrees|globe"):
        parse_place(text)


def test_the_command_prints_answers_and_fails_on_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(GOOD) + "\n", encoding="utf-8")
    out, err = StringIO(), StringIO()
    call_command("triage", str(path), stdout=out, stderr=err)
    assert json.loads(out.getvalue())["id"] == "A1"
    path.write_text("{\n" + json.dumps(GOOD | {"facts": {"weapon": "in_hand"}}) + "\n{\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="2 lines could not be read"):
        call_command("triage", str(path), stdout=out, stderr=err)
    assert json.loads(out.getvalue())["reasons"][0]["response_class"] == "emergency"
    assert "line 1: not readable as JSON" in err.getvalue()


@pytest.mark.parametrize("options", [{"at": "noon"}, {"place": "here"}])
def test_the_command_refuses_bad_options(tmp_path: Path, options: dict[str, str]) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("triage", str(path), **options)


def test_the_command_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("triage", str(tmp_path / "none.jsonl"))


def test_the_command_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(json.dumps(GOOD)))
    out = StringIO()
    call_command("triage", "-", stdout=out)
    assert json.loads(out.getvalue())["triaged"] is True


TEN_FURTHER = {
    "b_heard", "durham_heart", "seattle_care", "san_francisco_scrt", "toronto_tccs", "houston_ccd",
    "portland_street_response", "dayton_mru", "atlanta_pad", "oakland_macro",
}  # fmt: skip
THIRTEEN = sorted(set(PRESETS) - TEN_FURTHER)


def test_all_programs_of_the_guide_and_ten_further_ones_ship() -> None:
    assert len(THIRTEEN) == 13
    assert set(PRESETS) >= TEN_FURTHER
    assert "information" in {PRESETS[slug].kind for slug in THIRTEEN}


@pytest.mark.parametrize("slug", sorted(TEN_FURTHER))
def test_a_value_without_a_published_source_is_marked(slug: str) -> None:
    """What rests on no source but our own default says "verify locally"; the file has a date."""
    unmarked: list[str] = []

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if node.get("source") == ("LOCAL",) and "verify_locally" in node and not node["verify_locally"]:
                unmarked.append(path)
            for key, value in node.items():
                walk(value, f"{path}.{key}")
        elif isinstance(node, (list, tuple)):
            for nth, value in enumerate(node):
                walk(value, f"{path}[{nth}]")

    walk({k: v for k, v in PRESETS[slug].model_dump().items() if k not in ("exclusions", "follow_ups")}, slug)
    assert unmarked == []
    assert PRESETS[slug].as_of.year >= 2021


OPENS_WITH_DANGER = {
    "switch": {"code": "only_thoughts", "label": "Thoughts of suicide", "if": {"key": "suicide", "in": ["ideation"]}},
    "rule": {"code": "weeks_ago", "label": "Weeks ago", "if": {"key": "elapsed", "is": "weeks"}},
}
"""Rules that shut a call out and let the more dangerous one in: no plan, but a plan; weeks ago, but days ago."""


def sabotaged(slug: str) -> ProgramRules:
    """The preset with one rule that opens with more danger. Its switch on suicide, which would hide it, allows."""
    rules = PRESETS[slug].rules
    kind = "rule" if rules["response_class"] == "outreach_followup" else "switch"
    kept = [rule for rule in rules["exclusions"] if "suicide" not in json.dumps(rule["if"])]
    switches = {**rules["switches"], "suicidality": "allow"}
    return ProgramRules.from_dict({**rules, "switches": switches, "exclusions": [*kept, OPENS_WITH_DANGER[kind]]})


@pytest.mark.parametrize("slug", [slug for slug in THIRTEEN if PRESETS[slug].response_class])
def test_a_sabotaged_program_is_refused_with_a_real_call(slug: str) -> None:
    """The proof fails, and its call, through the engine, is shut out below and let in above."""
    program = sabotaged(slug)
    bad = [f for f in prove_program(load_reference(), program) if f.kind == "invariant" and not f.holds]
    assert bad
    found = bad[0].example
    assert found is not None
    key, less = ("elapsed", "weeks") if "elapsed" in bad[0].id else ("suicide", "ideation")
    sabotage = next(rule["code"] for rule in OPENS_WITH_DANGER.values() if str(rule["code"]) in str(program.exclusions))
    nature = next(n for n in sorted(program.natures or {"welfare_check"}))

    def codes(answers: dict[str, Any]) -> set[str]:
        fits = suggest(load_reference(), (program,), answers, nature, open_now={}, covers={}).fits
        return {reason.code for reason in fits[0].reasons}

    assert sabotage in codes({**found.answers, key: less})
    assert not codes(dict(found.answers)) & {str(sabotage), "class_above", *(r.code for r in program.exclusions)}


def test_information_can_never_be_given_a_response() -> None:
    """Smart911 has no rule to sabotage: what would make it send somebody is refused when it is read."""
    with pytest.raises(ValueError, match="exactly the kind 'information' has none"):
        ProgramRules.from_dict({**PRESETS["smart911"].rules, "response_class": "mobile_team"})


def test_the_prove_command_refuses_a_sabotaged_file(tmp_path: Path) -> None:
    path = tmp_path / "star.yaml"
    data = yaml.safe_load((PRESETS_DIR / "star.yaml").read_text(encoding="utf-8"))
    data["exclusions"].append({**OPENS_WITH_DANGER["switch"], "source": ["S3"]})
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="does not hold"):
        call_command("prove", str(path), stdout=out)
    assert "star: NOT PROVEN" in out.getvalue()
    assert "shuts it out" in out.getvalue()
