"""The neutral nature table, and a fast search in it that forgives typing errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from triage.response import ordered_services


class _NatureData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    slug: str
    name: str
    registry_code: str
    group: str = Field(max_length=10)
    priority: int = Field(ge=1, le=4)
    standard_response: tuple[str, ...]
    dangerous: bool
    undetermined: bool
    words: tuple[str, ...]


class _DangerData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    nature: str
    words: tuple[str, ...]


class _TableData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    version: str
    registry: str
    natures: tuple[_NatureData, ...]
    dangers: tuple[_DangerData, ...]
    masks: tuple[str, ...]
    neutral: frozenset[str]
    weak: frozenset[str]
    abbreviations: dict[str, str]


@dataclass(frozen=True, slots=True)
class Nature:
    """One nature. ``registry_code``: APCO common incident type. ``group``: short word for wall boards.

    ``priority`` 1 to 4 is the default. ``standard_response``: services that go when nobody has triaged the call.
    ``dangerous``: never a program's call. ``undetermined``: says nothing about the call; fit asks for a better one.
    """

    slug: str
    name: str
    registry_code: str
    group: str
    priority: int
    standard_response: tuple[str, ...]
    dangerous: bool
    undetermined: bool
    words: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, without the search words."""
        return {
            "slug": self.slug,
            "name": self.name,
            "registry_code": self.registry_code,
            "group": self.group,
            "priority": self.priority,
            "standard_response": list(self.standard_response),
            "dangerous": self.dangerous,
        }


#: Points of a match, best first. Own choice; only their order matters.
_EXACT, _STARTS, _ALMOST, _INSIDE = 8, 5, 3, 2
_WORD = re.compile(r"[a-z]+")
_CODE_BEFORE = re.compile(r"^[0-9]+[A-Za-z0-9]*_")


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a local nature means: the ``nature``, or None where it is not certain, then with natures that come near.

    ``dangerous``: its words speak of weapons, violence, domestic trouble, crime or fire, whether or not it was mapped.
    """

    text: str
    nature: Nature | None
    dangerous: bool
    near: tuple[Nature, ...] = ()


@dataclass(frozen=True, eq=False)
class Natures:
    """The table in display order. ``dangers``: (slug, phrases) whose words always mean a dangerous nature."""

    version: str
    registry: str
    natures: tuple[Nature, ...]
    dangers: tuple[tuple[str, tuple[Words, ...]], ...]
    masks: tuple[Words, ...]
    neutral: frozenset[str]
    weak: frozenset[str]
    abbreviations: Mapping[str, str]

    def get(self, slug: str | None) -> Nature | None:
        """The nature called ``slug``, or None when the table does not know it (it then excludes nothing)."""
        return _by_slug(self).get(slug) if slug is not None else None

    def search(self, text: str, limit: int = 8) -> tuple[Nature, ...]:
        """Natures whose code, name or words match every word typed, best first; small typing errors are forgiven.

        Each typed word may be whole, begun, or one or two slips away (an added, missing, wrong or swapped letter; two
        only from seven letters on). Empty text gives the table's first ``limit``. Words of danger, also begun or with
        a slip, bring a dangerous nature to the top, since the first match is what Enter picks.
        """
        danger = self.danger_in(text) or self.danger_in(" ".join(_meant(self, w) for w in _split(text)))
        typed = [w for w in text.casefold().replace("_", " ").replace("-", " ").split() if w]
        if not typed:
            return self.natures[:limit]
        found = []
        for place, (nature, terms) in enumerate(_terms(self)):
            points = [max(_points(word, term) for term in terms) for word in typed]
            if all(points):
                found.append((danger is not None and not nature.dangerous, -sum(points), place, nature))
        ranked = [nature for *_, nature in sorted(found, key=lambda f: f[:3])]
        if danger is not None and not (ranked and ranked[0].dangerous):
            ranked.insert(0, danger)
        return tuple(ranked[:limit])

    def danger_in(self, text: str) -> Nature | None:
        """The dangerous nature that words of ``text`` always mean, or None. Only whole words count."""
        words = _split(text)
        for mask in self.masks:
            words = _without(words, mask)
        for slug, phrases in self.dangers:
            if any(_holds(words, phrase) for phrase in phrases):
                return self.get(slug)
        return None

    def resolve(self, text: str) -> Resolved:
        """Map a local nature, certainly or not at all.

        Words of danger decide first and need no other word to fit, since they can only raise care. Else the text must
        be a code or name of the table, or all of its words that say anything must belong to one nature and to no other
        (a weak word, such as "court", says too little alone); no typing error is forgiven and nothing is guessed.
        """
        danger = self.danger_in(text)
        if danger is not None:
            return Resolved(text, danger, True)
        plain = text.strip().casefold()
        named = [n for n in self.natures if plain in (n.slug, n.name.casefold(), n.registry_code.casefold())]
        named = [] if plain in self.weak else named
        if len(named) == 1:
            return Resolved(text, named[0], named[0].dangerous)
        said = {self.abbreviations.get(word, word) for word in _split(text)} - self.neutral
        whole = [n for n, words in _whole_words(self) if said <= words] if said - self.weak else []
        if len(whole) == 1:
            return Resolved(text, whole[0], whole[0].dangerous)
        return Resolved(text, None, False, tuple(named or whole))


def _split(text: str) -> Words:
    """The words of a local nature, without the code before an underscore ("104D_Alarm Burglary/Intrusion")."""
    return tuple(_WORD.findall(_CODE_BEFORE.sub("", text.strip()).casefold()))


def _holds(words: Words, phrase: Words) -> bool:
    return any(words[i : i + len(phrase)] == phrase for i in range(len(words) - len(phrase) + 1))


def _without(words: Words, phrase: Words) -> Words:
    for i in range(len(words) - len(phrase) + 1):
        if words[i : i + len(phrase)] == phrase:
            return (*words[:i], "", *words[i + len(phrase) :])
    return words


@lru_cache(maxsize=4)
def _whole_words(table: Natures) -> tuple[tuple[Nature, frozenset[str]], ...]:
    return tuple((n, frozenset((*n.words, *_split(n.slug.replace("_", " ")), *_split(n.name)))) for n in table.natures)


@lru_cache(maxsize=4)
def _by_slug(table: Natures) -> dict[str, Nature]:
    return {n.slug: n for n in table.natures}


@lru_cache(maxsize=4)
def _terms(table: Natures) -> tuple[tuple[Nature, tuple[tuple[str, int], ...]], ...]:
    result = []
    for nature in table.natures:
        weights = dict.fromkeys(nature.words, 0)
        weights |= dict.fromkeys((*nature.slug.split("_"), *nature.name.casefold().replace("-", " ").split()), 1)
        weights[nature.registry_code.casefold()] = 2
        result.append((nature, tuple(weights.items())))
    return tuple(result)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of the natures; those of all danger phrases with their letters; those that are danger alone."""

    terms: frozenset[str]
    danger: Mapping[str, frozenset[str]]
    alone: frozenset[str]


