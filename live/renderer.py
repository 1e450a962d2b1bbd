"""The renderer: numbers events in the order seen after commit, draws each changed entity once, publishes the bytes.

One runs per centre (or one for all centres); others stand by. What happens in which order, and why a crash at any
point loses nothing:

1. Under the advisory lock, on the connection that holds it, unnumbered rows get the next numbers, and that commits.
   A snapshot drawn from now on carries these numbers, so it must come before drawing: a page never holds a number
   whose change it does not show.
2. The changed entities are drawn from their present state and one message per audience goes to Redis.
3. The heartbeat row's ``published`` moves up to the last number that every audience has been told.

A crash between 1 and 3 leaves ``published`` behind: the successor draws those numbers again (pages ignore what they
already have). If Redis refuses or freezes, numbering goes on, and as soon as Redis answers every audience of the centre
is told to reload; the same happens to all if more was missed than one batch. Every message names the number of the one
before it (``prev``), so that hub and page notice any gap by themselves and reload.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from django.db import DatabaseError, InterfaceError, connections

from live.broker import (
    EVERY_AUDIENCE,
    EVERY_CENTRE,
    Publisher,
    audience_channel,
    engine_channel,
    shared_publisher,
)
from live.registry import Changed, Frame, Render, is_audience, render_failed, renders
from live.selectors import RENDERER, live_epoch

logger = logging.getLogger(__name__)

BATCH = 500
"""Events that are numbered and drawn together at most."""
POLL = 1.0
"""Seconds between looks at the table when no notification comes; also the heartbeat's interval."""
QUICK = 0.01
"""Seconds. Boards that are drawn faster than this are drawn at once, each time."""
GATHER = 0.04
"""Seconds that slower ones wait for what belongs together: a decision and its offer are drawn once, after the offer."""
REST_SHARE, MOST_REST = 6, 0.3
"""Slower ones are followed by a rest of so many times their drawing: a seventh of a core, however much changes. Boards
lag by MOST_REST seconds at most so that offers need not."""
PART = "<!--live-part-->"
"""Stands between frames in a message: a table row and a block cannot be parsed as one piece of HTML."""
SILENT = 5.0
"""Seconds of silence after which a stand-by takes the holder for dead."""
LOCK_CLASS = 0x4C495645
"""First key of the advisory locks ("LIVE"); the second is the centre, or 0 for all centres."""
NUMBER_LOCK = 0x4C495645_4E554D42
"""Transaction lock under which numbers are given, so that several centres' renderers share one gap-free series."""


# Lock and first sign of life at once: nobody may take a new holder for the silent one before it.
_LOCK_AND_TOUCH: LiteralString = """
WITH got AS MATERIALIZED (SELECT pg_try_advisory_lock(%(class)s, %(centre)s) AS it)
INSERT INTO live_heartbeat (centre_id, role, at, published)
SELECT %(centre)s, %(role)s, clock_timestamp(), 0 FROM got WHERE it
ON CONFLICT (centre_id, role) DO UPDATE SET at = EXCLUDED.at
RETURNING 1
"""
_ANY_WAITING: LiteralString = """
SELECT 1 FROM live_event WHERE number IS NULL AND (%(centre)s = 0 OR centre_id = %(centre)s) LIMIT 1
"""
_GIVE_NUMBERS: LiteralString = """
UPDATE live_event e SET number = base.last + w.place
FROM (SELECT coalesce(max(number), 0) AS last FROM live_event) base,
     (SELECT id, row_number() OVER (ORDER BY id) AS place FROM (
          SELECT id FROM live_event WHERE number IS NULL AND (%(centre)s = 0 OR centre_id = %(centre)s)
          ORDER BY id LIMIT %(batch)s) waiting) w
WHERE e.id = w.id
RETURNING e.number, e.centre_id, e.entity, e.entity_id
"""


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    centre_id: int
    entity: str
    entity_id: UUID


@dataclass(slots=True)
class _Drawn:
    """What one batch has to say to one centre."""

    html: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reload: bool = False


