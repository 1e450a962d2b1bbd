"""Three-valued (Kleene) logic: false, unknown, true.

The order ``FALSE < UNKNOWN < TRUE`` makes "and" the minimum, "or" the maximum and "not" the reflection.
Source: S. C. Kleene, Introduction to Metamathematics (1952), strong three-valued logic.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """A truth value. ``UNKNOWN`` comes from an unanswered question and is never read as ``FALSE``."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


FALSE, UNKNOWN, TRUE = Truth.FALSE, Truth.UNKNOWN, Truth.TRUE
_NEGATED = (TRUE, UNKNOWN, FALSE)


def negate(value: Truth) -> Truth:
    """Kleene negation: unknown stays unknown."""
    return _NEGATED[value]


def at_least(n: int, values: Iterable[Truth]) -> Truth:
    """Whether at least ``n`` of ``values`` are true: unknown while the unknown ones could still decide it."""
    true = possible = 0
    for value in values:
        if value is TRUE:
            true += 1
        elif value is UNKNOWN:
            possible += 1
    if true >= n:
        return TRUE
    return UNKNOWN if true + possible >= n else FALSE
