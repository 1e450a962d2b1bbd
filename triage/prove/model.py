"""The solver's model: one Boolean per possible answer, conditions as pairs (true, false), classes as bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import z3

from triage import vocabulary as _vocabulary
from triage.conditions import (
    All,
    Always,
    Any_,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    IsUnknown,
    Not,
    OneOf,
    compile_test,
    leaves,
)
from triage.kleene import FALSE, TRUE
from triage.protocol import Floor, Protocol
from triage.response import CLASSES
from triage.vocabulary import Value

#: A formula: a z3 Boolean, or a plain bool where it is already decided.
Formula = Any
#: Three-valued truth as two formulas: certainly true, certainly false; neither is unknown.
Pair = tuple[Formula, Formula]
Fixed = Mapping[str, Value]


def and_(parts: Iterable[Formula]) -> Formula:
    """Conjunction that drops what is already decided."""
    kept = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            kept.append(part)
    return True if not kept else kept[0] if len(kept) == 1 else z3.And(kept)


def or_(parts: Iterable[Formula]) -> Formula:
    """Disjunction that drops what is already decided."""
    return not_(and_(not_(part) for part in parts))


def not_(part: Formula) -> Formula:
    """Negation that keeps plain bools plain."""
    if isinstance(part, bool):
        return not part
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


#: Width of numbers in the model; answers go up to 10,000 and rules compare with numbers below 65,536.
_BITS = 16


def _relevant(condition: Condition, fixed: Fixed) -> tuple[tuple[str, Value], ...]:
    """The fixed answers that ``condition`` reads."""
    if not fixed:
        return ()
    keys = {leaf.key for leaf in leaves(condition)}
    return tuple((key, value) for key, value in fixed.items() if key in keys)


class Model:
    """Variables for all answers, and a solver that knows which answers can stand together."""

    def __init__(self) -> None:
        self.vocabulary = _vocabulary.load()
        self.solver = z3.SolverFor("QF_FD")
        self.queries = 0
        self._pairs: dict[tuple[Condition, tuple[tuple[str, Value], ...]], Pair] = {}
        self._bounds: dict[tuple[Floor, int, tuple[tuple[str, Value], ...]], Formula] = {}
        self._chosen: dict[str, dict[Any, Any]] = {}
        self._known: dict[str, Any] = {}
        self._number: dict[str, Any] = {}
        for question in self.vocabulary.questions:
            if question.kind in ("choice", "boolean", "list"):
                options = {v: z3.Bool(f"{question.key}={v}") for v in question.values}
                self._chosen[question.key] = options
                if question.kind == "list":
                    known = z3.Bool(f"{question.key} known")
                    self._known[question.key] = known
                    self.solver.add([z3.Implies(o, known) for o in options.values()])
                else:
                    self._known[question.key] = z3.Or(list(options.values()))
                    self.solver.add(z3.AtMost(*options.values(), 1))
            elif question.kind == "integer":
                self._known[question.key] = z3.Bool(f"{question.key} known")
                self._number[question.key] = z3.BitVec(question.key, _BITS)
                self.solver.add(z3.ULE(self._number[question.key], 10_000))

    def truth(self, condition: Condition, fixed: Fixed | None = None) -> Pair:
        """``condition`` as (certainly true, certainly false); ``fixed`` answers are put in as constants."""
        fixed = fixed or {}
        name = (condition, _relevant(condition, fixed))
        pair = self._pairs.get(name)
        if pair is None:
            pair = self._pairs[name] = self._truth(condition, fixed)
        return pair

    def _truth(self, condition: Condition, fixed: Fixed) -> Pair:
        match condition:
            case Always():
                return True, False
            case All(items):
                pairs = [self.truth(i, fixed) for i in items]
                return and_(t for t, _ in pairs), or_(f for _, f in pairs)
            case Any_(items):
                pairs = [self.truth(i, fixed) for i in items]
                return or_(t for t, _ in pairs), and_(f for _, f in pairs)
            case Not(item):
                true, false = self.truth(item, fixed)
                return false, true
            case AtLeast(count, items):
                pairs = [self.truth(i, fixed) for i in items]
                return (
                    z3.AtLeast(*(_lift(t) for t, _ in pairs), count),
                    z3.AtLeast(*(_lift(f) for _, f in pairs), len(items) - count + 1),
                )
            case _:
                if condition.key in fixed:
                    constant = compile_test(condition)({condition.key: fixed[condition.key]})
                    return constant is TRUE, constant is FALSE
                return self._leaf(condition)

    def _leaf(self, leaf: OneOf | AnyOf | Compare | IsUnknown) -> Pair:
        known = self._known[leaf.key]
        match leaf:
            case OneOf(key, values):
                options = self._chosen[key]
                return or_(o for v, o in options.items() if v in values), or_(
                    o for v, o in options.items() if v not in values
                )
            case AnyOf(key, wanted):
                options = self._chosen[key]
                hit = or_(o for v, o in options.items() if wanted is None or v in wanted)
                return hit, and_((known, not_(hit)))
            case Compare(key, symbol, number):
                left = self._number[key]
                met = {
                    "<": z3.ULT(left, number),
                    "<=": z3.ULE(left, number),
                    ">": z3.UGT(left, number),
                    ">=": z3.UGE(left, number),
                    "==": left == number,
                    "!=": left != number,
                }[symbol]
                return and_((known, met)), and_((known, not_(met)))
            case _:
                return not_(known), known

    def floor_at_most(self, floor: Floor, rank: int, fixed: Fixed | None = None) -> Formula:
        """The floor asks for a class of ``rank`` or a more cautious one."""
        fixed = fixed or {}
        excepted_too = floor.exception.condition if floor.exception else Always()
        name = (floor, rank, _relevant(floor.condition, fixed) + _relevant(excepted_too, fixed))
        if name not in self._bounds:
            self._bounds[name] = self._floor_at_most(floor, rank, fixed)
        return self._bounds[name]

    def _floor_at_most(self, floor: Floor, rank: int, fixed: Fixed) -> Formula:
        true, false = self.truth(floor.condition, fixed)
        excepted: Formula = False
        parts: list[Formula] = []
        if floor.exception is not None:
            excepted, _ = self.truth(floor.exception.condition, fixed)
            if floor.exception.then.rank <= rank:
                parts.append(and_((excepted, not_(false))))
        if floor.then.rank <= rank:
            parts.append(and_((true, not_(excepted))))
        if floor.if_unknown is not None and floor.if_unknown.rank <= rank:
            parts.append(and_((not_(true), not_(false), not_(excepted))))
        return or_(parts)

    def class_at_most(
        self, protocol: Protocol, rank: int, fixed: Fixed | None = None, without: str | None = None
    ) -> Formula:
        """The class has ``rank`` or is more cautious; ``without`` leaves out the rule of that id."""
        parts = [self.floor_at_most(f, rank, fixed) for f in protocol.floors if f.id != without]
        earlier: Formula = True
        for base in protocol.base:
            if base.id == without:
                continue
            true, _ = self.truth(base.condition, fixed)
            if base.then.rank <= rank:
                parts.append(and_((earlier, true)))
            earlier = and_((earlier, not_(true)))
        return or_(parts)

    def classes(self, protocol: Protocol, fixed: Fixed | None = None, without: str | None = None) -> list[Formula]:
        """``class_at_most`` for each rank but the last, which always holds."""
        return [self.class_at_most(protocol, r, fixed, without) for r in range(len(CLASSES) - 1)]

    def find(self, formula: Formula) -> dict[str, Any] | None:
        """Answers that make ``formula`` true, or None when no combination of answers does."""
        self.queries += 1
        if formula is False:
            return None
        self.solver.push()
        try:
            self.solver.add(formula)
            found = self.solver.check()
            if found == z3.unsat:
                return None
            if found != z3.sat:
                raise RuntimeError(f"the solver gave up: {self.solver.reason_unknown()}")
            return self._answers(self.solver.model())
        finally:
            self.solver.pop()

    def _answers(self, model: Any) -> dict[str, Any]:
        answers: dict[str, Any] = {}

        def holds(variable: Any) -> bool:
            return bool(z3.is_true(model.eval(variable, model_completion=True)))

        for key, options in self._chosen.items():
            chosen = [v for v, o in options.items() if holds(o)]
            if self.vocabulary.get(key).kind == "list":
                if holds(self._known[key]):
                    answers[key] = chosen
            elif chosen:
                answers[key] = chosen[0]
        for key, number in self._number.items():
            if holds(self._known[key]):
                answers[key] = model.eval(number, model_completion=True).as_long()
        return answers

    def unanswered(self, key: str) -> Formula:
        """The question has no known answer."""
        return not_(self._known[key])

    def given(self, answers: Mapping[str, Any]) -> Formula:
        """Exactly these answers and no others."""
        parts: list[Formula] = []
        normal = self.vocabulary.normalise(answers)
        for key, options in self._chosen.items():
            value = normal[key]
            held = value if isinstance(value, frozenset) else () if value is None else (value,)
            parts += [o if v in held else not_(o) for v, o in options.items()]
            if isinstance(value, frozenset) or self.vocabulary.get(key).kind == "list":
                parts.append(self._known[key] if value is not None else not_(self._known[key]))
        for key, variable in self._number.items():
            parts.append(self._known[key] if normal[key] is not None else not_(self._known[key]))
            if normal[key] is not None:
                parts.append(variable == normal[key])
        return and_(parts)


def _lift(part: Formula) -> Any:
    return z3.BoolVal(part) if isinstance(part, bool) else part


def falls(before: Sequence[Formula], after: Sequence[Formula]) -> Formula:
    """The class is less cautious after than before, both as ``Model.classes``."""
    return or_(and_((b, not_(a))) for b, a in zip(before, after, strict=True))
