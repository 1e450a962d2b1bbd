"""Several real connections at once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def in_parallel(*acts: Callable[[], T]) -> list[T | Exception]:
    """Start all acts at the same moment, each on a connection of its own; their results or errors, in order."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T | Exception:
        gate.wait(timeout=30)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - the loser of a race is told so by an error; the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def failures(results: Sequence[object]) -> list[Exception]:
    return [one for one in results if isinstance(one, Exception)]
