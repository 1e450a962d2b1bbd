"""The questions, their answers, their wording and their danger orders: the product's own copy, loaded from data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from triage.response import ResponseClass

Kind = Literal["choice", "boolean", "list", "integer", "text", "language", "text_list"]

#: Written where an answer was given as "unknown". It means the same as no answer.
UNKNOWN_WORD = "unknown"

_MAX_TEXT = 200


class _OptionData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    value: bool | str
    label: str
    key: str = Field(min_length=1, max_length=1)


class _QuestionData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    key: str
    label: str
    kind: Kind
    group: str
    ask: str
    script: str
    options: tuple[_OptionData, ...] = ()
    danger_order: tuple[tuple[bool | str, bool | str], ...] = ()
    concerning: tuple[bool | str, ...] = ()
    blocking: bool
    safety: bool
    crew: str | None
    fallback: ResponseClass | None
    note: str = ""


class _VocabularyData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    version: str
    classes: tuple[ResponseClass, ...]
    class_labels: dict[ResponseClass, str]
    channels: tuple[str, ...]
    questions: tuple[_QuestionData, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen: stored ``value``, shown ``label``, and the single ``key`` that picks it."""

    value: bool | str
    label: str
    key: str


@dataclass(frozen=True, slots=True)
class Question:
    """One structured question.

    ``blocking``: unknown forbids a diversion below ``fallback``. ``safety``: answering it makes a call *triaged*.
    ``crew``: the set it belongs to for the crew on its way (weapon, violence, hazard, people, access) or None.
    ``danger_order``: pairs (less dangerous, more dangerous). ``concerning``: values that alone force co-response
    or above under the reference protocol. Sources: neutral texts; orders from the proven reference protocol.
    """

    key: str
    label: str
    kind: Kind
    group: str
    ask: str
    script: str
    options: tuple[Option, ...]
    danger_order: tuple[tuple[bool | str, bool | str], ...]
    concerning: frozenset[bool | str]
    blocking: bool
    safety: bool
    crew: str | None
    fallback: ResponseClass | None
    note: str
    more_dangerous: Mapping[bool | str, frozenset[bool | str]] = field(repr=False, compare=False)
    _labels: Mapping[bool | str, str] = field(repr=False, compare=False)

    @property
    def values(self) -> tuple[bool | str, ...]:
        """The values of the options, in order."""
        return tuple(o.value for o in self.options)

    def label_of(self, value: object) -> str:
        """``value`` in words, for explanations. Values that are not options are shown as they are."""
        if value is None:
            return "Unknown"
        if isinstance(value, (frozenset, set, list, tuple)):
            return ", ".join(sorted(self.label_of(v) for v in value)) or "None"
        if isinstance(value, (bool, str)):
            return self._labels.get(value, str(value))
        return str(value)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, for templates and the API."""
        return {
            "key": self.key,
            "label": self.label,
            "kind": self.kind,
            "group": self.group,
            "ask": self.ask,
            "script": self.script,
            "options": [{"value": o.value, "label": o.label, "key": o.key} for o in self.options],
            "blocking": self.blocking,
            "safety": self.safety,
            "crew": self.crew,
            "note": self.note,
        }


#: A normalised answer: None is unknown, a frozenset a list answer, a tuple a contradiction between several calls.
Value = bool | str | int | frozenset[str] | tuple[bool | str, ...] | None


@dataclass(frozen=True)
class Vocabulary:
    """All questions in the order in which they would be asked without triage."""

    version: str
    questions: tuple[Question, ...]
    class_labels: Mapping[ResponseClass, str]
    channels: tuple[str, ...]
    by_key: Mapping[str, Question] = field(repr=False, compare=False)
    safety_keys: frozenset[str] = field(repr=False, compare=False)
    blocking_keys: frozenset[str] = field(repr=False, compare=False)
    crew_keys: tuple[str, ...] = field(repr=False, compare=False)
    blank: Mapping[str, Value] = field(repr=False, compare=False)

    def get(self, key: str) -> Question:
        """The question with ``key``. Raises ValueError naming the key when there is none."""
        question = self.by_key.get(key)
        if question is None:
            raise ValueError(f"There is no question {key!r}.")
        return question

    def validate_answer(self, key: str, value: object) -> Value:
        """Check one answer and return it in normal form (None for unknown). Raises ValueError with clear text.

        A choice or boolean also takes a list or tuple of several values: a contradiction between calls that has no
        danger order; it comes back as a sorted tuple.
        """
        question = self.get(key)
        if value is None or value == UNKNOWN_WORD:
            return None
        if question.kind == "choice" or question.kind == "boolean":
            if isinstance(value, (list, tuple)):
                return self._contradiction(question, value)
            return _choice(question, value)
        if question.kind == "list":
            return _listed(question, value)
        if question.kind == "integer":
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
                raise ValueError(f"{question.label}: {value!r} is not a whole number from 0 to 10000.")
            return value
        if question.kind == "text_list":
            if not isinstance(value, (list, tuple, frozenset)) or not all(isinstance(v, str) for v in value):
                raise ValueError(f"{question.label}: {value!r} is not a list of texts.")
            return frozenset(value)
        if not isinstance(value, str) or len(value) > _MAX_TEXT:
            raise ValueError(f"{question.label}: {value!r} is not a text of at most {_MAX_TEXT} characters.")
        return value

    @staticmethod
    def _contradiction(question: Question, value: list[Any] | tuple[Any, ...]) -> Value:
        known = [_choice(question, v) for v in value if v is not None and v != UNKNOWN_WORD]
        if not known:
            return None
        kept = tuple(v for v in question.values if v in known)
        return kept[0] if len(kept) == 1 else kept

    def normalise(self, answers: Mapping[str, object]) -> dict[str, Value]:
        """All answers in normal form, with None for each question that is not answered.

        Raises ValueError for a key that is no question or a value that is no answer to it.
        """
        result = dict(self.blank)
        for key, value in answers.items():
            result[key] = self.validate_answer(key, value)
        return result


def _choice(question: Question, value: object) -> bool | str:
    if isinstance(value, bool if question.kind == "boolean" else str) and value in question._labels:
        return value
    allowed = ", ".join(str(v) for v in question.values)
    raise ValueError(f"{question.label}: {value!r} is not an answer. Answers: {allowed}, {UNKNOWN_WORD}.")


def _listed(question: Question, value: object) -> frozenset[str] | None:
    if not isinstance(value, (list, tuple, frozenset, set)) or not all(isinstance(v, str) for v in value):
        raise ValueError(f"{question.label}: {value!r} is not a list of answers.")
    items = frozenset(value)
    if items == {UNKNOWN_WORD}:
        return None
    wrong = sorted(str(v) for v in items if v not in question._labels)
    if wrong:
        raise ValueError(f"{question.label}: not in the list of answers: {', '.join(wrong)}.")
    return items


def _closure(pairs: tuple[tuple[bool | str, bool | str], ...]) -> dict[bool | str, frozenset[bool | str]]:
    """For each value, all values that are more dangerous (transitive)."""
    above: dict[bool | str, set[bool | str]] = {}
    for less, more in pairs:
        above.setdefault(less, set()).add(more)
    changed = True
    while changed:
        changed = False
        for reached in above.values():
            further = set().union(*(above.get(v, set()) for v in reached))
            if not further <= reached:
                reached |= further
                changed = True
    return {value: frozenset(more) for value, more in above.items()}


def _question(data: _QuestionData) -> Question:
    return Question(
        key=data.key,
        label=data.label,
        kind=data.kind,
        group=data.group,
        ask=data.ask,
        script=data.script,
        options=tuple(Option(o.value, o.label, o.key) for o in data.options),
        danger_order=data.danger_order,
        concerning=frozenset(data.concerning),
        blocking=data.blocking,
        safety=data.safety,
        crew=data.crew,
        fallback=data.fallback,
        note=data.note,
        more_dangerous=_closure(data.danger_order),
        _labels={o.value: o.label for o in data.options},
    )


@lru_cache(maxsize=1)
def load() -> Vocabulary:
    """The vocabulary that ships with the code. Raises pydantic.ValidationError when the data file is damaged."""
    raw = resources.files("triage").joinpath("data/vocabulary.json").read_text(encoding="utf-8")
    data = _VocabularyData.model_validate(json.loads(raw))
    questions = tuple(_question(q) for q in data.questions)
    crew_order = ("weapon", "violence", "hazard", "people", "access")
    return Vocabulary(
        version=data.version,
        questions=questions,
        class_labels=data.class_labels,
        channels=data.channels,
        by_key={q.key: q for q in questions},
        safety_keys=frozenset(q.key for q in questions if q.safety),
        blocking_keys=frozenset(q.key for q in questions if q.blocking),
        crew_keys=tuple(q.key for name in crew_order for q in questions if q.crew == name),
        blank={q.key: None for q in questions},
    )
