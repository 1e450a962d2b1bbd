"""How long a unit needs to a place. Pure and lockable: `times` never waits for a network, `ahead` may."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]
"""Latitude and longitude, degrees, WGS84."""


class Journey(NamedTuple):
    """Seconds to arrive, and `how` they were found when that is not by road: words for the reason."""

    seconds: int
    how: str = ""


Seconds: TypeAlias = NDArray[numpy.float64]
Reach: TypeAlias = Callable[[Point], Seconds]
"""From a target to the seconds of each of the origins that it was made for: those of `times`, give or take one."""


class TravelTimes(Protocol):
    """Where travel times come from: a street network, a routing service, or a straight line."""

    def ahead(self, targets: Iterable[Point], origins: Iterable[Point]) -> None:
        """Fetch or work out what `times` will be asked for. May wait for a service, but never long and never raises.

        Call it before any row is locked.
        """

    def times(self, target: Point, origins: Sequence[Point]) -> list[Journey]:
        """One journey for each origin to the target, from what this process knows already. Never raises."""

    def reach(self, origins: Sequence[Point]) -> Reach:
        """The same origins are asked about for call after call: what can be worked out before the targets is, here."""
