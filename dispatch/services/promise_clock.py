"""The promise's clock: when it began, when it ends, how often a person has moved its end."""

from datetime import datetime, timedelta

from dispatch.models import Incident
from dispatch.plan import DEFAULT_PROMISE_S
from programs.models import ProgramVersion
from programs.selectors import spec_wait_s

PROMISE_FIELDS = ("promise_from", "promise_at", "promise_extended")


def promise_start(incident: Incident, version: ProgramVersion, at: datetime) -> None:
    """Begin the wait that a program promises at the incident's priority. The caller saves PROMISE_FIELDS."""
    incident.promise_from = at
    incident.promise_at = at + timedelta(seconds=spec_wait_s(version, incident.priority, DEFAULT_PROMISE_S))
    incident.promise_extended = 0


def promise_again(incident: Incident, at: datetime) -> list[str]:
    """An incident waits again whose clock had stopped when somebody arrived: it begins anew. Returns fields to save."""
    if incident.promise_at is not None or incident.program_version is None:
        return []
    promise_start(incident, incident.program_version, at)
    return list(PROMISE_FIELDS)
