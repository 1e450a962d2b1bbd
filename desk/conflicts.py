"""Who changed a field that somebody else was typing in."""

from dispatch.models import Call, HistoryRow, LocationEntry

FIELDS = ("where", "phone", "what", "weapon_type", "access", "language")
"""The fields of a card that hold what is stored."""
_ACTIONS = {"phone": ("call", "phone"), "what": ("incident", "nature")}


def changed_by(call: Call, field: str) -> str:
    """Whoever wrote the field's stored value last, by name; empty where nobody is known.

    Raises KeyError for a field that a card does not have.
    """
    if field not in FIELDS:
        raise KeyError(field)
    if field == "where":
        entry = (
            LocationEntry.objects.filter(incident=call.incident_id, subject=LocationEntry.Subject.INCIDENT)
            .select_related("by")
            .order_by("-id")
            .first()
        )
        return str(entry.by) if entry is not None and entry.by is not None else ""
    if field in _ACTIONS:
        entity, action = _ACTIONS[field]
        row = (
            HistoryRow.objects.filter(incident_id=call.incident_id, entity=entity, action=action)
            .select_related("by")
            .order_by("-id")
            .first()
        )
        return str(row.by) if row is not None and row.by is not None else ""
    answer = call.incident.answers.filter(key=field).select_related("by").order_by("-id").first()
    return str(answer.by) if answer is not None and answer.by is not None else ""
