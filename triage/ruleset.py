"""A protocol and programs compiled once into functions, with an index from each question to the rules that read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from triage import vocabulary as _vocabulary
from triage.conditions import (
    Always,
    Answers,
    Compare,
    Condition,
    IsUnknown,
    Leaf,
    OpenKeys,
    Test,
    compile_open_keys,
    compile_test,
    leaves,
)
from triage.kleene import FALSE, TRUE, UNKNOWN, Truth
from triage.programs import ProgramRule, ProgramRules
from triage.protocol import BaseRule, Floor, Protocol
from triage.response import CLASSES, ResponseClass
from triage.vocabulary import Value

#: Rank of "this rule asks for nothing": after every class.
NOTHING = len(CLASSES)

_Shared = dict[tuple[Condition, Truth], tuple[tuple[str, ...], Test, OpenKeys]]


@dataclass(frozen=True, eq=False, slots=True)
class CompiledFloor:
    """A floor with its tests. Ranks as in ``ResponseClass.rank``; ``NOTHING`` where it asks for no class."""

    floor: Floor
    keys: tuple[str, ...]
    now: Test
    settled: Test
    excepted: Test
    excepted_settled: Test
    then: int
    unknown: int
    exception: int
    parts: tuple[tuple[str, Test], ...]
    condition_keys: OpenKeys
    exception_keys: OpenKeys
    cases: tuple[tuple[Test, tuple[str, ...]], ...]

    @property
    def most(self) -> int:
        """The most cautious rank that this floor can ask for."""
        return min(self.then, self.unknown)

    def rank(self, answers: Answers) -> int:
        """What the floor asks for with these answers; an unknown condition asks for its stated fallback."""
        truth = self.now(answers)
        if truth is FALSE:
            return NOTHING
        if self.excepted(answers) is TRUE:
            return self.exception
        return self.then if truth is TRUE else self.unknown

    def certain(self, answers: Answers) -> tuple[int, bool]:
        """The rank that no further answer can lower (``NOTHING`` for none), and whether the floor is still open."""
        truth = self.settled(answers)
        if truth is FALSE:
            return NOTHING, False
        if truth is UNKNOWN:
            return NOTHING, True
        excepted = self.excepted_settled(answers)
        if excepted is UNKNOWN:
            return max(self.then, self.exception), True
        return (self.exception if excepted is TRUE else self.then), False

    def open_keys(self, answers: Answers) -> set[str]:
        """Unanswered questions that can still change what the floor asks for."""
        keys = self.condition_keys(answers)
        if self.floor.exception is not None and self.now(answers) is not FALSE:
            keys |= self.exception_keys(answers)
        return keys


@dataclass(frozen=True, eq=False, slots=True)
class CompiledBase:
    """A base rule with its tests; contradicting answers count against it, since it lowers caution."""

    rule: BaseRule
    keys: tuple[str, ...]
    now: Test
    settled: Test
    open_keys: OpenKeys
    then: int


@dataclass(frozen=True, eq=False, slots=True)
class CompiledRule:
    """One rule of a program with its test, settled so that an unanswered question never shuts or opens anything."""

    rule: ProgramRule
    keys: tuple[str, ...]
    test: Test
    open_keys: OpenKeys


@dataclass(frozen=True, eq=False, slots=True)
class CompiledProgram:
    """The rules of one program by what they do."""

    program: ProgramRules
    exclusions: tuple[CompiledRule, ...]
    entry: tuple[CompiledRule, ...]
    raises: tuple[CompiledRule, ...]
    own: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Answers to one question that no rule tells apart: a stand-in ``value``, all ``values``, their ``share``."""

    value: Value
    values: tuple[bool | str | int, ...]
    share: float


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Everything that ``suggest`` evaluates, compiled."""

    protocol: Protocol
    floors: tuple[CompiledFloor, ...]
    base: tuple[CompiledBase, ...]
    programs: tuple[CompiledProgram, ...]
    candidates: dict[str, tuple[Candidate, ...]]
    floors_of: dict[str, tuple[int, ...]]
    base_keys: frozenset[str]

    def base_rank(self, answers: Answers) -> tuple[int, str]:
        """The class rank and id of the first base rule that is certainly true."""
        for base in self.base[:-1]:
            if base.now(answers) is TRUE:
                return base.then, base.rule.id
        last = self.base[-1]
        return last.then, last.rule.id

    def base_reach(self, answers: Answers) -> tuple[set[int], set[str]]:
        """All ranks that the base can still give, and the unanswered questions on which that rests."""
        ranks: set[int] = set()
        keys: set[str] = set()
        for base in self.base[:-1]:
            truth = base.settled(answers)
            if truth is FALSE:
                continue
            ranks.add(base.then)
            if truth is TRUE:
                break
            keys |= base.open_keys(answers)
        else:
            ranks.add(self.base[-1].then)
        return ranks, keys if len(ranks) > 1 else set()


def _keys(*conditions: Condition) -> tuple[str, ...]:
    return tuple(dict.fromkeys(leaf.key for c in conditions for leaf in leaves(c)))


def _floor(floor: Floor) -> CompiledFloor:
    exception = floor.exception
    never: Test = _never
    conditions = (floor.condition, exception.condition) if exception else (floor.condition,)
    return CompiledFloor(
        floor=floor,
        keys=_keys(*conditions),
        now=compile_test(floor.condition),
        settled=compile_test(floor.condition, settled=True),
        excepted=compile_test(exception.condition, mixed=FALSE) if exception else never,
        excepted_settled=compile_test(exception.condition, settled=True, mixed=FALSE) if exception else never,
        then=floor.then.rank,
        unknown=floor.if_unknown.rank if floor.if_unknown else NOTHING,
        exception=exception.then.rank if exception else NOTHING,
        parts=tuple((leaf.key, compile_test(leaf)) for leaf in leaves(floor.condition)),
        condition_keys=compile_open_keys(floor.condition),
        exception_keys=compile_open_keys(exception.condition if exception else Always()),
        cases=tuple((compile_test(c), services) for c, services in floor.services_when),
    )


def _never(answers: Answers) -> Truth:
    return FALSE


def _rules(rules: Sequence[ProgramRule], mixed: Truth, shared: _Shared) -> tuple[CompiledRule, ...]:
    """Compiled rules; programs with the same condition share its functions, so that it is evaluated once."""
    result = []
    for rule in rules:
        name = (rule.condition, mixed)
        if name not in shared:
            test = compile_test(rule.condition, settled=True, mixed=mixed)
            shared[name] = (_keys(rule.condition), test, compile_open_keys(rule.condition))
        result.append(CompiledRule(rule, *shared[name]))
    return tuple(result)


def _program(program: ProgramRules, shared: _Shared) -> CompiledProgram:
    own = program.response_class or ResponseClass.EMERGENCY
    return CompiledProgram(
        program=program,
        exclusions=_rules(program.exclusions, TRUE, shared),
        entry=_rules(program.entry, UNKNOWN, shared),
        raises=_rules(program.raises, TRUE, shared),
        own=own.rank,
    )


def _stand_ins(key: str, tests: list[Leaf]) -> tuple[Candidate, ...]:
    """The answers to ``key``, those that no leaf tells apart joined into one candidate."""
    question = _vocabulary.load().get(key)
    options: list[tuple[bool | str | int, Value]]
    if question.kind == "list":
        options = [("", frozenset())] + [(v, frozenset({str(v)})) for v in question.values]
    elif question.kind == "integer":
        near = {max(0, t.number + d) for t in tests if isinstance(t, Compare) for d in (-1, 0, 1)}
        options = [(n, n) for n in sorted(near)]
    else:
        options = [(v, v) for v in question.values]
    compiled = [compile_test(t) for t in tests]
    alike: dict[tuple[Truth, ...], list[tuple[bool | str | int, Value]]] = {}
    for shown, value in options:
        alike.setdefault(tuple(test({key: value}) for test in compiled), []).append((shown, value))
    return tuple(
        Candidate(group[0][1], tuple(s for s, _ in group if s != ""), len(group) / len(options))
        for group in alike.values()
    )


@lru_cache(maxsize=64)
def compile_rules(protocol: Protocol, programs: tuple[ProgramRules, ...]) -> RuleSet:
    """Compile once per protocol and set of programs (cached by their data digests)."""
    floors = tuple(_floor(f) for f in protocol.floors)
    base = tuple(
        CompiledBase(
            b,
            _keys(b.condition),
            compile_test(b.condition, mixed=FALSE),
            compile_test(b.condition, settled=True, mixed=FALSE),
            compile_open_keys(b.condition),
            b.then.rank,
        )
        for b in protocol.base
    )
    shared: _Shared = {}
    compiled = tuple(_program(p, shared) for p in programs)
    conditions = [f.condition for f in protocol.floors]
    conditions += [f.exception.condition for f in protocol.floors if f.exception]
    conditions += [b.condition for b in protocol.base] + [condition for condition, _ in shared]
    tests: dict[str, list[Leaf]] = {}
    for condition in conditions:
        for leaf in leaves(condition):
            known = tests.setdefault(leaf.key, [])
            if not isinstance(leaf, IsUnknown) and leaf not in known:
                known.append(leaf)
    return RuleSet(
        protocol=protocol,
        floors=floors,
        base=base,
        programs=compiled,
        candidates={key: _stand_ins(key, t) for key, t in tests.items()},
        floors_of={key: tuple(i for i, f in enumerate(floors) if key in f.keys) for key in tests},
        base_keys=frozenset(k for b in base for k in b.keys),
    )
