"""Conditions and changes of a program in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from programs.areas import parts_of
from triage import natures, vocabulary
from triage.conditions import All, Always, Any_, AnyOf, AtLeast, Compare, Condition, IsUnknown, Not, OneOf, parse
from triage.programs import SWITCH_NAMES, load_switches

SWITCH_WORDS = {
    "allow": "taken, no more than the protocol allows",
    "co_response": "only together with an officer",
    "exclude": "not taken",
}
_COMPARED = {
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
    "==": "exactly",
    "!=": "anything but",
}
_LABELS: dict[str, str] = {
    "name": "name",
    "summary": "summary",
    "hours": "hours",
    "response_target_s": "response target",
    "max_wait_s": "maximum wait",
    "max_wait_by_priority": "maximum wait by priority",
    "offer_timeout_s": "time to answer an offer",
    "offer_mode": "how it is offered",
    "simultaneous_offers": "offers at one time",
    "may_preempt": "may take a unit from a less urgent call",
    "may_be_preempted": "may lose its unit to a more urgent call",
    "requires_language": "needs the caller's language",
    "needs": "capabilities that a crew must have",
    "capabilities": "capabilities",
    "two_person": "two people at least",
    "co_response_units": "co-response",
    "officer_from": "team that gives the officer",
    "safety_check_min": "safety check after minutes",
    "transport_rule": "transport rule",
    "transport": "transport",
    "backup": "backup",
    "police_release": "release by an officer on scene",
    "cost_per_response": "cost per response",
    "capacity": "most responses at one time",
    "sharing": "notes shared",
    "fallback": "fallback",
    "caller_script": "words to the caller",
    "charter": "partners' agreement",
}
_RULE_LABELS = {"kind": "kind", "response_class": "response class"}


def condition_words(raw: Any) -> str:
    """A condition in words; the data itself where it cannot be read."""
    try:
        return _words(parse(raw, vocabulary.load()))
    except ValueError:
        return str(raw)


def _words(condition: Condition) -> str:
    words = vocabulary.load()
    match condition:
        case Always():
            return "always"
        case OneOf(key, values):
            return f"{words.get(key).label} is {_either(words.get(key), values)}"
        case AnyOf(key, None):
            return f"{words.get(key).label}: anything at all"
        case AnyOf(key, listed):
            return f"{words.get(key).label} holds {_either(words.get(key), listed or ())}"
        case Compare(key, symbol, number):
            return f"{words.get(key).label} is {_COMPARED[symbol]} {number}"
        case IsUnknown(key):
            return f"{words.get(key).label} is not answered"
        case Not(item):
            return f"not ({_words(item)})"
        case AtLeast(count, items):
            return f"at least {count} of: {'; '.join(_words(i) for i in items)}"
        case All(items):
            return " and ".join(_bracketed(i) for i in items)
        case Any_(items):
            return " or ".join(_bracketed(i) for i in items)


def _bracketed(condition: Condition) -> str:
    return f"({_words(condition)})" if isinstance(condition, All | Any_) else _words(condition)


def _either(question: vocabulary.Question, values: Any) -> str:
    """The values as the question orders them, joined by "or"."""
    return " or ".join(question.label_of(v).lower() for v in question.values if v in values)


def switch_label(name: str) -> str:
    """A local matter in words."""
    return next((switch.label for switch in load_switches() if switch.name == name), name)


def nature_name(slug: str) -> str:
    """A nature in words; its slug where it is not known."""
    found = natures.get(slug)
    return found.name if found else slug


def changes_in_words(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    *,
    old_area: Mapping[str, Any] | None = None,
    new_area: Mapping[str, Any] | None = None,
) -> list[str]:
    """What a draft changes against the live spec, one sentence each; a single one where nothing was live.

    The areas stand for specs without parts, whose whole area is one.
    """
    if old is None:
        return ["A new program: nothing of it was live before."]
    before, after = old["rules"], new["rules"]
    return [
        *_plain(old, new, _LABELS),
        *_plain(before, after, _RULE_LABELS),
        *_area(parts_of(old, old_area or {}), parts_of(new, new_area or {})),
        *_sets(
            "natures", before.get("natures"), after.get("natures"), nature_name, "every nature that is not dangerous"
        ),
        *_sets("ages", before.get("ages"), after.get("ages"), vocabulary.load().get("age_band").label_of, "every age"),
        *_switches(before.get("switches", {}), after.get("switches", {})),
        *_rules("exclusion", before.get("exclusions", []), after.get("exclusions", [])),
        *_rules("entry condition", before.get("entry", []), after.get("entry", [])),
        *_rows("follow-up duty", old.get("follow_ups", []), new.get("follow_ups", []), "code", "title"),
        *_rows("contact", old.get("contacts", []), new.get("contacts", []), "name", "name"),
        *_rows("crew", old.get("crew", []), new.get("crew", []), "role", "role"),
    ]


def value_words(value: Any) -> str:
    """A setting's value for people."""
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(v).replace("_", " ") for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {v}" for k, v in value.items() if v not in ("", None)) or "nothing"
    return str(value).replace("_", " ") if isinstance(value, str) and " " not in value else str(value)


