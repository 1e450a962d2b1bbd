"""A second reader beside the phrases: a small trained network that says how surely a text raises each question.

It was trained on labelled sentences (``training/cues``; ADR 20) and is read here with numpy alone. Like a phrase it
only asks: what it finds is proposed to a person. Its weights ship as ``data/cue_reader.npz``;
``data/cue_reader.json`` names their digest, what they were trained on, and how sure it must be of each question.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

Floats = npt.NDArray[np.float32]

#: Words of one passage: the texts it was trained on are no longer, and a passage is cut where a sentence ends.
PASSAGE = 60
#: Evidence is the clause round the word that weighed most, or so many words on each side where the clause is longer.
_LONGEST_CLAUSE, _AROUND = 8, 3
_TOKEN = re.compile(r"[^\W_]+(?:['’`´][^\W_]+)*|[.!?;:,\n/]")
_MARKS = frozenset(".!?;:,\n/")
_SENTENCE_MARKS = frozenset(".!?;\n")
_GRAMS = (3, 4, 5)
#: Multiplications in one piece: for more the linear-algebra library starts threads, which cost more than they bring
#: (18 ms of processor time for 400 characters on a busy machine, against 1.4 ms).
_PIECE = 200_000


class ReaderUnusable(Exception):
    """The reader's files are missing or damaged: only phrases can be read."""


