"""A promise that ran out, and a team that came all the same: why a call was not diverted is true only until then."""

from datetime import datetime

from accounts.models import User
from dispatch.models import Assignment, HistoryRow, Incident
from dispatch.models.assignment import Slot
from dispatch.reasons import RETURNED
from dispatch.services.journal import record

TIMED_OUT = "timed_out"
"""Of dispatch.reasons.NOT_DIVERTED."""
_SERVED = "served_late"
_ARRIVED = frozenset({"on_scene", "with_person"})


def served_late(*, incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime) -> None:
    """The team of a locked incident's program arrives, talks with the caller, or clears without having said so: it was
    diverted after all. That the promise was broken stays in the history and in its alarms."""
    if incident.not_diverted_reason != TIMED_OUT or incident.program_version_id is None:
        return
    served = action in _ARRIVED or (action == "clear" and assignment.disposition != RETURNED)
    if served and assignment.slot == Slot.PRIMARY and assignment.program_version_id is not None:
        incident.not_diverted_reason = ""
        _kept(incident, _SERVED, by, at)


def served_not(*, incident: Incident, step_at: datetime, by: User, at: datetime) -> None:
    """The step by which a late team had arrived was a mistake, and is taken back."""
    rows = HistoryRow.objects.filter(incident_id=incident.pk, entity="incident", action=_SERVED, at=step_at)
    if incident.not_diverted_reason == "" and rows.exists():
        incident.not_diverted_reason = TIMED_OUT
        _kept(incident, "served_not", by, at)


def _kept(incident: Incident, action: str, by: User | None, at: datetime) -> None:
    fields = ["not_diverted_reason"]
    record(
        incident=incident, entity="incident", row=incident, action=action, by=by, at=at, reason=TIMED_OUT, fields=fields
    )
