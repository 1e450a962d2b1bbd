"""Event rows: written with their change or not at all, numbered once, never altered."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from live.models import Event, LiveEpoch
from live.renderer import Renderer
from live.selectors import ENGINE, events_after, heartbeat_age, live_epoch, live_position
from live.services import engine_heartbeat, event_record, events_forget

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def record(entity_id: uuid.UUID | None = None, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "centre_id": 1,
        "entity": "incident",
        "entity_id": entity_id or uuid.uuid4(),
        "version": 1,
        "kind": "incident.opened",
        "at": AT,
    }
    with transaction.atomic():
        return event_record(**{**values, **changes})


def roll_back_an_event() -> None:
    with transaction.atomic():
        event_record(centre_id=1, entity="incident", entity_id=uuid.uuid4(), version=1, kind="incident.opened", at=AT)
        transaction.set_rollback(True)


def test_outside_a_transaction_no_event_is_written() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        event_record(centre_id=1, entity="incident", entity_id=uuid.uuid4(), version=1, kind="incident.opened", at=AT)
    assert not Event.objects.exists()


def test_an_event_leaves_with_its_rolled_back_change() -> None:
    roll_back_an_event()
    assert not Event.objects.exists()


@pytest.mark.parametrize("change", ["kind = 'other'", "version = 9", "number = NULL", "number = 7", "centre_id = 2"])
def test_a_numbered_event_cannot_be_changed(change: str, renderer: Callable[..., Renderer]) -> None:
    event = record()
    renderer().step()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE live_event SET {change} WHERE id = %s", [event.pk])


def test_giving_a_number_cannot_change_anything_else() -> None:
    event = record()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE live_event SET number = 1, version = 2 WHERE id = %s", [event.pk])


def test_an_event_cannot_be_deleted() -> None:
    record()
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM live_event")


def test_old_events_are_forgotten_but_never_the_last_number(renderer: Callable[..., Renderer]) -> None:
    old = datetime.now(UTC) - timedelta(days=30)
    for at in (old, old, datetime.now(UTC)):
        record(at=at)
    renderer().step()
    record(at=old)  # not yet numbered
    assert events_forget(at=datetime.now(UTC)) == 2
    assert [event.number for event in Event.objects.order_by("id")] == [3, None]
    assert events_forget(at=datetime.now(UTC) + timedelta(days=60)) == 0


def test_a_late_commit_with_a_lower_id_is_not_skipped(renderer: Callable[..., Renderer]) -> None:
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: parameters[name] for name in names if name in parameters}) as slow:
        row = slow.execute(
            "INSERT INTO live_event (centre_id, entity, entity_id, version, kind, ids, at)"
            " VALUES (1, 'incident', gen_random_uuid(), 1, 'incident.slow', '{}', now()) RETURNING id"
        ).fetchone()
        quick = record(kind="incident.quick")
        assert row is not None
        assert row[0] < quick.pk
        working = renderer()
        working.step()
        seen = [event.kind for event in events_after(0)]
        assert seen == ["incident.quick"]
        cursor = events_after(0)[0].number
        assert cursor is not None
        slow.commit()
        working.step()
    assert [event.kind for event in events_after(cursor)] == ["incident.slow"]
    assert [event.number for event in events_after(0)] == [1, 2]


def test_numbers_have_no_gaps_over_several_centres_and_rollbacks(renderer: Callable[..., Renderer]) -> None:
    first, second = renderer(centre_id=1), renderer(centre_id=2)
    for centre in (1, 2, 2, 1):
        record(centre_id=centre)
        roll_back_an_event()
        first.step()
        second.step()
    assert [(event.number, event.centre_id) for event in events_after(0)] == [(1, 1), (2, 2), (3, 2), (4, 1)]
    assert [event.number for event in events_after(1, centre_id=2)] == [2, 3]
    assert live_position(1).number == 4
    assert live_position(2).number == 3
    assert live_position(3).number == 0


def test_there_is_one_epoch() -> None:
    assert live_epoch() == live_epoch()
    with pytest.raises(DatabaseError):
        LiveEpoch.objects.create(pk=2)


def test_heartbeat_of_all_centres_counts_for_each() -> None:
    assert heartbeat_age(5, ENGINE) is None
    engine_heartbeat()
    age = heartbeat_age(5, ENGINE)
    assert age is not None
    assert age >= 0.0
