"""Hand-offs: open until the receiver has acknowledged by name or number."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from dispatch.access import handoff_for
from dispatch.api.inputs import AcknowledgeSerializer, ReasonSerializer
from dispatch.api.outputs import HandoffSerializer, HandoffsSerializer
from dispatch.api.show import handoff_shown
from dispatch.api.transfer_bodies import HandoffDeclineSerializer
from dispatch.selectors.incident import handoffs_listed
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_decline, handoff_send


class Handoffs(CentreView):
    """Lists."""

    permission_classes = [has_role(*FLOOR)]

    @described(
        "handoffs_list",
        "hand-offs",
        HandoffsSerializer,
        query={"open": "1 (default): ready and requested; 0: the last ended ones", "limit": "1 to 200"},
    )
    def get(self, request: Request) -> Response:
        """Hand-offs of the centre."""
        rows = handoffs_listed(
            centre=self.centre, is_open=self.flag("open", True), limit=self.number("limit", 200, least=1, most=200)
        )
        return Response({"results": HandoffSerializer(rows, many=True).data})


class HandoffSend(CentreView):
    """Send what stands ready."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("handoffs_send", "hand-offs", HandoffSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """A person sends what the machine made ready."""
        return handoff_shown(handoff_send(handoff=handoff_for(self.person, id), by=self.person, at=self.at).pk)


class HandoffAcknowledge(CentreView):
    """The receiver has it."""

    permission_classes = [has_role(*FLOOR)]

    @described("handoffs_acknowledge", "hand-offs", HandoffSerializer, body=AcknowledgeSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """By name, or by the number in the receiver's system."""
        handoff, data = handoff_for(self.person, id), self.checked(AcknowledgeSerializer)
        return handoff_shown(handoff_acknowledge(handoff=handoff, by=self.person, at=self.at, **data).pk)


class HandoffDecline(CentreView):
    """They will not take it."""

    permission_classes = [has_role(*FLOOR)]

    @described("handoffs_decline", "hand-offs", HandoffSerializer, body=HandoffDeclineSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The service says no: coded, alarmed at once, at the top of its priority."""
        handoff, data = handoff_for(self.person, id), self.checked(HandoffDeclineSerializer)
        return handoff_shown(handoff_decline(handoff=handoff, by=self.person, at=self.at, **data).pk)


class HandoffCancel(CentreView):
    """Withdraw."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("handoffs_cancel", "hand-offs", HandoffSerializer, body=ReasonSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Withdraw one that is not acknowledged, with a reason."""
        handoff, data = handoff_for(self.person, id), self.checked(ReasonSerializer)
        return handoff_shown(handoff_cancel(handoff=handoff, by=self.person, at=self.at, **data).pk)
