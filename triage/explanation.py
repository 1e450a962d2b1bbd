"""Explanation: what counted for a diversion, what against, what is unknown, and which answer would change it."""

from __future__ import annotations

from triage import vocabulary as _vocabulary
from triage.conditions import Answers
from triage.kleene import FALSE, TRUE
from triage.questions import Outlook
from triage.response import CLASSES, ResponseClass
from triage.results import Flip, Point
from triage.ruleset import NOTHING, RuleSet


def explain_answers(
    rules: RuleSet, answers: Answers, view: Outlook
) -> tuple[tuple[Point, ...], tuple[Point, ...], tuple[Point, ...]]:
    """Answers that counted for a diversion, answers that counted against, and unanswered questions that matter.

    An answer counts against when it meets a floor that applies; for, when every floor that reads it is not met by
    it, or a base rule that decided reads it.
    """
    against: dict[str, list[str]] = {}
    harmless: dict[str, list[str]] = {}
    for compiled in rules.floors:
        applies = compiled.now(answers) is TRUE
        for key, test in compiled.parts:
            if answers[key] is None:
                continue
            truth = test(answers)
            if applies and truth is TRUE:
                against.setdefault(key, []).append(compiled.floor.id)
            elif truth is FALSE:
                harmless.setdefault(key, []).append(compiled.floor.id)
    _, base_id = rules.base_rank(answers)
    for base in rules.base:
        if base.rule.id == base_id:
            for key in base.keys:
                harmless.setdefault(key, []).append(base_id)
    open_rules: dict[str, list[str]] = {key: [] for key in view.class_keys}
    for index in view.open_floors:
        for key in rules.floors[index].keys:
            if key in open_rules:
                open_rules[key].append(rules.floors[index].floor.id)
    return (
        _points(answers, {k: r for k, r in harmless.items() if k not in against}),
        _points(answers, against),
        _points(answers, open_rules),
    )


def _points(answers: Answers, found: dict[str, list[str]]) -> tuple[Point, ...]:
    vocabulary = _vocabulary.load()
    return tuple(
        Point(q.key, answers[q.key], f"{q.label}: {q.label_of(answers[q.key])}", tuple(dict.fromkeys(found[q.key])))
        for q in vocabulary.questions
        if q.key in found
    )


def flips(rules: RuleSet, answers: Answers, view: Outlook, current: ResponseClass) -> tuple[Flip, ...]:
    """Every single answer that would change the class, unanswered questions first, then the greatest change.

    Answers to one question that lead to the same class stand together.
    """
    vocabulary = _vocabulary.load()
    state = dict(answers)
    ranks = [floor.rank(answers) for floor in rules.floors]
    base = rules.base_rank(answers)[0]
    found: list[tuple[bool, int, int, Flip]] = []
    for place, question in enumerate(vocabulary.questions):
        key = question.key
        before = answers[key]
        if key not in rules.candidates:
            continue
        touched = rules.floors_of[key]
        rest = min([r for i, r in enumerate(ranks) if i not in touched], default=NOTHING)
        if rest == 0 or not (touched or key in rules.base_keys):
            continue
        outcomes: dict[int, list[object]] = {}
        for candidate in rules.candidates[key]:
            state[key] = candidate.value
            rank = min([rest, *(rules.floors[i].rank(state) for i in touched)])
            rank = min(rank, rules.base_rank(state)[0] if key in rules.base_keys else base)
            if rank != current.rank:
                outcomes.setdefault(rank, []).extend(candidate.values or [None])
        state[key] = before
        for rank, values in outcomes.items():
            shown = ", ".join(question.label_of(v) if v is not None else "None of these" for v in values)
            target = CLASSES[rank]
            text = f"{question.label}: {shown} would make it {vocabulary.class_labels[target]}."
            flip = Flip(key, tuple(values), target, text, before is not None)
            found.append((before is not None, -abs(rank - current.rank), place, flip))
    found.sort(key=lambda f: f[:3])
    return tuple(f[3] for f in found)
