"""Decisions, and the second person of a less cautious one."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import FLOOR, SECOND_PERSONS, has_role
from accounts.api import CentreView, described
from dispatch.access import decision_for, incident_to_decide
from dispatch.api.inputs import DecisionSerializer, SecondSerializer
from dispatch.api.outputs import DecisionMadeSerializer
from dispatch.api.show import decision_made, decision_shown
from dispatch.services.decisions import decision_second, decision_take


class IncidentDecision(CentreView):
    """Decide."""

    permission_classes = [has_role(*FLOOR)]

    @described(
        "incidents_decision", "decisions", DecisionMadeSerializer, body=DecisionSerializer, status=201, again=True
    )
    def post(self, request: Request, id: UUID) -> Response:
        """More cautious than suggested needs a reason; less cautious a reason and a second person within 60 s."""
        incident, data = incident_to_decide(self.person, id), self.checked(DecisionSerializer)
        decision_id = self.create_id(data.pop("id", None))
        made = decision_take(id=decision_id, incident=incident, by=self.person, at=self.at, **data)
        # What was just made is answered as it stands in memory; one that was known already is read.
        return decision_made(made) if made.at == self.at else decision_shown(made.pk)


class DecisionSecond(CentreView):
    """The second person."""

    permission_classes = [has_role(*SECOND_PERSONS)]

    @described("decisions_second", "decisions", DecisionMadeSerializer, body=SecondSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Agree to a less cautious choice of somebody else, or refuse it."""
        decision, data = decision_for(self.person, id), self.checked(SecondSerializer)
        return decision_shown(decision_second(decision=decision, by=self.person, at=self.at, **data).pk)
