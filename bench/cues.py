"""How well narrative cues are found: precision and recall for each question, false alarms, and time.

Run: ``python -m bench.cues [--data FOLDER] [--repeat 200] [--sets NAME ...] [--json]``. The sentences are those of the
tests: *tuned* ones were looked at while the lexicon was written, *held-out* ones were written before it (three of
their misses were looked at later), *blind* ones by people who had not seen it. The trained reader learnt from all but
M and N, the phrases from all but L, M and N; ADR 8 and 20 say how each did on its first, unseen run. A hit is a
question that the sentence must raise and the extractor proposes; a false alarm is a sentence without a danger (negated,
long past, figurative, a look-alike, only supposed or plain) that still gets a concerning proposal on any question but
the kind of help wanted and the like. With ``--data`` (a folder with real call types and incidents) the natures whose
text gives a danger cue are counted too.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from triage.answers import is_danger
from triage.cues import dangers, find, second_reader, version
from triage.cues.extract import find_with

SENTENCES = Path(__file__).resolve().parent.parent / "tests" / "triage" / "data"
SETS = ("tuned", "heldout", *(f"blind_{letter}" for letter in "abcdefghijklmn"))
#: Who reads: the phrases and the second reader together (as the product does), or one of them.
WAYS = ("both", "phrases", "reader")
#: Proposals that are no danger and are still expected in some sentences.
NEEDS = frozenset({"language", "interpreter"})
#: What a caller wants is no danger, and the labels do not name it.
NOT_LABELLED = frozenset({"request"})
#: Further real centres: the file within the folder, and the column with the kind of call.
FURTHER = {
    "eugene": ("eugene_or_dispatch_2012/epd-dispatch-log-2012-11-06_2012-12-25.csv", "incident_description"),
    "seattle": ("seattle_fire_911_2022_01/seattle-fire-911-2022-01-01_21.csv", "Type"),
}
VERA = Path("vera_call_type_taxonomy/call_types_charleston_detroit.csv")
BURLINGTON = Path("burlington_vt_police_2022/police-incidents-2022-jan-apr.csv")
#: Weapon and violence suffixes of Charleston's codes, as a dispatcher abbreviates and misspells them.
WEAPON_SUFFIX = re.compile(r"\b(?:weap\w*|wpns?|wp|gun\w*|stab\w*|shoot\w*|armed)\b", re.I)


def read(name: str) -> list[dict[str, Any]]:
    """The sentences of one set (see ``SETS``)."""
    path = SENTENCES / f"cue_sentences_{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def proposed(text: str, way: str = "both") -> dict[str, Any]:
    """What is proposed for a text in one of WAYS: dangers, and needs of language."""
    reader = second_reader()
    if way == "reader":
        read = reader.read(text) if reader else ()
        return {one.key: one.value for one in read if reader and one.odds > reader.bounds[one.key].ask}
    cues = find_with(text, None if way == "phrases" else reader)
    return {**{c.key: c.value for c in cues if c.proposes and c.key in NEEDS}, **dangers(cues)}


def measure(sentences: Iterable[Mapping[str, Any]], way: str = "both") -> dict[str, Any]:
    """Recall and precision in all and for each question, and false alarms over the calm sentences."""
    hits: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    right_value = valued = calm = alarms = number = 0
    for sentence in sentences:
        number += 1
        must, got = sentence["must"], proposed(sentence["text"], way)
        wanted.update(must.keys())
        hits.update(must.keys() & got.keys())
        for key in must.keys() & got.keys():
            if must[key]:
                valued += 1
                given = got[key] if isinstance(got[key], list) else [got[key]]
                right_value += not set(given).isdisjoint(must[key])
        concerning = {key for key, value in got.items() if is_danger(key, _listed(key, value))}
        concerning -= must.keys() | NOT_LABELLED
        if must:
            wrong.update(concerning - set(sentence["may"]))
        else:
            wrong.update(concerning)
            calm += 1
            alarms += bool(concerning)
    keys = sorted(wanted | wrong)
    return {
        "sentences": number,
        "recall": _share(hits.total(), wanted.total()),
        "precision": _share(hits.total(), hits.total() + wrong.total()),
        "value_right": _share(right_value, valued),
        "calm_sentences": calm,
        "false_alarms": _share(alarms, calm),
        "cues": {
            key: {
                "wanted": wanted[key],
                "recall": _share(hits[key], wanted[key]),
                "precision": _share(hits[key], hits[key] + wrong[key]),
            }
            for key in keys
        },
    }


def _listed(key: str, value: object) -> object:
    return [value] if key == "medical_signs" and not isinstance(value, list) else value


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def timing(repeat: int) -> dict[str, float]:
    """Milliseconds for a narrative of 500 characters with several cues, and the peak memory of the process in MB."""
    text = ("He has no weapons. My neighbour says he hit somebody with a bat last night and he wants to die. " * 6)[
        :500
    ]
    find(text)
    took = []
    for _ in range(repeat):
        began = time.perf_counter()
        find(text)
        took.append((time.perf_counter() - began) * 1000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ranked = sorted(took)
    return {
        "median_ms": round(statistics.median(ranked), 3),
        "p99_ms": round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))], 3),
        "process_mb": round(peak, 1),
    }


def over_data(folder: Path) -> dict[str, Any]:
    """Natures of real centres read as text: how many give a danger cue, and how many weapon suffixes are seen."""
    found: dict[str, Any] = {}
    if (folder / VERA).is_file():
        natures = {row["nature"].replace("_", " ") for row in _rows(folder / VERA)}
        armed = sorted(n for n in natures if WEAPON_SUFFIX.search(n))
        seen = [n for n in armed if {"weapon", "violence"} & proposed(n).keys()]
        found["vera"] = {
            "natures": len(natures),
            "with_danger": sum(bool(proposed(n)) for n in natures),
            "weapon_suffixes": len(armed),
            "weapon_suffixes_seen": len(seen),
            "weapon_suffixes_missed": sorted(set(armed) - set(seen)),
        }
    for name, (file, column) in {"burlington": (str(BURLINGTON), "call_type"), **FURTHER}.items():
        if (folder / file).is_file():
            calls = Counter(row[column] for row in _rows(folder / file))
            hit = {nature: proposed(nature) for nature in calls}
            found[name] = {
                "natures": len(calls),
                "with_danger": sum(bool(cues) for cues in hit.values()),
                "calls": calls.total(),
                "calls_with_danger": sum(count for nature, count in calls.items() if hit[nature]),
            }
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table (or, with --json, the figures alone)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--repeat", type=int, default=200)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    figures: dict[str, Any] = {"lexicon": version()}
    for name in options.sets:
        figures[name] = {way: measure(read(name), way) for way in WAYS}
    figures["time_500_characters"] = timing(options.repeat)
    if options.data is not None:
        figures["real_natures"] = over_data(options.data)
    if options.json:
        print(json.dumps(figures, indent=1))
        return 0
    for name in options.sets:
        for way, part in figures[name].items():
            print(
                f"{name}, {way}: {part['sentences']} sentences, "
                f"recall {part['recall']}, precision {part['precision']}, "
                f"value right {part['value_right']}, false alarms {part['false_alarms']} of {part['calm_sentences']}"
            )
        print(f"  {'question':<18}{'wanted':>7}{'recall':>8}{'precision':>11}")
        for key, row in figures[name]["both"]["cues"].items():
            print(f"  {key:<18}{row['wanted']:>7}{row['recall']!s:>8}{row['precision']!s:>11}")
    took = figures["time_500_characters"]
    print(f"500 characters: median {took['median_ms']} ms, 99th percentile {took['p99_ms']} ms")
    for name, row in figures.get("real_natures", {}).items():
        print(f"{name}: {row}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
