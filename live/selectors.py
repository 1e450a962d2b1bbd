"""Reads of the event rows and of the heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from live.broker import EVERY_CENTRE
from live.models import Event, Heartbeat, LiveEpoch

ENGINE, RENDERER = "engine", "renderer"


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a page is complete: the series of numbers and the last number that it includes."""

    epoch: UUID
    number: int


def live_epoch() -> UUID:
    """The epoch of this database's numbers; made when first asked for."""
    row, _ = LiveEpoch.objects.get_or_create(pk=1)
    return row.epoch


def live_position(centre_id: int) -> Position:
    """The position of a page that is about to be drawn.

    Ask *before* reading what the page shows: whatever is numbered by then is committed, so the page includes it, and
    whatever comes later arrives as a frame.
    """
    number = Event.objects.filter(centre_id=centre_id, number__isnull=False).aggregate(last=Max("number"))["last"]
    return Position(epoch=live_epoch(), number=number or 0)


def events_after(number: int, *, limit: int = 500, centre_id: int | None = None) -> QuerySet[Event]:
    """Numbered events after a cursor, in order, at most ``limit``. Never skips a row that was committed late."""
    rows = Event.objects.filter(number__gt=number)
    if centre_id is not None:
        rows = rows.filter(centre_id=centre_id)
    return rows.order_by("number")[:limit]


def heartbeat_age(centre_id: int, role: str) -> float | None:
    """Seconds since ``role`` last gave a sign of life for a centre, by the database's clock; None if it never did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXTRACT(EPOCH FROM clock_timestamp() - max(at))::float8 FROM live_heartbeat"
            " WHERE role = %s AND centre_id IN (%s, %s)",
            [role, centre_id, EVERY_CENTRE],
        )
        row = cursor.fetchone()
    return None if row is None or row[0] is None else max(0.0, float(row[0]))


def heartbeats() -> QuerySet[Heartbeat]:
    """All heartbeat rows, for health pages."""
    return Heartbeat.objects.order_by("centre_id", "role")
