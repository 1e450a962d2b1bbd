"""Units: the list, one's own with its work, positions, service state, and the call for help."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from accounts.models import Role
from accounts.problems import Refused
from dispatch.access import unit_for
from dispatch.api.inputs import HelpSerializer, PositionSerializer, StatusSerializer
from dispatch.api.outputs import AlarmSerializer, AssignmentSerializer
from dispatch.api.rows import MyUnitSerializer, UnitRowSerializer, UnitsSerializer, WorkSerializer
from dispatch.api.show import unit_row_dicts
from dispatch.selectors.alarms import alarm_rows
from dispatch.selectors.crew import Work, help_stands, work_of
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.crew_safety import help_request
from dispatch.services.positions import position_report
from dispatch.services.unit_status import service_set
from responders.models import Unit
from responders.selectors import unit_of

_CREWS = frozenset({Role.RESPONDER, Role.CLINICIAN})


class Units(CentreView):
    """All units."""

    permission_classes = [has_role(*FLOOR, Role.RESPONDER)]

    @described("units_list", "units", UnitsSerializer)
    def get(self, request: Request) -> Response:
        """With status, position and whether a person is using it."""
        rows = unit_row_dicts(unit_rows(centre=self.centre, at=self.at), centre=self.centre, at=self.at)
        return Response({"results": UnitRowSerializer(rows, many=True).data})


def _work_dict(work: Work) -> dict[str, Any]:
    assignment, place = work.assignment, work.place
    shown = AssignmentSerializer(assignment).data
    return {
        **{key: shown[key] for key in ("id", "state", "slot", "by_phone", "eta_s")},
        "offered_at": assignment.offered_at,
        "offer_expires_at": assignment.offer_expires_at,
        "reasons": assignment.why.get("reasons", []),
        "actions": work.actions,
        "next_step": work.next_step,
        "stage_order": work.stage_order,
        "incident": work.incident,
        "nature_name": work.nature_name,
        "text": place.text if place else "",
        "location_state": place.state if place else "",
        "location_type": place.location_type if place else "",
        "beat": place.beat if place else "",
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "cautions": work.cautions,
        "cautions_read": work.cautions_read,
        "answers": work.answers,
        "notes": work.notes,
        "withheld_notes": work.withheld_notes,
    }


class MyUnit(CentreView):
    """The unit that one is on."""

    permission_classes = [has_role(*_CREWS)]

    @described("my_unit", "units", MyUnitSerializer)
    def get(self, request: Request) -> Response:
        """The crew's unit, its assignment and its offer. 404 for somebody who is signed on to none."""
        unit = unit_of(self.person)
        if unit is None or unit.centre_id != self.centre.pk:
            raise Refused("no_unit", "You are not signed on to a unit.", status=404)
        self.note_presence("phone")
        works = work_of(unit=unit, viewer=self.person, at=self.at)
        assignment = next((work for work in works if work.assignment.state != "offered"), None)
        offer = next((work for work in works if work.assignment.state == "offered"), None)
        rows = unit_row_dicts(unit_rows(centre=self.centre, at=self.at, ids=[unit.pk]), centre=self.centre, at=self.at)
        return Response(
            {
                "unit": UnitRowSerializer(rows[0]).data,
                "assignment": WorkSerializer(_work_dict(assignment)).data if assignment else None,
                "offer": WorkSerializer(_work_dict(offer)).data if offer else None,
                "others": [
                    WorkSerializer(_work_dict(work)).data
                    for work in works
                    if work is not assignment and work is not offer
                ],
                "help_asked": help_stands(unit),
            }
        )


class UnitStatedSerializer(UnitRowSerializer):
    """The unit as it now is, and what became of the reported state: applied; applied, out of order; or late, not
    applied."""

    said = serializers.CharField()


class UnitView(CentreView):
    """One unit, for its crew and for dispatchers."""

    def unit(self, id: UUID) -> Unit:
        unit = unit_for(self.person, id)
        if unit_of(self.person) == unit:
            self.note_presence("phone")
        return unit

    def shown(self, id: UUID) -> Response:
        rows = unit_row_dicts(unit_rows(centre=self.centre, at=self.at, ids=[id]), centre=self.centre, at=self.at)
        return Response(UnitRowSerializer(rows[0]).data)


class UnitPosition(UnitView):
    """Where it is."""

    permission_classes = [has_role(*DISPATCHING, *_CREWS)]

    @described("units_position", "units", UnitRowSerializer, body=PositionSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Report a position. One measured before the last known one changes nothing."""
        unit, data = self.unit(id), self.checked(PositionSerializer)
        measured = min(data.get("device_at") or self.at, self.at)
        position_report(unit=unit, lat=data["lat"], lon=data["lon"], by=self.person, at=measured)
        return self.shown(unit.pk)


class UnitStatus(UnitView):
    """In service, on a break, out of service."""

    permission_classes = [has_role(*DISPATCHING, *_CREWS)]

    @described("units_status", "units", UnitStatedSerializer, body=StatusSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Change the service state; what it is doing on a call is derived from its assignment.

        One that comes late, by its `device_at`, and that a newer one has overtaken is kept and not applied: `said`
        tells so.
        """
        unit, data = self.unit(id), self.checked(StatusSerializer)
        said = service_set(
            unit=unit,
            service=data["status"],
            reason=data["reason"],
            by=self.person,
            at=self.at,
            device_at=data.get("device_at"),
        )
        shown = self.shown(unit.pk)
        shown.data["said"] = said
        return shown


class UnitHelp(UnitView):
    """The crew needs help."""

    permission_classes = [has_role(*DISPATCHING, *_CREWS)]

    @described("units_help", "units", AlarmSerializer, body=HelpSerializer, status=201)
    def post(self, request: Request, id: UUID) -> Response:
        """Panic or urgent: an urgent alarm and a police hand-off at once. Routine: an alarm for the dispatcher.

        Never refused for a bad level, position or clock.
        """
        unit = self.unit(id)
        body = request.data if isinstance(request.data, dict) else {}
        made = HelpSerializer(data=body)
        data = dict(made.validated_data) if made.is_valid() else {}
        alarm = help_request(unit=unit, by=self.person, at=self.at, **data)
        return Response(AlarmSerializer(alarm_rows(centre=self.centre, ids=[alarm.pk])[0]).data, status=201)