@lru_cache(maxsize=4)
def _known_words(table: Natures) -> _Words:
    phrases = [phrase for _, phrases in table.dangers for phrase in phrases]
    terms = frozenset(term for _, weighted in _terms(table) for term, _ in weighted)
    danger = {word: frozenset(word) for phrase in phrases for word in phrase}
    return _Words(terms, danger, frozenset(phrase[0] for phrase in phrases if len(phrase) == 1))


def _meant(table: Natures, word: str) -> str:
    """The word of danger that a typed word may become or may be a slip of; else the word itself.

    Only for the order of a list that a person reads: a word that the table knows is what it says.
    """
    known = _known_words(table)
    if len(word) < 4 or word in known.terms or word in known.danger:
        return word
    begun = min((w for w in known.alone if w.startswith(word)), default=None)
    if begun is not None or any(term.startswith(word) for term in known.terms):
        return begun or word
    slips = 1 if len(word) < 7 else 2
    letters, near = frozenset(word), []
    for other, its in known.danger.items():
        # A slip adds or takes one letter at most: most words are ruled out without counting slips.
        if len(other) < 4 or abs(len(word) - len(other)) > slips or max(len(letters - its), len(its - letters)) > slips:
            continue
        near.append((_distance(word, other, slips), other not in known.alone, other))
    return min((one for one in near if one[0] <= slips), default=(0, True, word))[2]


def _points(word: str, term_weight: tuple[str, int]) -> int:
    term, weight = term_weight
    if word == term:
        return _EXACT + weight
    if term.startswith(word):
        return _STARTS + weight
    if len(word) >= 4 and word in term:
        return _INSIDE + weight
    slips = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    if slips and abs(len(word) - len(term)) <= slips and _distance(word, term, slips) <= slips:
        return _ALMOST + weight
    return 0


def _distance(a: str, b: str, limit: int) -> int:
    """Edits (letter added, lost, changed, two swapped) from ``a`` to ``b``; more than ``limit`` may be cut short."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return row[-1]


@lru_cache(maxsize=1)
def load() -> Natures:
    """The table that ships with the code. Raises ValueError (pydantic's too) when the data file is damaged."""
    raw = resources.files("triage").joinpath("data/natures.json").read_text(encoding="utf-8")
    data = _TableData.model_validate(json.loads(raw))
    natures = tuple(
        Nature(**(n.model_dump() | {"standard_response": ordered_services(n.standard_response)})) for n in data.natures
    )
    dangers = tuple((d.nature, tuple(_split(words) for words in d.words)) for d in data.dangers)
    harmless = {n.slug for n in natures if not n.dangerous}
    wrong = [slug for slug, _ in dangers if slug in harmless or slug not in {n.slug for n in natures}]
    if wrong:
        raise ValueError(f"words of danger mean natures that are none: {', '.join(wrong)}")
    masks = tuple(_split(mask) for mask in data.masks)
    return Natures(data.version, data.registry, natures, dangers, masks, data.neutral, data.weak, data.abbreviations)


def get(slug: str | None) -> Nature | None:
    """Short for ``load().get(slug)``."""
    return load().get(slug)


def resolve(text: str) -> Resolved:
    """Short for ``load().resolve(text)``."""
    return load().resolve(text)


def search(text: str, limit: int = 8) -> tuple[Nature, ...]:
    """Short for ``load().search(text, limit)``."""
    return load().search(text, limit)
