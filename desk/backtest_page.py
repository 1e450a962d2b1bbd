"""The figures of a backtest as rows of the page: each with its share of all calls and its definition in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.reasons import OUTCOMES
from programs.backtest.report import DEFINITIONS, VERDICT_WORDS, share
from programs.hours import DAY_NAMES

SIDE_WORDS = {"draft": "This version", "live": "Live version"}
_FIGURES: tuple[tuple[str, str, str, int], ...] = (
    ("eligible", "Eligible by answers and nature", "eligible", 0),
    ("takes", "Would take: open and covered", "takes", 1),
    ("place_not_known", "of these, place not recorded", "", 2),
    ("closed", "Closed", "closed", 1),
    ("outside", "Outside its area", "outside", 1),
    ("excluded", "Excluded by a rule", "excluded", 0),
    ("asks", "Would ask: open and covered", "asks", 0),
    ("untestable", "Cannot be tested", "untestable", 0),
)
"""Key, words, definition, indent."""
_LISTS = (("by_rule", "Excluded, by rule"), ("by_question", "Would ask, by question"), ("missing", "Not recorded"))
_CELL, _LEFT, _TOP = 28, 92, 22


@dataclass(frozen=True)
class Row:
    """One figure: for each version the count and its share of all calls."""

    words: str
    definition: str
    indent: int
    values: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Table:
    """One list of counts by rule or question."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Cell:
    """One hour of the week in the chart. `level`: none, calm, full or over, each with its own hatch or number."""

    x: int
    y: int
    level: str
    number: str


@dataclass(frozen=True)
class Week:
    """The overflow chart and its twin, the table. `rows`: day, then for each hour (hour, over, hours, mean, most)."""

    cells: tuple[Cell, ...]
    days: tuple[tuple[str, int], ...]
    hours: tuple[tuple[str, int], ...]
    width: int
    height: int
    rows: tuple[tuple[str, tuple[dict[str, Any], ...]], ...]
    words: str


def sides_of(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """This version first; JSON columns keep no order."""
    return {name: result["sides"][name] for name in SIDE_WORDS if name in result["sides"]}


def figures(result: dict[str, Any]) -> list[Row]:
    """The main table."""
    total = result["total"]
    rows = [
        Row(words, DEFINITIONS.get(definition, ""), indent, _values(result, key, total))
        for key, words, definition, indent in _FIGURES
    ]
    for key, words in (("unit_hours", "Unit hours"), ("most_unit_hours", "Unit hours, at most")):
        values = tuple((side[key], "") for side in sides_of(result).values())
        rows.append(Row(words, DEFINITIONS[key], 0, values))
    over = tuple((side["overflow_hours"], f"of {side['hours']} hours") for side in sides_of(result).values())
    rows.append(Row("Hours that overflow", DEFINITIONS["overflow"], 0, over))
    return rows


def _values(result: dict[str, Any], key: str, total: int) -> tuple[tuple[int, str], ...]:
    return tuple((side[key], share(side[key], total)) for side in sides_of(result).values())


def lists(result: dict[str, Any]) -> list[Table]:
    """Counts by rule, by question, by answer that was not recorded; most frequent first."""
    total, labels = result["total"], result["labels"]
    tables = []
    for key, title in _LISTS:
        counts = [dict(side[key]) for side in sides_of(result).values()]
        names = sorted({name for one in counts for name in one}, key=lambda n: (-max(c.get(n, 0) for c in counts), n))
        rows = tuple(
            Row(
                labels.get(n, n.replace("_", " ")),
                "",
                0,
                tuple((c.get(n, 0), share(c.get(n, 0), total)) for c in counts),
            )
            for n in names
        )
        tables.append(Table(title, rows))
    return tables


def changes(result: dict[str, Any]) -> list[tuple[str, str, int]]:
    """What the live version did and what this one would do, where they differ; most frequent first."""
    return [(VERDICT_WORDS[a], VERDICT_WORDS[b], n) for a, b, n in result["changes"] if a != b]


def calls(result: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The changed calls of a list (`list` or `sample`) in words."""
    labels = result["labels"]
    found = []
    for entry in result[key]:
        codes, whose = (entry["why_draft"], "") if entry["why_draft"] else (entry["why_live"], "Live version: ")
        found.append(
            {
                **entry,
                "when": datetime.fromisoformat(entry["at"]),
                "live_words": VERDICT_WORDS[entry["live"]],
                "draft_words": VERDICT_WORDS[entry["draft"]],
                "why": whose + ", ".join(labels.get(code, code) for code in codes[:3]) if codes else "Hours or area",
                "outcome_words": outcome_words(entry["outcome"]),
            }
        )
    return found


def outcomes(result: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """How calls ended, by what this version would have done: verdict, outcome, calls, share of that verdict's known."""
    rows = result["sides"]["draft"]["outcomes"]
    known: dict[str, int] = {}
    for verdict, _, n in rows:
        known[verdict] = known.get(verdict, 0) + n
    return [
        (VERDICT_WORDS[verdict], outcome_words(outcome), n, share(n, known[verdict])) for verdict, outcome, n in rows
    ]


def outcome_words(code: str) -> str:
    """An outcome in words; a log's own words as they are."""
    if code == "returned":
        return "Returned to 911"
    return str(OUTCOMES.get(code, code.replace("_", " ")))


def week(result: dict[str, Any]) -> Week | None:
    """The chart of this version's demand by hour of the week; None where no hour was counted."""
    rows: list[dict[str, Any]] = result["sides"]["draft"]["week"]
    if not rows:
        return None
    cells = tuple(
        Cell(
            _LEFT + row["hour"] * _CELL,
            _TOP + row["day"] * _CELL,
            _level(row, result["units"]),
            str(row["over"]) if row["over"] else "",
        )
        for row in rows
    )
    side = result["sides"]["draft"]
    worst = max(rows, key=lambda row: (row["over"], row["most"]))
    words = f"{side['overflow_hours']} of {side['hours']} hours hold more than {result['units']} unit hours."
    if worst["over"]:
        words += f" Most often {DAY_NAMES[worst['day']]} {worst['hour']:02d}:00, {worst['over']} of {worst['hours']}."
    return Week(
        cells=cells,
        days=tuple((name, _TOP + nth * _CELL + 18) for nth, name in enumerate(DAY_NAMES)),
        hours=tuple((f"{hour:02d}", _LEFT + hour * _CELL + 7) for hour in range(0, 24, 2)),
        width=_LEFT + 24 * _CELL + 2,
        height=_TOP + 7 * _CELL + 2,
        rows=tuple((DAY_NAMES[day], tuple(row for row in rows if row["day"] == day)) for day in range(7)),
        words=words,
    )


def _level(row: dict[str, Any], units: int) -> str:
    if row["over"]:
        return "over"
    if not row["most"]:
        return "none"
    return "full" if row["most"] > units * 0.75 else "calm"
