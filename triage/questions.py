"""The next question: which unanswered questions can still change the class or the programs, and which to ask first.

**Measure.** A question's measure is the expected share of the rules that are still open (floors that could still
raise the class, base rules, conditions of programs that could still take the call) which its answer settles, each
answer weighted by ``Candidate.share`` (answers no rule tells apart count together, all answers of the vocabulary
alike). An answer that settles the class at its most cautious counts as settling everything. Safety questions come
first, then the measure decides, then the order of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from triage import vocabulary as _vocabulary
from triage.conditions import Answers, Test
from triage.kleene import UNKNOWN
from triage.response import CLASSES
from triage.results import AskItem, FitResult, ProgramFit
from triage.ruleset import NOTHING, RuleSet
from triage.vocabulary import Value

#: The pseudo question for a nature that is missing, not in the table, or says nothing about the call.
NATURE_KEY: Final = "nature"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What further answers can still do to the class.

    ``certain``: rank of the most cautious floor that no further answer lowers (``NOTHING`` for none).
    ``least_cautious``: rank of the least cautious class that is still possible. ``class_keys``: the unanswered
    questions that can still change the class. ``open_floors``: indexes of floors that can still change it.
    """

    certain: int
    least_cautious: int
    class_keys: tuple[str, ...]
    open_floors: tuple[int, ...]
    base_keys: frozenset[str]

    @property
    def class_settled(self) -> bool:
        """No further answer changes the class."""
        return not self.class_keys


def outlook(rules: RuleSet, answers: Answers) -> Outlook:
    """What further answers can still do to the class."""
    certain = NOTHING
    open_floors: list[int] = []
    for index, floor in enumerate(rules.floors):
        rank, is_open = floor.certain(answers)
        certain = min(certain, rank)
        if is_open:
            open_floors.append(index)
    relevant = tuple(i for i in open_floors if rules.floors[i].most < certain)
    ranks, base_keys = rules.base_reach(answers)
    if min(ranks) >= certain:
        base_keys = set()
    keys = set(base_keys)
    for index in relevant:
        keys |= rules.floors[index].open_keys(answers)
    order = tuple(k for k in answers if k in keys)
    return Outlook(certain, min(certain, max(ranks)), order, relevant, frozenset(base_keys))


def next_questions(rules: RuleSet, answers: Answers, view: Outlook, fits: Sequence[ProgramFit]) -> tuple[AskItem, ...]:
    """The questions worth asking, best first (see the measure above). Empty when nothing can change any more."""
    changes: dict[str, list[str]] = {key: ["class"] for key in view.class_keys}
    asking = {fit.slug for fit in fits if fit.result is FitResult.ASK}
    for fit in fits:
        for key in fit.ask:
            changes.setdefault(key, []).append(fit.slug)
    if not changes:
        return ()
    vocabulary = _vocabulary.load()
    pending, count = _pending(rules, answers, asking)
    total = max(count + len(view.open_floors) + bool(view.base_keys), 1)
    state = dict(answers)
    items = []
    for key, can_change in changes.items():
        question = vocabulary.by_key.get(key)
        measure = _measure(rules, state, view, key, pending.get(key, ()), total) if key in rules.candidates else 0.0
        why = _why(rules, answers, view, key, can_change)
        items.append(AskItem(key, why, tuple(can_change), bool(question and question.safety), measure))
    place = {q.key: i for i, q in enumerate(vocabulary.questions)}
    items.sort(key=lambda i: (not i.blocking, -i.measure, place.get(i.key, len(place))))
    return tuple(items)


#: By question: the tests of open program rules that read it, each with the number of programs that have it.
Pending = dict[str, list[tuple[Test, int]]]


def _pending(rules: RuleSet, answers: Answers, asking: set[str]) -> tuple[Pending, int]:
    """The open rules of programs that could still take the call, and how many there are."""
    number: dict[Test, int] = {}
    keys: dict[Test, tuple[str, ...]] = {}
    for program in rules.programs:
        if program.program.slug in asking:
            for rule in (*program.exclusions, *program.entry, *program.raises):
                number[rule.test] = number.get(rule.test, 0) + 1
                keys[rule.test] = rule.keys
    pending: Pending = {}
    count = 0
    for test, times in number.items():
        if test(answers) is UNKNOWN:
            count += times
            for key in keys[test]:
                pending.setdefault(key, []).append((test, times))
    return pending, count


def _measure(
    rules: RuleSet,
    state: dict[str, Value],
    view: Outlook,
    key: str,
    tests: Sequence[tuple[Test, int]],
    total: int,
) -> float:
    """The expected share of open rules that answering ``key`` settles. Leaves ``state`` as it was."""
    before = state[key]
    floors = [rules.floors[i] for i in rules.floors_of[key] if i in view.open_floors]
    expected = 0.0
    for candidate in rules.candidates[key]:
        state[key] = candidate.value
        settled = 0
        for floor in floors:
            rank, is_open = floor.certain(state)
            if rank == 0:
                settled = total
                break
            settled += not is_open
        else:
            for test, times in tests:
                if test(state) is not UNKNOWN:
                    settled += times
            if key in view.base_keys:
                settled += not rules.base_reach(state)[1]
        expected += candidate.share * settled / total
    state[key] = before
    return expected


def _why(rules: RuleSet, answers: Answers, view: Outlook, key: str, can_change: Sequence[str]) -> str:
    if can_change[0] != "class":
        return f"Decides whether {', '.join(can_change)} can take it."
    held = [
        (floor.rank(answers), floor.floor.label)
        for floor in (rules.floors[i] for i in view.open_floors if i in rules.floors_of[key])
        if floor.rank(answers) < NOTHING
    ]
    if held:
        rank, label = min(held)
        return f"Unanswered, it holds the call at {CLASSES[rank].value.replace('_', ' ')}: {label}."
    return "Can still change the response class."
