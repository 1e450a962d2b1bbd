"""Publishing to Redis without ever waiting for it.

Redis may vanish or freeze at any time. A publisher waits 100 ms for a connection and 100 ms for an answer, then leaves
Redis alone for a second (a circuit breaker, doubling to five seconds), so that its caller never hangs and never fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT = 0.1
"""Seconds to wait for a connection, and again for an answer."""
BREAK_SHORTEST, BREAK_LONGEST = 1.0, 5.0
"""Seconds for which a failed Redis is left alone: the first time, and at most."""

EVERY_CENTRE = 0
"""The centre id under which a process that serves all centres speaks."""
EVERY_AUDIENCE = "*"
"""The audience of a message that is meant for all streams of a centre (a reload, never a fragment)."""


def channel_prefix() -> str:
    """First word of all channels. Redis keeps channels apart by name only, not by database number: two installations
    that share one Redis need different settings of LIVE_CHANNEL."""
    return str(getattr(settings, "LIVE_CHANNEL", "live"))


def audience_channel(centre_id: int, audience: str) -> str:
    """The Redis channel of one audience of one centre."""
    return f"{channel_prefix()}:{centre_id}:{audience}"


def control_channel() -> str:
    """The Redis channel on which sessions are revoked."""
    return f"{channel_prefix()}:control"


def engine_channel() -> str:
    """The Redis channel on which loops say that they run."""
    return f"{channel_prefix()}:engine"


class Publisher:
    """A Redis connection that is only ever published to. Safe to share between threads."""

    def __init__(self, url: str, *, timeout: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._pause = BREAK_SHORTEST
        self._client: redis.Redis | None = None
        wait = TIMEOUT if timeout is None else timeout
        if url:
            self._client = redis.Redis.from_url(
                url,
                socket_connect_timeout=wait,
                socket_timeout=wait,
                socket_keepalive=True,
                retry=Retry(NoBackoff(), 0),
                retry_on_error=[],
                max_connections=4,
            )

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> bool:
        """Send (channel, payload) pairs in order, in one round trip. False if any of them may be lost. Never raises."""
        if not messages:
            return True
        client = self._client
        if client is None or self._clock() < self._closed_until:
            return False
        with self._lock:
            if self._clock() < self._closed_until:
                return False
            try:
                pipeline = client.pipeline(transaction=False)
                for channel, payload in messages:
                    pipeline.publish(channel, payload)
                pipeline.execute()
            except (redis.RedisError, OSError):
                # A connection that timed out may still hold half an answer: drop it.
                client.connection_pool.disconnect()
                self._closed_until = self._clock() + self._pause
                self._pause = min(self._pause * 2, BREAK_LONGEST)
                return False
            self._pause = BREAK_SHORTEST
            return True

    def close(self) -> None:
        """Give the connection back."""
        if self._client is not None:
            self._client.close()


_shared: dict[str, Publisher] = {}
_shared_lock = threading.Lock()


def shared_publisher() -> Publisher:
    """This process's publisher to the Redis of the settings."""
    url = str(getattr(settings, "REDIS_URL", "") or "")
    with _shared_lock:
        if url not in _shared:
            _shared[url] = Publisher(url)
        return _shared[url]
