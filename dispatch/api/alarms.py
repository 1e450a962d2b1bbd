"""Alarms: taken by a person, ended by a person who says what was done."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from dispatch.access import alarm_for
from dispatch.api.inputs import AlarmNoteSerializer
from dispatch.api.outputs import AlarmSerializer, AlarmsSerializer
from dispatch.selectors.alarms import alarm_rows
from dispatch.services.alarms import alarm_end, alarm_take
from dispatch.services.crew_safety import crew_heard


class AlarmView(CentreView):
    """One alarm."""

    def shown(self, id: UUID) -> Response:
        return Response(AlarmSerializer(alarm_rows(centre=self.centre, ids=[id])[0]).data)


class Alarms(CentreView):
    """Standing alarms."""

    permission_classes = [has_role(*FLOOR)]

    @described("alarms_list", "alarms", AlarmsSerializer)
    def get(self, request: Request) -> Response:
        """Urgent and oldest first."""
        return Response({"results": AlarmSerializer(alarm_rows(centre=self.centre), many=True).data})


class AlarmTake(AlarmView):
    """Mine."""

    permission_classes = [has_role(*FLOOR)]

    @described("alarms_take", "alarms", AlarmSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Own the alarm."""
        return self.shown(alarm_take(alarm=alarm_for(self.person, id), by=self.person, at=self.at).pk)


class AlarmEnd(AlarmView):
    """Handled."""

    permission_classes = [has_role(*FLOOR)]

    @described("alarms_end", "alarms", AlarmSerializer, body=AlarmNoteSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """End it and say what was done. Not for a crew's call for help, a stage order or a hand-off."""
        alarm, data = alarm_for(self.person, id), self.checked(AlarmNoteSerializer)
        return self.shown(alarm_end(alarm=alarm, by=self.person, at=self.at, **data).pk)


class AlarmHeard(AlarmView):
    """The crew was heard."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("alarms_heard", "alarms", AlarmSerializer, body=AlarmNoteSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The only end of a crew's call for help: a named person has heard the crew."""
        alarm, data = alarm_for(self.person, id), self.checked(AlarmNoteSerializer)
        return self.shown(crew_heard(alarm=alarm, by=self.person, at=self.at, **data).pk)