class Bounds(BaseModel):
    """How sure the reader must be of a question, as log-odds.

    ``ask``: above it the question is raised where no phrase speaks of it; ``ask_denied``: the same where a phrase was
    found and understood as denied, past or a figure of speech; ``doubt``: not above it a phrase's own proposal is shown
    but not proposed, where the card has no bound of that kind of phrase.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ask: float
    ask_denied: float
    doubt: float


class Card(BaseModel):
    """What the weights are: their version and digest, what they were trained on, and the bounds of each question.

    ``danger_share``: how much of the log-odds that the text states any danger at all is added to those of each question
    (at most ``danger_most`` of it), so that one unsure question is raised sooner where danger is plain, and later where
    the text is calm. ``explained``: how much surer it must be of every question where phrases were found and all of
    them were understood as denied, past or figures of speech. ``brief``: texts of no more words than the first need
    the second more ("blue coat" says too little to be read). ``phrases``: the bound ``doubt`` of kinds of phrase
    ("weapon=in_hand words", see ``kind_of`` in extract.py), lower the more often such phrases were right in sentences
    that nobody had learnt from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    weights_sha256: str
    training_sha256: str
    origin: str
    danger_share: float
    danger_most: float
    explained: float
    brief: tuple[int, float]
    questions: dict[str, Bounds]
    phrases: dict[str, float]
    values: tuple[tuple[str, bool | str], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What the reader makes of a question: log-odds that the text raises it, the likeliest answer, and where.

    ``start`` and ``end`` are characters of the text.
    """

    key: str
    odds: float
    value: bool | str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    mark: bool


@dataclass(frozen=True, slots=True)
class _Network:
    """The weights of one of the networks whose judgements are averaged."""

    known: Floats
    grams: Floats
    into: Floats
    layers: tuple[tuple[Floats, Floats, Floats, int], ...]
    whole: Floats
    keys: Floats
    key_bias: Floats
    values: Floats
    value_bias: Floats

    def word(self, fixed: Floats, learnt: int, grams: Sequence[int]) -> Floats:
        """A word as the first layer sees it: its fixed vector, its own one, its groups of letters."""
        spelt = self.grams[list(grams)].sum(0) / np.float32(len(grams) ** 0.5)
        seen: Floats = np.concatenate((fixed, self.known[learnt], spelt)) @ self.into
        return seen

    def judge(self, words: Sequence[Floats]) -> tuple[Floats, Floats]:
        """For each word the log-odds of each question, and the weight of each answer."""
        x: Floats = np.stack(words)
        for kernel, bias, scale, step in self.layers:
            level: Floats = x * scale / np.sqrt((x * x).mean(1, keepdims=True, dtype=np.float32) + np.float32(1e-6))
            empty = np.zeros((step, level.shape[1]), np.float32)
            around = np.concatenate((empty, level, empty))
            sides = np.concatenate((around[: len(x)], level, around[2 * step :]), axis=1)
            x = x + _gelu(_times(sides, kernel) + bias)
        summary = np.concatenate((x.max(0), x.mean(0))) @ self.whole
        x = _gelu(x + summary)
        return _times(x, self.keys) + self.key_bias, _times(x, self.values)


class Reader:
    """The trained reader. ``version`` is stored with what it said."""

    def __init__(self, card: Card, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self.version, self.bounds, self.explained = card.version, dict(card.questions), card.explained
        self.brief = card.brief
        self._questions = tuple(card.questions)
        self._danger = card.danger_share, card.danger_most
        self._phrases = dict(card.phrases)
        self._values = card.values
        self._of = np.array([self._questions.index(key) for key, _ in card.values])
        vocabulary = bytes(weights["vocabulary"].tobytes()).decode().split("\n")
        self._row = {word: place + 1 for place, word in enumerate(vocabulary)}
        learnt = bytes(weights["learnt"].tobytes()).decode().split("\n")
        self._learnt = {word: place + 1 for place, word in enumerate(learnt)}
        self._fixed = _wide(weights, "table", "table_scale")
        self._networks = tuple(_network(weights, number) for number in range(int(weights["networks"])))
        self._buckets = self._networks[0].grams.shape[0] - 1
        self._most_grams = int(weights["most_grams"])
        self._seen = lru_cache(maxsize=8192)(self._word)

    def read(self, text: str) -> tuple[Read, ...]:
        """How surely the text raises each question, by the passage that raises it most; empty without words."""
        best: dict[str, Read] = {}
        for passage in _passages(_tokens(text)):
            for one in self._read(text, passage):
                if one.key not in best or one.odds > best[one.key].odds:
                    best[one.key] = one
        return tuple(best.values())

    def trusts(self, kind: str, key: str, odds: float) -> bool:
        """Whether a phrase of this kind (``kind_of`` in extract.py) is proposed when the reader says ``odds``."""
        return odds > self._phrases.get(kind, self.bounds[key].doubt)

    def _read(self, text: str, tokens: Sequence[_Token]) -> Iterator[Read]:
        seen = [self._seen(token.text) for token in tokens]
        words = np.array([not token.mark for token in tokens])
        # the last place is no question: whether the text states any danger
        odds = np.zeros(len(self._questions) + 1, np.float32)
        shares = np.zeros((len(tokens), len(odds)), np.float32)
        values = np.zeros(len(self._values), np.float32)
        for number, network in enumerate(self._networks):
            by_word, by_value = network.judge([each[number] for each in seen])
            top = by_word.max(0)
            raised = np.exp(by_word - top)
            total = raised.sum(0)
            odds += top + np.log(total)
            raised /= total
            shares += raised
            values += np.einsum("tv,tv->v", raised[:, self._of], by_value) + network.value_bias
        odds /= len(self._networks)
        share, most = self._danger
        odds = odds + share * min(float(odds[-1]), most)
        for place, key in enumerate(self._questions):
            own = np.flatnonzero(self._of == place)
            value = self._values[int(own[np.argmax(values[own])])][1]
            at = int(np.argmax(np.where(words, shares[:, place], -1.0)))
            first, last = _clause(tokens, at)
            yield Read(key, float(odds[place]), value, tokens[first].start, tokens[last].end)

    def _word(self, word: str) -> tuple[Floats, ...]:
        """A word as each network sees it. A plural or a clipped "-ing" that has no vector takes that of its stem."""
        row = self._row.get(word, 0)
        if not row and word.endswith("s"):
            row = self._row.get(word[:-1], 0)
        if not row and word.endswith("in"):
            row = self._row.get(word + "g", 0)
        edged = f"<{word}>"
        grams = [edged[at : at + size] for size in _GRAMS for at in range(len(edged) - size + 1)]
        places = [zlib.crc32(gram.encode()) % self._buckets + 1 for gram in (*grams, edged)]
        fixed, learnt, groups = self._fixed[row], self._learnt.get(word, 0), places[-self._most_grams :]
        return tuple(network.word(fixed, learnt, groups) for network in self._networks)


def _network(weights: Mapping[str, npt.NDArray[np.generic]], number: int) -> _Network:
    def of(name: str) -> Floats:
        return _wide(weights, f"{name}_{number}", f"{name}_scale_{number}")

    layers = tuple((of(f"kernel{i}"), of(f"bias{i}"), of(f"scale{i}"), step) for i, step in ((1, 1), (2, 2), (3, 1)))
    parts = ("whole", "keys", "key_bias", "values", "value_bias")
    return _Network(of("known"), of("grams"), of("into"), layers, *(of(part) for part in parts))


def _wide(weights: Mapping[str, npt.NDArray[np.generic]], name: str, scale: str) -> Floats:
    """A table as it was before it was stored: in 8 bits with a scale for each row, or in 16."""
    table = weights[name]
    wide: Floats = table.astype(np.float32)
    return wide * weights[scale].astype(np.float32) if table.dtype == np.int8 else wide


def _times(rows: Floats, by: Floats) -> Floats:
    """The matrix product, in pieces of few rows."""
    step = max(1, _PIECE // by.size)
    whole: Floats = np.concatenate([rows[at : at + step] @ by for at in range(0, len(rows), step)])
    return whole


def _gelu(x: Floats) -> Floats:
    half, one, by, cubed = (np.float32(number) for number in (0.5, 1.0, 0.7978845608, 0.044715))
    bent: Floats = np.asarray(half * x * (one + np.tanh(by * (x + cubed * x * x * x))), np.float32)
    return bent


def _fold(raw: str) -> str:
    lower = raw.lower()
    if not lower.isascii():
        lower = unicodedata.normalize("NFD", lower)
    return "".join(c for c in lower if c.isalnum() or c in _MARKS)


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(_fold(found.group()) if found.group() != "\n" else ".", *found.span(), found.group() in _MARKS)
        for found in _TOKEN.finditer(text)
    ]


def _passages(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Whole sentences together up to PASSAGE words, so that more typing leaves what was read before as it was."""
    begin = 0
    while begin < len(tokens):
        end = min(begin + PASSAGE, len(tokens))
        if end < len(tokens):
            ends = [at + 1 for at in range(begin, end) if tokens[at].text in _SENTENCE_MARKS]
            end = ends[-1] if ends else end
        if not all(token.mark for token in tokens[begin:end]):
            yield tokens[begin:end]
        begin = end


def _clause(tokens: Sequence[_Token], at: int) -> tuple[int, int]:
    """First and last token of the clause round a word."""
    first = last = at
    while first > 0 and not tokens[first - 1].mark:
        first -= 1
    while last < len(tokens) - 1 and not tokens[last + 1].mark:
        last += 1
    if last - first >= _LONGEST_CLAUSE:
        first, last = max(first, at - _AROUND), min(last, at + _AROUND)
    return first, last


def from_bytes(card: bytes, weights: bytes) -> Reader:
    """A reader of these files. Raises ReaderUnusable when the weights are not those that the card names, or damaged."""
    try:
        known = Card.model_validate_json(card)
    except ValidationError as error:
        raise ReaderUnusable("the reader's card is damaged") from error
    if hashlib.sha256(weights).hexdigest() != known.weights_sha256:
        raise ReaderUnusable("the reader's weights are not those that its card names")
    try:
        with np.load(io.BytesIO(weights), allow_pickle=False) as stored:
            return Reader(known, {name: stored[name] for name in stored.files})
    except (OSError, ValueError, KeyError, IndexError, zlib.error) as error:
        raise ReaderUnusable("the reader's weights are damaged") from error


@lru_cache(maxsize=1)
def load() -> Reader:
    """The reader that ships with the code. Raises ReaderUnusable when its files are missing or damaged."""
    data = resources.files("triage").joinpath("data")
    try:
        card = data.joinpath("cue_reader.json").read_bytes()
        weights = data.joinpath("cue_reader.npz").read_bytes()
    except OSError as error:
        raise ReaderUnusable("the reader's files are missing") from error
    return from_bytes(card, weights)
