"""Conditions over answers: parsed from JSON, compiled to functions that give a three-valued truth.

JSON forms (``key`` is a question of the vocabulary)::

    true                                                always
    {"key": "weapon", "is": "in_hand"}                  one value
    {"key": "weapon", "in": ["in_hand", "threatened"]}  one of several
    {"key": "need", "any_of": ["shelter"]}              a list answer holds one of these
    {"key": "medical_signs", "non_empty": true}         a list answer holds anything
    {"key": "subjects", "compare": ">=", "number": 3}   numbers; < <= > >= == !=
    {"key": "hazard", "unknown": true}                  not answered
    {"all": [...]}  {"any": [...]}  {"not": ...}  {"at_least": 2, "of": [...]}
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from triage.kleene import FALSE, TRUE, UNKNOWN, Truth, at_least, negate
from triage.vocabulary import UNKNOWN_WORD, Value, Vocabulary

Answers = Mapping[str, Value]
Test = Callable[[Answers], Truth]

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Always:
    """True whatever is answered."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The answer to a choice or boolean question is one of ``values``."""

    key: str
    values: frozenset[bool | str]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A list answer holds at least one of ``values``; with no values given, anything at all."""

    key: str
    values: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Compare:
    """A number compared with ``number`` (``symbol`` is one of < <= > >= == !=)."""

    key: str
    symbol: str
    number: int


@dataclass(frozen=True, slots=True)
class IsUnknown:
    """The question is not answered. Never itself unknown, except where asked what further answers could change."""

    key: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one of ``items``."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """At least one of ``items``."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least ``count`` of ``items``."""

    count: int
    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of ``item``; unknown stays unknown."""

    item: Condition


Leaf = OneOf | AnyOf | Compare | IsUnknown
Condition = Always | Leaf | All | Any_ | AtLeast | Not


def parse(raw: object, vocabulary: Vocabulary, at: str = "condition") -> Condition:
    """A condition from JSON data. Raises ValueError that says where (``at``) and what is wrong."""
    if raw is True:
        return Always()
    if not isinstance(raw, Mapping):
        raise ValueError(f"{at}: {raw!r} is not a condition.")
    names = set(raw)
    if names == {"all"} or names == {"any"}:
        name = "all" if "all" in raw else "any"
        items = _items(raw[name], vocabulary, f"{at}.{name}")
        return All(items) if name == "all" else Any_(items)
    if names == {"not"}:
        return Not(parse(raw["not"], vocabulary, f"{at}.not"))
    if names == {"at_least", "of"}:
        items = _items(raw["of"], vocabulary, f"{at}.of")
        count = raw["at_least"]
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= len(items):
            raise ValueError(f"{at}.at_least: {count!r} is not a number from 1 to {len(items)}.")
        return AtLeast(count, items)
    if "key" in names:
        return _leaf(raw, vocabulary, at)
    raise ValueError(f"{at}: cannot read a condition with {', '.join(sorted(map(str, names))) or 'nothing'} in it.")


def _items(raw: object, vocabulary: Vocabulary, at: str) -> tuple[Condition, ...]:
    if not isinstance(raw, (list, tuple)) or not raw:
        raise ValueError(f"{at}: needs a list with at least one condition.")
    return tuple(parse(item, vocabulary, f"{at}[{i}]") for i, item in enumerate(raw))


def _leaf(raw: Mapping[str, Any], vocabulary: Vocabulary, at: str) -> Leaf:
    try:
        question = vocabulary.get(raw["key"])
        test = set(raw) - {"key"}
        if question.kind == "text_list":
            # Notes for people. A rule that opened once they are known would let words lower a response.
            raise ValueError(f"no rule may read {question.key!r}: it holds notes for people.")
        if test == {"unknown"} and raw["unknown"] is True:
            return IsUnknown(question.key)
        if test == {"is"} or test == {"in"}:
            values = [raw["is"]] if test == {"is"} else raw["in"]
            if question.kind not in ("choice", "boolean") or not isinstance(values, (list, tuple)) or not values:
                raise ValueError(f"{question.key!r} cannot be compared with {values!r}.")
            return OneOf(question.key, frozenset(_single(vocabulary, question.key, v) for v in values))
        if test == {"any_of"} or test == {"non_empty"}:
            if question.kind != "list":
                raise ValueError(f"{question.key!r} is not a list question.")
            if test == {"non_empty"}:
                return AnyOf(question.key, None)
            listed = vocabulary.validate_answer(question.key, raw["any_of"])
            if not isinstance(listed, frozenset) or not listed:
                raise ValueError("any_of needs at least one value.")
            return AnyOf(question.key, listed)
        if test == {"compare", "number"}:
            number = raw["number"]
            if question.kind != "integer" or raw["compare"] not in _COMPARE or type(number) is not int:
                raise ValueError(f"cannot compare {question.key!r} {raw['compare']!r} {number!r}.")
            return Compare(question.key, raw["compare"], number)
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
    raise ValueError(f"{at}: cannot read the test {', '.join(sorted(test)) or 'that is missing'}.")


def _single(vocabulary: Vocabulary, key: str, value: object) -> bool | str:
    if value == UNKNOWN_WORD:
        raise ValueError(f"a rule on {key!r} cannot name 'unknown' as a value; use an unknown test.")
    found = vocabulary.validate_answer(key, value)
    if not isinstance(found, (bool, str)):
        raise ValueError(f"{value!r} is not a single answer to {key!r}.")
    return found


def to_data(condition: Condition) -> Any:
    """The JSON form of ``condition``; ``parse(to_data(c))`` equals ``c``."""
    match condition:
        case Always():
            return True
        case OneOf(key, values):
            return {"key": key, "in": sorted(values, key=str)}
        case AnyOf(key, None):
            return {"key": key, "non_empty": True}
        case AnyOf(key, listed):
            return {"key": key, "any_of": sorted(listed or ())}
        case Compare(key, symbol, number):
            return {"key": key, "compare": symbol, "number": number}
        case All(items):
            return {"all": [to_data(i) for i in items]}
        case Any_(items):
            return {"any": [to_data(i) for i in items]}
        case AtLeast(count, items):
            return {"at_least": count, "of": [to_data(i) for i in items]}
        case Not(item):
            return {"not": to_data(item)}
        case _:
            return {"key": condition.key, "unknown": True}


def leaves(condition: Condition) -> Iterator[Leaf]:
    """All leaves, left to right."""
    match condition:
        case Always():
            return
        case All(items) | Any_(items) | AtLeast(_, items):
            for item in items:
                yield from leaves(item)
        case Not(item):
            yield from leaves(item)
        case _:
            yield condition


def has_negation(condition: Condition) -> bool:
    """Whether a "not" or a downward comparison stands anywhere inside."""
    match condition:
        case Not():
            return True
        case Compare(_, symbol, _):
            return symbol not in (">", ">=")
        case All(items) | Any_(items) | AtLeast(_, items):
            return any(has_negation(i) for i in items)
        case _:
            return False


def compile_test(condition: Condition, *, settled: bool = False, mixed: Truth = TRUE) -> Test:
    """A function from answers (normal form) to truth.

    ``settled``: an is-unknown test on an unanswered question counts as UNKNOWN rather than TRUE, so that the result
    is TRUE or FALSE only when no further answer can change it.
    ``mixed``: what a test gives when callers contradict each other and only some of their values meet it: TRUE for
    rules that raise caution, FALSE for rules that lower it. Under a negation it is reversed.
    """
    match condition:
        case Always():
            return lambda answers: TRUE
        case All(items):
            return _all([compile_test(i, settled=settled, mixed=mixed) for i in items])
        case Any_(items):
            return _any([compile_test(i, settled=settled, mixed=mixed) for i in items])
        case AtLeast(count, items):
            tests = [compile_test(i, settled=settled, mixed=mixed) for i in items]
            return lambda answers: at_least(count, (t(answers) for t in tests))
        case Not(item):
            inner = compile_test(item, settled=settled, mixed=negate(mixed))
            return lambda answers: negate(inner(answers))
        case _:
            return _leaf_test(condition, settled, mixed)


def _all(tests: list[Test]) -> Test:
    def test(answers: Answers) -> Truth:
        result = TRUE
        for t in tests:
            value = t(answers)
            if value is FALSE:
                return FALSE
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    return test


def _any(tests: list[Test]) -> Test:
    def test(answers: Answers) -> Truth:
        result = FALSE
        for t in tests:
            value = t(answers)
            if value is TRUE:
                return TRUE
            if value is UNKNOWN:
                result = UNKNOWN
        return result

    return test


def _leaf_test(leaf: Leaf, settled: bool, mixed: Truth) -> Test:
    key = leaf.key
    match leaf:
        case OneOf(_, values):

            def one_of(answers: Answers) -> Truth:
                value = answers[key]
                if value is None:
                    return UNKNOWN
                if value.__class__ is tuple:
                    met = values.intersection(value)
                    return FALSE if not met else TRUE if len(met) == len(value) else mixed
                return TRUE if value in values else FALSE

            return one_of
        case AnyOf(_, wanted):

            def any_of(answers: Answers) -> Truth:
                value = answers[key]
                if value is None:
                    return UNKNOWN
                # Loading has checked that the question is a list.
                hit = bool(value) if wanted is None else not wanted.isdisjoint(value)  # type: ignore[arg-type]
                return TRUE if hit else FALSE

            return any_of
        case Compare(_, symbol, number):
            compare = _COMPARE[symbol]

            def compared(answers: Answers) -> Truth:
                value = answers[key]
                if value is None:
                    return UNKNOWN
                # Loading has checked that the question is a number.
                return TRUE if compare(value, number) else FALSE  # type: ignore[arg-type]

            return compared
        case _:
            when_unknown = UNKNOWN if settled else TRUE
            return lambda answers: when_unknown if answers[key] is None else FALSE


OpenKeys = Callable[[Answers], "set[str]"]


def compile_open_keys(condition: Condition) -> OpenKeys:
    """A function that gives the unanswered questions which can still change whether ``condition`` holds.

    It gives none once the condition is settled, and none for a contradiction between callers.
    """
    settled = compile_test(condition, settled=True, mixed=UNKNOWN)
    match condition:
        case Always():
            return lambda answers: set()
        case All(items) | Any_(items) | AtLeast(_, items):
            inner = [compile_open_keys(i) for i in items]

            def joined(answers: Answers) -> set[str]:
                if settled(answers) is not UNKNOWN:
                    return set()
                return set().union(*(keys(answers) for keys in inner))

            return joined
        case Not(item):
            return compile_open_keys(item)
        case _:
            key = condition.key
            return lambda answers: {key} if answers[key] is None else set()


def explain(condition: Condition, answers: Answers) -> dict[str, Any]:
    """The trace tree of one condition: each node with its truth, each leaf with the value used."""
    truth = compile_test(condition)(answers).name.lower()
    match condition:
        case All(items) | Any_(items) | AtLeast(_, items):
            name = type(condition).__name__.rstrip("_").lower()
            return {"op": name, "truth": truth, "items": [explain(i, answers) for i in items]}
        case Not(item):
            return {"op": "not", "truth": truth, "items": [explain(item, answers)]}
        case Always():
            return {"op": "always", "truth": truth}
        case _:
            value = answers[condition.key]
            shown = (
                sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
            )
            return {"op": "test", "truth": truth, "test": to_data(condition), "value": shown}
