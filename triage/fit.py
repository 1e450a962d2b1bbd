"""Program fit: whether one program takes a call. It can only make the class more cautious."""

from __future__ import annotations

from triage.conditions import Answers
from triage.kleene import FALSE, TRUE
from triage.natures import Nature
from triage.questions import NATURE_KEY, Outlook
from triage.response import CLASSES, ResponseClass, most_cautious
from triage.results import FitResult, ProgramFit, Reason
from triage.ruleset import CompiledProgram, CompiledRule

_NO_HOURS = Reason("hours_not_evaluated", "Hours not evaluated.")
_NO_AREA = Reason("area_not_evaluated", "Area not evaluated.")
_OFFICER = "needs_officer"


def fit_program(
    compiled: CompiledProgram,
    answers: Answers,
    call_class: ResponseClass,
    view: Outlook,
    nature: Nature | None,
    open_now: bool | None,
    covers: bool | None,
) -> ProgramFit:
    """Whether the program takes the call: ``EXCLUDED`` with coded reasons, ``ASK`` with questions, or ``ELIGIBLE``."""
    program = compiled.program
    excluded: list[Reason] = []
    asking: list[Reason] = []
    notes: list[Reason] = []
    effective = call_class
    if program.response_class is None:
        excluded.append(Reason("information_only", "Gives information; has no crew to send."))
    else:
        _check_class(program.response_class, call_class, view, excluded, asking)
        effective = most_cautious((call_class, program.response_class))
    _check_nature(compiled, nature, excluded, asking)
    for rule in compiled.exclusions:
        truth = rule.test(answers)
        if truth is TRUE:
            excluded.append(_reason(rule))
        elif truth is not FALSE:
            asking.append(_question(rule, answers))
    for rule in compiled.entry:
        truth = rule.test(answers)
        if truth is FALSE:
            excluded.append(Reason(rule.rule.code, f"Not met: {rule.rule.label}", rule.keys))
        elif truth is not TRUE:
            asking.append(_question(rule, answers))
    for rule in compiled.raises:
        truth = rule.test(answers)
        if truth is TRUE:
            effective = most_cautious((effective, ResponseClass.CO_RESPONSE))
            notes.append(Reason(_OFFICER, f"Only with an officer: {rule.rule.label}", rule.keys))
        elif truth is not FALSE:
            asking.append(_question(rule, answers))
    if open_now is None:
        notes.append(_NO_HOURS)
    elif not open_now:
        excluded.append(Reason("closed", "Closed now."))
    if covers is None:
        notes.append(_NO_AREA)
    elif not covers:
        excluded.append(Reason("out_of_area", "Does not cover this place."))
    return _result(compiled, call_class, effective, excluded, asking, notes)


def _result(
    compiled: CompiledProgram,
    call_class: ResponseClass,
    effective: ResponseClass,
    excluded: list[Reason],
    asking: list[Reason],
    notes: list[Reason],
) -> ProgramFit:
    result = FitResult.EXCLUDED if excluded else FitResult.ASK if asking else FitResult.ELIGIBLE
    fallback = compiled.own < call_class.rank
    if result is FitResult.ELIGIBLE and fallback:
        notes.append(Reason("more_cautious", "More cautious than the call needs."))
    reasons = excluded or asking or [Reason("criteria_met", "Meets the program's criteria.")]
    ask = tuple(dict.fromkeys(k for r in asking for k in r.keys)) if result is FitResult.ASK else ()
    slug = compiled.program.slug
    return ProgramFit(slug, result, tuple(reasons), tuple(notes), ask, call_class, effective, fallback)


def _check_class(
    own: ResponseClass, call: ResponseClass, view: Outlook, excluded: list[Reason], asking: list[Reason]
) -> None:
    """A call of a more cautious class never fits; where unanswered questions hold it there, they are asked."""
    if not own.is_less_cautious_than(call):
        return
    if own.is_less_cautious_than(CLASSES[view.least_cautious]):
        text = f"The call needs {CLASSES[view.least_cautious].value.replace('_', ' ')} or more."
        excluded.append(Reason("class_above", text))
    else:
        text = f"Held at {call.value.replace('_', ' ')} until answered."
        asking.append(Reason("class_open", text, view.class_keys))


def _check_nature(
    compiled: CompiledProgram, nature: Nature | None, excluded: list[Reason], asking: list[Reason]
) -> None:
    if nature is None or nature.undetermined:
        asking.append(Reason("nature_unknown", "The nature of the call is not known.", (NATURE_KEY,)))
    elif nature.dangerous:
        excluded.append(Reason("nature_dangerous", f"{nature.name} is never a program's call.", (NATURE_KEY,)))
    elif compiled.program.natures is not None and nature.slug not in compiled.program.natures:
        excluded.append(Reason("nature_not_served", f"Does not take: {nature.name}.", (NATURE_KEY,)))


def _reason(rule: CompiledRule) -> Reason:
    return Reason(rule.rule.code, rule.rule.label, rule.keys)


def _question(rule: CompiledRule, answers: Answers) -> Reason:
    """A rule that is not decided: its open questions, or all of them where callers contradict each other."""
    keys = tuple(sorted(rule.open_keys(answers))) or rule.keys
    return Reason(f"ask_{rule.rule.code}", f"Not known: {rule.rule.label}", keys)
