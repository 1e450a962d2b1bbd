"""The doors of a unit's status: what a phone or another system reports, late or not, and its service state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Assignment, HistoryRow, ReviewItem
from dispatch.models.assignment import SentClass
from dispatch.selectors.unit_loads import units_read
from dispatch.selectors.unit_rows import OnDuty, unit_status
from dispatch.services.assignments import assignment_act, class_said
from dispatch.services.crew_safety import return_to_911
from dispatch.services.journal import incident_locked, record
from dispatch.services.review import review_add
from dispatch.services.silence import unit_heard
from dispatch.services.staging import crews_stage, order_withdraw
from dispatch.services.standing_orders import standing_order
from dispatch.states import ASSIGNMENT, ASSIGNMENT_LIVE, LATE_S, TransitionRefused, unit_step
from responders.models import LATE_SERVICE, Unit
from responders.selectors import service_reported, status_mode
from responders.services import unit_service, unit_service_late

APPLIED = "applied"
OUT_OF_ORDER = "applied, out of order"
LATE = "late, not applied"
_ARRIVED = frozenset({"on_scene", "with_person", "transport"})
_PLACE = {"accepted": 0, "en_route": 1, "staged": 1, "on_scene": 2, "with_person": 3, "transporting": 4}
"""How far into the call a status is. Staged and on the road again take turns."""


@dataclass(frozen=True)
class Reported:
    """What became of a reported status: the assignment as it now is, and one of the words above."""

    assignment: Assignment
    said: str


@transaction.atomic
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

    The same press sent again changes nothing, whatever came after it. One that comes LATE_S or more after it happened,
    by the phone's clock, and that is no longer allowed is kept in the history as late and not applied: it is never
    refused. So is one that another status has overtaken and that would take the unit back, and a phone's arrival that
    crosses a stage order which the crew has not read: the order then asks it to withdraw. Otherwise raises what
    assignment_act raises.
    """
    if device_at is not None:
        incident_locked(assignment.incident_id)
        if _known(assignment, action, device_at):
            # Sent again because its answer was lost: it was applied the first time.
            assignment.refresh_from_db()
            return Reported(assignment, APPLIED)
        overtaken = _overtaken(assignment, action, at, device_at)
        if overtaken:
            return Reported(_late(assignment, action, by, at, device_at, overtaken), LATE)
    try:
        done = assignment_act(assignment=assignment, action=action, by=by, at=at, device_at=device_at, **more)
    except (TransitionRefused, Refused) as refused:
        conflict = isinstance(refused, TransitionRefused) or refused.status == 409
        late_s = timedelta(seconds=LATE_S)
        if device_at is None or not ((conflict and at - device_at >= late_s) or _crossed(assignment, refused)):
            raise
        late = _late(assignment, action, by, at, device_at, str(refused))
        if action == "clear" and more.get("sent_class") in SentClass.values:
            class_said(incident_locked(late.incident_id), late, more["sent_class"], by, at)
        return Reported(late, LATE)
    last = HistoryRow.objects.filter(entity="assignment", entity_id=done.pk, action=action).order_by("-id").first()
    return Reported(done, OUT_OF_ORDER if last is not None and last.detail.get("out_of_order") else APPLIED)


