"""The phrases that matter, from data, compiled once on first use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import product
from typing import Literal

from pydantic import BaseModel, ConfigDict

from triage import vocabulary
from triage.cues.phrases import Part, Phrase, Text, WordSets, by_first_word
from triage.cues.spelling import Spelling
from triage.cues.words import Word


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _CueData(_Strict):
    key: str
    value: bool | str
    say: tuple[str, ...]
    proposes: bool = True
    note: str = ""


class _MaskData(_Strict):
    status: Literal["figurative", "lookalike", "hypothetical", "past"]
    say: tuple[str, ...]
    keys: tuple[str, ...] = ()
    wide: bool = False
    whole: bool = False


class _RaiseData(_Strict):
    key: str
    from_: str
    to: str
    words: tuple[str, ...]
    unless: tuple[str, ...] = ()
    window: int


class _DerivedData(_Strict):
    key: str
    value: bool | str
    with_keys: tuple[str, ...]
    words: str
    whole: bool = False
    agent: bool = False
    values: tuple[str, ...] = ()
    note: str


class _LexiconData(_Strict):
    about: str
    version: str
    classes: dict[str, str]
    forms: dict[str, str]
    cues: tuple[_CueData, ...]
    masks: tuple[_MaskData, ...]
    raises: tuple[_RaiseData, ...]
    derived: tuple[_DerivedData, ...]
    context: dict[str, tuple[str, ...]]
    spelling: dict[str, str]
    mend: str
    plain: str
    common: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase proposes: question ``key`` and ``value``. ``proposes`` False only points something out."""

    key: str
    value: bool | str
    proposes: bool
    note: str


@dataclass(frozen=True, slots=True)
class Mask:
    """A phrase that takes the danger out of cues that overlap it: those of ``keys``, or of all questions.

    A ``wide`` one does so for the whole sentence: what is only asked in general, or told of a film. A ``whole`` one
    sets a scene for the whole text (a play, a match, a trade), unless words of alarm stand anywhere in it.
    """

    status: Literal["figurative", "lookalike", "hypothetical", "past"]
    keys: frozenset[str]
    wide: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text: words ``start`` to ``end`` (end not included)."""

    start: int
    end: int
    stands_for: Meaning | Mask


@dataclass(frozen=True, slots=True)
class Raise:
    """A cue with value ``low`` becomes ``high`` where one of ``words`` stands near and none of ``unless`` does."""

    key: str
    low: str
    high: str
    words: frozenset[str]
    unless: frozenset[str]
    window: int


@dataclass(frozen=True, slots=True)
class Derived:
    """A cue that follows where one of ``words`` stands in one sentence with a proposed cue for one of ``with_keys``.

    ``whole`` looks in the whole text. ``agent`` wants the word to be the one who acts: before the cue and not its
    passive subject, or after "by". ``values`` limits which values of the cue count.
    """

    with_keys: tuple[str, ...]
    words: frozenset[str]
    whole: bool
    agent: bool
    meaning: Meaning
    values: tuple[str, ...]


class Lexicon:
    """All phrases, indexed by the words that are rarest in them."""

    def __init__(self, data: _LexiconData) -> None:
        self.version = data.version
        self._words = WordSets(data.classes, data.forms)
        self._common = frozenset(data.common.split())
        self._parts: dict[str, Part] = {}
        self._by_word: dict[str, list[Phrase]] = {}
        questions = vocabulary.load()
        for cue in data.cues:
            questions.validate_answer(cue.key, [cue.value] if cue.key == "medical_signs" else cue.value)
            self._add(cue.say, Meaning(cue.key, cue.value, cue.proposes, cue.note))
        for mask in data.masks:
            self._add(mask.say, Mask(mask.status, frozenset(mask.keys), mask.wide, mask.whole))
        self.raises = tuple(
            Raise(r.key, r.from_, r.to, frozenset(r.words), frozenset(r.unless), r.window) for r in data.raises
        )
        self.derived = tuple(
            Derived(
                d.with_keys,
                self._words.of(d.words),
                d.whole,
                d.agent,
                Meaning(d.key, d.value, True, d.note),
                d.values,
            )
            for d in data.derived
        )
        self.sets = {name: self._context(words) for name, words in data.context.items()}
        self.sequences = {name: by_first_word(words) for name, words in self.sets.items()}
        plain = {word for entry in data.plain.split() for word in self._words.of(entry)}
        listed = {word for entries in self.sets.values() for entry in entries for word in entry.split()}
        # Only these are mended towards: rare words of danger. What is near an ordinary word is more often that word.
        meant = {word for entry in data.mend.split() for word in self._words.of(entry)}
        self.spelling = Spelling(meant, self._words.named() | plain | listed, data.spelling)

    def _context(self, entries: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for entry in entries:
            if "/" in entry or "@" in entry:
                ways = product(*(self._words.of(token) for token in entry.split()))
                found |= {" ".join(way).replace("_", " ") for way in ways}
            else:
                found.add(entry)
        return frozenset(found)

    def _part(self, token: str) -> Part:
        part = self._parts.get(token)
        if part is None:
            part = self._parts[token] = Part(token, self._words, self._common)
        return part

    def _add(self, phrases: Sequence[str], stands_for: Meaning | Mask) -> None:
        for text in phrases:
            parts = tuple(self._part(token) for token in text.split())
            rarest = self._rarest(parts)
            if not rarest:
                raise ValueError(f"The phrase {text!r} has no word that must be there.")
            phrase = Phrase(parts, rarest[0], tuple(parts[number] for number in rarest[1:]), stands_for)
            for word in parts[rarest[0]].begins_with():
                self._by_word.setdefault(word, []).append(phrase)

    @staticmethod
    def _rarest(parts: Sequence[Part]) -> list[int]:
        """The parts that must be there, those with the fewest common words and then the fewest words first."""
        there = [number for number, part in enumerate(parts) if not part.optional]
        return sorted(there, key=lambda number: (parts[number].cost, number))

    def find(self, words: Sequence[Word], texts: Sequence[str]) -> list[Found]:
        """Every phrase in the text, at each place its longest form."""
        found: list[Found] = []
        text = Text(words, texts)
        for at, word in enumerate(texts):
            for phrase in self._by_word.get(word, ()):
                span = phrase.span(text, at)
                if span is not None:
                    found.append(Found(*span, phrase.stands_for))
        return found


@lru_cache(maxsize=1)
def load() -> Lexicon:
    """The lexicon that ships with the code. Raises pydantic.ValidationError or ValueError when the file is damaged."""
    raw = resources.files("triage").joinpath("data/cues.json").read_text(encoding="utf-8")
    data: Mapping[str, object] = json.loads(raw)
    return Lexicon(_LexiconData.model_validate(data))
