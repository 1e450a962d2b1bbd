"""Response classes, from most to least cautious, and the services that a class can ask for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class ResponseClass(StrEnum):
    """What kind of response a call needs. ``rank`` 0 is the most cautious."""

    EMERGENCY = "emergency"
    CO_RESPONSE = "co_response"
    MOBILE_TEAM = "mobile_team"
    TELE_CLINICIAN = "tele_clinician"
    OUTREACH_FOLLOWUP = "outreach_followup"

    @property
    def rank(self) -> int:
        """0 for the most cautious class, 4 for the least."""
        return RANKS[self]

    def is_less_cautious_than(self, other: ResponseClass) -> bool:
        """True where choosing this class instead of ``other`` would lower caution."""
        return RANKS[self] > RANKS[other]


CLASSES: Final[tuple[ResponseClass, ...]] = tuple(ResponseClass)
RANKS: Final[dict[ResponseClass, int]] = {cls: rank for rank, cls in enumerate(CLASSES)}

#: Services that a rule may ask for, in the order in which they are shown.
SERVICES: Final[tuple[str, ...]] = ("police", "ems", "fire")


def most_cautious(classes: Iterable[ResponseClass]) -> ResponseClass:
    """The most cautious of ``classes``. Raises ValueError when there are none."""
    return min(classes, key=RANKS.__getitem__)


def ordered_services(services: Iterable[str]) -> tuple[str, ...]:
    """``services`` without repeats, in display order."""
    wanted = set(services)
    return tuple(s for s in SERVICES if s in wanted)
