"""A tally as figures with their definitions: what pages, the shell and a kept result show."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from programs.backtest.plan import Plan, instant
from programs.backtest.tally import ASKS, EXCLUDED, NOT_NOW, TAKES, UNREADABLE, VERDICTS, SideTally, Tally
from triage import vocabulary as vocabularies
from triage.questions import NATURE_KEY

VERDICT_WORDS = {
    TAKES: "Would take it",
    ASKS: "Would ask first",
    NOT_NOW: "Closed or outside its area",
    EXCLUDED: "Excluded by a rule",
    UNREADABLE: "Answers cannot be read",
}

DEFINITIONS: dict[str, str] = {
    "calls": "All calls of the period or file that could be read. Every share below is a share of these.",
    "eligible": "Calls whose recorded answers and nature meet every criterion of the version, at any hour and place.",
    "takes": "Eligible calls that came while the program was open, from inside its area or from a place not recorded.",
    "closed": "Eligible calls that came while the program was closed.",
    "outside": "Eligible calls from outside the area. One that was closed too counts here and under closed.",
    "excluded": "Calls that at least one rule shuts out. A call counts once under each rule that does.",
    "asks": "Calls, open and covered, that an unanswered question keeps undecided. A call counts under each question.",
    "untestable": "Calls that stay undecided because an answer was not recorded, or that hold answers in words not"
    " known now. What the version would have done with them, nobody can say.",
    "unit_hours": "Calls that would be taken, times the minutes that one call is taken to hold a unit.",
    "most_unit_hours": "The same if every call that it would ask about were taken in the end: the upper bound.",
    "overflow": "Clock hours in which those calls hold more unit time than the units have. A call counts from when it"
    " came in.",
    "changed": "Calls with which the draft does something else than the live version: takes, asks, excludes, or is"
    " closed or outside.",
    "outcomes": "How the calls ended in fact, where that is recorded, by what the version would have done.",
}
"""What each figure counts, in words, for the page and for the shell."""

_FIXED_LABELS = {
    "class_above": "The call needs a more cautious response",
    "nature_dangerous": "The nature is never a program's call",
    "nature_not_served": "The program does not take the nature",
    "information_only": "The program gives information only",
}


def report(tally: Tally, plan: Plan) -> dict[str, Any]:
    """All figures as JSON. Lists of [name, count] are in falling order of the count."""
    zone = plan.draft.zone
    return {
        "total": tally.total,
        "first": instant(tally.first).astimezone(zone).isoformat() if tally.first is not None else None,
        "last": instant(tally.last).astimezone(zone).isoformat() if tally.last is not None else None,
        "no_place": tally.no_place,
        "no_nature": tally.no_nature,
        "units": plan.units,
        "minutes": plan.minutes,
        "seed": plan.seed,
        "protocol": f"{plan.protocol.slug} {plan.protocol.version}",
        "sides": {name: _side(side, tally, plan) for name, side in tally.sides.items()},
        "changed": sum(n for pair, n in tally.changes.items() if len(set(pair.split("|"))) == 2),
        "changes": [[*pair.split("|"), n] for pair, n in _ranked(tally.changes)],
        "list": tally.changed,
        "sample": tally.sample,
        "labels": _labels(plan),
    }


def _side(side: SideTally, tally: Tally, plan: Plan) -> dict[str, Any]:
    week = week_of(side, tally, plan)
    return {
        "eligible": side.met.total(),
        "takes": side.verdicts[TAKES],
        "closed": _where(side.met, opened="no"),
        "outside": _where(side.met, covered="no"),
        "closed_and_outside": side.met["no|no"],
        "place_not_known": side.met["yes|unknown"],
        "excluded": side.verdicts[EXCLUDED],
        "by_rule": _ranked(side.codes),
        "undecided": side.open_.total(),
        "asks": side.verdicts[ASKS],
        "by_question": _ranked(side.asked),
        "untestable": side.untestable,
        "missing": _ranked(side.missing),
        "unreadable": side.verdicts[UNREADABLE],
        "unit_hours": round(side.verdicts[TAKES] * plan.minutes / 60, 1),
        "most_unit_hours": round((side.verdicts[TAKES] + side.verdicts[ASKS]) * plan.minutes / 60, 1),
        "hours": sum(row["hours"] for row in week),
        "overflow_hours": sum(row["over"] for row in week),
        "week": week,
        "outcomes": _crossed(side.outcomes),
        "did": _crossed(side.did),
    }


def _where(counts: Counter[str], *, opened: str = "", covered: str = "") -> int:
    """Calls by hours ("yes", "no") or area ("yes", "no", "unknown")."""
    return sum(n for pair, n in counts.items() if pair.split("|")[0 if opened else 1] == (opened or covered))


def week_of(side: SideTally, tally: Tally, plan: Plan) -> list[dict[str, Any]]:
    """The 168 hours of a week by local time: ``hours`` of that name in the period, ``over`` how many of them overflow,
    ``mean`` and ``most`` the unit hours held in one of them."""
    if tally.first is None or tally.last is None:
        return []
    counted, over, held = Counter[int](), Counter[int](), Counter[int]()
    most: dict[int, int] = {}
    for hour in range(tally.first // 60, tally.last // 60 + 1):
        local = instant(hour * 60).astimezone(plan.draft.zone)
        name = local.weekday() * 24 + local.hour
        seconds = side.hour_seconds[str(hour)]
        counted[name] += 1
        held[name] += seconds
        over[name] += seconds > plan.units * 3600
        most[name] = max(most.get(name, 0), seconds)
    return [
        {
            "day": name // 24,
            "hour": name % 24,
            "hours": counted[name],
            "over": over[name],
            "mean": round(held[name] / counted[name] / 3600, 3) if counted[name] else 0.0,
            "most": round(most.get(name, 0) / 3600, 3),
        }
        for name in range(168)
    ]


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _crossed(counts: Counter[str]) -> list[list[Any]]:
    """[verdict, code, calls], in the order of the verdicts."""
    rows = [[*pair.split("|", 1), n] for pair, n in counts.items()]
    return sorted(rows, key=lambda row: (VERDICTS.index(row[0]), -row[2], row[1]))


def _labels(plan: Plan) -> dict[str, str]:
    """Words for rule codes and questions. The draft's words win."""
    labels = {question.key: question.label for question in vocabularies.load().questions}
    labels |= {NATURE_KEY: "Nature of the call", **_FIXED_LABELS}
    for side in reversed(plan.sides.values()):
        labels |= {rule.code: rule.label for rule in (*side.rules.exclusions, *side.rules.entry)}
    return labels


