"""The one-second loop that needs no broker: it calls the same services for whatever is due.

One sweeper is active (advisory lock on a connection of its own), others stand by. The holder writes a heartbeat each
second; a standby that finds it five seconds old ends the holder's backend, whose lock then goes, and takes over: a
holder that is stopped but not killed would otherwise keep the lock for ever.
"""

import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.utils import InterfaceError, OperationalError

from accounts.models import Centre
from accounts.services import audit_seal
from dispatch import due
from live.selectors import heartbeat_age
from live.services import engine_heartbeat

logger = logging.getLogger(__name__)

SWEEP_LOCK = 7_411_002
TAKE_OVER_AFTER_S = 5.0
ROUND_S = 1.0


class Sweeper:
    """The loop over all centres of one database."""

    def __init__(self, *, round_s: float = ROUND_S, clock_off_s: float = 0.0) -> None:
        self.round_s = round_s
        self.clock_off = timedelta(seconds=clock_off_s)
        self.beaten = float("-inf")
        self.holder: psycopg.Connection[tuple[object, ...]] | None = None

    def hold(self) -> bool:
        """Take or keep the lock; a standby ends a holder that has been silent too long and tries next round."""
        if self.holder is not None:
            if not self.holder.closed and self._alive():
                return True
            self.release()
        parameters = connection.get_connection_params()
        for key in ("pool", "cursor_factory", "prepare_threshold", "context"):
            parameters.pop(key, None)
        made = psycopg.connect(**parameters, autocommit=True, application_name=f"sweeper {os.getpid()}")
        row = made.execute("SELECT pg_try_advisory_lock(%s)", [SWEEP_LOCK]).fetchone()
        if row is not None and row[0]:
            # The session must outlive quiet minutes; only its time-outs for being idle are lifted.
            made.execute("SET idle_session_timeout = 0")
            self.holder = made
            return True
        made.close()
        self._end_silent_holder()
        return False

    def _alive(self) -> bool:
        try:
            if self.holder is not None:
                self.holder.execute("SELECT 1")
            return True
        except psycopg.Error:
            return False

    def _end_silent_holder(self) -> None:
        age = heartbeat_age(0, "engine")
        if age is None or age < TAKE_OVER_AFTER_S:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND classid = 0 AND objid = %s AND pid <> pg_backend_pid()",
                [SWEEP_LOCK],
            )
        logger.warning("took over from a silent sweeper", extra={"silent_s": round(age, 1)})

    def release(self) -> None:
        """Give the lock back."""
        if self.holder is not None:
            self.holder.close()
        self.holder = None

    def sweep(self, at: datetime) -> None:
        """One round: a sign of life first, then whatever is due in each centre, then the audit seal."""
        self._beat()
        for centre in Centre.objects.order_by("pk"):
            due.run(centre, at, alive=self._beat)
        audit_seal()

    def _beat(self) -> None:
        """A sign of life, at most one a round: a long round is not silence."""
        if time.monotonic() - self.beaten >= self.round_s / 2:
            engine_heartbeat()
            self.beaten = time.monotonic()

    def _start_over(self) -> None:
        """Forget every connection: the next round makes new ones.

        The pool too: after a restart of the database it would try its dead connections one by one, a second or more
        apart (measured: 5 s and then an error with six of them).
        """
        self.release()
        connection.close()
        database = connections[DEFAULT_DB_ALIAS]
        if isinstance(database, DatabaseWrapper):
            database.close_pool()

    def run(self, stop: threading.Event) -> None:
        """Sweep until told to stop. A database that is away is waited for; nothing else ends the loop."""
        while not stop.is_set():
            begun = datetime.now(UTC)
            try:
                if self.hold():
                    self.sweep(begun + self.clock_off)
            except (OperationalError, InterfaceError, psycopg.Error) as error:
                logger.warning("sweep round lost", extra={"cause": type(error).__name__})
                self._start_over()
            except Exception:
                logger.exception("sweep round failed")
                self._start_over()
            spent = (datetime.now(UTC) - begun).total_seconds()
            stop.wait(max(0.05, self.round_s - spent))
        self.release()
