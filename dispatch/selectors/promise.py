"""How far a promised wait has gone."""

from datetime import datetime

from dispatch.models import Incident
from dispatch.selectors.row_loads import IncidentRead

PROMISE_WARNING_SHARE = 0.8


def promise_share(incident: Incident | IncidentRead, at: datetime) -> float:
    """How much of the promised wait has gone at an instant: 0 at its beginning, 1 at its end. 0 without a promise."""
    began = incident.promise_from or incident.sent_at
    if began is None or incident.promise_at is None:
        return 0.0
    whole = (incident.promise_at - began).total_seconds()
    return (at - began).total_seconds() / whole if whole > 0 else 1.0


def must_decide(incident: Incident | IncidentRead, at: datetime) -> bool:
    """Whether a dispatcher has to decide now: the warning is out and nothing has been chosen."""
    waits = incident.offer_wanted or incident.state == "pending"
    return waits and promise_share(incident, at) >= PROMISE_WARNING_SHARE
