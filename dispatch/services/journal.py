"""What every change leaves behind: a history row and an event row, in the change's own transaction."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from accounts.models import User
from dispatch.models import Alarm, Call, HistoryRow, Incident
from live.services import event_record


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
    incident.save(update_fields=[*(fields or []), "version"])
    HistoryRow.objects.create(
        centre_id=incident.centre_id,
        incident_id=incident.pk,
        entity=entity,
        entity_id=row.pk,
        action=action,
        from_state=from_state,
        to_state=to_state,
        at=at,
        device_at=device_at,
        by=by,
        reason=reason[:80],
        detail=detail or {},
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
