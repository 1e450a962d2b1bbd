"""“I'm OK”: a timer on the server for every crew on a scene. Overdue alarms the dispatcher, then the supervisor."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.services.silence import unit_heard
from programs.models import ProgramVersion
from programs.spec import setting

CHECKED = frozenset({"on_scene", "with_person"})


def check_due(*, state: str, by_phone: bool, version: ProgramVersion | None, at: datetime) -> datetime | None:
    """Until when a crew in that state must say again that it is OK; None where nobody is on a scene."""
    if state not in CHECKED or by_phone:
        return None
    return at + timedelta(minutes=int(setting(version.spec if version is not None else None, "safety_check_min")))


@transaction.atomic
def crew_ok(
    *, assignment: Assignment, by: User | None, at: datetime, device_at: datetime | None = None, note: str = "I'm OK"
) -> Assignment:
    """The crew says that it is OK, or a person who has heard it says so. The timer starts anew.

    Raises Refused for a crew that is not on a scene.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("unit", "program_version")
        .get(pk=assignment.pk)
    )
    due = check_due(state=assignment.state, by_phone=assignment.by_phone, version=assignment.program_version, at=at)
    if due is None:
        raise Refused("not_on_scene", "Nobody waits for a sign of this crew: it is not on a scene.", status=409)
    assignment.check_due_at, assignment.version = due, assignment.version + 1
    assignment.save(update_fields=["check_due_at", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="ok",
        by=by,
        at=at,
        device_at=device_at,
        ids={"unit": str(assignment.unit_id)},
    )
    audit(action="assignment.ok", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk)
    alarms_end(Alarm.Kind.SAFETY_CHECK, subject=str(assignment.pk), at=at, by=by, note=note)
    unit_heard(unit=assignment.unit, by=by, at=at, note=note)
    return assignment


@transaction.atomic
def check_overdue(*, assignment: Assignment, at: datetime) -> bool:
    """Alarm about a crew that has not said that it is OK in time. Idempotent; returns whether it was raised now."""
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_related("unit").get(pk=assignment.pk)
    if assignment.check_due_at is None or assignment.check_due_at > at:
        return False
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.SAFETY_CHECK,
        subject=str(assignment.pk),
        at=at,
        incident=incident,
        unit=assignment.unit,
        owner=incident.owner,
        urgent=True,
        detail={"words": f"was due at {assignment.check_due_at.astimezone(incident.centre.zone):%H:%M}"},
    )
    return alarm.opened_at == at