def share(part: int, whole: int) -> str:
    """A share in words; of nothing there is none."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def lines(result: dict[str, Any], *, top: int = 12) -> list[str]:
    """The report as plain text for a terminal: one column for each version, each figure with its share of all calls."""
    sides: dict[str, Any] = result["sides"]
    total: int = result["total"]
    period = " to ".join(
        datetime.fromisoformat(result[key]).strftime("%Y-%m-%d %H:%M") for key in ("first", "last") if result[key]
    )
    text = [f"{total} calls, {period}; protocol {result['protocol']}"]
    text += [f"{result['no_place']} without a place, {result['no_nature']} without a nature.", ""]
    text.append(f"{'':<46}" + "".join(f"{name:>20}" for name in sides))

    def row(words: str, key: str, indent: int = 0) -> None:
        cells = "".join(f"{side[key]:>11} {share(side[key], total):>8}" for side in sides.values())
        text.append(f"{' ' * indent + words:<46}{cells}")

    row("eligible by answers and nature", "eligible")
    row("open and covered: would take", "takes", 2)
    row("of these, place not recorded", "place_not_known", 4)
    row("closed", "closed", 2)
    row("outside its area", "outside", 2)
    row("excluded by a rule", "excluded")
    row("undecided", "undecided")
    row("open and covered: would ask", "asks", 2)
    row("cannot be tested: answer not recorded", "untestable")
    for title, key in (("excluded by", "by_rule"), ("would ask", "by_question"), ("not recorded", "missing")):
        counts = {name: dict(side[key]) for name, side in sides.items()}
        names = sorted(
            {n for one in counts.values() for n in one}, key=lambda n: (-max(c.get(n, 0) for c in counts.values()), n)
        )
        text += ["", f"{title}:"] if names else []
        for name in names[:top]:
            words = result["labels"].get(name, name)
            text.append(
                f"  {words[:43]:<44}"
                + "".join(f"{c.get(name, 0):>11} {share(c.get(name, 0), total):>8}" for c in counts.values())
            )
    text.append("")
    units = f"{result['units']} unit{'s' if result['units'] > 1 else ''}"
    for name, side in sides.items():
        hours = f"{side['unit_hours']} to {side['most_unit_hours']} unit hours at {result['minutes']} min a call"
        over = f"{side['overflow_hours']} of {side['hours']} hours hold more than {units}"
        text.append(f"{name}: {hours}; {over}.")
    if len(sides) > 1:
        text.append(f"{result['changed']} calls change.")
        text += [
            f"  {VERDICT_WORDS[before].lower()} -> {VERDICT_WORDS[after].lower()}: {n}"
            for before, after, n in result["changes"]
            if before != after
        ]
    return text
