"""What happens to sentences while a reader learns: typing errors, left-out words, chat spelling, hesitations."""

from __future__ import annotations

import re
from typing import Protocol

_NEAR = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil",
    "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
_SMALL = frozenset(
    {"a", "an", "the", "is", "are", "was", "he", "she", "his", "her", "has", "have", "of", "to", "and", "that", "on"}
    | {"in", "i", "my", "um", "uh", "like"}
)
_SHORT = {
    "you": "u",
    "your": "ur",
    "are": "r",
    "and": "n",
    "with": "w/",
    "because": "cuz",
    "please": "pls",
    "people": "ppl",
    "about": "abt",
    "someone": "sum1",
    "before": "b4",
    "to": "2",
    "for": "4",
    "without": "w/o",
    "male": "m",
    "female": "f",
    "minutes": "min",
    "at": "@",
    "something": "smth",
    "right": "rt",
    "house": "hse",
    "apartment": "apt",
    "street": "st",
    "reporting": "rp",
    "the": "da",
    "going": "goin",
    "they": "dey",
}
_HESITATIONS = ("um", "uh", "like", "you know", "so", "well", "okay", "please", "listen", "i mean", "hello", "sir")
_BY_EAR = ("ei ie", "ie ei", "ea ee", "ee ea", "ph f", "ck k", "ou u", "tion shun", "kn n", "th d")
#: Stands for a word that nobody knows.
_UNKNOWN = "qqqq"


class Chance(Protocol):
    """The part of numpy's generator that is used."""

    def random(self) -> float:
        """Between 0 and 1."""

    def integers(self, low: int, high: int | None = None) -> object:
        """A whole number."""


def _whole(chance: Chance, low: int, high: int) -> int:
    return int(str(chance.integers(low, high)))


def mistyped(word: str, chance: Chance) -> str:
    """The word with one error of the fingers or the ear. It needs two letters."""
    at, kind = _whole(chance, 1, len(word)), chance.random()
    if kind < 0.3 and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind < 0.55:
        return word[:at] + word[at + 1 :]
    if kind < 0.7:
        return word[:at] + word[at] + word[at:]
    near = _NEAR.get(word[at].lower(), "")
    if kind < 0.85 and near:
        return word[:at] + near[_whole(chance, 0, len(near))] + word[at + 1 :]
    for pair in _BY_EAR:
        right, heard = pair.split()
        if right in word:
            return word.replace(right, heard, 1)
    return word


def changed(text: str, chance: Chance) -> str:
    """The text as another hand might have typed it; a third of the time as it is."""
    if chance.random() < 0.35:
        return text
    errors = 0.12 if chance.random() < 0.25 else 0.01
    dropped = 0.3 if chance.random() < 0.12 else 0.0
    short = 0.4 if chance.random() < 0.1 else 0.0
    hesitates = 0.06 if chance.random() < 0.1 else 0.0
    missing = 0.06 if chance.random() < 0.5 else 0.0
    words: list[str] = []
    for word in text.split():
        bare, draw = word.strip('.,!?;:"').lower(), chance.random()
        if bare in _SMALL and draw < dropped:
            continue
        if bare in _SHORT and draw < short:
            words.append(_SHORT[bare])
            continue
        if len(bare) > 3 and chance.random() < errors:
            words.append(mistyped(word, chance))
        elif chance.random() >= missing:
            words.append(word)
        elif chance.random() < 0.5:
            words.append(_UNKNOWN)
        if chance.random() < hesitates:
            words.append(_HESITATIONS[_whole(chance, 0, len(_HESITATIONS))])
    found = " ".join(words) or text
    return re.sub(r"[.,!?;:'\"]", "", found) if chance.random() < 0.15 else found
