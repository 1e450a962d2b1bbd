"""The stage order that a crew is under, and its end with the assignment."""

from datetime import datetime

from accounts.models import User
from dispatch.models import Alarm, Assignment, StageOrder
from dispatch.services.alarms import alarms_end

_OF_CREW = (Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.PLACE_CHANGED, Alarm.Kind.STUCK_STATUS)


def standing_order(assignment: Assignment) -> StageOrder | None:
    """The order that a crew is under."""
    return StageOrder.objects.filter(assignment=assignment, lifted_at__isnull=True).first()


def order_end(assignment: Assignment, by: User | None, at: datetime) -> None:
    """The assignment is over: nobody is left to read its stage order, so its alarm ends with it."""
    order = standing_order(assignment)
    if order is None:
        return
    if by is not None:
        order.lifted_at, order.lifted_by, order.lift_reason = at, by, "assignment_over"
        order.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    alarms_end(Alarm.Kind.STAGE_UNACKNOWLEDGED, subject=str(order.pk), at=at, by=by, note="assignment over")


def crew_released(assignment: Assignment, by: User | None, at: datetime) -> None:
    """A crew that had accepted was taken off the call: nothing is left for it to read, nobody waits for its word."""
    order_end(assignment, by, at)
    alarms_end(*_OF_CREW, subject=str(assignment.pk), at=at, by=by, note="released")
