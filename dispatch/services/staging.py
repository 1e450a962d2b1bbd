"""Rising risk: stage orders to crews, alarms that end with their acknowledgement, and hand-offs made ready."""

from collections.abc import Collection, Sequence
from datetime import datetime
from zlib import crc32

from django.db import transaction

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident, ReviewItem, StageOrder
from dispatch.reasons import STAGE_LIFT
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_raise, alarm_say, alarms_end
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import incident_locked, record
from dispatch.services.not_sought import nobody_sought
from dispatch.services.review import review_add
from dispatch.services.standing_orders import standing_order
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT

_THERE = {"on_scene", "with_person", "transporting"}


def risk_raise(
    *, incident: Incident, reason: str, words: str, services: Sequence[str], by: User | None, at: datetime
) -> None:
    """The danger of a locked incident rose. Every unarmed crew gets a stage order, dispatcher and call taker an alarm.

    Hand-offs to the services that the rule names are opened ready to send; a person sends them. Nobody further is
    offered the call until a person has decided again.
    """
    before = incident.state
    incident.risen_at = at
    fields = ["risen_at", *nobody_sought(incident, by=by, at=at, note="danger rose")]
    if before == "held":
        # Nothing with a danger on it waits for a callback.
        incident.state, incident.held_until = INCIDENT.to("queue", before), None
        fields += ["state", "held_until"]
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="risk_rise",
        by=by,
        at=at,
        from_state=before if before != incident.state else "",
        to_state=incident.state if before != incident.state else "",
        reason=reason,
        fields=fields,
    )
    crews_stage(incident=incident, reason=reason, words=words, by=by, at=at)
    for service in services:
        handoff_open(incident=incident, service=service, reason="rising_risk", by=by, at=at, ready=True)


def crews_stage(
    *, incident: Incident, reason: str, words: str, by: User | None, at: datetime, renew: bool = True
) -> None:
    """A stage order to every unarmed crew of a locked incident, and the alarm.

    Crews that were only offered the call get it too, since they may accept at this moment. `renew=False` leaves crews
    that already stage as they are.
    """
    crews = incident.assignments.select_related("unit").filter(state__in=ASSIGNMENT_LIVE, unit__armed=False)
    for assignment in crews:
        order_stage(incident=incident, assignment=assignment, reason=reason, words=words, by=by, at=at, renew=renew)
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.RISING_RISK,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
        urgent=True,
        detail={"reason": reason, "words": words},
    )
    if words not in alarm.detail.get("words", ""):
        # One that still stands says the new danger first: whoever has taken it knows of the earlier one.
        alarm_say(alarm=alarm, detail={"words": f"{words}; {alarm.detail.get('words', '')}"[:300]}, at=at)


def order_mark(order: StageOrder) -> str:
    """What somebody who has read an order, tells it or lifts it has seen of it: another danger makes another mark."""
    return f"{crc32(f'{order.withdraw} {order.words}'.encode()):08x}"


def order_stage(
    *,
    incident: Incident,
    assignment: Assignment,
    reason: str,
    words: str,
    by: User | None,
    at: datetime,
    renew: bool = True,
    there: bool = False,
) -> None:
    """Order one crew to stage. An order that it has not read yet tells of both dangers; a read one is replaced.

    `there`: it is on the scene, whatever its status says.
    """
    order = standing_order(assignment)
    there = there or assignment.state in _THERE
    if order is not None and not renew:
        return
    if order is not None and order.acknowledged_at is None:
        if words not in order.words:
            order.reason, order.words = reason, f"{words}; {order.words}"[:160]
            order.withdraw = order.withdraw or there
            order.save(update_fields=["reason", "words", "withdraw"])
    else:
        if order is not None:
            # The crew knows of the earlier danger only: the new one is a new order to read.
            order.lifted_at, order.lifted_by, order.lift_reason = at, order.acknowledged_by, "replaced_by_newer"
            order.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        order = StageOrder.objects.create(assignment=assignment, reason=reason, words=words, withdraw=there, at=at)
        review_add(
            incident=incident,
            kind=ReviewItem.Kind.STAGE_ORDER,
            subject=order.pk,
            unit=assignment.unit,
            reason=reason,
            by=by,
            at=at,
        )
    record(
        incident=incident,
        entity="stage_order",
        row=order,
        action="order",
        by=by,
        at=at,
        reason=reason,
        ids={"unit": str(assignment.unit_id), "assignment": str(assignment.pk)},
    )
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.STAGE_UNACKNOWLEDGED,
        subject=str(order.pk),
        at=at,
        incident=incident,
        unit=assignment.unit,
        urgent=True,
        owner=incident.owner,
        detail=silence_said(assignment.unit, incident.centre, at),
    )


