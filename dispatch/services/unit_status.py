"""The doors of a unit's status: what a phone or another system reports, late or not, and its service state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Assignment, HistoryRow
from dispatch.selectors.unit_loads import units_read
from dispatch.selectors.unit_rows import OnDuty, unit_status
from dispatch.services.assignments import assignment_act
from dispatch.services.journal import incident_locked, record
from dispatch.services.silence import unit_heard
from dispatch.services.staging import order_withdraw
from dispatch.services.standing_orders import standing_order
from dispatch.states import LATE_S, TransitionRefused, unit_step
from responders.models import Unit
from responders.selectors import status_mode
from responders.services import unit_service

APPLIED = "applied"
OUT_OF_ORDER = "applied, out of order"
LATE = "late, not applied"
_ARRIVED = frozenset({"on_scene", "with_person", "transport"})


@dataclass(frozen=True)
class Reported:
    """What became of a reported status: the assignment as it now is, and one of the words above."""

    assignment: Assignment
    said: str


def status_report(
    *,
    assignment: Assignment,
    action: str,
    by: User,
    at: datetime,
    device_at: datetime | None = None,
    **more: Any,
) -> Reported:
    """A status as a phone or another system gives it, through dispatch.services.assignments.assignment_act.

    One that comes LATE_S or more after it happened, by the phone's clock, and that is no longer allowed is kept in the
    history as late and not applied: it is never refused. Otherwise raises what assignment_act raises.
    """
    try:
        done = assignment_act(assignment=assignment, action=action, by=by, at=at, device_at=device_at, **more)
    except (TransitionRefused, Refused) as refused:
        if device_at is not None and _known(assignment, action, device_at):
            # Sent again because its answer was lost: it was applied the first time.
            assignment.refresh_from_db()
            return Reported(assignment, APPLIED)
        conflict = isinstance(refused, TransitionRefused) or refused.status == 409
        if device_at is None or at - device_at < timedelta(seconds=LATE_S) or not conflict:
            raise
        return Reported(_late(assignment, action, by, at, device_at, str(refused)), LATE)
    last = HistoryRow.objects.filter(entity="assignment", entity_id=done.pk, action=action).order_by("-id").first()
    return Reported(done, OUT_OF_ORDER if last is not None and last.detail.get("out_of_order") else APPLIED)


def _known(assignment: Assignment, action: str, device_at: datetime) -> bool:
    return HistoryRow.objects.filter(
        entity="assignment", entity_id=assignment.pk, action=action, device_at=device_at
    ).exists()


@transaction.atomic
def _late(assignment: Assignment, action: str, by: User, at: datetime, device_at: datetime, refused: str) -> Assignment:
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_related("unit").get(pk=assignment.pk)
    late = f"late_{action}"[:32]
    if _known(assignment, late, device_at):
        return assignment
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action=late,
        by=by,
        at=at,
        from_state=assignment.state,
        to_state=assignment.state,
        device_at=device_at,
        reason=LATE,
        detail={"refused": refused[:160]},
        ids={"unit": str(assignment.unit_id)},
    )
    order = standing_order(assignment)
    if order is not None and not order.withdraw and action in _ARRIVED:
        # The crew went in before its phone had heard the order: it is told to come out, not to wait outside.
        order_withdraw(incident=incident, order=order, at=at)
    audit(
        action="assignment.late",
        at=at,
        by=by,
        centre=incident.centre,
        entity="assignment",
        entity_id=assignment.pk,
        detail={"action": action},
    )
    return assignment


def service_set(
    *, unit: Unit, service: str, reason: str, by: User, at: datetime, device_at: datetime | None = None
) -> str:
    """Put a unit in service, on a break or out of service, by the centre's rules; returns APPLIED or OUT_OF_ORDER.

    A unit on a call that goes on a break is out of order: applied and said, or refused, as the centre chose
    (responders.models.StatusRules). Its assignment stays in any case. Raises TransitionRefused and Refused.
    """
    if unit.not_answering_since is not None and unit.crew.filter(user=by, until__isnull=True).exists():
        with transaction.atomic():
            unit_heard(unit=unit, by=by, at=at, note="gave a status")
    if unit.service == service:
        return APPLIED
    if service not in Unit.Service.values:
        raise Refused("service_unknown", f"Choose one of {', '.join(Unit.Service.values)}.", field="status")
    [read] = units_read(centre=unit.centre, ids=[unit.pk])
    mode = status_mode(unit.centre)
    unusual = unit_step(service, unit_status(read, OnDuty(unit.centre, at)), mode)
    unit_service(unit=unit, service=service, reason=reason, by=by, at=at, device_at=device_at)
    return OUT_OF_ORDER if unusual and mode == "warn" else APPLIED
