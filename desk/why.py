"""Why, rule by rule: every rule that was read, its condition, the values used, and who gave them when and how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from desk.advice import class_words
from dispatch.models import Call
from dispatch.selectors.triage import Judged
from programs.selectors import protocol_of, rules_of
from responders.models import Unit
from triage import vocabulary
from triage.conditions import (
    All,
    Any_,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    IsUnknown,
    Not,
    OneOf,
    explain,
    parse,
)
from triage.programs import ProgramRule
from triage.protocol import BaseRule, Floor
from triage.vocabulary import Value

_SOURCES = {
    "call": "another caller",
    "place": "the map",
    "caution": "a hazard on file",
    "incident": "the incident where this call was before",
}
_TRUTH_ORDER = {"true": 0, "unknown": 1, "false": 2}


def why_groups(judged: Judged, *, call: Call, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rules of protocol and programs, those that count first. Empty without a suggestion.

    Truth is three-valued and in words: true, false, or unknown, which is never taken for false.
    """
    if judged.suggestion is None or judged.protocol is None or judged.published is None:
        return []
    teller = _Teller(judged, call)
    protocol = protocol_of(judged.protocol)
    traces = {trace.rule: trace for trace in judged.suggestion.decision.trace}
    rules = []
    every: list[Floor | BaseRule] = [*protocol.floors, *protocol.base]
    for rule in every:
        trace = traces[rule.id]
        rules.append(
            {
                "id": rule.id,
                "label": rule.label,
                "truth": trace.truth,
                "counts": trace.asks_for is not None,
                "asks": class_words(str(trace.asks_for)) if trace.asks_for else "",
                "source": rule.source,
                "node": teller.node(rule.condition),
            }
        )
    rules.sort(key=lambda one: (not one["counts"], _TRUTH_ORDER[str(one["truth"])]))
    groups = [
        {"id": "class", "name": "Rules that ask for a class", "rules": [r for r in rules if r["counts"]]},
        {"id": "quiet", "name": "Rules that ask for nothing", "rules": [r for r in rules if not r["counts"]]},
    ]
    for version in judged.published.versions:
        program = rules_of(version)
        shown = [
            *(teller.program_rule(one, "shuts it out when true") for one in program.exclusions),
            *(teller.program_rule(one, "must be true") for one in program.entry),
            *(teller.program_rule(one, "only with an officer when true") for one in program.raises),
        ]
        shown.sort(key=lambda one: _TRUTH_ORDER[str(one["truth"])])
        name = f"{names.get(program.slug, program.slug)} v{version.number}"
        groups.append({"id": f"program-{program.slug}", "name": name, "rules": shown})
    return groups


class _Teller:
    """Puts conditions into words with the answers of one incident."""

    def __init__(self, judged: Judged, call: Call) -> None:
        self._answers = vocabulary.load().normalise(judged.answers)
        self._zone = call.centre.zone
        self._call = f"call:{call.pk}"
        said = judged.said()
        sources = {one["source"] for told in said.values() for one in told}
        units = [source.removeprefix("unit:") for source in sources if source.startswith("unit:")]
        self._units = {
            f"unit:{pk}": sign
            for pk, sign in (Unit.objects.filter(pk__in=units).values_list("pk", "call_sign") if units else ())
        }
        self._said = {key: [self._who(key, one) for one in told] for key, told in said.items()}

    def program_rule(self, rule: ProgramRule, asks: str) -> dict[str, Any]:
        node = self.node(rule.condition)
        return {
            "id": rule.code,
            "label": rule.label,
            "truth": node["truth"],
            "counts": node["truth"] != "false",
            "asks": asks,
            "source": "",
            "node": node,
        }

    def node(self, condition: Condition) -> dict[str, Any]:
        return self._words(explain(condition, self._answers), condition)

    def _words(self, node: Mapping[str, Any], condition: Condition) -> dict[str, Any]:
        if node["op"] == "always":
            return {"truth": "true", "words": "Always", "items": [], "value": "", "said": []}
        if node["op"] != "test":
            said, parts = _joined(condition)
            items = [self._words(item, part) for item, part in zip(node["items"], parts, strict=True)]
            return {"truth": node["truth"], "words": said, "items": items, "value": "", "said": []}
        leaf = parse(node["test"], vocabulary.load())
        assert isinstance(leaf, OneOf | AnyOf | Compare | IsUnknown)  # noqa: S101 - `explain` calls only leaves tests
        question = vocabulary.load().get(leaf.key)
        return {
            "truth": node["truth"],
            "words": f"{question.label}: {_wanted(leaf)}",
            "items": [],
            "value": question.label_of(_value(node["value"])),
            "said": self._said.get(leaf.key, []),
        }

    def _who(self, key: str, told: Mapping[str, Any]) -> dict[str, str]:
        kind, _, _ = told["source"].partition(":")
        source = _SOURCES.get(kind, "")
        if told["source"] == self._call:
            source = "this caller"
        at = datetime.fromisoformat(told["at"])
        return {
            "value": vocabulary.load().get(key).label_of(None if told["value"] == "unknown" else told["value"]),
            "source": source or self._units.get(told["source"], "a crew"),
            "basis": told["basis"],
            "who": told["who"],
            "at": _clock(at, self._zone),
        }


def _joined(condition: Condition) -> tuple[str, tuple[Condition, ...]]:
    """How the parts of a condition are joined, in words, and the parts. A single test has none."""
    match condition:
        case All(items):
            return "All of these", items
        case Any_(items):
            return "Any of these", items
        case AtLeast(count, items):
            return f"At least {count} of these", items
        case Not(item):
            return "Not", (item,)
    return "", ()


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _value(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _wanted(leaf: OneOf | AnyOf | Compare | IsUnknown) -> str:
    question = vocabulary.load().get(leaf.key)
    match leaf:
        case OneOf(_, values):
            return " or ".join(question.label_of(v) for v in question.values if v in values)
        case AnyOf(_, None):
            return "anything"
        case AnyOf(_, values):
            return "any of " + ", ".join(question.label_of(v) for v in question.values if v in (values or ()))
        case Compare(_, symbol, number):
            return f"{symbol} {number}"
        case IsUnknown():
            return "not answered"
