"""The engine looks for nobody for a call any more: why nobody could go is no matter of it from then on."""

from datetime import datetime

from accounts.models import User
from dispatch.models import Alarm, Incident
from dispatch.services.alarms import alarms_end


def nobody_sought(incident: Incident, *, by: User | None, at: datetime, note: str) -> list[str]:
    """Stop looking for a unit for a locked incident. Returns the fields that the caller saves.

    A reason or an alarm that stood on would say something that is not so: that a unit is missing where a person has to
    decide, or that a dispatcher should choose a unit for a call that is held.
    """
    incident.offer_wanted = False
    incident.no_unit_reason, incident.no_unit_detail = "", []
    alarms_end(Alarm.Kind.NO_UNIT, Alarm.Kind.CHOOSE_UNIT, subject=str(incident.pk), at=at, by=by, note=note)
    return ["offer_wanted", "no_unit_reason", "no_unit_detail"]
