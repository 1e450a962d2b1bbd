"""The live process: one Redis subscription, any number of open streams, no database and no Django middleware.

A plain ASGI application. Redis messages are passed on as the bytes that came; the hub reads from them only audience and
numbers. A stream that cannot keep up is closed (its page comes back and is brought up to date) rather than buffered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from urllib.parse import parse_qs

import redis
from django.conf import settings

from live.broker import EVERY_AUDIENCE, EVERY_CENTRE, channel_prefix
from live.ring import Feed, Message
from live.streams import Receive, Scope, Send, Stream, answer, cursor, event, until_gone
from live.subscription import listen
from live.tickets import Ticket, TicketRefused, ticket_read

logger = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between beats."""
MOST_STREAMS = 5000
"""Streams of one process; more are sent elsewhere by a 503."""
MOST_STREAMS_OF_SESSION = 32
SPREAD_PER_STREAM, SPREAD_LONGEST = 0.02, 10.0
"""Seconds over which pages spread a reload or a return: per open stream, and at most."""
REAUTHORISE = 5.0
"""Seconds, beside the spread, within which every page has to show a new ticket once Redis is back."""
FLOOR_WAIT = 2.0
"""Seconds that a new stream waits for the renderer's heartbeat before it is told to reload instead."""


class Hub:
    """All streams of this process and what they are told."""

    def __init__(self, *, redis_url: str, app_version: str, channel: str = "live") -> None:
        self._redis_url = redis_url
        self.app_version = app_version
        self._channel = channel
        self._streams: set[Stream] = set()
        self._watching: dict[tuple[int, str], set[Stream]] = {}
        self._feed = Feed()
        self._redis_ok = False
        self._was_connected = False
        self._heard: dict[tuple[str, int], float] = {}
        self._redis_since = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    # Life

    def start(self) -> None:
        """Begin to listen and to beat; needs a running event loop. Does nothing when already started."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen_for_ever()), asyncio.create_task(self._beat_for_ever())]

    def leave(self) -> None:
        """Say goodbye to every page, with a time to come back that keeps them from coming all at once."""
        self._stopping = True
        for stream in list(self._streams):
            stream.end(self._bye("restart"))

    def leave_on_signals(self) -> None:
        """Say goodbye as soon as the server is asked to stop.

        The server first waits for open requests and only then ends the lifespan, so streams would hold it up until it
        is killed. Its own handlers stay in force: ours run after them.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            server = signal.getsignal(number)

            def handler(
                caught: int, frame: FrameType | None, server: Callable[[int, FrameType | None], Any] | Any = server
            ) -> None:
                if callable(server):
                    server(caught, frame)
                loop.call_soon_threadsafe(self.leave)

            signal.signal(number, handler)

    async def stop(self) -> None:
        """Leave, and end the hub's own tasks."""
        self.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    # Requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        self.start()
        if scope["path"] == "/live/healthz":
            health = {"status": "ok", "redis": self._redis_word(), "streams": len(self._streams)}
            await answer(send, 200, health)
        elif scope["path"] != "/live/stream":
            await answer(send, 404, {"error": "not found"})
        elif scope["method"] != "GET":
            await answer(send, 405, {"error": "method not allowed"}, allow="GET")
        else:
            await self._stream(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                self.leave_on_signals()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope.get("query_string", b"").decode("ascii", "replace"))
        try:
            ticket = ticket_read(query.get("ticket", [""])[0], now=time.time())
        except TicketRefused as refused:
            await answer(send, 403, {"error": f"ticket {refused}"})
            return
        if self._stopping or len(self._streams) >= MOST_STREAMS:
            await answer(send, 503, {"error": "no room"}, retry_after="2")
            return
        if sum(other.ticket.session == ticket.session for other in self._streams) >= MOST_STREAMS_OF_SESSION:
            await answer(send, 429, {"error": "too many streams for one session"}, retry_after="10")
            return
        after = cursor(query, dict(scope.get("headers", [])).get(b"last-event-id"), ticket.audiences)
        stream = Stream(ticket)
        self._add(stream)
        # Two tasks, so that a page that does not read can be cut off in the middle of a write.
        serving = stream.task = asyncio.create_task(self._serve(stream, after, send))
        gone = asyncio.create_task(until_gone(receive))
        try:
            await asyncio.wait((serving, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._remove(stream)
            serving.cancel()
            gone.cancel()
            await asyncio.gather(serving, gone, return_exceptions=True)

    async def _serve(self, stream: Stream, after: dict[str, int], send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        first = self._hello(stream.ticket) + self._beat_for(stream.ticket.centre_id, first=True)
        await send({"type": "http.response.body", "body": first, "more_body": True})
        # Frames that arrive while this waits are in the ring and in the queue; the page drops the second copy.
        missed = await self._missed(stream.ticket, after)
        if missed:
            await send({"type": "http.response.body", "body": missed, "more_body": True})
        while (waiting := await stream.take()) is not None:
            await send({"type": "http.response.body", "body": waiting, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _add(self, stream: Stream) -> None:
        self._streams.add(stream)
        for audience in stream.ticket.audiences:
            self._watching.setdefault((stream.ticket.centre_id, audience), set()).add(stream)

    def _remove(self, stream: Stream) -> None:
        self._streams.discard(stream)
        for audience in stream.ticket.audiences:
            watchers = self._watching.get((stream.ticket.centre_id, audience))
            if watchers is not None:
                watchers.discard(stream)
                if not watchers:
                    del self._watching[(stream.ticket.centre_id, audience)]

    # What a new stream has missed

    async def _missed(self, ticket: Ticket, after: dict[str, int]) -> bytes:
        if after and self._redis_ok:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLOOR_WAIT):
                    await self._feed.floor_known(ticket.centre_id)
        pieces: list[Message] = []
        for audience in ticket.audiences:
            if audience not in after:
                continue
            missed = self._feed.after(ticket.centre_id, audience, after[audience])
            if missed is None:
                return self._reload_event("behind", spread=0.0)
            pieces.extend(missed)
        pieces.sort(key=lambda message: message.number)
        return b"".join(message.event for message in pieces)

    # Redis

    async def _listen_for_ever(self) -> None:
        pause = 0.1
        while True:
            try:
                await listen(self._redis_url, self._channel, lambda: self._set_redis(ok=True), self._take)
            except (redis.RedisError, OSError, TimeoutError) as error:
                if self._redis_ok:
                    logger.warning("live hub lost redis", extra={"error": type(error).__name__})
                self._set_redis(ok=False)
            pause = 0.1 if self._was_connected else min(pause * 2, 2.0)
            self._was_connected = False
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    def _set_redis(self, *, ok: bool) -> None:
        if ok == self._redis_ok:
            return
        self._redis_ok = ok
        if ok:
            self._was_connected = True
            self._redis_since = time.monotonic()
            # Frames and revocations may have been missed: reload everything, and ask everybody for a new ticket.
            spread = self._spread()
            now = time.time()
            for stream in self._streams:
                stream.expires_at = min(stream.expires_at, now + random.uniform(0.5, 1.0) * (spread + REAUTHORISE))
            self._feed = Feed()
            self._tell_all(self._reload_event("redis", spread=spread))
        for centre in {stream.ticket.centre_id for stream in self._streams}:
            self._tell_centre(centre, self._beat_for(centre))

    def _take(self, channel: str, data: bytes) -> None:
        """Pass one Redis message on. A message that cannot be read is dropped and said so."""
        try:
            topic = channel.removeprefix(f"{self._channel}:")
            if topic == "control":
                self._control(json.loads(data))
            elif topic == "engine":
                self._engine(json.loads(data))
            else:
                centre, _, audience = topic.partition(":")
                self._pass_on(int(centre), audience, data)
        except (ValueError, KeyError, TypeError) as error:
            logger.error("live message unreadable", extra={"channel": channel, "error": type(error).__name__})

    def _pass_on(self, centre: int, audience: str, data: bytes) -> None:
        message = json.loads(data)
        if audience == EVERY_AUDIENCE:
            self._feed.forget(centre, int(message["number"]))
            self._tell_centre(centre, self._reload_event("renderer", spread=self._spread()))
            return
        number, previous = int(message["number"]), int(message["prev"])
        data_event = b"event: frames\nid: %d\ndata: %b\n\n" % (number, data)
        complete = self._feed.add(centre, audience, Message(number, data_event), previous)
        watchers = self._watching.get((centre, audience), ())
        for stream in list(watchers):
            stream.push(data_event)
        if not complete:
            reload = self._reload_event("gap", spread=self._spread(), audience=audience)
            for stream in list(watchers):
                stream.push(reload)

    def _engine(self, beat: dict[str, Any]) -> None:
        centre = int(beat["centre"])
        self._heard[(str(beat["role"]), centre)] = time.monotonic() - float(beat.get("behind", 0.0))
        if beat["role"] == "renderer":
            self._feed.told(centre, int(beat["number"]), str(beat["epoch"]))

    def _control(self, order: dict[str, Any]) -> None:
        session = str(order["revoke"])
        for stream in list(self._streams):
            if stream.ticket.session == session:
                stream.end(self._bye("revoked"))

    # Events of the hub itself

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            now = time.time()
            beats: dict[int, bytes] = {}
            for stream in list(self._streams):
                if now >= stream.expires_at:
                    stream.end(self._bye("expired", at_most=1.0))
                    continue
                centre = stream.ticket.centre_id
                if centre not in beats:
                    beats[centre] = self._beat_for(centre)
                stream.push(beats[centre])

    def _tell_all(self, event: bytes) -> None:
        for stream in list(self._streams):
            stream.push(event)

    def _tell_centre(self, centre: int, event: bytes) -> None:
        for stream in list(self._streams):
            if stream.ticket.centre_id == centre:
                stream.push(event)

    def _redis_word(self) -> str:
        return "ok" if self._redis_ok else "down"

    def _age(self, role: str, centre: int) -> float | None:
        """Seconds since a loop was heard and had told everything, or since we began to listen; unknown while Redis is
        away."""
        if not self._redis_ok:
            return None
        heard = max(self._heard.get((role, key), self._redis_since) for key in (centre, EVERY_CENTRE))
        return round(time.monotonic() - heard, 1)

    def _beat_for(self, centre: int, *, first: bool = False) -> bytes:
        """A beat. The first of a stream, sent before what the page has missed, must not say that it is up to date."""
        epoch, number = self._feed.position(centre)
        return event(
            "beat",
            {
                "server_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "app_version": self.app_version,
                "redis": self._redis_word(),
                "engine": self._age("engine", centre),
                "renderer": self._age("renderer", centre),
                "epoch": epoch,
                "number": None if first else number,
            },
        )

    def _hello(self, ticket: Ticket) -> bytes:
        return b"retry: 1000\n" + event("hello", {"audiences": ticket.audiences, "until": ticket.expires_at})

    def _reload_event(self, why: str, *, spread: float, audience: str | None = None) -> bytes:
        return event("reload", {"why": why, "spread_ms": int(spread * 1000), "audience": audience})

    def _bye(self, why: str, *, at_most: float | None = None) -> bytes:
        spread = self._spread() if at_most is None else at_most
        return event("bye", {"why": why, "retry_ms": int(random.uniform(0.1, 1.0) * max(spread, 0.5) * 1000)})

    def _spread(self) -> float:
        return min(SPREAD_LONGEST, len(self._streams) * SPREAD_PER_STREAM)


def build() -> Hub:
    """The hub as the settings describe it."""
    return Hub(
        redis_url=str(getattr(settings, "REDIS_URL", "") or ""),
        app_version=str(getattr(settings, "APP_VERSION", "")),
        channel=channel_prefix(),
    )