@transaction.atomic
def return_report(
    *, assignment: Assignment, reason: str, by: User, at: datetime, device_at: datetime | None = None
) -> Reported:
    """A return as a phone or another system gives it, through dispatch.services.crew_safety.return_to_911.

    One that comes LATE_S or more after it was pressed, to a call that the unit is no longer on, is kept as late and not
    applied; it is for review like any other, and “unsafe” is a stage order for whoever is there now. Otherwise raises
    what return_to_911 raises.
    """
    try:
        return_to_911(assignment=assignment, reason=reason, by=by, at=at, device_at=device_at)
    except Refused as refused:
        if refused.status != 409 or device_at is None or at - device_at < timedelta(seconds=LATE_S):
            raise
        incident = incident_locked(assignment.incident_id)
        if _known(assignment, "late_return", device_at):
            return Reported(Assignment.objects.get(pk=assignment.pk), LATE)
        late = _late(assignment, "return", by, at, device_at, f"{reason}: {refused}")
        review_add(
            incident=incident,
            kind=ReviewItem.Kind.RETURN,
            subject=late.pk,
            unit=late.unit,
            reason=reason,
            by=by,
            at=at,
        )
        there = incident.assignments.filter(state__in=ASSIGNMENT_LIVE, unit__armed=False)
        if reason == "unsafe" and there.exists():
            crews_stage(incident=incident, reason="returned=unsafe", words="Another crew says: unsafe", by=by, at=at)
        return Reported(late, LATE)
    assignment.refresh_from_db()
    return Reported(assignment, APPLIED)


def _crossed(assignment: Assignment, refused: Exception) -> bool:
    """Whether the press crossed a stage order that the crew has not read: it is where it says, and must come out."""
    if not isinstance(refused, Refused) or refused.code != "stage_order_stands":
        return False
    order = standing_order(assignment)
    return order is not None and order.acknowledged_at is None


def _overtaken(assignment: Assignment, action: str, at: datetime, device_at: datetime) -> str:
    """What overtook a press of a locked incident, if it would take the unit back; empty otherwise.

    Going back is allowed (on the road again, from the corner to another one), but not by a press that is older than the
    present status. Two clocks are compared only where they differ by more than phones' clocks do.
    """
    rows = HistoryRow.objects.filter(entity="assignment", entity_id=assignment.pk).exclude(to_state="")
    last = rows.exclude(action__startswith="late_").order_by("-id").first()
    target = ASSIGNMENT.table[action][1] if action in ASSIGNMENT.table else ""
    if last is None or last.to_state not in _PLACE or target in {"", last.to_state}:
        return ""
    if _PLACE.get(target, len(_PLACE)) > _PLACE[last.to_state]:
        return ""
    # Nothing has happened later than the server learnt of it, whatever a phone's clock says.
    since = last.at if last.device_at is None else min(last.device_at, last.at)
    if device_at >= since or (last.device_at is None and at - device_at < timedelta(seconds=LATE_S)):
        return ""
    here = since.astimezone(assignment.incident.centre.zone)
    return f"It was {last.to_state.replace('_', ' ')} already, since {here:%H:%M:%S}."


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
    (responders.models.StatusRules). Its assignment stays in any case. The same press sent again changes nothing, and
    one that was overtaken while it waited on the phone is kept and not applied: LATE. Raises TransitionRefused and
    Refused.
    """
    if unit.not_answering_since is not None and unit.crew.filter(user=by, until__isnull=True).exists():
        with transaction.atomic():
            unit_heard(unit=unit, by=by, at=at, note="gave a status")
    if service not in Unit.Service.values:
        raise Refused("service_unknown", f"Choose one of {', '.join(Unit.Service.values)}.", field="status")
    with transaction.atomic():
        unit = Unit.objects.select_for_update(of=("self",), no_key=True).select_related("centre").get(pk=unit.pk)
        known = service_reported(unit, service, device_at) if device_at is not None else ""
        if known or unit.service == service:
            return LATE if known == LATE_SERVICE else APPLIED
        late = device_at is not None and at - device_at >= timedelta(seconds=LATE_S)
        if device_at is not None and late and unit.service_since > device_at:
            unit_service_late(unit=unit, service=service, reason=reason, by=by, at=at, device_at=device_at)
            return LATE
        [read] = units_read(centre=unit.centre, ids=[unit.pk])
        mode = status_mode(unit.centre)
        unusual = unit_step(service, unit_status(read, OnDuty(unit.centre, at)), mode)
        unit_service(unit=unit, service=service, reason=reason, by=by, at=at, device_at=device_at)
    return OUT_OF_ORDER if unusual and mode == "warn" else APPLIED
