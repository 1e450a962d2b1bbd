"""Narrative cues on the console: chips to confirm or dismiss with one key, and marks in notes that are saved."""

from collections.abc import Mapping, Sequence
from typing import Any

from desk.detail import note_rows
from desk.questions import raw
from dispatch.models import NarrativeEntry
from dispatch.selectors.cues import Proposals, confirming, cue_words
from triage.cues import Cue
from triage.results import plain

_MOST_CHIPS = 6
"""Dangers are always shown; of other proposals only so many that the line stays readable (own choice)."""


def chips(proposals: Proposals, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Proposals that wait for a person, dangers first."""
    danger = {cue.mark for cue in proposals.dangers(answers)}
    shown: list[dict[str, Any]] = []
    for cue in proposals.open(answers):
        if cue.mark not in danger and len(shown) >= _MOST_CHIPS:
            continue
        label, value = cue_words(cue.key, cue.value)
        shown.append(
            {
                "mark": cue.mark,
                "key": cue.key,
                "label": label,
                "value": value.lower(),
                "quoted": proposals.quoted(cue),
                "note": cue.note,
                "danger": cue.mark in danger,
                "level": "serious" if cue.mark in danger else "standby",
                "answer": raw(plain(confirming(cue, answers))),
            }
        )
    return shown


def marked_notes(notes: Sequence[NarrativeEntry], proposals: Proposals) -> list[dict[str, Any]]:
    """Notes, newest first, with their words in parts: a part that a cue was found in names its question."""
    rows = note_rows(list(notes))
    for row in rows:
        found = () if row["struck"] else proposals.by_note.get(row["id"], ())
        row["parts"] = _parts(
            row["text"], [cue for cue in found if cue.proposes and cue.mark not in proposals.dismissed]
        )
    return rows


def _parts(text: str, cues: Sequence[Cue]) -> list[dict[str, str]]:
    parts: list[dict[str, str]] = []
    at = 0
    for cue in sorted(cues, key=lambda one: (one.start, -one.end)):
        if cue.start < at:
            continue
        if cue.start > at:
            parts.append({"text": text[at : cue.start], "label": ""})
        parts.append({"text": text[cue.start : cue.end], "label": cue_words(cue.key, cue.value)[0].lower()})
        at = cue.end
    if at < len(text):
        parts.append({"text": text[at:], "label": ""})
    return parts
