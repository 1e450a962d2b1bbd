"""Proof of one protocol: invariants I1 to I6, dead rules, and the difference between two versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from triage import vocabulary as _vocabulary
from triage.conditions import Condition, compile_test, parse
from triage.engine import decide
from triage.kleene import FALSE, TRUE
from triage.protocol import Protocol, load_reference
from triage.prove.model import Formula, Model, and_, falls, not_, or_
from triage.prove.report import Counterexample, Finding, shorten
from triage.response import CLASSES, ResponseClass
from triage.vocabulary import Question, Value


@dataclass(frozen=True, slots=True)
class Unless:
    """A named exception of an invariant with its own, weaker bound."""

    label: str
    condition: Condition
    at_least: ResponseClass


@dataclass(frozen=True, slots=True)
class Named:
    """Where ``condition`` holds the class is ``at_least`` this cautious; where unknown, ``if_unknown``."""

    id: str
    label: str
    condition: Condition
    at_least: ResponseClass
    if_unknown: ResponseClass | None
    unless: Unless | None


@dataclass(frozen=True, slots=True)
class Blocking:
    """An unanswered ``key`` gives ``at_least`` this class where ``when`` is certainly true."""

    key: str
    at_least: ResponseClass
    when: Condition
    unless: Unless | None


@dataclass(frozen=True, slots=True)
class ProtocolReport:
    """All findings about one protocol, with the number of solver queries."""

    protocol: str
    version: str
    findings: tuple[Finding, ...]
    queries: int

    @property
    def proven(self) -> bool:
        """No invariant fails for any combination of answers."""
        return not any(f.blocks for f in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "protocol": self.protocol,
            "version": self.version,
            "proven": self.proven,
            "queries": self.queries,
            "findings": [f.to_dict() for f in self.findings],
        }


@lru_cache(maxsize=1)
def load_invariants() -> tuple[tuple[Named, ...], tuple[Blocking, ...]]:
    """The invariants that ship with the code (``data/invariants.json``); no administrator can change them."""
    vocabulary = _vocabulary.load()
    raw = json.loads(resources.files("triage").joinpath("data/invariants.json").read_text(encoding="utf-8"))

    def unless(data: Mapping[str, Any] | None, at: str) -> Unless | None:
        if data is None:
            return None
        return Unless(data["label"], parse(data["if"], vocabulary, at), ResponseClass(data["at_least"]))

    named = tuple(
        Named(
            n["id"],
            n["label"],
            parse(n["if"], vocabulary, n["id"]),
            ResponseClass(n["at_least"]),
            ResponseClass(n["if_unknown"]) if n["if_unknown"] else None,
            unless(n["unless"], n["id"]),
        )
        for n in raw["named"]
    )
    blocking = tuple(
        Blocking(
            b["key"],
            ResponseClass(b["at_least"]),
            parse(b["when"], vocabulary, b["key"]),
            unless(b["unless"], b["key"]),
        )
        for b in raw["blocking"]
    )
    return named, blocking


def prove_protocol(protocol: Protocol) -> ProtocolReport:
    """Check every invariant for every combination of answers; list exceptions, dead rules and a director's choices."""
    model = Model()
    findings = [
        *_danger_orders(model, protocol),
        *_unknown(model, protocol),
        *_concerning(model, protocol),
        *_blocking(model, protocol),
        *_named(model, protocol),
        _always_a_class(model, protocol),
        *_dead_rules(model, protocol),
        *_choices(model, protocol),
    ]
    return ProtocolReport(protocol.slug, protocol.version, tuple(findings), model.queries)


def _class(protocol: Protocol, answers: Mapping[str, Any]) -> ResponseClass:
    return decide(protocol, answers).response_class


def _known(answers: Mapping[str, Any]) -> dict[str, Value]:
    return _vocabulary.load().normalise(answers)


def _change(
    model: Model, protocol: Protocol, name: str, label: str, question: Question, old: Value, new: Value
) -> Finding:
    """Whether replacing one answer by another can make the class less cautious."""
    key = question.key
    before = model.classes(protocol, {key: old})
    after = model.classes(protocol, {key: new})
    found = model.find(falls(before, after))
    if found is None:
        return Finding(name, "invariant", label, True)

    def still(answers: dict[str, Any]) -> bool:
        first, second = _class(protocol, answers | {key: old}), _class(protocol, answers | {key: new})
        return second.is_less_cautious_than(first)

    answers = shorten(found | {key: old}, still, key) | {key: new}
    first, second = _class(protocol, answers | {key: old}), _class(protocol, answers)
    text = (
        f"With {question.label.lower()} {question.label_of(old).lower()} it was {first.value}; "
        f"with {question.label_of(new).lower()} it is only {second.value}."
    )
    return Finding(name, "invariant", label, False, Counterexample(answers, text))


