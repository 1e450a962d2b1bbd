"""Taking back a status that was given by mistake, within seconds, by the one who gave it. A row, never a deletion."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.access import DISPATCHING, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Assignment, HistoryRow
from dispatch.services.journal import incident_locked, record
from dispatch.services.safety_checks import check_due
from dispatch.services.served import served_not

UNDO_WITHIN = timedelta(seconds=10)
BACK = {"en_route": "en_route_at", "stage": "", "on_scene": "on_scene_at", "with_person": "", "transport": ""}
"""Steps that nobody else acts on, and the time that each one set. Accepting or clearing has told others already."""


@transaction.atomic
def assignment_step_back(*, assignment: Assignment, action: str, by: User, at: datetime) -> Assignment:
    """Put an assignment back to the state before the person's last step.

    Raises Refused when it is too late, when it was another person's step, or when something has happened since.
    """
    require(by, *DISPATCHING)
    incident = incident_locked(assignment.incident_id)
    assignment = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("unit", "program_version")
        .get(pk=assignment.pk)
    )
    rows = HistoryRow.objects.filter(entity="assignment", entity_id=assignment.pk)
    last = rows.order_by("-id").first()
    if action not in BACK or last is None or last.action != action or last.to_state != assignment.state:
        raise Refused("undo_overtaken", "Something has happened since: set the status that is right.", status=409)
    if last.by_id != by.pk:
        raise Refused("undo_not_yours", "Only who gave the status can take it back.", status=409)
    if at - last.at > UNDO_WITHIN:
        raise Refused("undo_late", "Too late to undo: set the status that is right.", status=409)
    before, assignment.state = assignment.state, last.from_state
    # A crew that is not on the scene after all is not asked whether it is well; one that still is there, is.
    assignment.check_due_at = check_due(
        state=assignment.state, by_phone=assignment.by_phone, version=assignment.program_version, at=at
    )
    fields = ["state", "version", "check_due_at"]
    if BACK[action] and getattr(assignment, BACK[action]) == last.at:
        setattr(assignment, BACK[action], None)
        fields.append(BACK[action])
    assignment.version += 1
    assignment.save(update_fields=fields)
    changed: list[str] = []
    served_not(incident=incident, step_at=last.at, by=by, at=at)
    there = ("on_scene", "with_person", "transporting")
    still = incident.assignments.filter(state__in=there).exists()
    if incident.state == "on_scene" and assignment.state not in there and not still:
        incident.state = "assigned"
        changed.append("state")
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="undo",
        by=by,
        at=at,
        from_state=before,
        to_state=assignment.state,
        reason=action,
        fields=changed,
        ids={"unit": str(assignment.unit_id)},
    )
    audit(
        action="assignment.undo",
        at=at,
        by=by,
        centre=incident.centre,
        entity="assignment",
        entity_id=assignment.pk,
        detail={"step": action},
    )
    return assignment
