"""Waiting for what other threads and processes do, with an end."""

import time
from collections.abc import Callable

from django.db import connection

PATIENCE_S = 60.0


def until(condition: Callable[[], object]) -> None:
    """Come back as soon as the condition holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)


def lock_waits() -> int:
    """How many sessions of the test's database wait for a lock."""
    with connection.cursor() as cursor:
        # Within a transaction the first look would be kept.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
