"""One million past calls through a draft and the live version: seconds, beside a floor taken in the same run.

Run: ``python -m bench.backtest [--calls N] [--patterns 20000] [--seed 911]``. The calls are invented: ``patterns``
different sets of recorded answers (each with some questions left open, as real records have), drawn unevenly (a few
kinds of call make up most of a year, as Zipf's law has it), with a random second of one year and a random place. The
floor does the least that any backtest has to: read the same rows, decode time, answers and place, and keep them. The
ratio says how much judging and counting add to it. One process, one core; numpy's own threads are not used.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.questions import rule_keys, simulated
from programs.backtest.case import Case
from programs.backtest.counting import Counting
from programs.backtest.plan import Plan, Side
from programs.backtest.report import report
from programs.preset_schema import all_presets
from triage.programs import ProgramRules
from triage.protocol import load_reference

ZONE = ZoneInfo("America/Denver")
TARGET_S = 60.0
BATCH = 20_000

Row = tuple[str, str, str, str, float, float]


def area(share: float) -> dict[str, object]:
    """A box of 64 corners that holds this share of the places from the west."""
    west, east = -105.1, -105.1 + 0.5 * share
    steps = [n / 16 for n in range(16)]
    ring = [[west + (east - west) * s, 39.6] for s in steps] + [[east, 39.6 + 0.3 * s] for s in steps]
    ring += [[east - (east - west) * s, 39.9] for s in steps] + [[west, 39.9 - 0.3 * s] for s in steps]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def plan() -> Plan:
    """STAR as it ships against a draft with minors, longer hours and two thirds of the area."""
    protocol, star = load_reference(), all_presets()["star"].rules
    wider = {**star, "switches": {**star["switches"], "minors": "allow"}}
    live = Side(ProgramRules.from_dict(star), "Mo-Su 06:00-22:00", ZONE, area(1.0))
    draft = Side(ProgramRules.from_dict(wider), "Mo-Fr 06:00-24:00; Sa-Su 08:00-02:00", ZONE, area(0.67))
    return Plan(protocol, draft, live, units=8, minutes=60)


def rows(calls: int, patterns: int, seed: int, one: Plan) -> Iterator[Row]:
    """Call rows as text, as a store or a file hands them out: reference, time, nature, answers, place."""
    draw = random.Random(seed)
    keys = rule_keys(one.protocol, [one.draft.rules])
    kinds: list[tuple[str, str]] = []
    for answers, nature in simulated(patterns, seed, keys):
        asked = draw.randint(12, len(keys))
        kinds.append((nature, json.dumps({k: answers[k] for k in keys[:asked] if k in answers})))
    weights = [1 / (n + 1) for n in range(patterns)]
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for nth, (nature, told) in enumerate(draw.choices(kinds, weights, k=calls)):
        at = start + timedelta(seconds=draw.randrange(365 * 86_400))
        yield f"C{nth}", at.isoformat(), nature, told, draw.uniform(39.6, 39.9), draw.uniform(-105.1, -104.6)


def cases(source: Sequence[Row]) -> Iterator[list[Case]]:
    """The rows decoded, in batches; equal answers are one object, as the selectors give them."""
    told: dict[str, dict[str, object]] = {}
    for start in range(0, len(source), BATCH):
        batch = []
        for ref, at, nature, text, lat, lon in source[start : start + BATCH]:
            answers = told.get(text)
            if answers is None:
                answers = told[text] = json.loads(text)
            batch.append(Case(ref, answers, nature, datetime.fromisoformat(at), lat, lon))
        yield batch


def main(arguments: Sequence[str] | None = None) -> dict[str, object]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--patterns", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=911)
    options = parser.parse_args(arguments)
    one = plan()
    source = list(rows(options.calls, options.patterns, options.seed, one))
    began = time.perf_counter()
    kept = sum(len(batch) for batch in cases(source))
    floor = time.perf_counter() - began
    began = time.perf_counter()
    counting = Counting(one)
    tally = counting.start()
    for batch in cases(source):
        counting.add(tally, batch)
    result = report(tally, one)
    spent = time.perf_counter() - began
    if kept != result["total"]:
        raise AssertionError(f"{kept} rows, {result['total']} counted")
    return {
        "calls": kept,
        "patterns": len(counting.judge),
        "seconds": round(spent, 2),
        "floor_seconds": round(floor, 2),
        "ratio": round(spent / floor, 2),
        "calls_per_second": round(kept / spent),
        "target_seconds": TARGET_S,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "draft_takes": result["sides"]["draft"]["takes"],
        "live_takes": result["sides"]["live"]["takes"],
        "changed": result["changed"],
    }


def table(figures: dict[str, object]) -> str:
    """The figures for people."""
    met = "met" if float(str(figures["seconds"])) <= TARGET_S else "MISSED"
    return "\n".join([*(f"{name:<20}{value:>14}" for name, value in figures.items()), f"{'target':<20}{met:>14}"])


if __name__ == "__main__":
    figures = main(sys.argv[1:])
    sys.stdout.write(json.dumps(figures) + "\n" + table(figures) + "\n")
