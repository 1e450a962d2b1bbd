"""Text as plain words with their places: lower case, no accents, no apostrophes, no hesitations, spelling mended."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

#: How a word is parted from the one before it.
NOTHING, COMMA, SENTENCE = 0, 1, 2

_TOKEN = re.compile(r"[^\W_]+(?:['’`´][^\W_]+)*|[.!?;:,()\n–—-]")
_SENTENCE_MARKS = frozenset(".!?;\n")
_SHORTEST_FUZZY, _SHORTEST_TWO = 5, 9


@dataclass(frozen=True, slots=True)
class Word:
    """One word: ``text`` to match with, its ``start`` and ``end`` in the original, and what parts it from the last."""

    text: str
    start: int
    end: int
    parted: int
    mark: str


def fold(text: str) -> str:
    """Lower case without accents and apostrophes."""
    text = text.lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return "".join(c for c in text if c.isalnum())


def split(text: str, fillers: Set[str]) -> list[Word]:
    """The words of ``text`` in order. Hesitations and a word said twice in a row count once."""
    words: list[Word] = []
    parted, mark = SENTENCE, ""
    for found in _TOKEN.finditer(text):
        raw = found.group()
        if not raw[0].isalnum():
            parted, mark = max(parted, SENTENCE if raw in _SENTENCE_MARKS else COMMA), mark or raw
            continue
        plain = fold(raw)
        if plain in fillers or (words and parted == NOTHING and words[-1].text == plain):
            continue
        words.append(Word(plain, found.start(), found.end(), parted, mark))
        parted, mark = NOTHING, ""
    return words


def _without(word: str, letters: int) -> set[str]:
    """``word`` with up to so many letters left out; the first letter always stays."""
    found = {word}
    for count in range(1, letters + 1):
        for gone in combinations(range(1, len(word)), count):
            found.add("".join(c for i, c in enumerate(word) if i not in gone))
    return found


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


def _likely_short_slip(word: str, meant: str) -> bool:
    """Of the slips in a short word only a missing letter and two swapped ones: others make it another real word."""
    return len(meant) > len(word) or sorted(meant) == sorted(word)


class Spelling:
    """Mends misspelt and misheard words towards the words of the lexicon, never a word that it knows as ordinary.

    The first letter must be right; from five letters one slip is mended, from nine letters two.
    """

    def __init__(self, known: Set[str], ordinary: Set[str], fixed: Mapping[str, str]) -> None:
        self._fixed = fixed
        self._as_is = known | ordinary
        self._near: dict[str, list[str]] = {}
        for word in sorted(known):
            if len(word) >= _SHORTEST_FUZZY and word.isalpha():
                for key in _without(word, self._slips(word)):
                    self._near.setdefault(key, []).append(word)
        self.mend = lru_cache(maxsize=4096)(self._mend)

    @staticmethod
    def _slips(word: str) -> int:
        return 2 if len(word) >= _SHORTEST_TWO else 1

    def _mend(self, word: str) -> str:
        if word in self._fixed:
            return self._fixed[word]
        if len(word) < _SHORTEST_FUZZY or word in self._as_is or not word.isalpha():
            return word
        allowed = self._slips(word)
        best, nearest = word, allowed + 1
        seen: set[str] = set()
        for key in _without(word, allowed):
            for candidate in self._near.get(key, ()):
                if candidate in seen:
                    continue
                seen.add(candidate)
                if len(word) == _SHORTEST_FUZZY and not _likely_short_slip(word, candidate):
                    continue
                far = distance(word, candidate)
                if far < nearest or (far == nearest and candidate < best):
                    best, nearest = candidate, far
        return best
