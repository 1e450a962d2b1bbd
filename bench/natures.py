"""The console's nature look-up, and how local call types of real centres map: time, share mapped, and what is not.

    python -m bench natures [--data FOLDER]

Look-up time is measured over words as a call taker types them: begun, whole and misspelt. With --data (a folder with
published call-type lists, see LISTS) each list is mapped; a list that is not there is left out. Target: 20 ms.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.ground import machine, percentiles
from triage import natures

TARGET_MS = 20.0
TYPED = (
    *(
        "we",
        "wel",
        "welf",
        "welfare",
        "welfre",
        "wlefare check",
        "menta",
        "mental health",
        "suic",
        "suicdal",
        "overdse",
    ),
    *(
        "intox",
        "intoxicted",
        "tresp",
        "unwanted",
        "disturbence",
        "knife",
        "gun",
        "syringe",
        "shelter",
        "nosie",
        "psych",
    ),
    *("domestic", "fire", "frie", "panhandeling", "sharps", "MNTL", "EDP", "SUICTHRT", "sleeping in doorway", "zzz"),
)
LISTS = {
    "APCO": ("apco_incident_types/apco_common_incident_types_2.103.2-2019.csv", "description"),
    "Charleston, Detroit and others (Vera)": (
        "vera_call_type_taxonomy/call_types_charleston_detroit.csv",
        "nature",
    ),
    "Burlington police": ("burlington_vt_police_2022/police-incidents-2022-jan-apr.csv", "call_type"),
    "Eugene police": ("eugene_or_dispatch_2012/epd-dispatch-log-2012-11-06_2012-12-25.csv", "incident_description"),
    "Seattle fire": ("seattle_fire_911_2022_01/seattle-fire-911-2022-01-01_21.csv", "Type"),
    "Springfield close codes": ("springfield_or_close_codes/close_codes.csv", "Definition"),
}


def look_up(times: int) -> dict[str, Any]:
    """How long a search takes."""
    took = []
    for _ in range(times):
        for text in TYPED:
            began = time.perf_counter()
            natures.search(text)
            took.append(time.perf_counter() - began)
    return {"searches": len(took), **percentiles(took)}


def mapping(path: Path, column: str) -> dict[str, Any]:
    """How a list maps. `divertible` are all call types that became a nature which a program may take."""
    with path.open(encoding="utf-8", errors="replace", newline="") as lines:
        counted = Counter((row.get(column) or "").strip() for row in csv.DictReader(lines))
    counted.pop("", None)
    found = {text: natures.resolve(text) for text in counted}
    mapped = {text: one.nature for text, one in found.items() if one.nature is not None}
    return {
        "call_types": len(found),
        "mapped": len(mapped),
        "rows": counted.total(),
        "rows_mapped": sum(counted[text] for text in mapped),
        "words_of_danger": sum(one.dangerous for one in found.values()),
        "divertible": {text: nature.slug for text, nature in sorted(mapped.items()) if not nature.dangerous},
        "unmapped_most_frequent": [text for text, _ in counted.most_common() if text not in mapped][:10],
    }


def measure(data: Path | None, times: int) -> dict[str, Any]:
    """All figures."""
    searched = look_up(times)
    lists = {}
    if data is not None:
        lists = {
            name: mapping(data / file, column) for name, (file, column) in LISTS.items() if (data / file).is_file()
        }
    worst = searched["p99_ms"]
    return {
        "bench": "natures",
        "table": natures.load().version,
        "look_up": searched,
        "target_ms": TARGET_MS,
        "met": worst is not None and worst < TARGET_MS,
        "lists": lists,
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    took = figures["look_up"]
    lines = [f"look-up p50 {took['p50_ms']} ms, p99 {took['p99_ms']} ms over {took['searches']} searches"]
    for name, one in figures["lists"].items():
        lines.append(
            f"{name}: {one['mapped']} of {one['call_types']} call types mapped,"
            f" {one['rows_mapped']} of {one['rows']} rows,"
            f" {one['words_of_danger']} by words of danger, {len(one['divertible'])} divertible"
        )
    lines.append(f"target {'met' if figures['met'] else 'missed'}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench natures", description=__doc__)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--times", type=int, default=50)
    chosen = parser.parse_args(arguments)
    return {**measure(chosen.data, chosen.times), "machine": machine()}


if __name__ == "__main__":
    import sys

    print(json.dumps(figures := main(sys.argv[1:]), indent=1))
    print(table(figures), file=sys.stderr)
