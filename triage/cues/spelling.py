"""Misspelt and misheard words, mended towards the words that the lexicon waits for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from functools import lru_cache

_SHORTEST_FUZZY, _SHORTEST_TWO = 5, 9
_SHORTEST_SOUND = 4
#: Spellings of one sound, longest first; then all vowels are one and letters said twice are said once.
_SOUNDS = (
    (re.compile("^kn|^gn|^pn"), "n"),
    (re.compile("^wr"), "r"),
    (re.compile("^wh"), "w"),
    (re.compile("igh|eigh"), "i"),
    (re.compile("tion|sion|shun|cion"), "xn"),
    (re.compile("ck|q|c(?![eiyh])"), "k"),
    (re.compile("c(?=[eiy])|z"), "s"),
    (re.compile("ph|gh(?=$|t)"), "f"),
    (re.compile("dge|g(?=[ei]$)"), "j"),
    (re.compile("mb$"), "m"),
    (re.compile("e(?=s?$)"), ""),
    (re.compile("(?<=.)[aeiouyw]+h?"), "a"),
    (re.compile(r"(.)\1+"), r"\1"),
)


#: First letters that can stand for one sound.
_START = {"c": "k", "q": "k", "g": "k", "j": "k", "z": "k", "s": "k", "k": "k", "n": "k", "w": "r", "p": "f"}
_LETTERS_APART = 4


def distance(one: str, other: str) -> int:
    """Letters left out, added, changed or swapped with their neighbour between two words."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def sound(word: str) -> str:
    """A rough key of how a word is said: ``nife`` and ``knife``, ``herion`` and ``heroin`` share theirs."""
    for pattern, instead in _SOUNDS:
        word = pattern.sub(instead, word)
    return word


def _likely_short_slip(word: str, meant: str) -> bool:
    """Of the slips in a short word only a missing letter and two swapped ones: others make it another real word."""
    return len(meant) > len(word) or sorted(meant) == sorted(word)


@lru_cache(maxsize=16384)
def _sound(word: str) -> str:
    return sound(word)


def _letters(word: str) -> int:
    """The letters of a word as bits: two words that differ little have few letters apart."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) - 97)
    return bits


class Spelling:
    """Mends misspelt and misheard words towards the words of the lexicon, never a word that it knows as ordinary.

    The first letter must be right, or the sound of the whole word; from five letters one slip is mended, from nine
    letters two, and from four letters two that sound alike.
    """

    def __init__(self, known: Set[str], ordinary: Set[str], fixed: Mapping[str, str]) -> None:
        self._fixed = fixed
        self._as_is = known | ordinary
        self._by_start: dict[str, list[str]] = {}
        for word in known:
            if len(word) >= _SHORTEST_SOUND and word.isalpha() and word.isascii():
                self._by_start.setdefault(_START.get(word[0], word[0]), []).append(word)
        self._sorted: dict[str, dict[int, list[tuple[int, str]]]] = {}
        self.mend = lru_cache(maxsize=4096)(self._mend)

    def _near(self, word: str) -> list[str]:
        """Known words that may be meant: a like first sound, about as long, about the same letters."""
        start = _START.get(word[0], word[0])
        by_length = self._sorted.get(start)
        if by_length is None:
            by_length = self._sorted[start] = {}
            for known in sorted(self._by_start.get(start, ())):
                by_length.setdefault(len(known), []).append((_letters(known), known))
        bits, size = _letters(word), len(word)
        return [
            known
            for length in range(size - 2, size + 4)
            for letters, known in by_length.get(length, ())
            if (bits ^ letters).bit_count() <= _LETTERS_APART
        ]

    def _mend(self, word: str) -> str:
        if word in self._fixed:
            return self._fixed[word]
        if len(word) < _SHORTEST_SOUND or word in self._as_is or not (word.isalpha() and word.isascii()):
            return word
        allowed = 2 if len(word) >= _SHORTEST_TWO else 1
        alike = 3 if len(word) > _SHORTEST_FUZZY else 2
        ranked: list[tuple[int, bool, str]] = []
        heard = _sound(word)
        for candidate in self._near(word):
            far = distance(word, candidate)
            if far > alike:
                continue
            if _sound(candidate) == heard:
                ranked.append((far, False, candidate))
            elif far > allowed or candidate[0] != word[0]:
                continue
            elif len(word) > _SHORTEST_FUZZY or _likely_short_slip(word, candidate):
                ranked.append((far, True, candidate))
        return min(ranked)[2] if ranked else word
