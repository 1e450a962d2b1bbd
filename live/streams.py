"""One open page, and the small pieces of the event-stream protocol that the hub speaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from live.tickets import Ticket

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

QUEUE = 256
"""Messages that may wait for one stream before it is closed."""


class Stream:
    """What waits for one open page."""

    __slots__ = ("_news", "_waiting", "closing", "expires_at", "task", "ticket")

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.expires_at = float(ticket.expires_at)
        self.closing = False
        self.task: asyncio.Task[None] | None = None
        self._waiting: list[bytes] = []
        self._news = asyncio.Event()

    def push(self, data: bytes) -> None:
        """Queue bytes. A stream whose page does not read is cut off; the page comes back and is brought up to date."""
        if self.closing:
            return
        self._waiting.append(data)
        self._news.set()
        if len(self._waiting) > QUEUE:
            self.closing = True
            if self.task is not None:
                self.task.cancel()

    def end(self, last: bytes) -> None:
        """End the stream after what waits and after ``last``."""
        if not self.closing:
            self.push(last)
            self.closing = True

    async def take(self) -> bytes | None:
        """Everything that waits, as soon as there is something; None at the end of the stream."""
        if not self._waiting:
            if self.closing:
                return None
            self._news.clear()
            await self._news.wait()
        waiting = b"".join(self._waiting)
        self._waiting.clear()
        return waiting


def event(name: str, data: dict[str, Any]) -> bytes:
    """A named event with one line of JSON."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def cursor(query: dict[str, list[str]], last_event_id: bytes | None, audiences: Iterable[str]) -> dict[str, int]:
    """Up to which number a page has each audience: its ``after`` = {audience: number}, or what the browser says itself.

    One number can go to several audiences and only some of them may have arrived, so a Last-Event-ID counts as not
    received; a page drops what it has. Nothing readable means nothing claimed.
    """
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        stated = json.loads(query.get("after", [""])[0] or "null")
        if stated is not None:
            return {str(audience): int(number) for audience, number in stated.items()}
    with contextlib.suppress(ValueError):
        if last_event_id is not None:
            return dict.fromkeys(audiences, int(last_event_id) - 1)
    return {}


async def until_gone(receive: Receive) -> None:
    """Return when the page has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(send: Send, status: int, body: dict[str, Any], **headers: str) -> None:
    """A short JSON answer."""
    extra = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    fixed = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": fixed + extra})
    await send({"type": "http.response.body", "body": json.dumps(body).encode(), "more_body": False})
