"""What the solver says about one program: proof, dead rules, its place among the others, what a draft changes.

Imported by the checking process only.
"""

from collections.abc import Iterator, Sequence

from triage import natures
from triage.engine import suggest
from triage.programs import ProgramRule, ProgramRules
from triage.protocol import Protocol
from triage.prove import prove_program
from triage.prove.model import Formula, Model, and_, not_
from triage.prove.programs import gaps, overlaps, takes
from triage.prove.report import Counterexample, Finding, shorten
from triage.results import FitResult

_MOST_EXAMPLES = 8


def proof(protocol: Protocol, program: ProgramRules) -> list[Finding]:
    """The invariants, rules that no call can meet together, and rules that never decide anything."""
    findings = list(prove_program(protocol, program))
    if program.response_class is None:
        return findings
    if any(f.kind == "dead_rule" for f in findings):
        kept = [f for f in findings if f.kind != "dead_rule"]
        return [*kept, _contradiction(protocol, program)]
    return [*findings, *_dead(protocol, program)]


def _contradiction(protocol: Protocol, program: ProgramRules) -> Finding:
    """Why no call can meet the rules: the single rule whose removal lets calls in, where there is one."""
    model = Model()
    blame = []
    for noun in ("exclusions", "entry"):
        rules: tuple[ProgramRule, ...] = getattr(program, noun)
        for rule in rules:
            others = tuple(one for one in rules if one is not rule)
            if model.find(takes(model, protocol, _with(program, noun, others))) is not None:
                blame.append(rule.label)
    words = "No call can meet its rules together"
    if blame:
        words += f"; without any one of these, some could: {', '.join(blame)}"
    return Finding(f"{program.slug}-contradiction", "invariant", f"{words}.", False)


def _with(program: ProgramRules, noun: str, rules: tuple[ProgramRule, ...]) -> ProgramRules:
    values = {name: getattr(program, name) for name in program.__dataclass_fields__} | {noun: rules}
    return ProgramRules(**values)


def _dead(protocol: Protocol, program: ProgramRules) -> Iterator[Finding]:
    model = Model()
    own = program.response_class.rank if program.response_class else 0
    room: list[Formula] = [not_(model.class_at_most(protocol, own - 1))] if own else []
    for noun, decides in (("exclusions", 0), ("entry", 1)):
        rules: tuple[ProgramRule, ...] = getattr(program, noun)
        for rule in rules:
            if noun == "exclusions" and rule.code in program.switches:
                continue  # the seven local matters are always there; an unneeded one does no harm
            rest: list[Formula] = []
            for other in program.exclusions:
                if other is not rule:
                    rest.append(model.truth(other.condition)[1])
            for other in program.entry:
                if other is not rule:
                    rest.append(model.truth(other.condition)[0])
            if model.find(and_([*room, *rest, model.truth(rule.condition)[decides]])) is None:
                label = f"{rule.label}: never decides a call, since the protocol or another rule already does"
                yield Finding(f"{program.slug}-dead-{rule.code}", "dead_rule", label, False)


def company(protocol: Protocol, program: ProgramRules, others: Sequence[ProgramRules]) -> list[Finding]:
    """Overlaps of the program with the others, and natures of its class that nobody takes with it there."""
    if program.response_class is None:
        return []
    mine = [f for f in overlaps(protocol, [program, *others]) if program.slug in f.id]
    own = f"gap-{program.response_class.value}-"
    return [*mine, *(f for f in gaps(protocol, [program, *others]) if f.id.startswith(own))]


def difference(protocol: Protocol, old: ProgramRules, new: ProgramRules) -> list[Finding]:
    """Example calls whose decision changes from the live rules to the draft's, at most eight."""
    if old.response_class is None or new.response_class is None:
        return []
    model = Model()
    found: list[Finding] = []
    for kind, taken_by, shut_by, words in (
        ("opened", new, old, "Taken now, was not before"),
        ("shut", old, new, "No longer taken for certain"),
    ):
        found += _natures(model, protocol, kind, taken_by, shut_by, words)
        found += _by_rule(model, protocol, kind, taken_by, shut_by, words)
    return found[:_MOST_EXAMPLES]


def _natures(
    model: Model, protocol: Protocol, kind: str, taken_by: ProgramRules, shut_by: ProgramRules, words: str
) -> Iterator[Finding]:
    every = frozenset(n.slug for n in natures.load().natures if not n.dangerous and not n.undetermined)
    gained = (taken_by.natures if taken_by.natures is not None else every) - (
        shut_by.natures if shut_by.natures is not None else every
    )
    if not gained:
        return
    answers = model.find(takes(model, protocol, taken_by))
    if answers is None:
        return
    for slug in sorted(gained):
        known = natures.get(slug)
        name = known.name if known else slug
        example = Counterexample(_short(protocol, taken_by, None, answers), f"Nature: {name}.")
        yield Finding(f"{kind}-nature-{slug}", "difference", f"{words}: {name}", False, example)


def _by_rule(
    model: Model, protocol: Protocol, kind: str, taken_by: ProgramRules, shut_by: ProgramRules, words: str
) -> Iterator[Finding]:
    room = takes(model, protocol, taken_by)
    decided = False
    for noun, opposite in (("exclusions", 0), ("entry", 1)):
        rules: tuple[ProgramRule, ...] = getattr(shut_by, noun)
        for rule in rules:
            answers = model.find(and_((room, model.truth(rule.condition)[opposite])))
            if answers is None:
                continue
            decided = True
            short = _short(protocol, taken_by, shut_by, answers)
            example = Counterexample(short, f"The rule: {rule.label}.")
            yield Finding(f"{kind}-{rule.code}", "difference", f"{words}: {rule.label}", False, example)
    if not decided:
        answers = model.find(and_((room, not_(takes(model, protocol, shut_by)))))
        if answers is not None:
            example = Counterexample(_short(protocol, taken_by, shut_by, answers), "")
            yield Finding(f"{kind}-some", "difference", words, False, example)


def _short(
    protocol: Protocol, taken_by: ProgramRules, shut_by: ProgramRules | None, answers: dict[str, object]
) -> dict[str, object]:
    """The example with as much as possible at its safest, as long as the engine agrees that it is one."""

    def fits(program: ProgramRules, given: dict[str, object]) -> bool:
        taken = next(
            n.slug
            for n in natures.load().natures
            if not n.dangerous and not n.undetermined and (program.natures is None or n.slug in program.natures)
        )
        fit = suggest(protocol, (program,), given, taken, open_now={}, covers={}).fits[0]
        return fit.result is FitResult.ELIGIBLE

    def still(given: dict[str, object]) -> bool:
        return fits(taken_by, given) and (shut_by is None or not fits(shut_by, given))

    return shorten(answers, still) if still(dict(answers)) else dict(answers)
