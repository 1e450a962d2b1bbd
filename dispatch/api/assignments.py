"""Assignments and stage orders: what crews do, and what dispatchers do for them by radio."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, has_role, may
from accounts.api import CentreView, described
from accounts.models import Role
from accounts.problems import Refused
from dispatch.access import assignment_for, stage_order_for
from dispatch.api.inputs import AssignmentActionSerializer, ReasonSerializer
from dispatch.api.outputs import AssignmentSerializer, StageOrderSerializer
from dispatch.api.show import assignment_shown, stage_order_shown
from dispatch.models import Assignment
from dispatch.services.assignments import ACTIONS, assignment_act, cautions_relay
from dispatch.services.crew_safety import return_to_911
from dispatch.services.staging import stage_acknowledge, stage_lift, standing_order
from responders.selectors import unit_of

OFFERED = (*ACTIONS, "relay", "return", "acknowledge_stage")
"""The actions of an assignment's address."""
_DISPATCHERS = frozenset({"cancel", "relay"})
_ACTORS = frozenset({*DISPATCHING, Role.RESPONDER, Role.CLINICIAN})
"""Clinicians are the crews of their own desks."""


class AssignmentAction(CentreView):
    """One action."""

    permission_classes = [has_role(*_ACTORS)]

    @extend_schema(
        parameters=[OpenApiParameter("action", {"type": "string", "enum": list(OFFERED)}, OpenApiParameter.PATH)]
    )
    @described("assignments_act", "assignments", AssignmentSerializer, body=AssignmentActionSerializer)
    def post(self, request: Request, id: UUID, action: str) -> Response:
        """By the unit's crew, or by a dispatcher who was told by radio; cancel and relay are the dispatcher's alone.

        Doing what is already done changes nothing. `decline`, `cancel` and `return` need a reason, `clear` a
        disposition.
        """
        if action not in OFFERED:
            raise Http404
        assignment, data = assignment_for(self.person, id), self.checked(AssignmentActionSerializer)
        aboard = unit_of(self.person) == assignment.unit
        if action in _DISPATCHERS and not may(self.person, *DISPATCHING):
            raise PermissionDenied("A dispatcher does this.")
        if aboard:
            self.note_presence("phone")
        self._act(assignment, action, data, aboard=aboard)
        return assignment_shown(assignment.pk)

    def _act(self, assignment: Assignment, action: str, data: dict[str, object], *, aboard: bool) -> None:
        if action == "relay":
            cautions_relay(assignment=assignment, by=self.person, at=self.at)
        elif action == "acknowledge_stage":
            order = standing_order(assignment)
            if order is None:
                raise Refused("no_stage_order", "No stage order stands for this unit.", status=409)
            stage_acknowledge(order=order, how="phone" if aboard else "radio", by=self.person, at=self.at)
        elif action == "return":
            device_at = data.get("device_at")
            return_to_911(
                assignment=assignment,
                reason=str(data["reason"]),
                by=self.person,
                at=self.at,
                device_at=device_at,  # type: ignore[arg-type]  # an InstantField
            )
        else:
            assignment_act(assignment=assignment, action=action, by=self.person, at=self.at, **data)  # type: ignore[arg-type]  # checked by the serializer


class StageOrderAcknowledge(CentreView):
    """The crew has read it."""

    permission_classes = [has_role(*_ACTORS)]

    @described("stage_orders_acknowledge", "assignments", StageOrderSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """On the phone by the crew itself; by a dispatcher it counts as told by radio, and by whom."""
        order = stage_order_for(self.person, id)
        aboard = unit_of(self.person) == order.assignment.unit
        stage_acknowledge(order=order, how="phone" if aboard else "radio", by=self.person, at=self.at)
        return stage_order_shown(order.pk)


class StageOrderLift(CentreView):
    """The crew may go on."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("stage_orders_lift", "assignments", StageOrderSerializer, body=ReasonSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Only a person lifts a stage order, with a coded reason."""
        order, data = stage_order_for(self.person, id), self.checked(ReasonSerializer)
        return stage_order_shown(stage_lift(order=order, by=self.person, at=self.at, **data).pk)
