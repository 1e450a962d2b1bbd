"""Writes: the event row of a change, the engine's heartbeat, and the end of a session's streams."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from live.broker import EVERY_CENTRE, control_channel, engine_channel, shared_publisher
from live.models import Event
from live.selectors import ENGINE
from live.tickets import session_hash

KEPT = timedelta(days=15)
"""A day more than the database allows, so that two clocks need not agree."""
REVOKE_AGAIN_S, REVOKE_TRIES = 1.0, 30
"""A revocation that could not be told is told again so often. One that this process loses while Redis and the hub are
well together would otherwise let a stream live on until its ticket ends, minutes later."""


def event_record(
    *,
    centre_id: int,
    entity: str,
    entity_id: UUID,
    version: int,
    kind: str,
    ids: dict[str, str] | None = None,
    at: datetime,
) -> Event:
    """Write the event row of a change and wake the renderer when the caller's transaction commits.

    ``version`` is the entity's own version after the change; ``kind`` names the change ("incident.assigned"); ``ids``
    holds ids only, never a name, a number or a note. Raises TransactionManagementError outside a transaction: an event
    without its change, or a change without its event, must be impossible.
    """
    row = Event(
        centre_id=centre_id, entity=entity, entity_id=entity_id, version=version, kind=kind, ids=ids or {}, at=at
    )
    values = event_values(
        centre_id=centre_id, entity=entity, entity_id=entity_id, version=version, kind=kind, ids=ids, at=at
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH made AS ({EVENT_INSERT}) {EVENT_NOTIFY}", values)
        row.pk = cursor.fetchone()[0]
    return row


# By hand, because every change in the product pays for it. PostgreSQL folds equal notifications of one transaction into
# one and sends none if it rolls back.
EVENT_INSERT = (
    "INSERT INTO live_event (centre_id, entity, entity_id, version, kind, ids, at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
EVENT_NOTIFY = "SELECT id, pg_notify('live', '') FROM made"
"""For services that write an event in the statement of its change: a WITH part named `made`, and what ends it."""


def event_values(
    *,
    centre_id: int,
    entity: str,
    entity_id: UUID,
    version: int,
    kind: str,
    ids: dict[str, str] | None = None,
    at: datetime,
) -> list[Any]:
    """The parameters of EVENT_INSERT. Raises TransactionManagementError outside a transaction."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An event must be written in the transaction of its change.")
    return [centre_id, entity, entity_id, version, kind, json.dumps(ids or {}), at]


def events_forget(*, at: datetime, limit: int = 20_000) -> int:
    """Delete the oldest event rows of more than `KEPT`, at most `limit`; returns how many. History and audit stay.

    The last number is never deleted: the next one is counted from it. The database refuses younger rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            # Looks at the oldest rows only, so that it costs nothing while none is old enough.
            "DELETE FROM live_event WHERE id IN (SELECT id FROM (SELECT id, at, number FROM live_event ORDER BY id"
            " LIMIT %s) oldest WHERE at < %s AND number < (SELECT max(number) FROM live_event))",
            [limit, at - KEPT],
        )
        return int(cursor.rowcount)


def engine_heartbeat(*, centre_id: int = EVERY_CENTRE, role: str = ENGINE) -> None:
    """Say that a loop runs. Called each second by the loop itself; costs one row and one message.

    Boards show OFFERS STOPPED when the role ``engine`` has been silent for ten seconds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO live_heartbeat (centre_id, role, at, published) VALUES (%s, %s, clock_timestamp(), 0)"
            " ON CONFLICT (centre_id, role) DO UPDATE SET at = EXCLUDED.at",
            [centre_id, role],
        )
    beat = {"role": role, "centre": centre_id, "at": datetime.now(UTC).isoformat()}
    shared_publisher().publish([(engine_channel(), json.dumps(beat).encode())])


def revoke_after_commit(session_key: str) -> None:
    """Close every stream of a session or display token as soon as the caller's transaction commits.

    Call it in the transaction that ends the session or revokes the token. Should Redis be away, the hub asks every
    page for a new ticket when Redis is back, and pages poll until then, so the revoked one is refused either way.
    """
    payload = json.dumps({"revoke": session_hash(session_key)}).encode()
    transaction.on_commit(lambda: _publish_control(payload), robust=True)


def _publish_control(payload: bytes, tries: int = REVOKE_TRIES) -> None:
    if shared_publisher().publish([(control_channel(), payload)]) or tries <= 1:
        return
    again = threading.Timer(REVOKE_AGAIN_S, _publish_control, [payload, tries - 1])
    again.daemon = True
    again.start()
