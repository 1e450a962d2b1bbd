"""Waiting for what other threads and processes do, with an end."""

import time
from collections.abc import Callable

PATIENCE_S = 30.0


def until(condition: Callable[[], object]) -> None:
    """Come back as soon as the condition holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)
