"""What others tell the dispatcher about a call so that it cannot go on as decided: it has an owner and a clock."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Incident, ReviewItem
from dispatch.reasons import ESCALATION
from dispatch.services.alarms import alarm_raise
from dispatch.services.journal import incident_locked, record
from dispatch.services.review import review_add
from responders.models import Unit

TOP_OF_BAND = frozenset({"returned_by_988"})
"""Whoever was already handed on once waits no further behind others of the same priority."""


@transaction.atomic
def escalation_open(
    *, incident: Incident, kind: str, reason: str, by: User | None, at: datetime, unit: Unit | None = None
) -> Alarm:
    """Police do not release the scene, no clinician is available, or 988 hands the call back; `reason` in words.

    The alarm goes to the incident's owner, after 60 s to the supervisor, and a person decides how it goes on: nothing
    is sent or lowered by itself. The same matter is one alarm while it stands. Raises Refused without a reason.
    """
    if kind not in ESCALATION:
        raise Refused("kind_unknown", f"Choose one of {', '.join(ESCALATION)}.", field="kind")
    if not reason.strip():
        raise Refused("reason_needed", "Say why.", field="reason")
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    standing = Alarm.objects.filter(kind=kind, subject=str(incident.pk), ended_at__isnull=True).first()
    if standing is not None:
        return standing
    alarm = alarm_raise(
        centre=incident.centre,
        kind=kind,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        unit=unit,
        owner=incident.owner,
        detail={"words": reason.strip()[:160]},
    )
    fields: list[str] = []
    if kind in TOP_OF_BAND:
        incident.top_at = incident.top_at or at
        fields.append("top_at")
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action=kind,
        by=by,
        at=at,
        reason=reason.strip()[:80],
        fields=fields,
    )
    review_add(
        incident=incident,
        kind=ReviewItem.Kind.ESCALATION,
        subject=alarm.pk,
        unit=unit,
        reason=kind,
        by=by,
        at=at,
    )
    audit(action=f"incident.{kind}", at=at, by=by, centre=incident.centre, entity="incident", entity_id=incident.pk)
    return alarm
