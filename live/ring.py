"""The last messages of each audience, and up to where they are known to be complete."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from live.broker import EVERY_CENTRE

DEPTH = 200
"""Messages that are kept per audience."""
MOST_AUDIENCES = 2000
"""Audiences that are kept; beyond that the one that was silent longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it goes over the wire."""

    number: int
    event: bytes


@dataclass(slots=True)
class _Ring:
    floor: int
    """Everything after this number is kept."""
    last: int
    messages: deque[Message]


class Feed:
    """What a page that comes back can be given, for all audiences of all centres.

    Every answer errs towards "reload": a message counts as not missed only if the renderer itself has said, on the same
    connection, how far everybody had been told.
    """

    def __init__(self) -> None:
        self._rings: OrderedDict[tuple[int, str], _Ring] = OrderedDict()
        self._floors: dict[int, int] = {}
        self._told: dict[int, tuple[str, int]] = {}
        self._news = asyncio.Event()

    def told(self, centre: int, number: int, epoch: str) -> None:
        """The renderer of ``centre`` (0: of all centres) says that everybody has been told up to ``number``."""
        known = self._told.get(centre)
        if known and known[0] != epoch:
            self._rings.clear()
            self._floors.clear()
            self._told.clear()
        self._told[centre] = (epoch, number)
        if centre not in self._floors:
            self._floors[centre] = number
            self._news.set()
            self._news = asyncio.Event()

    def forget(self, centre: int, number: int) -> None:
        """Everybody reloads: nothing up to ``number`` can be given any more."""
        for key in [key for key in self._rings if key[0] == centre]:
            del self._rings[key]
        self._floors[centre] = max(number, self._floors.get(centre, 0))

    def add(self, centre: int, audience: str, message: Message, previous: int) -> bool:
        """Keep a message. False if one was missed between ``previous`` and what is kept."""
        key = (centre, audience)
        ring = self._rings.get(key)
        if ring is None:
            floor = self._floor(centre)
            start = message.number if floor is None else floor
            ring = self._rings[key] = _Ring(start, start, deque(maxlen=DEPTH))
            while len(self._rings) > MOST_AUDIENCES:
                (other, _), lost = self._rings.popitem(last=False)
                self._floors[other] = max(lost.last, self._floor(other) or 0)
        known = max(ring.last, self._position(centre)[1])
        complete = previous <= known
        if not complete:
            ring.messages.clear()
            ring.floor = previous
        if len(ring.messages) == DEPTH:
            ring.floor = ring.messages[0].number
        ring.messages.append(message)
        ring.last = max(ring.last, message.number)
        self._rings.move_to_end(key)
        return complete

    def after(self, centre: int, audience: str, number: int) -> list[Message] | None:
        """The messages after ``number`` in order; None if that is not known for sure."""
        ring = self._rings.get((centre, audience))
        floor = self._floor(centre) if ring is None else ring.floor
        if floor is None or number < floor:
            return None
        return [] if ring is None else [message for message in ring.messages if message.number > number]

    async def floor_known(self, centre: int) -> None:
        """Wait until the renderer of a centre has been heard."""
        while self._floor(centre) is None:
            await self._news.wait()

    def position(self, centre: int) -> tuple[str | None, int | None]:
        """Epoch and number up to which every audience of a centre has been told, as far as known."""
        epoch, number = self._position(centre)
        return (epoch or None), (number if epoch else None)

    def _position(self, centre: int) -> tuple[str, int]:
        return max(
            (self._told[key] for key in (centre, EVERY_CENTRE) if key in self._told),
            key=lambda told: told[1],
            default=("", 0),
        )

    def _floor(self, centre: int) -> int | None:
        floors = [self._floors[key] for key in (centre, EVERY_CENTRE) if key in self._floors]
        return max(floors) if floors else None