class LostLock(Exception):
    """The connection that holds the lock is gone, or another process took it."""


def run(stop: threading.Event, *, database: str = "default", centre_id: int | None = None) -> None:
    """Number, draw and publish until ``stop`` is set; stand by while another process does.

    Serves one centre, or all of them if ``centre_id`` is None. Survives the loss of PostgreSQL and of Redis: it comes
    back by itself. Returns within about a second of ``stop``.
    """
    while not stop.is_set():
        try:
            with Renderer(database=database, centre_id=centre_id) as renderer:
                renderer.serve(stop)
        except (DatabaseError, InterfaceError, psycopg.Error, LostLock) as error:
            logger.warning("live renderer interrupted", extra={"error": type(error).__name__})
            stop.wait(POLL)
        except Exception as error:  # noqa: BLE001 - a loop that dies leaves every board standing still
            render_failed("renderer", error)
            stop.wait(POLL)
        finally:
            connections[database].close()


class Renderer:
    """One attempt at being the renderer, with one dedicated connection. Use :func:`run`."""

    def __init__(
        self, *, database: str = "default", centre_id: int | None = None, publisher: Publisher | None = None
    ) -> None:
        self._database = database
        self._centre = EVERY_CENTRE if centre_id is None else centre_id
        self._publisher = publisher or shared_publisher()
        self._previous: dict[tuple[int, str], int] = {}
        self._first_previous = 0
        self._published = 0
        self._number = 0
        self._owed_reload: set[int] = set()
        self._next_beat = 0.0
        self._epoch = ""
        self._drawn_s = 0.0
        self._slow = False
        self._behind_since: float | None = None

    def __enter__(self) -> Renderer:
        wrapper = connections[self._database]
        parameters: dict[str, Any] = wrapper.get_connection_params()
        parameters.pop("pool", None)
        for django_only in ("cursor_factory", "context", "server_side_binding", "isolation_level", "assume_role"):
            parameters.pop(django_only, None)
        self._connection = psycopg.connect(**parameters, autocommit=True, application_name="live renderer")
        self._connection.execute("SET statement_timeout = '10s'")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    # Holding the lock

    def serve(self, stop: threading.Event) -> None:
        """Wait for the lock, then work until ``stop`` is set. Raises LostLock or a database error."""
        self._connection.execute("LISTEN live")
        while not self.acquire():
            if stop.is_set():
                return
            self.end_silent_holder()
            stop.wait(POLL)
        self.start()
        while not stop.is_set():
            before = self._drawn_s
            while self.step() and not stop.is_set():
                pass
            if self._drawn_s > before:
                self._slow = self._drawn_s - before > QUICK
                if self._slow:
                    stop.wait(min((self._drawn_s - before) * REST_SHARE, MOST_REST))
            self._wait()
            if self._slow:
                stop.wait(GATHER)

    def acquire(self) -> bool:
        """Try to become the renderer. One for all centres and one for a single centre exclude each other."""
        values = {"class": LOCK_CLASS, "all": EVERY_CENTRE, "centre": self._centre, "role": RENDERER}
        if self._centre != EVERY_CENTRE:
            row = self._connection.execute("SELECT pg_try_advisory_lock_shared(%(class)s, %(all)s)", values).fetchone()
            if not (row and row[0]):
                return False
        if self._connection.execute(_LOCK_AND_TOUCH, values).fetchone():
            return True
        if self._centre != EVERY_CENTRE:
            self._connection.execute("SELECT pg_advisory_unlock_shared(%(class)s, %(all)s)", values)
        return False

    def end_silent_holder(self) -> bool:
        """End the backend of a holder that gave no sign of life for five seconds. True if one was ended."""
        rows = self._connection.execute(
            """
            SELECT l.pid, pg_terminate_backend(l.pid, 2000)
            FROM pg_locks l
            JOIN live_heartbeat h ON h.role = %s AND h.centre_id = l.objid::bigint
            WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND l.classid::bigint = %s AND l.objid::bigint IN (%s, %s) AND l.objsubid = 2
              AND clock_timestamp() - h.at > make_interval(secs => %s)
            """,
            [RENDERER, LOCK_CLASS, self._centre, EVERY_CENTRE, SILENT],
        ).fetchall()
        if rows:
            logger.warning("live renderer silent, taking over", extra={"ended": len(rows)})
        return bool(rows)

    def start(self) -> None:
        """Take up where the last holder stopped: draw again what it numbered but may not have published."""
        self._epoch = str(live_epoch())
        row = self._connection.execute(
            "SELECT coalesce(max(number), 0) FROM live_event WHERE %(centre)s = 0 OR centre_id = %(centre)s",
            {"centre": self._centre},
        ).fetchone()
        self._number = int(row[0]) if row else 0
        row = self._connection.execute(
            "SELECT published FROM live_heartbeat WHERE centre_id = %s AND role = %s", [self._centre, RENDERER]
        ).fetchone()
        self._published = min(int(row[0]), self._number) if row else 0
        self._first_previous = self._published
        missed = self._numbered_after(self._published)
        if missed and len(missed) <= BATCH:
            self._tell(missed)
        elif missed:
            self._owed_reload.update(self._centres())
            self._first_previous = self._number
        self._settle()
        self._beat()

    # One round of work

    def step(self) -> bool:
        """Number and publish one batch, and give the heartbeat if due. True if there may be more."""
        numbered = self._give_numbers()
        if numbered:
            self._number = numbered[-1].number
            begun = time.monotonic()
            self._behind_since = self._behind_since or begun
            self._tell(numbered)
            self._drawn_s += time.monotonic() - begun
            self._settle()
        self._behind_since = self._behind_since if len(numbered) >= BATCH else None
        if self._beat_due():
            if self._owed_reload:
                self._settle()
            self._beat()
        return len(numbered) >= BATCH

    def _wait(self) -> None:
        pause = max(0.0, self._next_beat - time.monotonic())
        for _ in self._connection.notifies(timeout=pause, stop_after=1):
            pass

    def _give_numbers(self) -> list[_Numbered]:
        values = {"centre": self._centre, "batch": BATCH, "lock": NUMBER_LOCK}
        if not self._connection.execute(_ANY_WAITING, values).fetchone():
            return []
        with self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%(lock)s)", values)
            rows = self._connection.execute(_GIVE_NUMBERS, values).fetchall()
        return sorted((_Numbered(*row) for row in rows), key=lambda event: event.number)

    def _numbered_after(self, number: int) -> list[_Numbered]:
        rows = self._connection.execute(
            "SELECT number, centre_id, entity, entity_id FROM live_event"
            " WHERE number > %(after)s AND (%(centre)s = 0 OR centre_id = %(centre)s) ORDER BY number LIMIT %(most)s",
            {"after": number, "centre": self._centre, "most": BATCH + 1},
        ).fetchall()
        return [_Numbered(*row) for row in rows]

    def _centres(self) -> list[int]:
        """The centres that this process speaks for."""
        if self._centre != EVERY_CENTRE:
            return [self._centre]
        # A loose index scan: one look per centre, however many events there are.
        rows = self._connection.execute(
            """
            WITH RECURSIVE c AS (
                (SELECT min(centre_id) AS id FROM live_event)
                UNION ALL
                SELECT (SELECT min(centre_id) FROM live_event WHERE centre_id > c.id) FROM c WHERE c.id IS NOT NULL
            ) SELECT id FROM c WHERE id IS NOT NULL
            """
        ).fetchall()
        return [int(row[0]) for row in rows]

    # Drawing and telling

    def _tell(self, events: list[_Numbered]) -> None:
        """Draw the entities of a batch, each once, and publish one message per audience."""
        by_centre: dict[int, dict[str, dict[UUID, None]]] = {}
        last: dict[int, int] = {}
        for event in events:
            # A dict keeps order and drops repeats: this is the coalescing.
            by_centre.setdefault(event.centre_id, {}).setdefault(event.entity, {})[event.entity_id] = None
            last[event.centre_id] = event.number
        for centre, entities in by_centre.items():
            drawn = _Drawn()
            for render, of in renders():
                changed = {entity: list(ids) for entity, ids in entities.items() if entity in of}
                if changed:
                    self._draw(render, centre, changed, drawn)
                if self._beat_due():
                    self._beat()
            if drawn.reload:
                self._owed_reload.add(centre)
            self._publish(centre, drawn.html, last[centre])

    def _draw(self, render: Render, centre: int, changed: Changed, drawn: _Drawn) -> None:
        try:
            self._collect(render(centre, changed), drawn)
            return
        except (DatabaseError, InterfaceError) as error:
            if not connections[self._database].is_usable():
                raise
            render_failed("+".join(changed), error)
        except Exception as error:  # noqa: BLE001 - one app's drawing must never stop the boards of the others
            render_failed("+".join(changed), error)
        singles = [(entity, one) for entity, ids in changed.items() for one in ids]
        for entity, one in singles if len(singles) > 1 else ():
            try:
                self._collect(render(centre, {entity: [one]}), drawn)
            except Exception as error:  # noqa: BLE001 - as above; the pages reload instead
                render_failed(entity, error)
        drawn.reload = True

    @staticmethod
    def _collect(frames: Iterable[Frame], drawn: _Drawn) -> None:
        for frame in list(frames):
            if not is_audience(frame.audience):
                raise ValueError("A frame names no possible audience.")
            drawn.html[frame.audience].append(frame.html)

    def _publish(self, centre: int, html: dict[str, list[str]], number: int) -> None:
        messages = []
        for audience, pieces in html.items():
            key = (centre, audience)
            message = {
                "audience": audience,
                "epoch": self._epoch,
                "number": number,
                "prev": self._previous.get(key, self._first_previous),
                "at": datetime.now(UTC).isoformat(),
                "html": PART.join(pieces),
            }
            # Also when it is lost: the next message then shows the gap.
            self._previous[key] = number
            messages.append((audience_channel(centre, audience), json.dumps(message, ensure_ascii=False).encode()))
        if not self._publisher.publish(messages):
            self._owed_reload.add(centre)

    def _settle(self) -> None:
        """Tell owed reloads, then note how far everybody has been told. Does nothing while Redis is away."""
        if self._owed_reload:
            reload = {"audience": EVERY_AUDIENCE, "epoch": self._epoch, "number": self._number, "reload": True}
            payload = json.dumps(reload).encode()
            channels = [audience_channel(centre, EVERY_AUDIENCE) for centre in sorted(self._owed_reload)]
            if not self._publisher.publish([(channel, payload) for channel in channels]):
                return
            self._owed_reload.clear()
        self._published = self._number

    # Heartbeat

    def _beat_due(self) -> bool:
        return time.monotonic() >= self._next_beat

    def _beat(self) -> None:
        self._next_beat = time.monotonic() + POLL
        self._connection.execute(
            "INSERT INTO live_heartbeat (centre_id, role, at, published)"
            " VALUES (%(centre)s, %(role)s, clock_timestamp(), %(published)s)"
            " ON CONFLICT (centre_id, role) DO UPDATE SET at = EXCLUDED.at, published = EXCLUDED.published",
            {"centre": self._centre, "role": RENDERER, "published": self._published},
        )
        beat = {
            "role": RENDERER,
            "centre": self._centre,
            "epoch": self._epoch,
            "number": self._published,
            # A renderer that lives and is a minute behind is, to a page, one that has been silent for a minute.
            "behind": round(time.monotonic() - self._behind_since, 1) if self._behind_since is not None else 0.0,
            "at": datetime.now(UTC).isoformat(),
        }
        self._publisher.publish([(engine_channel(), json.dumps(beat).encode())])
