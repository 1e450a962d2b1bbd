"""Which safety answers are to be asked again, since the call has waited long."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from dispatch.models import Answer
from triage import vocabulary

ASK_AGAIN_KEYS = ("weapon", "violence", "suicide", "breathing")
ASK_AGAIN_EVERY_S = 20 * 60
"""A pending call is asked again after so many seconds without a safety answer. Our own interval: no source names one;
it lies below the shortest common promise of the presets with a mobile team (30 minutes)."""


def keys_to_ask(flagged: dict[UUID, datetime]) -> dict[UUID, tuple[str, ...]]:
    """For incidents that are flagged since an instant: the questions without an answer since then. One query."""
    if not flagged:
        return {}
    answered: dict[UUID, set[str]] = {}
    rows = Answer.objects.filter(incident__in=flagged, key__in=ASK_AGAIN_KEYS, at__gte=min(flagged.values()))
    for incident_id, key, at in rows.values_list("incident_id", "key", "at"):
        if at >= flagged[incident_id]:
            answered.setdefault(incident_id, set()).add(key)
    return {pk: tuple(key for key in ASK_AGAIN_KEYS if key not in answered.get(pk, set())) for pk in flagged}


def labels(keys: Collection[str]) -> list[str]:
    """The questions' short names."""
    table = vocabulary.load()
    return [table.get(key).label for key in keys]
