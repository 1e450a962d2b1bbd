"""One past call as the backtest reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """A past call: what was recorded of it, when, where, and what came of it.

    ``ref`` opens it (an incident's id, or the number that it has in its log). ``answers`` are coded answers; a question
    that is absent was not recorded, one answered "unknown" was asked in vain. ``at`` is aware. ``lat``/``lon`` are
    WGS84 degrees, both or neither. ``outcome`` is how it ended and ``did`` what the call taker chose, in codes; empty
    where that is not known.
    """

    ref: str
    answers: Mapping[str, Any]
    nature: str | None
    at: datetime
    lat: float | None = None
    lon: float | None = None
    outcome: str = ""
    did: str = ""

    def to_row(self) -> list[Any]:
        """JSON-able form, for keeping the cases of an imported log with a run."""
        return [
            self.ref,
            dict(self.answers),
            self.nature,
            self.at.isoformat(),
            self.lat,
            self.lon,
            self.outcome,
            self.did,
        ]

    @classmethod
    def from_row(cls, row: list[Any]) -> Case:
        """The case that ``to_row`` wrote."""
        ref, answers, nature, at, lat, lon, outcome, did = row
        return cls(ref, answers, nature, datetime.fromisoformat(at), lat, lon, outcome, did)