def _danger_orders(model: Model, protocol: Protocol) -> Iterator[Finding]:
    for question in model.vocabulary.questions:
        for less, more in question.danger_order:
            label = f"{question.label}: {question.label_of(more)} is never less cautious than {question.label_of(less)}"
            yield _change(model, protocol, f"I1-{question.key}-{less}-{more}", label, question, less, more)
    signs = model.vocabulary.get("medical_signs")
    label = f"{signs.label}: one more is never less cautious"
    for sign in signs.values:
        yield _change(model, protocol, f"I1-medical_signs-{sign}", label, signs, frozenset(), frozenset({str(sign)}))


def _unknown(model: Model, protocol: Protocol) -> Iterator[Finding]:
    for question in model.vocabulary.questions:
        below = {more for above in question.more_dangerous.values() for more in above}
        least: list[Value] = [v for v in question.values if v in question.more_dangerous and v not in below]
        if question.key == "medical_signs":
            least = [frozenset()]
        for value in least:
            label = f"{question.label}: unknown is never less cautious than {question.label_of(value)}"
            yield _change(model, protocol, f"I2-{question.key}", label, question, value, None)


def _concerning(model: Model, protocol: Protocol) -> Iterator[Finding]:
    for question in model.vocabulary.questions:
        for value in sorted(question.concerning, key=str):
            new: Value = frozenset({str(value)}) if question.kind == "list" else value
            label = f"{question.label}: {question.label_of(value)} is never less cautious than unknown"
            yield _change(model, protocol, f"I3-{question.key}-{value}", label, question, None, new)


def _bound(
    model: Model,
    protocol: Protocol,
    name: str,
    label: str,
    where: Formula,
    holds: Callable[[dict[str, Any]], bool],
    at_least: ResponseClass,
    *keep: str,
) -> Finding:
    """Whether the class is at least this cautious wherever ``where`` (``holds`` in the engine's terms) is met."""
    found = model.find(and_((where, not_(model.class_at_most(protocol, at_least.rank)))))
    if found is None:
        return Finding(name, "invariant", label, True)

    def still(answers: dict[str, Any]) -> bool:
        return holds(answers) and _class(protocol, answers).is_less_cautious_than(at_least)

    answers = shorten(found, still, *keep)
    text = f"It comes out as {_class(protocol, answers).value}; it must be at least {at_least.value}."
    return Finding(name, "invariant", label, False, Counterexample(answers, text))


def _exception(
    model: Model,
    protocol: Protocol,
    name: str,
    unless: Unless,
    where: Formula,
    holds: Callable[[dict[str, Any]], bool],
    at_least: ResponseClass,
) -> Finding:
    """An example call of a named exception, so that it is seen by whoever publishes."""
    found = model.find(where)
    example = None
    if found is not None:
        test = compile_test(unless.condition, mixed=FALSE)

        def still(answers: dict[str, Any]) -> bool:
            lowered = _class(protocol, answers).is_less_cautious_than(at_least)
            return lowered and holds(answers) and test(_known(answers)) is TRUE

        answers = shorten(found, still)
        example = Counterexample(answers, f"{unless.label}: it comes out as {_class(protocol, answers).value}.")
    return Finding(f"{name}-exception", "exception", unless.label, True, example)


def _blocking(model: Model, protocol: Protocol) -> Iterator[Finding]:
    for rule in load_invariants()[1]:
        label = f"{model.vocabulary.get(rule.key).label}: not answered gives at least {rule.at_least.value}"
        when, _ = model.truth(rule.when)
        test = compile_test(rule.when)
        unanswered = and_((when, model.unanswered(rule.key)))

        def holds(answers: dict[str, Any], rule: Blocking = rule, test: Any = test) -> bool:
            state = _known(answers)
            return state[rule.key] is None and test(state) is TRUE

        yield from _with_exception(model, protocol, f"I4-{rule.key}", label, unanswered, holds, rule.at_least, rule)


