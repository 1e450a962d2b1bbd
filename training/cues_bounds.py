"""Choose when the second reader doubts a phrase, from readers that had not learnt from the sentences they judge.

Run (numpy and the product are enough): ``python -m training.cues_bounds --held FOLDER SET [SET ...] [--held ...]
[--least -2.0] --card FILE``. Each FOLDER holds a reader made by ``cues_train.py --without SET ...``. A logistic
regression says how likely a phrase's proposal is right, from the reader's log-odds and the kind of phrase (its answer,
one word or more, only heard or feared). A proposal less likely than ``--least`` (log-odds) is doubted; the bounds that
follow are put into the card FILE. The trade-off is printed, by regressions that had not seen the sentence either.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.sentences import ANSWERS, Sentence, load
from triage.answers import is_danger
from triage.cues import dangers
from triage.cues.extract import find_with, kind_of, plain_statement
from triage.cues.reader import Reader, from_bytes

KEYS = tuple(ANSWERS)
LEAST = -9.0
#: A false proposal in a calm text weighs as two elsewhere; a rare kind of phrase is held towards its question's bound.
CALM_WEIGHS, KEY_HELD, KIND_HELD = 2.0, 1.0, 2.0
POINTS = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase's proposal in a text: the reader's log-odds, whether it is right, and whether that counts.

    ``short``: it stands in a plain statement, which is never doubted.
    """

    text: int
    kind: str
    odds: float
    right: bool
    counts: bool
    calm: bool
    grave: bool
    short: bool


def reader(folder: Path, share: float, most: float) -> Reader:
    """The reader of a folder, with this share of the log-odds of any danger."""
    card = json.loads((folder / "cue_reader.json").read_text(encoding="utf-8"))
    card |= {"danger_share": share, "danger_most": most}
    return from_bytes(json.dumps(card).encode(), (folder / "cue_reader.npz").read_bytes())


def phrases(number: int, sentence: Sentence, by: Reader) -> Iterator[Phrase]:
    """The proposals of phrases in one text."""
    odds = {one.key: one.odds for one in by.read(sentence.text)}
    calm = not sentence.must
    for cue in find_with(sentence.text, None):
        if cue.key in KEYS and dangers([cue]):
            sure = odds.get(cue.key, LEAST)
            grave = is_danger(cue.key, [cue.value] if cue.key == "medical_signs" else cue.value)
            right = cue.key in sentence.must
            counts, short = calm or right or cue.key not in sentence.may, plain_statement(sentence.text, cue)
            yield Phrase(number, kind_of(cue), sure, right, counts, calm, grave, short)


def row(one: Phrase, kinds: Sequence[str]) -> list[float]:
    """What the regression sees."""
    key = one.kind.split("=")[0]
    return [one.odds, 1.0, *(float(key == other) for other in KEYS), *(float(one.kind == kind) for kind in kinds)]


def fitted(found: Sequence[Phrase], kinds: Sequence[str]) -> np.ndarray:
    """Weights of the regression, by Newton's steps."""
    counted = [one for one in found if one.counts]
    x, y = np.array([row(one, kinds) for one in counted]), np.array([one.right for one in counted], float)
    weigh = np.array([CALM_WEIGHS if one.calm else 1.0 for one in counted])
    held = np.array([0.01, 0.01, *[KEY_HELD] * len(KEYS), *[KIND_HELD] * len(kinds)])
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        share = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (weigh * (share - y)) + held * weights
        weights -= np.linalg.solve((x.T * (weigh * share * (1 - share))) @ x + np.diag(held), slope)
    return weights


def trade_off(found: Sequence[Phrase], kinds: Sequence[str]) -> None:
    """Print, for several bounds, the share of right proposals kept and of calm texts' false ones."""
    parts = [[one for one in found if one.text % 4 != part] for part in range(4)]
    by = [fitted(part, kinds) for part in parts]
    likely = [99.0 if one.short else float(np.dot(by[one.text % 4], row(one, kinds))) for one in found]
    right = [odds for odds, one in zip(likely, found, strict=True) if one.right]
    false = [odds for odds, one in zip(likely, found, strict=True) if one.calm and one.grave]
    for point in POINTS:
        kept, alarms = (float(np.mean(np.array(odds) > point)) for odds in (right, false))
        print(
            f"least {point}: {kept:.3f} of right proposals kept, {alarms:.3f} of false ones in calm texts", flush=True
        )


def bounds(weights: np.ndarray, kinds: Sequence[str], least: float) -> tuple[dict[str, float], dict[str, float]]:
    """The bound of each question, and of each kind of phrase."""
    by_key = {key: least - weights[1] - own for key, own in zip(KEYS, weights[2:], strict=False)}
    by_kind = {
        kind: by_key[kind.split("=")[0]] - own for kind, own in zip(kinds, weights[2 + len(KEYS) :], strict=True)
    }
    return _scaled(by_key, float(weights[0])), _scaled(by_kind, float(weights[0]))


def _scaled(each: dict[str, float], scale: float) -> dict[str, float]:
    return {name: round(float(bound) / scale, 2) for name, bound in each.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the trade-off over the held-out sets and write the bounds into the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--held", nargs="+", action="append", required=True, metavar=("FOLDER", "SET"))
    parser.add_argument("--least", type=float, default=-2.0)
    parser.add_argument("--card", type=Path, required=True)
    options = parser.parse_args(arguments)
    card = json.loads(options.card.read_text(encoding="utf-8"))
    found: list[Phrase] = []
    for folder, *sets in options.held:
        by = reader(Path(folder), card["danger_share"], card["danger_most"])
        for number, sentence in enumerate(load()):
            if sentence.group in sets:
                found.extend(phrases(number, sentence, by))
    kinds = tuple(sorted({one.kind for one in found}))
    trade_off(found, kinds)
    by_key, by_kind = bounds(fitted(found, kinds), kinds, options.least)
    card["questions"] = {key: {**card["questions"][key], "doubt": by_key[key]} for key in KEYS}
    card["phrases"] = by_kind
    options.card.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