def order_withdraw(*, incident: Incident, order: StageOrder, at: datetime) -> None:
    """A crew of a locked incident turns out to be on the scene already: the order asks it to withdraw, to be read anew
    by a new order where it had read the old one."""
    order_stage(
        incident=incident,
        assignment=order.assignment,
        reason=order.reason,
        words=f"You are on scene; {order.words}"[:160] if order.acknowledged_at else "You are on scene",
        by=None,
        at=at,
        there=True,
    )


@transaction.atomic
def stage_acknowledge(*, order: StageOrder, how: str, by: User, at: datetime, seen: str = "") -> StageOrder:
    """The crew has read the order: on the phone, or told by radio by the person named.

    `seen`: the `order_mark` of what was read or told. Where another danger came to the order since (the press waited on
    the phone, or crossed it), that is kept, and the order stands unread.
    """
    if how not in {"phone", "radio"}:
        raise Refused("how_unknown", "Choose phone or radio.", field="how")
    incident = incident_locked(order.assignment.incident_id)
    order = StageOrder.objects.select_for_update(of=("self",)).select_related("assignment").get(pk=order.pk)
    if order.acknowledged_at is None and seen and seen != order_mark(order):
        record(
            incident=incident,
            entity="stage_order",
            row=order,
            action="read_part",
            by=by,
            at=at,
            reason=how,
            ids={"unit": str(order.assignment.unit_id)},
        )
    elif order.acknowledged_at is None:
        order.acknowledged_at, order.acknowledged_by, order.acknowledged_how = at, by, how
        order.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_how"])
        record(
            incident=incident,
            entity="stage_order",
            row=order,
            action="acknowledge",
            by=by,
            at=at,
            reason=how,
            ids={"unit": str(order.assignment.unit_id)},
        )
        alarms_end(Alarm.Kind.STAGE_UNACKNOWLEDGED, subject=str(order.pk), at=at, by=by, note=how)
        audit(
            action="stage_order.acknowledge",
            at=at,
            by=by,
            centre=incident.centre,
            entity="stage_order",
            entity_id=order.pk,
            detail={"how": how},
        )
    return order


@transaction.atomic
def stage_lift(
    *, order: StageOrder, reason: str, by: User, at: datetime, seen: Collection[str] = frozenset()
) -> StageOrder:
    """A dispatcher or supervisor lifts a stage order, with a coded reason. Falling risk alone moves nobody.

    `seen`: the marks of the orders on their screen (`order_mark`). Raises Refused where another danger came since.
    """
    require(by, Role.DISPATCHER, Role.SUPERVISOR)
    if reason not in STAGE_LIFT:
        raise Refused("reason_unknown", "Choose why the crew may go on.", field="reason")
    incident = incident_locked(order.assignment.incident_id)
    order = StageOrder.objects.select_for_update(of=("self",)).select_related("assignment").get(pk=order.pk)
    if order.lifted_at is None and seen and order_mark(order) not in seen:
        raise Refused(
            "order_changed", "Another danger has come since: look again before the crew may go on.", field="reason",
            status=409,
        )  # fmt: skip
    if order.lifted_at is None:
        order.lifted_at, order.lifted_by, order.lift_reason = at, by, reason
        order.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        record(
            incident=incident,
            entity="stage_order",
            row=order,
            action="lift",
            by=by,
            at=at,
            reason=reason,
            ids={"unit": str(order.assignment.unit_id)},
        )
        alarms_end(Alarm.Kind.STAGE_UNACKNOWLEDGED, subject=str(order.pk), at=at, by=by, note="lifted")
        audit(
            action="stage_order.lift",
            at=at,
            by=by,
            centre=incident.centre,
            entity="stage_order",
            entity_id=order.pk,
            detail={"reason": reason},
        )
    return order