def _timed(name: str, value: Any) -> str:
    if name.endswith("_s") and isinstance(value, int | float):
        return f"{value:g} s" if value < 120 else f"{value / 60:g} min"
    return value_words(value)


def _plain(old: Mapping[str, Any], new: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    for name, label in labels.items():
        before, after = old.get(name), new.get(name)
        if before != after and not (before in (None, "", [], {}) and after in (None, "", [], {})):
            yield f"{label}: was “{_timed(name, before)}”, now “{_timed(name, after)}”"


def _sets(label: str, old: Any, new: Any, words: Any, every: str) -> Iterator[str]:
    if old == new:
        return
    if old is None or new is None:
        yield f"{label}: was {_listed(old, words, every)}, now {_listed(new, words, every)}"
        return
    for value in sorted(set(new) - set(old)):
        yield f"{label}: {words(value)} added"
    for value in sorted(set(old) - set(new)):
        yield f"{label}: {words(value)} removed"


def _listed(values: Any, words: Any, every: str) -> str:
    return every if values is None else ", ".join(words(v) for v in values) or "none"


def _area(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    before = {(p["name"], p["mode"]): p["geometry"] for p in old}
    after = {(p["name"], p["mode"]): p["geometry"] for p in new}
    for name, mode in after.keys() - before.keys():
        yield f"area: {name} {'added' if mode == 'include' else 'cut out'}"
    for name, mode in before.keys() - after.keys():
        yield f"area: {name} {'removed' if mode == 'include' else 'no longer cut out'}"
    for key in after.keys() & before.keys():
        if after[key] != before[key]:
            yield f"area: the outline of {key[0]} changed"


def _switches(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in SWITCH_NAMES:
        before, after = old.get(name, "exclude"), new.get(name, "exclude")
        if before != after:
            yield f"{switch_label(name).lower()}: was “{SWITCH_WORDS[before]}”, now “{SWITCH_WORDS[after]}”"


def _rules(noun: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    before, after = {r["code"]: r for r in old}, {r["code"]: r for r in new}
    for code, rule in after.items():
        if code not in before:
            yield f"{noun} added: {rule['label']} ({condition_words(rule['if'])})"
        elif before[code]["if"] != rule["if"]:
            was, now = condition_words(before[code]["if"]), condition_words(rule["if"])
            yield f"{noun} {rule['label']}: was “{was}”, now “{now}”"
        elif before[code]["label"] != rule["label"]:
            yield f"{noun} {before[code]['label']}: now called {rule['label']}"
    for code, rule in before.items():
        if code not in after:
            yield f"{noun} removed: {rule['label']}"


def _rows(
    noun: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], key: str, label: str
) -> Iterator[str]:
    before, after = {r[key]: r for r in old}, {r[key]: r for r in new}
    for name, row in after.items():
        if name not in before:
            yield f"{noun} added: {row[label]}"
        elif _same_row(before[name]) != _same_row(row):
            yield f"{noun} changed: {row[label]}"
    for name, row in before.items():
        if name not in after:
            yield f"{noun} removed: {row[label]}"


def _same_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("source", "as_of", "note", "verify_locally")}
