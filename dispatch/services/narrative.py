"""Notes: added, struck, never changed, never lost."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, Incident, NarrativeEntry, NarrativeText
from dispatch.services.alarms import alarms_end
from dispatch.services.journal import incident_locked, record
from people.models.audience import Audience


@transaction.atomic
def note_add(
    *,
    id: UUID,
    incident: Incident,
    text: str,
    by: User | None,
    at: datetime,
    call: Call | None = None,
    audience: str = Audience.GENERAL,
    kind: str = NarrativeEntry.Kind.NOTE,
    device_at: datetime | None = None,
) -> NarrativeEntry:
    """Append a note. The same id twice is one note. Raises Refused for an empty note or an unknown audience."""
    if not text.strip():
        raise Refused("note_empty", "The note is empty.", field="text")
    if audience not in Audience.values:
        raise Refused("audience_unknown", f"Choose one of {', '.join(Audience.values)}.", field="audience")
    if kind not in NarrativeEntry.Kind.values:
        raise Refused("kind_unknown", f"Choose one of {', '.join(NarrativeEntry.Kind.values)}.", field="kind")
    # A note to an incident that was joined meanwhile is a note to the one that it was joined to: nothing typed is lost.
    incident = incident_locked(_followed(incident.pk))
    known = NarrativeEntry.objects.filter(pk=id).first()
    if known is not None:
        if known.incident_id != incident.pk:
            raise Refused("id_taken", "This note id is already in use.", field="id", status=409)
        return known
    entry = NarrativeEntry.objects.create(
        id=id, incident=incident, call=call, kind=kind, audience=audience, at=at, device_at=device_at, by=by
    )
    NarrativeText.objects.create(entry=entry, text=text.strip())
    record(incident=incident, entity="note", row=entry, action="add", by=by, at=at, device_at=device_at)
    if kind == NarrativeEntry.Kind.CALLBACK:
        alarms_end(Alarm.Kind.HOLD_OVER, subject=str(incident.pk), at=at, by=by, note="callback noted")
    return entry


def _followed(incident_id: UUID) -> UUID:
    into = Incident.objects.values_list("joined_into_id", flat=True).get(pk=incident_id)
    while into is not None:
        incident_id = into
        into = Incident.objects.values_list("joined_into_id", flat=True).get(pk=incident_id)
    return incident_id


@transaction.atomic
def note_strike(*, entry: NarrativeEntry, by: User, at: datetime) -> NarrativeEntry:
    """Strike a wrong note: it stays, struck through, with who struck it (access: its writer, or a supervisor)."""
    incident = incident_locked(entry.incident_id)
    entry = NarrativeEntry.objects.select_for_update().get(pk=entry.pk)
    if entry.struck_at is None:
        entry.struck_at, entry.struck_by = at, by
        entry.save(update_fields=["struck_at", "struck_by"])
        record(incident=incident, entity="note", row=entry, action="strike", by=by, at=at)
        audit(action="note.strike", at=at, by=by, centre=incident.centre, entity="note", entity_id=entry.pk)
    return entry
