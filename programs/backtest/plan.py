"""What is compared: one or two versions of a program under one protocol, and the assumptions about units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from programs.hours import open_at
from triage.programs import ProgramRules
from triage.protocol import Protocol


@dataclass(frozen=True)
class Side:
    """One version of a program: its triage rules, its hours (OSM notation, in ``zone``) and its area (GeoJSON).

    Hours that cannot be read count as closed, as they do on the live path. An empty ``area`` is one that nobody has
    drawn: whether it covers a place is then not known.
    """

    rules: ProgramRules
    hours: str
    zone: ZoneInfo
    area: dict[str, Any] = field(default_factory=dict)

    def is_open(self, at: datetime) -> bool:
        """Whether the program is open at an aware instant, by the wall clock of ``zone``."""
        try:
            return open_at(self.hours, at, self.zone)
        except ValueError:
            return False


@dataclass(frozen=True)
class Plan:
    """Draft against live. ``live`` None: nothing is published, so every call that the draft takes is a change.

    ``units`` is how many units serve the program at a time, ``minutes`` how long one call holds one unit (assumptions
    of whoever asks). ``seed`` makes the random sample repeatable.
    """

    protocol: Protocol
    draft: Side
    live: Side | None
    units: int = 1
    minutes: int = 60
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises ValueError for no unit, for no time or for more than a day per call."""
        if self.units < 1:
            raise ValueError("There must be at least one unit.")
        if not 1 <= self.minutes <= 24 * 60:
            raise ValueError("A call holds a unit for 1 to 1440 minutes.")

    @property
    def sides(self) -> dict[str, Side]:
        """The sides by name, the draft first."""
        return {"draft": self.draft, "live": self.live} if self.live is not None else {"draft": self.draft}


def minute_of(at: datetime) -> int:
    """Whole minutes since 1970 (UTC). Opening hours change on whole minutes only."""
    return int(at.timestamp()) // 60


def instant(minute: int) -> datetime:
    """The instant of a whole minute since 1970 (UTC)."""
    return datetime.fromtimestamp(minute * 60, UTC)
