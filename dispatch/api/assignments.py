"""Assignments and stage orders: what crews do, and what dispatchers do for them by radio."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
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
from dispatch.services.assignments import ACTIONS, cautions_relay
from dispatch.services.cautions import cautions_read
from dispatch.services.primary import assignment_promote
from dispatch.services.safety_checks import crew_ok
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.standing_orders import standing_order
from dispatch.services.unit_status import APPLIED, return_report, status_report
from responders.selectors import unit_of

OFFERED = (*ACTIONS, "relay", "return", "acknowledge_stage", "ok", "cautions_read", "promote")
"""The actions of an assignment's address."""
_DISPATCHERS = frozenset({"cancel", "relay", "promote"})
_ACTORS = frozenset({*DISPATCHING, Role.RESPONDER, Role.CLINICIAN})
"""Clinicians are the crews of their own desks."""


class ReportedSerializer(AssignmentSerializer):
    """The assignment as it now is, and what became of the reported status: applied; applied, out of order; or late,
    not applied."""

    said = serializers.CharField()

    class Meta(AssignmentSerializer.Meta):
        fields = [*AssignmentSerializer.Meta.fields, "said"]


class AssignmentAction(CentreView):
    """One action."""

    permission_classes = [has_role(*_ACTORS)]

    @extend_schema(
        parameters=[OpenApiParameter("action", {"type": "string", "enum": list(OFFERED)}, OpenApiParameter.PATH)]
    )
    @described("assignments_act", "assignments", ReportedSerializer, body=AssignmentActionSerializer)
    def post(self, request: Request, id: UUID, action: str) -> Response:
        """By the unit's crew, or by a dispatcher who was told by radio; cancel, relay and promote are the dispatcher's
        alone.

        Doing what is already done changes nothing. `decline`, `cancel` and `return` need a reason, `clear` a
        disposition. A status that comes late, by its `device_at`, and is no longer allowed is kept and not applied:
        `said` tells so.
        """
        if action not in OFFERED:
            raise Http404
        assignment, data = assignment_for(self.person, id), self.checked(AssignmentActionSerializer)
        aboard = unit_of(self.person) == assignment.unit
        if action in _DISPATCHERS and not may(self.person, *DISPATCHING):
            raise PermissionDenied("A dispatcher does this.")
        if aboard:
            self.note_presence("phone")
        said = self._act(assignment, action, data, aboard=aboard)
        shown = assignment_shown(assignment.pk)
        shown.data["said"] = said
        return shown

    def _act(self, assignment: Assignment, action: str, data: dict[str, object], *, aboard: bool) -> str:
        if action == "relay":
            cautions_relay(assignment=assignment, by=self.person, at=self.at)
        elif action == "promote":
            assignment_promote(assignment=assignment, by=self.person, at=self.at)
        elif action == "ok":
            crew_ok(
                assignment=assignment,
                by=self.person,
                at=self.at,
                device_at=data.get("device_at"),  # type: ignore[arg-type]  # an InstantField
                note="I'm OK" if aboard else "said so by radio",
            )
        elif action == "cautions_read":
            cautions_read(assignment=assignment, by=self.person, at=self.at)
        elif action == "acknowledge_stage":
            order = standing_order(assignment)
            if order is None:
                raise Refused("no_stage_order", "No stage order stands for this unit.", status=409)
            stage_acknowledge(order=order, how="phone" if aboard else "radio", by=self.person, at=self.at)
        elif action == "return":
            return return_report(
                assignment=assignment,
                reason=str(data["reason"]),
                by=self.person,
                at=self.at,
                device_at=data.get("device_at"),  # type: ignore[arg-type]  # an InstantField
            ).said
        else:
            return status_report(
                assignment=assignment,
                action=action,
                by=self.person,
                at=self.at,
                **data,  # type: ignore[arg-type]  # checked by the serializer
            ).said
        return APPLIED


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
