"""What others tell the dispatcher about a call: escalations, and “scene safe”."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from dispatch.access import incident_for
from dispatch.api.inputs import EscalationSerializer, SceneSafeSerializer
from dispatch.api.outputs import AlarmSerializer, IncidentSerializer
from dispatch.api.show import incident_shown
from dispatch.selectors.alarms import alarm_rows
from dispatch.services.escalations import escalation_open
from dispatch.services.pairs import scene_safe_say


class IncidentEscalations(CentreView):
    """It cannot go on as decided."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_escalate", "incidents", AlarmSerializer, body=EscalationSerializer, status=201)
    def post(self, request: Request, id: UUID) -> Response:
        """Police do not release the scene, no clinician is available, or 988 hands the call back. The alarm goes to
        the incident's owner, after a minute to the supervisor; a person decides how it goes on."""
        data = self.checked(EscalationSerializer)
        incident = incident_for(self.person, id, change=True)
        alarm = escalation_open(incident=incident, by=self.person, at=self.at, **data)
        return Response(AlarmSerializer(alarm_rows(centre=self.centre, ids=[alarm.pk])[0]).data, status=201)


class IncidentSceneSafe(CentreView):
    """The scene is safe, says somebody who is there."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_scene_safe", "incidents", IncidentSerializer, body=SceneSafeSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Opens the scene to a clinician who waits for the officer. A stage order it does not lift."""
        data = self.checked(SceneSafeSerializer)
        incident = incident_for(self.person, id, change=True)
        return incident_shown(scene_safe_say(incident=incident, by=self.person, at=self.at, **data).pk)
