"""The hub's one Redis subscription."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

SILENT = 5.0
"""Seconds without any word from Redis, also none to a ping, after which the connection is taken for dead."""


async def listen(url: str, channel: str, ready: Callable[[], None], take: Callable[[str, bytes], None]) -> None:
    """Subscribe to everything below ``channel`` and hand on (channel, payload) pairs for ever.

    Calls ``ready`` once subscribed. Raises RedisError, OSError or TimeoutError when Redis is away or silent.
    """
    if not url:
        raise redis.ConnectionError("no address")
    client = redis.asyncio.Redis.from_url(
        url, socket_connect_timeout=1.0, socket_timeout=2.0, socket_keepalive=True, retry=Retry(NoBackoff(), 0)
    )
    pubsub = client.pubsub()
    try:
        async with asyncio.timeout(3.0):
            await pubsub.psubscribe(f"{channel}:*")
        heard = time.monotonic()
        pinged = False
        while True:
            message = await pubsub.get_message(timeout=SILENT / 5)
            now = time.monotonic()
            if message is None:
                if now - heard > SILENT:
                    raise redis.TimeoutError("silent")
                if not pinged and now - heard > SILENT / 2:
                    async with asyncio.timeout(1.0):
                        await pubsub.ping()
                    pinged = True
                continue
            heard, pinged = now, False
            if message["type"] == "psubscribe":
                ready()
            elif message["type"] == "pmessage":
                take(message["channel"].decode(), message["data"])
    finally:
        with contextlib.suppress(redis.RedisError, OSError, TimeoutError):
            async with asyncio.timeout(0.5):
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # the library has no type here
                await client.aclose()
