"""Waking the worker. A nudge can be lost, doubled or late without harm: the pending row is the queue.

It never raises and hardly holds the caller up: it stands aside for a few milliseconds at most while a thread of this
process publishes, with time-outs of 100 ms and a pause of a few seconds after a failure (measured with kombu's
defaults: a refused broker costs 0.6 s and then an error after the call is stored, a frozen one never returns).

One nudge at a time waits in the broker for the same work: a run serves everything that is pending, so those behind it
would find nothing. A short-lived key says that one waits; the task takes it away before it reads (`nudge_taken`), so
whatever commits after that nudges again. Should the message be lost, its key is gone after KEPT_MS.
"""

import logging
import os
import queue
import threading
import time
from typing import Any

import redis
from celery import current_app
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_S = 0.1
PAUSE_AFTER_FAILURE_S = 3.0
STANDS_ASIDE_S = 0.005
"""What the caller has left to do is its answer to one person; the nudge is for somebody who waits. Both at once in one
interpreter sent it 4.2 ms after the commit (median), one after the other 1 to 2."""
KEPT_MS = 1000
"""The sweeper's round: a nudge that was lost holds others back no longer than what finds the work without any."""
ONE_WAITS = frozenset({"dispatch.offer"})
"""Tasks that call `nudge_taken` first, and of which therefore one waiting message is enough."""
_WAITING = 1000


class Nudger:
    """One process's publisher. `push` is safe from any thread and after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._queue: queue.Queue[tuple[str, tuple[Any, ...], threading.Event]] = queue.Queue(_WAITING)
        self.sent = 0
        self.dropped = 0
        self.spared = 0
        """Nudges that were not sent because one for the same work was waiting."""

    def push(self, task: str, *args: Any) -> None:
        """Ask for a task to be run soon. Drops it when the broker is away: the sweeper finds the work anyway."""
        done = threading.Event()
        try:
            self._start()
            self._queue.put_nowait((task, args, done))
        except queue.Full:
            self.dropped += 1
        else:
            done.wait(STANDS_ASIDE_S)

    def _start(self) -> None:
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid == os.getpid():
                return
            self._queue = queue.Queue(_WAITING)
            threading.Thread(target=self._run, name="nudger", daemon=True).start()
            self._pid = os.getpid()

    def _run(self) -> None:
        closed_until = 0.0
        connection: Any = None
        keys: redis.Redis | None = None
        while True:
            task, args, done = self._queue.get()
            if time.monotonic() < closed_until:
                self.dropped += 1
                done.set()
                continue
            try:
                if connection is None or keys is None:
                    connection, keys = _connection(), waiting_keys()
                if task in ONE_WAITS and not keys.set(_key(task, args), "1", nx=True, px=KEPT_MS):
                    self.spared += 1
                else:
                    current_app.send_task(task, args=args, connection=connection, retry=False, ignore_result=True)
                    self.sent += 1
            except Exception as error:  # noqa: BLE001 - a nudge may fail in any way the broker can; nothing is lost by it
                self.dropped += 1
                closed_until = time.monotonic() + PAUSE_AFTER_FAILURE_S
                logger.warning("nudge not sent", extra={"task": task, "cause": type(error).__name__})
                _discard(connection, keys)
                connection = keys = None
            finally:
                done.set()


def _connection() -> Any:
    return current_app.connection_for_write(
        transport_options={
            "socket_timeout": TIMEOUT_S,
            "socket_connect_timeout": TIMEOUT_S,
            "retry_on_timeout": False,
            "max_retries": 0,
        },
        connect_timeout=TIMEOUT_S,
    )


def waiting_keys() -> redis.Redis:
    """The broker's own Redis, for the keys that say that a nudge waits. Gives up after TIMEOUT_S, never retries."""
    return redis.Redis.from_url(
        str(current_app.conf.broker_url),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
    )


def _key(task: str, args: tuple[Any, ...]) -> str:
    return f"nudge:{task}:{':'.join(map(str, args))}"


_taken: dict[str, redis.Redis] = {}


def nudge_taken(task: str, *args: Any) -> None:
    """A task begins: from here on the same nudge is sent again. Never raises; the key goes by itself soon."""
    url = str(current_app.conf.broker_url)
    try:
        _taken.setdefault(url, waiting_keys()).delete(_key(task, args))
    except redis.RedisError as error:
        logger.debug("nudge key stays", extra={"task": task, "cause": type(error).__name__})


def _discard(connection: Any, keys: redis.Redis | None) -> None:
    if keys is not None:
        keys.close()
    if connection is None:
        return
    try:
        connection.collapse()
    except Exception as error:  # noqa: BLE001 - it is being thrown away
        logger.debug("broker connection closed badly", extra={"cause": type(error).__name__})


nudger = Nudger()


def offer_after_commit(centre_id: int) -> None:
    """Have the centre's pending incidents offered as soon as this transaction has committed."""
    transaction.on_commit(lambda: nudger.push("dispatch.offer", centre_id), robust=True)
