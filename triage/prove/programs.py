"""Proof of programs: a program never lowers a class, more danger never opens it; gaps and overlaps between programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from triage.engine import suggest
from triage.natures import load as load_natures
from triage.programs import ProgramRules
from triage.protocol import Protocol
from triage.prove.model import Fixed, Formula, Model, and_, not_, or_
from triage.prove.report import Counterexample, Finding, shorten
from triage.response import CLASSES, ResponseClass
from triage.results import FitResult, ProgramFit

CO = ResponseClass.CO_RESPONSE.rank


def _own(program: ProgramRules) -> ResponseClass:
    return program.response_class or ResponseClass.EMERGENCY


def _shut(model: Model, protocol: Protocol, program: ProgramRules, fixed: Fixed | None = None) -> Formula:
    """The program certainly does not take the call, by its exclusions or since the class is above its own."""
    above = model.class_at_most(protocol, _own(program).rank - 1, fixed) if _own(program).rank else False
    return or_([above, *(model.truth(r.condition, fixed)[0] for r in program.exclusions)])


def _effective(model: Model, protocol: Protocol, program: ProgramRules, rank: int) -> Formula:
    """The class that the program would be sent as has ``rank`` or is more cautious."""
    parts = [model.class_at_most(protocol, rank)]
    if _own(program).rank <= rank:
        parts.append(True)
    if rank >= CO:
        parts += [model.truth(r.condition)[0] for r in program.raises]
    return or_(parts)


def takes(model: Model, protocol: Protocol, program: ProgramRules) -> Formula:
    """The program takes the call, its nature, hours and area left aside."""
    parts: list[Formula] = [model.truth(r.condition)[0] for r in program.entry]
    parts += [model.truth(r.condition)[1] for r in program.exclusions]
    for rule in program.raises:
        true, false = model.truth(rule.condition)
        parts.append(or_((true, false)))
    own = _own(program).rank
    if own:
        parts.append(not_(model.class_at_most(protocol, own - 1)))
    return and_(parts)


def _fit(protocol: Protocol, program: ProgramRules, answers: dict[str, Any]) -> ProgramFit:
    nature = next(
        n.slug
        for n in load_natures().natures
        if not n.dangerous and not n.undetermined and (program.natures is None or n.slug in program.natures)
    )
    return suggest(protocol, (program,), answers, nature, open_now={}, covers={}).fits[0]


def prove_program(protocol: Protocol, program: ProgramRules) -> tuple[Finding, ...]:
    """The class is never lowered, exclusions are monotone in the danger orders, and some call is taken at all."""
    if program.response_class is None:
        return (Finding(f"{program.slug}-P0", "invariant", "Information only: never eligible", True),)
    model = Model()
    lowered = or_(
        and_((model.class_at_most(protocol, r), not_(_effective(model, protocol, program, r))))
        for r in range(len(CLASSES) - 1)
    )
    findings = [
        Finding(f"{program.slug}-P1", "invariant", "Never less cautious than the class", model.find(lowered) is None),
        *_monotone(model, protocol, program),
    ]
    if model.find(takes(model, protocol, program)) is None:
        findings.append(Finding(f"{program.slug}-dead", "dead_rule", "No call meets its rules", False))
    return tuple(findings)


def _monotone(model: Model, protocol: Protocol, program: ProgramRules) -> Iterator[Finding]:
    for question in model.vocabulary.questions:
        key = question.key
        for less, more in question.danger_order:
            name = f"{program.slug}-P2-{key}-{less}-{more}"
            label = f"{question.label}: what {question.label_of(less)} shuts out, {question.label_of(more)} does too"
            opened = and_(
                (
                    _shut(model, protocol, program, {key: less}),
                    not_(_shut(model, protocol, program, {key: more})),
                )
            )
            found = model.find(opened)
            if found is None:
                yield Finding(name, "invariant", label, True)
                continue

            def still(answers: dict[str, Any], key: str = key, less: Any = less, more: Any = more) -> bool:
                before = _fit(protocol, program, answers | {key: less})
                after = _fit(protocol, program, answers | {key: more})
                entry = {r.code for r in program.entry}
                shut = any(r.code not in entry for r in before.reasons) and before.result is FitResult.EXCLUDED
                opened = after.result is not FitResult.EXCLUDED or all(r.code in entry for r in after.reasons)
                return shut and opened

            answers = shorten(found | {key: less}, still, key) | {key: more}
            text = f"{program.name} shuts it out with {question.label_of(less).lower()} and not with this."
            yield Finding(name, "invariant", label, False, Counterexample(answers, text))


def overlaps(protocol: Protocol, programs: Sequence[ProgramRules]) -> tuple[Finding, ...]:
    """Pairs of programs of one class and nature that both take some call, each with an example."""
    model = Model()
    crewed = [p for p in programs if p.response_class is not None]
    findings = []
    for index, one in enumerate(crewed):
        for other in crewed[index + 1 :]:
            shared = _natures_of(one) & _natures_of(other)
            if one.response_class is not other.response_class or not shared:
                continue
            found = model.find(and_((takes(model, protocol, one), takes(model, protocol, other))))
            if found is not None:
                text = f"Both {one.slug} and {other.slug} take it as {sorted(shared)[0]}."
                example = Counterexample(found, text)
                label = f"{one.slug} and {other.slug} both take some calls"
                findings.append(Finding(f"overlap-{one.slug}-{other.slug}", "overlap", label, False, example))
    return tuple(findings)


def gaps(protocol: Protocol, programs: Sequence[ProgramRules]) -> tuple[Finding, ...]:
    """Natures whose divertible calls no program takes, by class, each with an example call."""
    model = Model()
    findings = []
    crewed = [p for p in programs if p.response_class is not None]
    for target in CLASSES[CO + 1 :]:
        exactly = not_(model.class_at_most(protocol, target.rank - 1))
        if target.rank < len(CLASSES) - 1:
            exactly = and_((exactly, model.class_at_most(protocol, target.rank)))
        for nature in load_natures().natures:
            if nature.dangerous or nature.undetermined:
                continue
            serving = [p for p in crewed if p.response_class is target and nature.slug in _natures_of(p)]
            taken = or_(takes(model, protocol, p) for p in serving)
            found = model.find(and_((exactly, not_(taken))))
            if found is not None:
                what = "no program of this class takes the nature" if not serving else "its programs shut it out"
                label = f"{target.value}, {nature.slug}: {what}"
                example = Counterexample(found, f"Nature {nature.name}: {what}.")
                findings.append(Finding(f"gap-{target.value}-{nature.slug}", "gap", label, False, example))
    return tuple(findings)


def _natures_of(program: ProgramRules) -> frozenset[str]:
    if program.natures is not None:
        return program.natures
    return frozenset(n.slug for n in load_natures().natures if not n.dangerous)
