"""What stands around an incident when somebody decides it: whether there is anything to supersede or to withdraw."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from dispatch.models import Incident
from dispatch.states import ASSIGNMENT_LIVE


@dataclass(frozen=True)
class Around:
    """Read once the incident is locked: whoever changes any of it holds that lock."""

    known: bool
    """The decision's id is in use already."""
    undone: bool
    """There are decisions that a new one may supersede."""
    live: bool
    """Units are asked or under way."""
    offers: bool
    """Units are asked, or one is recommended to a dispatcher."""
    alarms: bool
    """An alarm stands that deciding ends."""


def around_of(incident: Incident, decision_id: UUID, *, settled: Sequence[str]) -> Around:
    """One round trip. `settled` are the kinds of alarms that deciding ends."""
    key = incident.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM dispatch_decision WHERE id = %s),"
            " EXISTS (SELECT 1 FROM dispatch_decision WHERE incident_id = %s"
            "  AND state IN ('waiting_second', 'standing') AND id <> %s),"
            " EXISTS (SELECT 1 FROM dispatch_assignment WHERE incident_id = %s AND state = ANY(%s)),"
            " EXISTS (SELECT 1 FROM dispatch_assignment WHERE incident_id = %s AND state = 'offered')"
            "  OR EXISTS (SELECT 1 FROM dispatch_recommendation WHERE incident_id = %s),"
            " EXISTS (SELECT 1 FROM dispatch_alarm WHERE kind = ANY(%s) AND subject = %s AND ended_at IS NULL)",
            [
                decision_id, key, decision_id, key, sorted(ASSIGNMENT_LIVE), key, key,
                [str(kind) for kind in settled], str(key),
            ],
        )  # fmt: skip
        return Around(*cursor.fetchone())
