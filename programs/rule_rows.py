"""One row of the eligibility table: a question, the answers that count, and what an unanswered question means."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from accounts.problems import Refused
from triage import vocabulary
from triage.conditions import parse

Noun = Literal["exclusions", "entry"]
IfNotAsked = Literal["ask", "out", "continue"]
IF_NOT_ASKED: dict[str, str] = {
    "ask": "Ask it: no decision until it is answered",
    "out": "Not taken until it is answered",
    "continue": "Let it pass: an unanswered question does not matter here",
}
"""`continue` is refused for safety questions: an unanswered one is never a no."""


@dataclass(frozen=True)
class Row:
    """A rule as the table edits it. `values` empty means any answer at all (lists only)."""

    key: str
    values: tuple[str, ...]
    if_not_asked: IfNotAsked


def row_of(condition: Any, noun: Noun) -> Row | None:
    """The row that a condition is; None for one that the table cannot show, which is edited as data."""
    counted: IfNotAsked = "ask"
    if (
        isinstance(condition, Mapping)
        and set(condition) in ({"any"}, {"all"})
        and len(next(iter(condition.values()))) == 2
    ):
        name = "any" if "any" in condition else "all"
        leaf, second = condition[name]
        if not isinstance(leaf, Mapping) or "key" not in leaf:
            return None
        unknown = {"key": leaf["key"], "unknown": True}
        if name == "any" and second == unknown:
            counted = "out" if noun == "exclusions" else "continue"
        elif name == "all" and second == {"not": unknown}:
            counted = "continue" if noun == "exclusions" else "out"
        else:
            return None
        condition = leaf
    if not isinstance(condition, Mapping) or "key" not in condition:
        return None
    key = condition["key"]
    if "is" in condition:
        return Row(key, (_text(condition["is"]),), counted)
    if "in" in condition:
        return Row(key, tuple(_text(v) for v in condition["in"]), counted)
    if "any_of" in condition:
        return Row(key, tuple(condition["any_of"]), counted)
    if condition.get("non_empty"):
        return Row(key, (), counted)
    return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def condition_of(row: Row, noun: Noun) -> Any:
    """The condition of a row. Raises Refused that names what to mend."""
    try:
        question = vocabulary.load().get(row.key)
    except ValueError:
        raise Refused("question_unknown", "Choose a question.", field="key") from None
    if question.kind not in ("choice", "boolean", "list"):
        raise Refused("question_kind", "This question has no fixed answers: write the rule as data.", field="key")
    known = {_text(v): v for v in question.values}
    wrong = [v for v in row.values if v not in known]
    if wrong:
        raise Refused("answer_unknown", f"{wrong[0]} is no answer to {question.label}.", field="values")
    if not row.values and question.kind != "list":
        raise Refused("answer_needed", "Tick at least one answer.", field="values")
    if row.if_not_asked == "continue" and (question.safety or question.blocking):
        raise Refused(
            "unknown_is_not_no",
            f"{question.label} is a safety question: unanswered is never a no. Ask it, or do not take the call.",
            field="if_not_asked",
        )
    values = [v for text, v in known.items() if text in row.values]
    leaf: dict[str, Any]
    if question.kind == "list":
        leaf = {"key": row.key, "any_of": values} if values else {"key": row.key, "non_empty": True}
    else:
        leaf = {"key": row.key, "in": values}
    unknown = {"key": row.key, "unknown": True}
    if row.if_not_asked == "ask":
        return leaf
    widens = (row.if_not_asked == "out") == (noun == "exclusions")
    return {"any": [leaf, unknown]} if widens else {"all": [leaf, {"not": unknown}]}


def condition_read(text: str) -> Any:
    """A condition written as data (JSON). Raises Refused with the place."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        words = f"Not readable as JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        raise Refused("condition_json", words, field="data") from None
    try:
        parse(raw, vocabulary.load(), "condition")
    except ValueError as error:
        raise Refused("condition_unreadable", str(error), field="data") from None
    return raw


def rules_with(rules: Sequence[Mapping[str, Any]], *, code: str, label: str, condition: Any) -> list[dict[str, Any]]:
    """The list with one rule changed (by `code`) or added (`code` empty; a new code is made from the label)."""
    if not label.strip():
        raise Refused("label_needed", "Name the rule as a call taker would say it.", field="label")
    if code:
        if code not in {rule["code"] for rule in rules}:
            raise Refused("rule_gone", "This rule is not there any more.", field="label", status=409)
        return [
            {**rule, "label": label.strip(), "if": condition} if rule["code"] == code else dict(rule) for rule in rules
        ]
    base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40] or "rule"
    base = base if base[0].isalpha() else f"rule_{base}"
    taken, made, nth = {rule["code"] for rule in rules}, base, 2
    while made in taken:
        made, nth = f"{base}_{nth}", nth + 1
    return [*(dict(rule) for rule in rules), {"code": made, "label": label.strip(), "if": condition}]


def rules_moved(rules: Sequence[Mapping[str, Any]], code: str, by: int) -> list[dict[str, Any]]:
    """The list with one rule moved up (-1) or down (1), or removed (0). The order is for people; any match counts."""
    rows = [dict(rule) for rule in rules]
    at = next((nth for nth, rule in enumerate(rows) if rule["code"] == code), None)
    if at is None:
        raise Refused("rule_gone", "This rule is not there any more.", status=409)
    row = rows.pop(at)
    if by:
        rows.insert(max(0, min(len(rows), at + by)), row)
    return rows
