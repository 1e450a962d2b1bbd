"""What the simulator does next: a list of things with times, run one after the other by one thread."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable


class Stopped(Exception):
    """Somebody asked the program to end (Ctrl-C, SIGTERM, or the time is up)."""


class Agenda:
    """Things to do at moments of the machine's own clock; `stop` ends it at once, also in the middle of a wait."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stop = threading.Event()
        self._end = math.inf

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Do `work` once, this many real seconds from now; equal moments keep the order in which they came."""
        heapq.heappush(self._entries, (time.monotonic() + max(0.0, seconds), next(self._order), work))

    def stop(self) -> None:
        self._stop.set()

    def pause(self, seconds: float) -> None:
        """Wait. Raises Stopped, also when the time of `run` is up before the wait is over."""
        left = self._end - time.monotonic()
        if self._stop.wait(max(0.0, min(seconds, left, threading.TIMEOUT_MAX))) or seconds > left:
            raise Stopped

    def run(self, seconds: float | None = None) -> None:
        """Work until stopped, until nothing is left, or for so many seconds. Returns; never raises Stopped."""
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        try:
            while self._entries:
                self.pause(self._entries[0][0] - time.monotonic())
                _, _, work = heapq.heappop(self._entries)
                work()
        except Stopped:
            return
