"""What callers of the demo city say, and what is true of their calls (`scripts.json`).

The words are written for this project; no record of a real call is quoted. The weights are counts of natures in the
Burlington, Vermont, police log of January to April 2022 (city open data, ODbL; rows that came by telephone or 911).
Where that log has no row for a nature (it files suicidal thoughts, panic and the like under "Mental Health Issue",
298 rows) the weight is our own split of the figure.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

from demo.figures import HOURLY, HOURLY_OF

Answers = dict[str, object]

EVERYTHING = "*"
"""In a script's `unsure`: nobody is on the line who could answer anything."""


@dataclass(frozen=True)
class Script:
    """One kind of call, with everything that its caller would answer if asked."""

    nature: str
    weight: int
    says: tuple[str, ...]
    truth: Answers
    """Question key -> answer; "unknown" where this caller does not know."""
    channel: str
    places: tuple[str, ...]
    """Kinds of place (values of location_type) where such a call comes from."""
    hours: str
    """Key of `figures.HOURLY_OF`, or empty for the shape of all calls."""
    later_says: str
    later: Answers
    """What the caller adds when a crew may be under way already; empty for nearly all."""


def _load() -> tuple[Script, ...]:
    data = json.loads(Path(__file__).with_name("scripts.json").read_text(encoding="utf-8"))
    calm: Answers = data["calm"]
    scripts = []
    for entry in data["scripts"]:
        unsure = entry.get("unsure", [])
        if unsure == [EVERYTHING]:
            unsure = list(calm)
        later = entry.get("later", {"says": "", "answers": {}})
        scripts.append(
            Script(
                nature=entry["nature"],
                weight=entry["weight"],
                says=tuple(entry["says"]),
                truth={**calm, **entry.get("differs", {}), **dict.fromkeys(unsure, "unknown")},
                channel=entry.get("channel", "911"),
                places=tuple(entry.get("places", ["private_residence"])),
                hours=entry.get("hours", ""),
                later_says=later["says"],
                later=later["answers"],
            )
        )
    return tuple(scripts)


SCRIPTS = _load()


def draw(rng: random.Random, hour: int) -> Script:
    """One script, by how often its nature comes in, and how much of that comes at this local hour."""
    weights = []
    for script in SCRIPTS:
        shape = HOURLY_OF.get(script.hours, HOURLY)
        # One call is added everywhere: an hour without a row in four months is rare, not impossible.
        weights.append(script.weight * (shape[hour] + 1) / (sum(shape) + 24))
    return rng.choices(SCRIPTS, weights)[0]
