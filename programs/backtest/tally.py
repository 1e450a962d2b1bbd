"""Counts of a backtest that is under way: they add up over batches in any split, and survive as JSON."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

LISTED = 200
"""How many changed calls are listed, the first ones in order of time."""
SAMPLED = 20
"""How many changed calls the random sample holds."""

#: What a version does with a call, hours and area included.
TAKES, ASKS, NOT_NOW, EXCLUDED, UNREADABLE = "takes", "asks", "not_now", "excluded", "unreadable"
VERDICTS = (TAKES, ASKS, NOT_NOW, EXCLUDED, UNREADABLE)


@dataclass
class SideTally:
    """Counts of one version.

    ``met``, ``open_``: calls whose criteria are met, or held open by a question, by hours and area: keys "open|covered"
    with yes, no, unknown (the place was not recorded). ``codes`` counts a call under each rule that excluded it.
    ``asked`` and ``missing`` count a call under each question (asked: in hours and covered only). ``hour_seconds``:
    unit time by whole hour since 1970. ``crosses``: verdict against outcome and against what call takers did.
    """

    met: Counter[str] = field(default_factory=Counter)
    open_: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    untestable: int = 0
    hour_seconds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)


@dataclass
class Tally:
    """Everything counted so far, over ``total`` calls between ``first`` and ``last`` (whole minutes since 1970)."""

    sides: dict[str, SideTally]
    total: int = 0
    first: int | None = None
    last: int | None = None
    no_place: int = 0
    no_nature: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    changed: list[dict[str, Any]] = field(default_factory=list)
    sample: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def empty(cls, *sides: str) -> Tally:
        """Nothing counted yet."""
        return cls({side: SideTally() for side in sides})

    def change(self, ref: str, seed: int, entry: Callable[[], dict[str, Any]]) -> None:
        """List a changed call, and let it into the random sample if its draw is low enough.

        The draw is a keyed hash of the call's reference, so the sample does not depend on batches or their order.
        ``entry`` makes what is kept of the call, asked for only when it is kept.
        """
        number = draw(seed, ref)
        chosen = len(self.sample) < SAMPLED or number < self.sample[-1]["draw"]
        if chosen or len(self.changed) < LISTED:
            kept = entry()
            if len(self.changed) < LISTED:
                self.changed.append(kept)
            if chosen:
                self.sample = sorted([*self.sample, {**kept, "draw": number}], key=lambda one: one["draw"])[:SAMPLED]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {**vars(self), "sides": {name: vars(side) for name, side in self.sides.items()}}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Tally:
        """What ``to_dict`` wrote, also after a way through JSON."""
        sides = {name: SideTally(**{k: _counts(v) for k, v in side.items()}) for name, side in data["sides"].items()}
        return cls(**{**data, "sides": sides, "changes": Counter(data["changes"])})


def _counts(value: Any) -> Any:
    return Counter(value) if isinstance(value, dict) else value


def draw(seed: int, ref: str) -> str:
    """The call's place in the lottery of a seed."""
    return hashlib.blake2b(f"{seed}:{ref}".encode(), digest_size=8).hexdigest()
