"""What every change leaves behind: a history row and an event row, in the change's own transaction."""

import json
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Model

from accounts.models import User
from dispatch.models import Alarm, Call, Incident
from live.services import event_record

_COLUMNS = {one.name: one for one in Incident._meta.concrete_fields}


class _HasId(Protocol):
    @property
    def pk(self) -> Any: ...


def incident_locked(incident_id: UUID) -> Incident:
    """The incident, locked until the transaction ends. Every service takes this lock first, so none deadlocks."""
    return (
        Incident.objects.select_for_update(of=("self",))
        .select_related("centre", "program_version__program")
        .get(pk=incident_id)
    )


def call_locked(call_id: UUID) -> tuple[Incident, Call]:
    """A call and the incident that it tells of now, both locked; the incident first, as everywhere."""
    while True:
        incident = incident_locked(Call.objects.values_list("incident_id", flat=True).get(pk=call_id))
        call = Call.objects.select_for_update(of=("self",)).get(pk=call_id)
        if call.incident_id == incident.pk:
            call.incident = incident
            return incident, call


def row_insert(row: Model) -> None:
    """Insert a new row whose fields are all set, as its `save` would, at a third of the price. For hot paths only."""
    fields = row._meta.concrete_fields
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {row._meta.db_table} ({', '.join(str(one.column) for one in fields)})"  # noqa: S608 - names of the model
            f" VALUES ({', '.join(['%s'] * len(fields))})",
            [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields],
        )
    row._state.adding, row._state.db = False, connection.alias


def record(
    *,
    incident: Incident,
    entity: str,
    row: _HasId,
    action: str,
    by: User | None,
    at: datetime,
    from_state: str = "",
    to_state: str = "",
    device_at: datetime | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    fields: list[str] | None = None,
    ids: dict[str, str] | None = None,
) -> None:
    """Save the incident's changed `fields` with a new version, and write the history and event rows of a change.

    Whatever changes on an incident's parts (assignment, hand-off, note) changes the incident for a board: one event
    of entity `incident` is enough, with `ids` naming the part. `detail` holds codes, never a caller's words.
    """
    incident.version += 1
    changed = [_COLUMNS[name] for name in (*(fields or []), "version")]
    with connection.cursor() as cursor:
        # By hand and in one statement, because every change of every incident pays for it: the models' own update and
        # insert cost three times as much.
        cursor.execute(
            f"WITH changed AS (UPDATE dispatch_incident SET {', '.join(f'{one.column} = %s' for one in changed)}"  # noqa: S608 - column names of the model
            " WHERE id = %s)"
            " INSERT INTO dispatch_historyrow (centre_id, incident_id, entity, entity_id, action, from_state, to_state,"
            " at, device_at, by_id, reason, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(one.get_db_prep_save(getattr(incident, one.attname), connection) for one in changed),
                incident.pk,
                incident.centre_id,
                incident.pk,
                entity,
                row.pk,
                action,
                from_state,
                to_state,
                at,
                device_at,
                by.pk if by else None,
                reason[:80],
                json.dumps(detail or {}),
            ],
        )
    event_record(
        centre_id=incident.centre_id,
        entity="incident",
        entity_id=incident.pk,
        version=incident.version,
        kind=f"{entity}.{action}",
        ids={entity: str(row.pk), **(ids or {})},
        at=at,
    )


def alarm_event(alarm: Alarm, action: str, at: datetime) -> None:
    """The event row of an alarm."""
    event_record(
        centre_id=alarm.centre_id,
        entity="alarm",
        entity_id=alarm.pk,
        version=alarm.version,
        kind=f"alarm.{action}",
        at=at,
    )
