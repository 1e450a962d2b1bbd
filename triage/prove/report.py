"""What a proof says: findings, and counterexamples in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from triage import vocabulary as _vocabulary
from triage.results import plain
from triage.vocabulary import Question


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One call in which an invariant fails: its ``answers``, what happens (``text``), all in ``words``."""

    answers: Mapping[str, Any]
    text: str

    @property
    def words(self) -> str:
        """The call and what is wrong with it, for people."""
        return f"{describe(self.answers)} {self.text}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"answers": {k: plain(v) for k, v in self.answers.items()}, "text": self.text, "words": self.words}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. ``kind``: invariant, exception, choice, dead_rule, overlap or gap.

    ``holds`` False on an invariant forbids publishing; the other kinds are there to be read.
    """

    id: str
    kind: str
    label: str
    holds: bool
    example: Counterexample | None = None

    @property
    def blocks(self) -> bool:
        """Whether it forbids publishing."""
        return self.kind == "invariant" and not self.holds

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "holds": self.holds,
            "example": self.example.to_dict() if self.example else None,
        }


def safest(question: Question) -> Any:
    """The safest answer to a question: nothing below it in its danger order; its first answer where it has none."""
    if question.kind == "list":
        return []
    if question.kind == "integer":
        return 1
    below = {more for above in question.more_dangerous.values() for more in above}
    ordered = [v for v in question.values if v in question.more_dangerous and v not in below]
    return (ordered or list(question.values))[0]


def shorten(answers: Mapping[str, Any], still: Callable[[dict[str, Any]], bool], *keep: str) -> dict[str, Any]:
    """The same counterexample with as many answers as possible at their safest, checked by ``still`` each time.

    Raises RuntimeError when the engine does not agree that ``answers`` is a counterexample.
    """
    current = dict(answers)
    if not still(current):
        raise RuntimeError(f"the engine and the solver disagree about {current}")
    for question in _vocabulary.load().questions:
        if question.key in keep or question.kind in ("text", "language", "text_list"):
            continue
        value = safest(question)
        changed = current | {question.key: value}
        if current.get(question.key) != value and still(changed):
            current = changed
        elif question.kind == "list":
            current = _fewer(current, question.key, still)
    return current


def _fewer(answers: dict[str, Any], key: str, still: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The same with no more values in the list answer to ``key`` than it takes."""
    for value in tuple(answers.get(key) or ()):
        changed = answers | {key: [v for v in answers[key] if v != value]}
        if still(changed):
            answers = changed
    return answers


def describe(answers: Mapping[str, Any]) -> str:
    """Answers in words: those that are not the safest one by one, then what is unanswered, then "all else safe"."""
    vocabulary = _vocabulary.load()
    stated, open_ = [], []
    for question in vocabulary.questions:
        if question.kind in ("text", "language", "text_list"):
            continue
        value = answers.get(question.key)
        if value is None:
            open_.append(question.label.lower())
        elif value != safest(question):
            stated.append(f"{question.label.lower()}: {question.label_of(value).lower()}")
    words = f"A call with {'; '.join(stated)}" if stated else "A call"
    if open_:
        words += f"; not answered: {', '.join(open_)}"
    return f"{words}; all else as safe as can be."
