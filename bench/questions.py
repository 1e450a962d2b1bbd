"""How many questions a safe decision takes: asked best first against asked in the vocabulary's order.

Run: ``python -m bench.questions [--calls 10000] [--seed 911] [--samples FILE.jsonl] [--json]``. A decision is reached
when no further question can change the response class or the programs that take the call (the ASK list is empty). For
"in order", questions are asked as the vocabulary lists them and asking stops at the same point; "all" is the number of
questions that the rules read. Simulated calls draw each answer from a fixed seed: most often the safest one (the share
is stated in the output), else any other answer alike, now and then unknown; their figures are a comparison of the two
orders, not a forecast.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from programs.preset_schema import all_presets
from triage import vocabulary
from triage.engine import suggest
from triage.natures import load as load_natures
from triage.programs import ProgramRules
from triage.protocol import Protocol, load_reference
from triage.questions import NATURE_KEY

SAFE_SHARE, UNKNOWN_SHARE = 0.85, 0.04

#: By nature and answers: the ASK list and the class. Calls begin alike, so most of their first steps are found here.
Cache = dict[tuple[Any, ...], tuple[tuple[str, ...], str]]


def rule_keys(protocol: Protocol, programs: Sequence[ProgramRules]) -> tuple[str, ...]:
    """The questions that some rule reads, in the vocabulary's order."""
    asked = {i.key for i in suggest(protocol, programs, {}, None, open_now={}, covers={}).ask}
    return tuple(q.key for q in vocabulary.load().questions if q.key in asked)


def count(
    facts: Mapping[str, Any],
    nature: str,
    protocol: Protocol,
    programs: Sequence[ProgramRules],
    order: Sequence[str] | None,
    cache: Cache,
) -> tuple[int, str]:
    """Questions asked until the decision, and the class reached; ``order`` None asks the engine's best next one.

    A question that the caller cannot answer is asked once and counts.
    """
    answers: dict[str, Any] = {}
    asked: set[str] = set()
    while True:
        name = (nature, *((k, str(v)) for k, v in sorted(answers.items())))
        if name not in cache:
            result = suggest(protocol, programs, answers, nature, open_now={}, covers={})
            cache[name] = (tuple(i.key for i in result.ask if i.key != NATURE_KEY), result.response_class.value)
        ask, response_class = cache[name]
        wanted = [key for key in ask if key not in asked]
        if not wanted:
            return len(asked), response_class
        key = wanted[0] if order is None else next(k for k in order if k not in asked)
        asked.add(key)
        if facts.get(key) not in (None, "unknown"):
            answers[key] = facts[key]


def simulated(number: int, seed: int, keys: Sequence[str]) -> Iterable[tuple[dict[str, Any], str]]:
    """Random calls: answers and a nature each."""
    draw = random.Random(seed)
    natures = [n.slug for n in load_natures().natures if not n.undetermined]
    questions = [vocabulary.load().get(k) for k in keys]
    for _ in range(number):
        facts: dict[str, Any] = {}
        for question in questions:
            roll = draw.random()
            if roll < UNKNOWN_SHARE:
                continue
            ordered = bool(question.danger_order) or question.key == "medical_signs"
            if question.kind == "list":
                calm = ordered and roll < UNKNOWN_SHARE + SAFE_SHARE
                facts[question.key] = [] if calm else [draw.choice(question.values)]
            elif ordered and roll < UNKNOWN_SHARE + SAFE_SHARE:
                above = {m for more in question.more_dangerous.values() for m in more}
                facts[question.key] = next(
                    v for v in question.values if v in question.more_dangerous and v not in above
                )
            else:
                facts[question.key] = draw.choice(question.values)
        yield facts, draw.choice(natures)


def measure(
    calls: Iterable[tuple[dict[str, Any], str]], protocol: Protocol, programs: Sequence[ProgramRules]
) -> dict[str, Any]:
    """Mean, median and 90th percentile of both orders; every call must come out in the same class both ways."""
    order = rule_keys(protocol, programs)
    cache: Cache = {}
    best: list[int] = []
    plain: list[int] = []
    for facts, nature in calls:
        quick, first = count(facts, nature, protocol, programs, None, cache)
        slow, second = count(facts, nature, protocol, programs, order, cache)
        if first != second:
            raise AssertionError(f"the order of questions changed the class: {first}, {second}, {facts}")
        best.append(quick)
        plain.append(slow)
    return {
        "calls": len(best),
        "all_questions": len(order),
        "best_first": _summary(best),
        "in_order": _summary(plain),
        "share_of_in_order": round(sum(best) / sum(plain), 3),
    }


def _summary(values: Sequence[int]) -> dict[str, float]:
    ranked = sorted(values)
    return {
        "mean": round(statistics.fmean(ranked), 2),
        "median": statistics.median(ranked),
        "p90": ranked[min(len(ranked) - 1, int(len(ranked) * 0.9))],
    }


def read_calls(path: Path) -> list[tuple[dict[str, Any], str]]:
    """Calls of a JSON-lines file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(c["facts"], c["nature"]) for c in map(json.loads, filter(str.strip, lines))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table (or, with --json, the figures alone)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=911)
    parser.add_argument("--samples", type=Path, default=None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    protocol = load_reference()
    programs = tuple(ProgramRules.from_dict(p.rules) for p in all_presets().values())
    keys = rule_keys(protocol, programs)
    began = time.perf_counter()
    figures: dict[str, Any] = {"safe_share": SAFE_SHARE, "unknown_share": UNKNOWN_SHARE, "seed": options.seed}
    if options.samples is not None:
        figures["samples"] = measure(read_calls(options.samples), protocol, programs)
    figures["simulated"] = measure(simulated(options.calls, options.seed, keys), protocol, programs)
    figures["seconds"] = round(time.perf_counter() - began, 1)
    sys.stdout.write(json.dumps(figures, indent=None if options.json else 1) + "\n")
    if not options.json:
        print(f"{'calls':<12}{'number':>8}{'all':>6}{'in order':>10}{'best first':>12}{'share':>8}")
        for name in ("samples", "simulated"):
            if name in figures:
                f = figures[name]
                print(
                    f"{name:<12}{f['calls']:>8}{f['all_questions']:>6}{f['in_order']['mean']:>10}"
                    f"{f['best_first']['mean']:>12}{f['share_of_in_order']:>8}"
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