def _with_exception(
    model: Model,
    protocol: Protocol,
    name: str,
    label: str,
    where: Formula,
    holds: Callable[[dict[str, Any]], bool],
    at_least: ResponseClass,
    rule: Named | Blocking,
) -> Iterator[Finding]:
    unless = rule.unless
    if unless is None:
        yield _bound(model, protocol, name, label, where, holds, at_least)
        return
    excepted, _ = model.truth(unless.condition)
    test = compile_test(unless.condition, mixed=FALSE)

    def outside(answers: dict[str, Any]) -> bool:
        return holds(answers) and test(_known(answers)) is not TRUE

    yield _bound(model, protocol, name, label, and_((where, not_(excepted))), outside, at_least)
    inside = and_((where, excepted))
    yield _bound(model, protocol, f"{name}-unless", f"{label}; in the exception", inside, holds, unless.at_least)
    calm = and_((inside, not_(model.class_at_most(protocol, at_least.rank))))
    yield _exception(model, protocol, name, unless, calm, holds, at_least)


def _named(model: Model, protocol: Protocol) -> Iterator[Finding]:
    for rule in load_invariants()[0]:
        true, false = model.truth(rule.condition)
        test = compile_test(rule.condition)

        def holds(answers: dict[str, Any], test: Any = test) -> bool:
            return test(_known(answers)) is TRUE

        def possible(answers: dict[str, Any], test: Any = test) -> bool:
            return test(_known(answers)) is not FALSE

        yield from _with_exception(model, protocol, rule.id, rule.label, true, holds, rule.at_least, rule)
        if rule.if_unknown is not None:
            name, label = f"{rule.id}-unknown", f"{rule.label}, not certain"
            yield _bound(model, protocol, name, label, not_(false), possible, rule.if_unknown)


def _always_a_class(model: Model, protocol: Protocol) -> Finding:
    some = or_(model.truth(base.condition)[0] for base in protocol.base)
    found = model.find(not_(some))
    return Finding("I6", "invariant", "Every combination of answers has a class", found is None)


def _dead_rules(model: Model, protocol: Protocol) -> Iterator[Finding]:
    """Rules without which no call would come out otherwise; with an example of what each other rule decides."""
    full = model.classes(protocol)
    rules = [(f.id, f.label) for f in protocol.floors] + [(b.id, b.label) for b in protocol.base[:-1]]
    for rule, label in rules:
        less = model.classes(protocol, without=rule)
        found = model.find(or_((falls(full, less), falls(less, full))))
        if found is None:
            yield Finding(f"dead-{rule}", "dead_rule", f"{rule} {label}: no call depends on it", False)


def _choices(model: Model, protocol: Protocol) -> Iterator[Finding]:
    """Floors left to the medical director that this protocol has not, or weaker: allowed, and never unseen."""
    reference = load_reference()
    for floor in reference.floors:
        if not floor.switchable:
            continue
        asked = [then for then in (floor.then, floor.if_unknown) if then is not None]
        missing = or_(
            and_((model.floor_at_most(floor, then.rank), not_(model.class_at_most(protocol, then.rank))))
            for then in asked
        )
        found = model.find(missing)
        if found is None:
            continue

        def still(answers: dict[str, Any]) -> bool:
            return _class(protocol, answers).is_less_cautious_than(_class(reference, answers))

        answers = shorten(found, still)
        there, here = _class(reference, answers).value, _class(protocol, answers).value
        text = f"The reference protocol says {there}, this one {here}: a medical director's choice."
        label = f"{floor.label}: not as in the reference protocol"
        yield Finding(f"choice-{floor.id}", "choice", label, True, Counterexample(answers, text))


def difference(old: Protocol, new: Protocol) -> tuple[Finding, ...]:
    """Example calls whose class changes from one version to another, one for each pair of classes."""
    model = Model()
    findings = []
    for first in CLASSES:
        for second in CLASSES:
            if first is second:
                continue
            found = model.find(and_((_exactly(model, old, first), _exactly(model, new, second))))
            if found is None:
                continue

            def still(answers: dict[str, Any], pair: tuple[ResponseClass, ResponseClass] = (first, second)) -> bool:
                return (_class(old, answers), _class(new, answers)) == pair

            example = Counterexample(shorten(found, still), f"It was {first.value} and becomes {second.value}.")
            label = f"{first.value} becomes {second.value}"
            findings.append(Finding(f"diff-{first.value}-{second.value}", "difference", label, False, example))
    return tuple(findings)


def _exactly(model: Model, protocol: Protocol, target: ResponseClass) -> Formula:
    upper: Formula = True
    if target.rank < len(CLASSES) - 1:
        upper = model.class_at_most(protocol, target.rank)
    lower: Formula = model.class_at_most(protocol, target.rank - 1) if target.rank else False
    return and_((upper, not_(lower)))
