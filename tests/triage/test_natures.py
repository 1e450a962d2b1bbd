"""Natures: found by code, words and with typing errors, mapped certainly or not at all, and never unsafe."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from programs.preset_schema import all_presets
from tests.triage.cases import safe
from triage import natures
from triage.engine import suggest
from triage.programs import ProgramRules
from triage.protocol import load_reference

DIVERTED = {"mobile_team", "tele_clinician", "outreach_followup"}
VIOLENT = (
    *(
        "SHOTS FIRED",
        "Shots Fired_In Progress",
        "118 Weapon Offense",
        "MAN W/ GUN",
        "Person Armed w Knife",
        "Brandishing",
    ),
    *(
        "ASSAULT II JO",
        "AGG ASLT",
        "FIGHT",
        "Fight, physical",
        "Stabbing",
        "104B_Battery Past",
        "Robbery Armed",
        "RAPE",
    ),
    *("Homicide", "Kidnapping attempt", "Carjacking", "Threats", "Menacing", "Stalking", "Hostage situation", "Riot"),
    *(
        "DOMESTIC",
        "Domestic disturbance",
        "DV - verbal only",
        "114D_Domestic Violence",
        "Family fight",
        "Family Dispute",
    ),
    *("Dispute, family", "Viol of protection order", "STRUCTURE FIRE", "Brush fire", "Auto Fire Alarm", "Smoke odor"),
    *(
        "Natural gas leak",
        "Arson",
        "Bomb threat",
        "Welfare check - weapon seen",
        "Mental subject w/ gun",
        "Child abuse",
    ),
    *("Suicidal with knife", "Disturbance w/ weapon", "Harassing calls", "Officer needs help", "SWAT call out"),
    *("FAM DISP", "Family disturb", "DISTURBANCE FAM", "EX-BOYFRIEND TROUBLE", "MARITAL DISPUTE", "PPO violation"),
    *("113D_Disturbnce Physical Sm Wp", "PHYSICAL ALTERCATION", "FISTFIGHT", "MAN WITH AXE", "GSW HEAD", "ADW IP"),
    *("CHILD NEGLECT", "Cruelty to a Child", "CO ALARM", "LINES DOWN", "Panic attack, has a knife", "HOT PROWL"),
)
"""As city lists write them, typed for this test: violence, weapons, domestic trouble and fire in every spelling."""
CALM_ONES = {
    "WELFARE CHECK": "welfare_check",
    "Check, Welfare": "welfare_check",
    "Intoxicated subject": "intoxicated_person",
    "*Barking Dog": "animal_complaint",
    "Criminal Trespass": "trespass",
    "SUSP PERSON": "suspicious_person",
    "mntl": "mental_health_crisis",
    "Suicide threat": "suicidal_person",
    "loud noise complaint": "noise_complaint",
    "911 Hang Up": "abandoned_or_silent",
    "panhandling": "panhandling",
    "PANIC ATTACK": "panic_attack",
    "threat suicide": "suicidal_person",
}
NOT_CERTAIN = (
    "Patrol request",
    "Assist",
    "Court",
    "Drugs",
    "Follow up",
    "Traffic stop",
    "Walk and talk",
    "CITASST",
    "BACK",
    "TRAUMA",
    "VERBAL DISPUTE",
    "MENTAL NOT VIOLENT",
    "",
    "??",
)


def _recommended(nature: str | None, answers: dict[str, object]) -> str:
    rules = [ProgramRules.from_dict(preset.rules) for preset in all_presets().values()]
    every = {program.slug: True for program in rules}
    said = suggest(load_reference(), rules, answers, nature, open_now=every, covers=every)
    return str(said.recommendation.response_class or "standard")


@pytest.mark.parametrize("text", VIOLENT)
def test_no_weapon_violence_domestic_or_fire_nature_ever_comes_out_as_divert(text: str) -> None:
    for nature in (natures.resolve(text).nature, natures.search(text)[0]):
        assert nature is not None
        assert nature.dangerous, (text, nature.slug)
        for answers in ({}, safe()):
            assert _recommended(nature.slug, dict(answers)) not in DIVERTED
    assert natures.resolve(text).dangerous


@pytest.mark.parametrize(("text", "slug"), CALM_ONES.items())
def test_a_plain_nature_is_mapped_and_still_needs_its_safety_questions(text: str, slug: str) -> None:
    found = natures.resolve(text)
    assert found.nature is not None
    assert (found.nature.slug, found.dangerous) == (slug, found.nature.dangerous)
    assert _recommended(slug, {}) not in DIVERTED


@pytest.mark.parametrize("text", NOT_CERTAIN)
def test_what_is_not_certain_is_not_mapped(text: str) -> None:
    assert natures.resolve(text).nature is None


def test_a_code_that_several_natures_share_names_them_all() -> None:
    assert len(natures.resolve("CITASST").near) > 2


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("welfre", "welfare_check"),
        ("suicdal", "suicidal_person"),
        ("MNTL", "mental_health_crisis"),
        ("tresp", "trespass"),
    ],
)
def test_look_up_forgives_typing_errors(typed: str, slug: str) -> None:
    assert natures.search(typed)[0].slug == slug


BY_CAUTION = {"family_disturbance": "domestic_violence"}
"""Who types it may mean more: the first match, which Enter picks, is the more cautious one."""


def test_each_nature_is_found_by_its_own_name_and_only_caution_comes_before_it() -> None:
    for nature in natures.load().natures:
        for text in (nature.name, nature.slug):
            expected = BY_CAUTION.get(nature.slug, nature.slug)
            found = natures.resolve(text).nature
            assert found is not None
            assert (found.slug, natures.search(text)[0].slug) == (expected, expected)


SLIPS = ("shooitng", "shoting", "stakling", "vilent", "powler", "attakc", "thraet", "afmily disturbance", "dom dsit")


@pytest.mark.parametrize("typed", SLIPS)
def test_a_slip_in_a_word_of_danger_puts_no_calm_nature_first(typed: str) -> None:
    assert natures.search(typed)[0].dangerous
    assert natures.resolve(typed).nature is None


def test_words_of_danger_come_first_and_hide_nothing() -> None:
    found = [nature.slug for nature in natures.search("family dispute")]
    assert found[0] == "domestic_violence"
    assert "family_disturbance" in found
    assert natures.search("qqq knife")[0].slug == "weapon_call"


def test_the_report_lists_what_is_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "types.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["t"], ["Welfare Check"], ["Walk and Talk"], ["Walk and Talk"], ["Shots fired"], [""]]
        )
    out = StringIO()
    call_command("natures_report", str(path), "--column", "t", stdout=out)
    told = out.getvalue()
    assert "Not mapped, 1 of 3 call types" in told
    assert "2 of 3 call types are mapped, 2 of 4 rows" in told
    assert "never a program's call" in told
    out = StringIO()
    call_command("natures_report", str(path), "--column", "t", "--json", stdout=out)
    rows = {row["local"]: row for row in json.loads(out.getvalue())}
    assert (rows["Walk and Talk"]["nature"], rows["Walk and Talk"]["calls"]) == (None, 2)
    assert rows["Welfare Check"]["registry_code"] == "WELFARE"
    with pytest.raises(CommandError, match="no column"):
        call_command("natures_report", str(path), "--column", "type", stdout=out)
