"""Waiting for a row a moment only: what must be done now never waits for a process that is stopped with it in hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

BRIEF_MS = 200
"""So long the one-second loop waits for a row that somebody has locked: fifty times a usual change of a call."""


class RowHeld(Exception):
    """Somebody has had the row for as long as it was waited for; nothing was done."""


def lock_waits_briefly() -> None:
    """In this transaction a locked row is waited for BRIEF_MS at most; then the database raises LockNotAvailable."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {BRIEF_MS}")


@contextmanager
def waiting_at_most(ms: int) -> Iterator[None]:
    """Within a transaction: a savepoint in which no row is waited for longer than so many milliseconds. Raises RowHeld
    for one that is; whatever was set for waiting before holds again behind it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)", [str(ms)])
        before = cursor.fetchone()[0]
        try:
            with transaction.atomic():
                yield
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise RowHeld from error
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


@contextmanager
def session_waiting_at_most(ms: int) -> Iterator[None]:
    """The same for work of several transactions, or none: what is done in them is not undone by RowHeld."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, false)", [str(ms)])
        before = cursor.fetchone()[0]
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise RowHeld from error
    finally:
        if connection.is_usable() and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])
