"""Waiting for what other threads and processes do, with an end."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

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


def beside_frozen(hold: Callable[[], object], work: Callable[[], object], look: Callable[[], object]) -> None:
    """`work` comes to its end, and `look` is taken, while another session sits on the rows that `hold` has locked.

    Nothing that waits for it is let off: the working session has no time-out of its own.
    """
    held, go = threading.Event(), threading.Event()

    def freeze() -> None:
        with transaction.atomic():
            hold()
            held.set()
            go.wait(timeout=PATIENCE_S)
        connection.close()

    def run() -> None:
        with connection.cursor() as cursor:
            # Whoever waited for the frozen one would wait for ever.
            cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        work()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        frozen = pool.submit(freeze)
        assert held.wait(timeout=PATIENCE_S)
        working = pool.submit(run)
        try:
            until(working.done)
            working.result()
            look()
        finally:
            go.set()
        frozen.result()
