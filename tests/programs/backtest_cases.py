"""Random past calls and a recount of a backtest that shares no code with it: one call after the other, by hand."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from people.geometry import covers
from programs.backtest.case import Case
from programs.backtest.plan import Plan, Side
from triage import engine, vocabulary
from triage import natures as nature_table
from triage.programs import ProgramRules
from triage.results import OPERATIONAL_CODES

ZONE = ZoneInfo("America/Chicago")
SQUARE: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [[[-96.0, 41.0], [-95.0, 41.0], [-95.0, 42.0], [-96.0, 42.0], [-96.0, 41.0]]],
}
WEST_HALF: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [[[-96.0, 41.0], [-95.5, 41.0], [-95.5, 42.0], [-96.0, 42.0], [-96.0, 41.0]]],
}
START = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)
"""Three days before the clocks go back in the zone."""


def side(rules: dict[str, Any], *, hours: str = "24/7", area: dict[str, Any] | None = None) -> Side:
    return Side(ProgramRules.from_dict(rules), hours, ZONE, SQUARE if area is None else area)


def random_cases(number: int, seed: int, *, calm: float = 0.8) -> list[Case]:
    """Calls of a week: mostly the safest answers, some open, some unknown, some in words that nobody knows."""
    draw = random.Random(seed)
    questions = [q for q in vocabulary.load().questions if q.kind in ("choice", "boolean", "list")]
    natures = [None, "no_such_nature", *[one.slug for one in nature_table.load().natures]]
    cases = []
    for nth in range(number):
        answers: dict[str, Any] = {}
        for question in questions:
            roll = draw.random()
            if roll < 0.03:
                answers[question.key] = "unknown"
            elif roll > 0.04 + 0.01 * (nth % 4):
                safe = [v for v in question.values if v not in question.concerning]
                values = safe if draw.random() < calm and safe else list(question.values)
                answers[question.key] = [draw.choice(values)] if question.kind == "list" else draw.choice(values)
                if question.key == "medical_signs" and draw.random() < calm:
                    answers[question.key] = []
        if draw.random() < 0.02:
            answers["weapon"] = "trebuchet"
        at = START + timedelta(seconds=draw.randrange(7 * 86_400))
        placed = draw.random() < 0.9
        lat, lon = (
            (draw.uniform(40.9, 42.1), draw.choice([-95.5, draw.uniform(-96.1, -94.9)])) if placed else (None, None)
        )
        outcome = draw.choice(["", "resolved_on_scene", "transported", "returned"])
        did = draw.choice(["", "emergency", "star"])
        nature = draw.choice(["welfare_check", "mental_health_crisis", draw.choice(natures)])
        cases.append(Case(f"C{nth}", answers, nature, at, lat, lon, outcome, did))
    return cases


def recount(plan: Plan, cases: list[Case]) -> dict[str, Any]:
    """The figures of a plan by asking the engine about each call, in the shape of the report (without words)."""
    sides = {name: _recount_side(plan, one, cases) for name, one in plan.sides.items()}
    before = sides["live"]["_verdicts"] if "live" in sides else ["excluded"] * len(cases)
    pairs = Counter(zip(before, sides["draft"]["_verdicts"], strict=True))
    return {
        "total": len(cases),
        "no_place": sum(case.lat is None for case in cases),
        "no_nature": sum(not case.nature for case in cases),
        "changes": {f"{a}|{b}": n for (a, b), n in pairs.items()},
        "changed": sum(n for (a, b), n in pairs.items() if a != b),
        "refs": [c.ref for c, a, b in zip(cases, before, sides["draft"]["_verdicts"], strict=True) if a != b],
        "sides": sides,
    }


def _recount_side(plan: Plan, one: Side, cases: list[Case]) -> dict[str, Any]:
    found: Counter[str] = Counter()
    by_rule: Counter[str] = Counter()
    by_question: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    did: Counter[str] = Counter()
    seconds: Counter[datetime] = Counter()
    verdicts: list[str] = []
    slug = one.rules.slug
    for case in cases:
        is_open = one.is_open(case.at)
        inside = None if case.lat is None or case.lon is None else covers(one.area, case.lat, case.lon)
        try:
            (here,) = engine.suggest(
                plan.protocol, [one.rules], case.answers, case.nature, open_now={slug: is_open}, covers={slug: inside}
            ).fits
            (anywhere,) = engine.suggest(
                plan.protocol, [one.rules], case.answers, case.nature, open_now={slug: True}, covers={slug: True}
            ).fits
        except ValueError:
            verdict = "unreadable"
            found["untestable"] += 1
        else:
            if anywhere.result == "ELIGIBLE":
                found["eligible"] += 1
                found["closed"] += not is_open
                found["outside"] += inside is False
                found["closed_and_outside"] += (not is_open) and inside is False
                found["place_not_known"] += is_open and inside is None
            if anywhere.result == "EXCLUDED":
                by_rule.update({r.code for r in here.reasons} - OPERATIONAL_CODES)
            if anywhere.result == "ASK":
                found["undecided"] += 1
                gone = [k for k in anywhere.ask if (not case.nature if k == "nature" else k not in case.answers)]
                found["untestable"] += bool(gone)
                missing.update(gone)
            if here.result == "ASK":
                by_question.update(here.ask)
            words = {"ELIGIBLE": "takes", "ASK": "asks"}
            verdict = words.get(here.result) or ("excluded" if anywhere.result == "EXCLUDED" else "not_now")
        verdicts.append(verdict)
        outcomes.update([f"{verdict}|{case.outcome}"] if case.outcome else [])
        did.update([f"{verdict}|{case.did}"] if case.did else [])
        if verdict == "takes":
            for second in range(0, plan.minutes * 60, 60):
                moment = case.at.replace(microsecond=0) + timedelta(seconds=second)
                split = 60 - moment.second if moment.minute == 59 else 60
                seconds[moment.replace(minute=0, second=0)] += split
                seconds[(moment + timedelta(seconds=60)).replace(minute=0, second=0)] += 60 - split
    counts = Counter(verdicts)
    return {
        **{k: found[k] for k in ("eligible", "closed", "outside", "closed_and_outside", "place_not_known")},
        **{k: found[k] for k in ("undecided", "untestable")},
        **{k: counts[k] for k in ("takes", "asks", "excluded", "unreadable")},
        "by_rule": dict(by_rule),
        "by_question": dict(by_question),
        "missing": dict(missing),
        "outcomes": dict(outcomes),
        "did": dict(did),
        "unit_hours": round(counts["takes"] * plan.minutes / 60, 1),
        "overflow_hours": sum(n > plan.units * 3600 for n in seconds.values()),
        "_seconds": {moment: n for moment, n in seconds.items() if n},
        "_verdicts": verdicts,
    }
