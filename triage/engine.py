"""The two decisions: response class (safety) and program fit (eligibility). Pure functions, deterministic.

``decide`` gives the class, ``suggest`` everything a screen shows, ``priority`` the place in the queue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from triage import ENGINE_VERSION
from triage import natures as _natures
from triage import vocabulary as _vocabulary
from triage.conditions import Answers, Test, compile_test, parse
from triage.explanation import explain_answers, flips
from triage.fit import fit_program
from triage.kleene import TRUE
from triage.natures import Nature
from triage.programs import ProgramRules
from triage.protocol import Protocol
from triage.questions import Outlook, next_questions, outlook
from triage.response import CLASSES, ResponseClass, most_cautious, ordered_services
from triage.results import (
    ClassDecision,
    FiredFloor,
    FitResult,
    ProgramFit,
    Recommendation,
    RuleTrace,
    Suggestion,
)
from triage.ruleset import NOTHING, CompiledFloor, RuleSet, compile_rules
from triage.vocabulary import Value

__all__ = ["decide", "priority", "suggest"]

CO_RESPONSE = ResponseClass.CO_RESPONSE


def decide(protocol: Protocol, answers: Mapping[str, object]) -> ClassDecision:
    """The response class for these answers, with the floors that fired, the services they ask for, and the trace.

    The class is the most cautious of all floors that apply and of the first base rule that is certainly true.
    Raises ValueError for an unknown question or a value that is no answer.
    """
    return _decide(compile_rules(protocol, ()), _vocabulary.load().normalise(answers))


def _decide(rules: RuleSet, answers: Answers) -> ClassDecision:
    fired: list[FiredFloor] = []
    trace: list[RuleTrace] = []
    lowest = NOTHING
    for compiled in rules.floors:
        floor = compiled.floor
        rank = compiled.rank(answers)
        truth = compiled.now(answers)
        values = {k: answers[k] for k in compiled.keys}
        asked = CLASSES[rank] if rank < NOTHING else None
        trace.append(RuleTrace(floor.id, floor.label, truth.name.lower(), values, asked))
        if asked is None:
            continue
        lowest = min(lowest, rank)
        by_unknown = truth is not TRUE or compiled.settled(answers) is not TRUE
        excepted = floor.exception is not None and compiled.excepted(answers) is TRUE
        name, label = (
            (floor.exception.id, floor.exception.label) if excepted and floor.exception else (floor.id, floor.label)
        )
        services = _services(compiled, answers) if rank <= CO_RESPONSE.rank else ()
        fired.append(FiredFloor(name, label, asked, by_unknown, values, services, floor.source))
    base, base_id = rules.base_rank(answers)
    for base_rule in rules.base:
        values = {k: answers[k] for k in base_rule.keys}
        truth = base_rule.now(answers)
        used = CLASSES[base_rule.then] if base_rule.rule.id == base_id else None
        trace.append(RuleTrace(base_rule.rule.id, base_rule.rule.label, truth.name.lower(), values, used))
    result = CLASSES[min(lowest, base)]
    return ClassDecision(
        response_class=result,
        services=_services_of(result, fired),
        fired=tuple(sorted(fired, key=lambda f: f.response_class.rank)),
        base_rule=base_id,
        trace=tuple(trace),
        protocol=rules.protocol.slug,
        protocol_version=rules.protocol.version,
    )


def _services(compiled: CompiledFloor, answers: Answers) -> tuple[str, ...]:
    """The services of a floor: those of its matching cases, else its own."""
    wanted: set[str] = set()
    for test, services in compiled.cases:
        if test(answers) is TRUE:
            wanted.update(services)
    return ordered_services(wanted) if wanted else compiled.floor.services


def _services_of(result: ResponseClass, fired: Sequence[FiredFloor]) -> tuple[str, ...]:
    """Services of a class: from stated danger where there is any at this class, else from what is not answered.

    A medical rule thus asks for EMS alone, and police come with it when a danger to the crew is stated too.
    """
    if result.rank > CO_RESPONSE.rank:
        return ()
    top = [f for f in fired if f.response_class is result]
    if any(not f.by_unknown for f in top):
        top = [f for f in fired if not f.by_unknown]
    return ordered_services(s for f in top for s in f.services)


def _stated_class(decision: ClassDecision) -> ResponseClass | None:
    """The class that answers given so far ask for, without what is only not answered yet; None if nothing does.

    Open questions must not put every new call at the top of every board.
    """
    stated = [f.response_class for f in decision.fired if not f.by_unknown]
    return most_cautious(stated) if stated else None


def suggest(
    protocol: Protocol,
    programs: Sequence[ProgramRules],
    answers: Mapping[str, object],
    nature: str | None,
    *,
    open_now: Mapping[str, bool | None],
    covers: Mapping[str, bool | None],
) -> Suggestion:
    """Everything that triage has to say about a call.

    ``open_now`` and ``covers`` tell by program slug whether it is open and covers the place; None or absent means
    not evaluated and excludes nothing. ``nature`` None, or one that the table does not know, becomes a question.
    Raises ValueError for an unknown question or a value that is no answer.
    """
    vocabulary = _vocabulary.load()
    state = vocabulary.normalise(answers)
    rules = compile_rules(protocol, tuple(programs))
    known = _natures.get(nature)
    decision = _decide(rules, state)
    view = outlook(rules, state)
    fits = tuple(
        fit_program(p, state, decision.response_class, view, known, open_now.get(slug), covers.get(slug))
        for p in rules.programs
        for slug in (p.program.slug,)
    )
    triaged = any(state[k] is not None for k in vocabulary.safety_keys)
    counted_for, counted_against, unknown = explain_answers(rules, state, view)
    return Suggestion(
        response_class=decision.response_class,
        services=decision.services,
        triaged=triaged,
        priority=priority(nature, _stated_class(decision), state),
        recommendation=_recommend(decision, fits, known, triaged, view),
        ask=next_questions(rules, state, view, fits),
        for_crew=tuple(k for k in vocabulary.crew_keys if state[k] is None),
        fits=fits,
        counted_for=counted_for,
        counted_against=counted_against,
        unknown=unknown,
        flips=flips(rules, state, view, decision.response_class),
        decision=decision,
        nature=nature,
        nature_known=known is not None and not known.undetermined,
        engine_version=ENGINE_VERSION,
        vocabulary_version=vocabulary.version,
    )


def _recommend(
    decision: ClassDecision,
    fits: Sequence[ProgramFit],
    nature: Nature | None,
    triaged: bool,
    view: Outlook,
) -> Recommendation:
    """What to do after program fit: falls back upward only."""
    standard = nature.standard_response if nature and nature.standard_response else ("police",)
    result = decision.response_class
    eligible = [f for f in fits if f.result is FitResult.ELIGIBLE]
    if not triaged:
        services = nature.standard_response if nature else decision.services
        return Recommendation(None, services, (), "Not triaged: goes as its nature's standard response.", "not_triaged")
    if result.rank <= CO_RESPONSE.rank:
        slugs = tuple(f.slug for f in eligible if f.effective_class is result)
        text = "Held here by questions that are not answered." if not view.class_settled else "By the answers given."
        return Recommendation(result, decision.services, slugs, text, "class")
    if nature is not None and nature.dangerous:
        text = f"{nature.name} is never a program's call: co-response or standard dispatch."
        return Recommendation(CO_RESPONSE, standard, (), text, "nature_dangerous")
    same = tuple(f.slug for f in eligible if f.effective_class is result)
    if same:
        return Recommendation(result, (), same, "A program of this class takes the call.", "program")
    if eligible:
        best = max(eligible, key=lambda f: f.effective_class.rank).effective_class
        slugs = tuple(f.slug for f in eligible if f.effective_class is best)
        services = standard if best.rank <= CO_RESPONSE.rank else ()
        return Recommendation(
            best, services, slugs, "No program of this class takes it: next class up.", "fallback_upward"
        )
    if any(f.result is FitResult.ASK for f in fits):
        text = "No program takes it yet: answer the open questions, or send more cautiously."
        return Recommendation(CO_RESPONSE, standard, (), text, "ask")
    return Recommendation(CO_RESPONSE, standard, (), "No program takes it: more cautious class.", "no_program")


@dataclass(frozen=True, slots=True)
class _PriorityTable:
    default: int
    by_class: Mapping[ResponseClass, int]
    rules: tuple[tuple[Test, int], ...]
    overdue: int


@lru_cache(maxsize=1)
def _priorities() -> _PriorityTable:
    raw: dict[str, Any] = json.loads(
        resources.files("triage").joinpath("data/priority.json").read_text(encoding="utf-8")
    )
    vocabulary = _vocabulary.load()
    return _PriorityTable(
        default=raw["default"],
        by_class={ResponseClass(c): n for c, n in raw["by_class"].items()},
        rules=tuple((compile_test(parse(r["if"], vocabulary, r["id"])), r["at_most"]) for r in raw["rules"]),
        overdue=raw["overdue"]["raise_by"],
    )


def priority(
    nature: str | None,
    response_class: str | None,
    answers: Mapping[str, object],
    *,
    overdue: bool = False,
) -> int:
    """Priority 1 (most urgent) to 4, from the published table ``data/priority.json``.

    Starts from the nature's default (2 for a nature that the table does not know) and is only raised: by the class
    (None: not triaged yet, raises nothing), by danger answers, and by one when ``overdue`` against the promise.
    """
    table = _priorities()
    known = _natures.get(nature)
    state: Mapping[str, Value] = _vocabulary.load().normalise(answers)
    levels = [known.priority if known else table.default]
    if response_class is not None:
        levels.append(table.by_class.get(ResponseClass(response_class), 4))
    levels += [level for test, level in table.rules if test(state) is TRUE]
    return max(1, min(levels) - (table.overdue if overdue else 0))


def more_cautious(first: str, second: str) -> ResponseClass:
    """The more cautious of two class names. Raises ValueError for a name that is no class."""
    return most_cautious((ResponseClass(first), ResponseClass(second)))
