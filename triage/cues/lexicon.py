"""The phrases that matter, from data, compiled once on first use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict

from triage import vocabulary
from triage.cues.words import SENTENCE, Spelling, Word, fold

_GAPS = {".": 1, "..": 4}
#: A gap never leaps over these: "has no knife" is not "has a knife".
_DENIALS = frozenset(["no", "not", "never", "without", "dont", "doesnt", "didnt", "isnt", "wasnt", "sin", "nunca"])


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _CueData(_Strict):
    key: str
    value: bool | str
    say: tuple[str, ...]
    proposes: bool = True
    note: str = ""


class _MaskData(_Strict):
    status: Literal["figurative", "lookalike"]
    say: tuple[str, ...]
    keys: tuple[str, ...] = ()


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
    with_key: str
    words: str
    note: str


class _LexiconData(_Strict):
    about: str
    version: str
    classes: dict[str, tuple[str, ...]]
    cues: tuple[_CueData, ...]
    masks: tuple[_MaskData, ...]
    raises: tuple[_RaiseData, ...]
    derived: tuple[_DerivedData, ...]
    context: dict[str, tuple[str, ...]]
    spelling: dict[str, str]
    plain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase proposes: question ``key`` and ``value``. ``proposes`` False only points something out."""

    key: str
    value: bool | str
    proposes: bool
    note: str


@dataclass(frozen=True, slots=True)
class Mask:
    """A phrase that takes the danger out of cues that overlap it: those of ``keys``, or of all questions."""

    status: Literal["figurative", "lookalike"]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    words: frozenset[str]
    optional: bool
    gap: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase with what it stands for."""

    parts: tuple[_Part, ...]
    stands_for: Meaning | Mask


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
    """A cue that follows where one of ``words`` stands in one sentence with a proposed cue for ``with_key``."""

    with_key: str
    words: frozenset[str]
    meaning: Meaning


class Lexicon:
    """All phrases, indexed by the words they can begin with."""

    def __init__(self, data: _LexiconData) -> None:
        self.version = data.version
        self._classes = {name: frozenset(map(fold, words)) for name, words in data.classes.items()}
        self._by_first: dict[str, list[Phrase]] = {}
        self._known: set[str] = set()
        questions = vocabulary.load()
        for cue in data.cues:
            questions.validate_answer(cue.key, [cue.value] if cue.key == "medical_signs" else cue.value)
            self._add(cue.say, Meaning(cue.key, cue.value, cue.proposes, cue.note))
        # Only words of cues are mended towards: a slip must not turn a word into one that takes danger away.
        cue_words = frozenset(self._known)
        for mask in data.masks:
            self._add(mask.say, Mask(mask.status, frozenset(mask.keys)))
        self.raises = tuple(
            Raise(r.key, r.from_, r.to, frozenset(r.words), frozenset(r.unless), r.window) for r in data.raises
        )
        self.derived = tuple(
            Derived(d.with_key, self._words(d.words), Meaning(d.key, d.value, True, d.note)) for d in data.derived
        )
        self.sets = {name: frozenset(words) for name, words in data.context.items()}
        self.sequences = {name: _by_first_word(phrases) for name, phrases in data.context.items()}
        ordinary = frozenset(self._known) | frozenset(data.plain) | frozenset().union(*self.sets.values())
        self.spelling = Spelling(cue_words, ordinary, data.spelling)

    def _words(self, token: str) -> frozenset[str]:
        found: set[str] = set()
        for one in token.split("/"):
            found |= self._classes[one[1:]] if one.startswith("@") else {fold(one)}
        return frozenset(found)

    def _part(self, token: str) -> _Part:
        if token.strip("()") in _GAPS:
            return _Part(frozenset(), True, _GAPS[token.strip("()")])
        optional = token.startswith("(")
        words = self._words(token.strip("()"))
        self._known |= words
        return _Part(words, optional, 0)

    def _add(self, phrases: Sequence[str], stands_for: Meaning | Mask) -> None:
        for text in phrases:
            parts = tuple(self._part(token) for token in text.split())
            if all(part.optional for part in parts):
                raise ValueError(f"The phrase {text!r} has no word that must be there.")
            phrase = Phrase(parts, stands_for)
            for number, part in enumerate(parts):
                for word in part.words:
                    self._by_first.setdefault(word, []).append(Phrase(parts[number:], stands_for) if number else phrase)
                if not part.optional:
                    break

    def find(self, words: Sequence[Word], texts: Sequence[str]) -> list[Found]:
        """Every phrase in the text, at each place its longest form."""
        found: list[Found] = []
        for start, text in enumerate(texts):
            for phrase in self._by_first.get(text, ()):
                end = _match(phrase.parts, 1, words, texts, start + 1)
                if end:
                    found.append(Found(start, end, phrase.stands_for))
        return found


def _by_first_word(phrases: Sequence[str]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append(words)
    return found


def _match(parts: tuple[_Part, ...], number: int, words: Sequence[Word], texts: Sequence[str], at: int) -> int:
    """Where the rest of a phrase ends when it continues at word ``at``: the furthest place, 0 when it does not."""
    if number == len(parts):
        return at
    part = parts[number]
    if part.gap:
        best = 0
        for skipped in range(part.gap + 1):
            last = at + skipped - 1
            if skipped and (last >= len(texts) or words[last].parted == SENTENCE or texts[last] in _DENIALS):
                break
            best = max(best, _match(parts, number + 1, words, texts, at + skipped))
        return best
    best = 0
    if at < len(texts) and texts[at] in part.words and words[at].parted != SENTENCE:
        best = _match(parts, number + 1, words, texts, at + 1)
    if part.optional:
        best = max(best, _match(parts, number + 1, words, texts, at))
    return best


@lru_cache(maxsize=1)
def load() -> Lexicon:
    """The lexicon that ships with the code. Raises pydantic.ValidationError or ValueError when the file is damaged."""
    raw = resources.files("triage").joinpath("data/cues.json").read_text(encoding="utf-8")
    data: Mapping[str, object] = json.loads(raw)
    return Lexicon(_LexiconData.model_validate(data))
