"""Text as plain words with their places: lower case, no accents, no apostrophes, no hesitations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass

#: How a word is parted from the one before it.
NOTHING, COMMA, SENTENCE = 0, 1, 2

_TOKEN = re.compile(r"[^\W_]+(?:['’`´][^\W_]+)*|[.!?;:,()\n–—-]")
_SENTENCE_MARKS = frozenset(".!?;\n")
#: Words that lose their meaning with their apostrophe.
_WRITTEN = {"odd": "overdosed"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word: ``text`` to match with, its ``start`` and ``end`` in the original, and what parts it from the last.

    ``mark`` is the first sign of those that part it, ``capital`` whether it is written with one, ``upper`` whether it
    is all capitals.
    """

    text: str
    start: int
    end: int
    parted: int
    mark: str
    capital: bool
    upper: bool


def fold(text: str) -> str:
    """Lower case without accents and apostrophes."""
    text = text.lower()
    if text.isascii() and text.isalnum():
        return text
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
        if plain in _WRITTEN and not raw.isalpha():
            plain = _WRITTEN[plain]
        if plain in fillers or (words and parted == NOTHING and words[-1].text == plain):
            continue
        words.append(
            Word(plain, found.start(), found.end(), parted, mark, raw[0].isupper(), len(raw) > 1 and raw[:2].isupper())
        )
        parted, mark = NOTHING, ""
    return words
