"""The labelled sentences that the second reader of narratives was trained on, and their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OWN = Path(__file__).parent / "cues"
_TESTS = Path(__file__).resolve().parent.parent / "tests" / "triage" / "data"
#: Sets of the tests that have been learnt from. A set stays off this list until its unseen figure is in ADR 20.
LEARNT = (
    "tuned",
    "heldout",
    "blind_a",
    "blind_b",
    "blind_c",
    "blind_d",
    "blind_e",
    "blind_f",
    "blind_g",
    "blind_h",
    "blind_i",
    "blind_j",
    "blind_k",
    "blind_l",
)
#: The questions of danger that the reader knows, and their answers.
ANSWERS: dict[str, tuple[bool | str, ...]] = {
    "caller_can_talk": ("no",),
    "conscious": ("drowsy_rousable", "unresponsive"),
    "breathing": ("abnormal", "absent"),
    "medical_signs": (
        "chest_pain",
        "bleeding",
        "head_injury",
        "seizure",
        "stroke_signs",
        "altered_mental_status",
        "diabetic",
        "hyperthermia",
        "hypothermia",
        "pregnancy",
        "postpartum_psychosis",
        "needlestick",
        "near_syncope",
        "other",
    ),
    "weapon": ("in_hand", "threatened", "accessible"),
    "violence": ("threats", "physical_now", "physical_recent"),
    "domestic": ("violence_or_fear",),
    "crime": ("serious", "property", "order_or_warrant"),
    "barricade": ("self_isolated", "barricaded", "hostage"),
    "child_at_risk": (True,),
    "suicide": ("ideation", "plan_no_means", "plan_with_means", "attempt_now"),
    "ingestion": ("suspected_now", "reversed_recent"),
    "hazard": (
        "roadway",
        "height_or_bridge",
        "water",
        "fire_or_gas",
        "extreme_cold",
        "extreme_heat",
        "sharps",
        "moving_vehicle",
    ),
    "behavior": ("agitated_escalating",),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, the questions it must raise with the answers that are right, and those that it may raise besides."""

    group: str
    kind: str
    text: str
    must: dict[str, tuple[bool | str, ...]]
    may: frozenset[str]


def files() -> list[Path]:
    """Every file that was learnt from, in a fixed order."""
    return [*sorted(_OWN.glob("*.jsonl")), *(_TESTS / f"cue_sentences_{name}.jsonl" for name in LEARNT)]


def digest() -> str:
    """SHA-256 over the files that were learnt from."""
    whole = hashlib.sha256()
    for path in files():
        whole.update(path.name.encode() + b"\n" + path.read_bytes())
    return whole.hexdigest()


def load() -> list[Sentence]:
    """All sentences that were learnt from, each text once."""
    found: dict[str, Sentence] = {}
    for path in files():
        for row in _rows(path):
            must = {key: tuple(values) for key, values in row["must"].items() if key in ANSWERS}
            may = frozenset(row["may"]) & ANSWERS.keys() - must.keys()
            found.setdefault(row["text"].lower(), Sentence(path.stem, row["kind"], row["text"], must, may))
    return list(found.values())


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line:
            yield json.loads(line)
