"""What others tell the dispatcher about a call so that it cannot go on as decided: it has an owner and a clock."""

from datetime import datetime
from uuid import uuid5

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Incident, ReviewItem
from dispatch.models.assignment import Slot
from dispatch.reasons import ESCALATION
from dispatch.services.alarms import alarm_raise
from dispatch.services.crew_safety import return_to_911
from dispatch.services.journal import incident_locked, record
from dispatch.services.narrative import note_add
from dispatch.services.review import review_add
from dispatch.states import ASSIGNMENT_ACCEPTED
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


@transaction.atomic
def return_told(*, incident: Incident, reason: str, words: str, by: User, at: datetime) -> Incident:
    """The crew on an incident gives it back by radio: the leading one, or the only one. `words` become a note.

    Raises Refused where nobody or several are on it and none leads, and what return_to_911 raises.
    """
    incident = incident_locked(incident.pk)
    on_it = incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED)
    crews = list(on_it.filter(slot=Slot.PRIMARY)) or list(on_it[:2])
    if len(crews) != 1:
        said = "Say which crew: st, its call sign, return and why." if crews else "No crew is on this call."
        raise Refused("which_crew", said, field="kind", status=409)
    if words.strip():
        # Made from the crew's own assignment, so that the same words are noted once.
        note_add(id=uuid5(crews[0].pk, f"return {words.strip()}"), incident=incident, text=words, by=by, at=at)
    return return_to_911(assignment=crews[0], reason=reason, by=by, at=at)
