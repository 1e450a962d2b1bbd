"""Phrases and how they are matched: from their rarest word outwards, so that most phrases are never looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from triage.cues.forms import expand
from triage.cues.words import SENTENCE, Word

if TYPE_CHECKING:
    from triage.cues.lexicon import Mask, Meaning

_GAPS = {".": 1, "..": 4, "...": 8}
#: A gap never leaps over these: "has no knife" is not "has a knife".
_DENIALS = frozenset(["no", "not", "never", "without", "dont", "doesnt", "didnt", "isnt", "wasnt", "sin", "nunca"])


def by_first_word(phrases: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Word sequences by their first word."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append(words)
    return found


class WordSets:
    """Turns the tokens of phrases (``a/b``, ``@class``, ``~verb``, ``+noun``) into words, each one once."""

    def __init__(self, classes: Mapping[str, str], forms: Mapping[str, str]) -> None:
        self._forms = forms
        self._atoms: dict[str, frozenset[str]] = {}
        for name, members in classes.items():
            self._atoms["@" + name] = frozenset().union(*(self.of(m) for m in members.split()))
        self._unnamed = set(self._atoms)

    def of(self, token: str) -> frozenset[str]:
        """The words of a token; those of several words have ``_`` for blanks. Raises KeyError: no such class."""
        if "/" not in token:
            return self._atom(token)
        return frozenset().union(*(self._atom(one) for one in token.split("/")))

    def _atom(self, atom: str) -> frozenset[str]:
        words = self._atoms.get(atom)
        if words is None:
            if atom.startswith("@"):
                raise KeyError(f"There is no word class {atom!r}.")
            words = self._atoms[atom] = frozenset(expand(atom, self._forms))
        return words

    def named(self) -> frozenset[str]:
        """Every single word that was asked for so far, by itself or within a class."""
        found: set[str] = set()
        for words in self._atoms.values():
            for word in words:
                found.update(word.split("_"))
        return frozenset(found)


class Part:
    """One place of a phrase: the words that may stand there, or a gap."""

    def __init__(self, token: str, sets: WordSets, common: Set[str]) -> None:
        bare = token.strip("()")
        self.gap = _GAPS.get(bare, 0)
        self.optional = bool(self.gap) or token.startswith("(")
        self._atoms = () if self.gap else tuple(bare.split("/"))
        self._sets = sets
        firsts = self.begins_with()
        #: How often it will be there by chance: common words among those that it can begin with, and all of them.
        self.cost = (len(common & firsts), len(firsts))

    @cached_property
    def first_words(self) -> frozenset[str]:
        """The words that this part can begin with, kept once they were needed for a text."""
        return self.begins_with()

    def begins_with(self) -> frozenset[str]:
        """The words that this part can begin with."""
        return frozenset(word.partition("_")[0] for atom in self._atoms for word in self._sets.of(atom))

    @cached_property
    def words(self) -> frozenset[str]:
        """Members of one word."""
        return frozenset(w for atom in self._atoms for w in self._sets.of(atom) if "_" not in w)

    @cached_property
    def longer(self) -> dict[str, list[tuple[str, ...]]]:
        """Members of several words, by the first one."""
        return by_first_word(w.replace("_", " ") for a in self._atoms for w in self._sets.of(a) if "_" in w)

    @cached_property
    def _longer_by_last(self) -> dict[str, list[tuple[str, ...]]]:
        found: dict[str, list[tuple[str, ...]]] = {}
        for members in self.longer.values():
            for member in members:
                found.setdefault(member[-1], []).append(member)
        return found

    def ends(self, text: Text, at: int) -> Iterator[int]:
        """Where the words of this part end that begin at word ``at``."""
        word = text.texts[at]
        if word in self.words:
            yield at + 1
        for member in self.longer.get(word, ()):
            if text.reads(at, member):
                yield at + len(member)

    def starts(self, text: Text, end: int) -> Iterator[int]:
        """Where the words of this part begin that end before word ``end``."""
        word = text.texts[end - 1]
        if word in self.words:
            yield end - 1
        for member in self._longer_by_last.get(word, ()):
            start = end - len(member)
            if start >= 0 and text.reads(start, member):
                yield start


class Text:
    """The words of a text as they are matched, and where its sentences part."""

    def __init__(self, words: Sequence[Word], texts: Sequence[str]) -> None:
        self.texts = texts
        self.size = len(texts)
        self.parted = [word.parted == SENTENCE for word in words]
        self._set = frozenset(texts)
        self._there: dict[Part, bool] = {}

    def may_have(self, part: Part) -> bool:
        """Whether a word that ``part`` can begin with stands anywhere in the text."""
        there = self._there.get(part)
        if there is None:
            there = self._there[part] = not part.first_words.isdisjoint(self._set)
        return there

    def reads(self, at: int, member: Sequence[str]) -> bool:
        """Whether the words of ``member`` stand at word ``at`` in one sentence."""
        end = at + len(member)
        return tuple(self.texts[at:end]) == member and not any(self.parted[at + 1 : end])


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, the place of its rarest part, and what it stands for."""

    parts: tuple[Part, ...]
    anchor: int
    #: The other parts that must be there, rarest first: that they are in the text at all is cheap to see.
    needs: tuple[Part, ...]
    stands_for: Meaning | Mask

    def span(self, text: Text, at: int) -> tuple[int, int] | None:
        """First word and end of the longest form of this phrase with its rarest part at word ``at``, None if none."""
        if not all(map(text.may_have, self.needs)):
            return None
        start = _back(self.parts, self.anchor - 1, text, at)
        if start < 0:
            return None
        end = max(
            (_on(self.parts, self.anchor + 1, text, e) for e in self.parts[self.anchor].ends(text, at)), default=0
        )
        return (start, end) if end else None


def _on(parts: tuple[Part, ...], number: int, text: Text, at: int) -> int:
    """Where the parts from ``number`` end that go on at word ``at``: the furthest place, 0 when they do not."""
    if number == len(parts):
        return at
    part = parts[number]
    best = 0
    if part.gap:
        for skipped in range(part.gap + 1):
            last = at + skipped - 1
            if skipped and (last >= text.size or text.parted[last] or text.texts[last] in _DENIALS):
                break
            best = max(best, _on(parts, number + 1, text, at + skipped))
        return best
    if at < text.size and not text.parted[at]:
        for end in part.ends(text, at):
            best = max(best, _on(parts, number + 1, text, end))
    if part.optional:
        best = max(best, _on(parts, number + 1, text, at))
    return best


def _back(parts: tuple[Part, ...], number: int, text: Text, end: int) -> int:
    """Where the parts up to ``number`` begin that end before word ``end``: the first place, -1 when they do not."""
    if number < 0:
        return end
    part = parts[number]
    best = -1
    if part.gap:
        for skipped in range(part.gap + 1):
            first = end - skipped
            if skipped and (first < 0 or text.parted[first + 1] or text.texts[first] in _DENIALS):
                break
            start = _back(parts, number - 1, text, first)
            if start >= 0 and (best < 0 or start < best):
                best = start
        return best
    if 0 < end < text.size and not text.parted[end]:
        for last in part.starts(text, end):
            start = _back(parts, number - 1, text, last)
            if start >= 0 and (best < 0 or start < best):
                best = start
    if part.optional:
        start = _back(parts, number - 1, text, end)
        if start >= 0 and (best < 0 or start < best):
            best = start
    return best
