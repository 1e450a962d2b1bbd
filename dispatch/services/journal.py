"""What every change leaves behind: a history row and an event row, in the change's own transaction."""

import json
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Model

from accounts.models import User
from accounts.problems import Refused
from accounts.services import AUDIT_INSERT, audit_values
from dispatch.models import Alarm, Call, Incident
from dispatch.selectors.one_incident import incident_read
from live.services import EVENT_INSERT, EVENT_NOTIFY, event_record, event_values

_COLUMNS = {one.name: one for one in Incident._meta.concrete_fields}
_HISTORY_INSERT = (
    "INSERT INTO dispatch_historyrow (centre_id, incident_id, entity, entity_id, action, from_state, to_state, at,"
    " device_at, by_id, reason, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


class _HasId(Protocol):
    @property
    def pk(self) -> Any: ...


def incident_locked(incident_id: UUID) -> Incident:
    """The incident, locked until the transaction ends. Every service takes this lock first, so none deadlocks."""
    incident = incident_read("one.id = %s FOR UPDATE OF one", [incident_id])
    if incident is None:
        raise Incident.DoesNotExist
    return incident


def incident_moved_to(incident_id: UUID) -> Incident:
    """The incident that a locked call has moved to while its former one was waited for, locked in its turn.

    Never waited for: the former incident is locked already, and `call_join` locks two in the order of their ids, so
    waiting here could be waiting for each other. Raises Refused where somebody has it locked: try again.
    """
    incident = incident_read("one.id = %s FOR UPDATE OF one SKIP LOCKED", [incident_id])
    if incident is None:
        raise Refused("call_moved", "This call was joined to another one at this moment: try again.", status=409)
    return incident


def call_locked(call_id: UUID) -> tuple[Incident, Call]:
    """A call and the incident that it tells of now, both locked; the incident first, as everywhere."""
    incident = incident_locked(Call.objects.values_list("incident_id", flat=True).get(pk=call_id))
    call = Call.objects.select_for_update(of=("self",)).get(pk=call_id)
    if call.incident_id != incident.pk:
        incident = incident_moved_to(call.incident_id)
    call.incident = incident
    return incident, call


def _insert(row: Model) -> tuple[str, list[Any]]:
    """The statement and values that the row's own `save` would send, at a third of the price.

    What is null is left out: psycopg keeps no conversion of a statement with more than 50 parameters.
    """
    fields = [one for one in row._meta.concrete_fields if getattr(row, one.attname) is not None]
    statement = (
        f"INSERT INTO {row._meta.db_table} ({', '.join(str(one.column) for one in fields)})"  # noqa: S608 - names of the model
        f" VALUES ({', '.join(['%s'] * len(fields))})"
    )
    return statement, [one.get_db_prep_save(getattr(row, one.attname), connection) for one in fields]


def insert_audited(row: Model, *, action: str, centre_id: int, by: User | None, at: datetime, detail: Any) -> None:
    """Insert a new row, all of its fields set, with the audit row of its making: one statement."""
    statement, values = _insert(row)
    values += audit_values(
        action=action,
        at=at,
        by_id=by.pk if by else None,
        centre_id=centre_id,
        entity=str(row._meta.model_name),
        entity_id=row.pk,
        detail=detail,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH inserted AS ({statement}) {AUDIT_INSERT}", values)
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
    made: Model | None = None,
    audited: dict[str, Any] | None = None,
) -> None:
    """Save the incident's changed `fields` with a new version, and write the history and event rows of a change.

    Whatever changes on an incident's parts (assignment, hand-off, note) changes the incident for a board: one event
    of entity `incident` is enough, with `ids` naming the part. `detail` holds codes, never a caller's words. Hot paths
    also have a new row inserted (`made`, all fields set) and the audit row of the change with the detail `audited`.
    """
    incident.version += 1
    changed = [_COLUMNS[name] for name in (*(fields or []), "version")]
    # One statement, because every change of every incident pays for it: the models' own update and inserts cost three
    # times as much, and each statement of its own a round trip.
    parts = [
        f"changed AS (UPDATE dispatch_incident SET {', '.join(f'{one.column} = %s' for one in changed)} WHERE id = %s)",  # noqa: S608 - column names of the model
        f"told AS ({_HISTORY_INSERT})",
        f"made AS ({EVENT_INSERT})",
    ]
    values = [
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
        *event_values(
            centre_id=incident.centre_id,
            entity="incident",
            entity_id=incident.pk,
            version=incident.version,
            kind=f"{entity}.{action}",
            ids={entity: str(row.pk), **(ids or {})},
            at=at,
        ),
    ]
    if made is not None:
        statement, more = _insert(made)
        parts.append(f"inserted AS ({statement})")
        values += more
    if audited is not None:
        parts.append(f"audited AS ({AUDIT_INSERT})")
        values += audit_values(
            action=f"{entity}.{action}",
            at=at,
            by_id=by.pk if by else None,
            centre_id=incident.centre_id,
            entity=entity,
            entity_id=row.pk,
            detail=audited,
        )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} {EVENT_NOTIFY}", values)
    if made is not None:
        made._state.adding, made._state.db = False, connection.alias


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
