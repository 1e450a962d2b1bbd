"""Several real connections at once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper

T = TypeVar("T")
_OTHERS = 8


def in_parallel(*acts: Callable[[], T]) -> list[T | Exception]:
    """Start all acts at the same moment, each on a connection of its own; their results or errors, in order."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        gate.wait(timeout=60)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - the loser of a race is told so by an error; the test looks at it
            return error
        finally:
            connection.close()

    database = connections[DEFAULT_DB_ALIAS]
    assert isinstance(database, DatabaseWrapper)
    database.ensure_connection()
    # With the pool's usual few they would take turns.
    if settings.DB_POOL_SIZE:
        database.pool.resize(1, len(acts) + _OTHERS)
    try:
        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts))
    finally:
        if settings.DB_POOL_SIZE:
            database.pool.resize(1, settings.DB_POOL_SIZE)


def failures(results: Sequence[object]) -> list[Exception]:
    return [one for one in results if isinstance(one, Exception)]
