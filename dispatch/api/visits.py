"""Booked visits: listed, booked from an incident, moved, cancelled."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import FLOOR, has_role
from accounts.api import CentreView, CodeField, InputSerializer, InstantField, described
from dispatch.access import incident_for, unit_named, visit_for
from dispatch.models import Visit
from dispatch.reasons import VISIT_CANCELLED, VISIT_MOVED, VISIT_PURPOSES
from dispatch.selectors.visits import visits_booked, visits_ended
from dispatch.services.visits import visit_book, visit_cancel, visit_move
from responders.models import Unit


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A visit: who goes, between when and when, and the incident that it became once it fell due."""

    booked_from = serializers.UUIDField(source="source_id")
    program = serializers.CharField(source="program.slug")
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    booked_by = serializers.CharField()
    incident = serializers.UUIDField(source="incident_id", allow_null=True)

    class Meta:
        model = Visit
        fields = [
            "id",
            "booked_from",
            "program",
            "unit",
            "state",
            "purpose",
            "nature",
            "starts_at",
            "ends_at",
            "booked_at",
            "booked_by",
            "ended_at",
            "incident",
            "version",
        ]


class VisitsSerializer(serializers.Serializer[Any]):
    """Visits."""

    results = VisitSerializer(many=True)


class VisitBookSerializer(InputSerializer):
    """A visit for the place and person of an incident."""

    id = serializers.UUIDField(required=False)
    program = serializers.CharField(max_length=50, help_text="slug")
    starts_at = InstantField()
    ends_at = InstantField(help_text="somebody is there by then")
    purpose = CodeField(list(VISIT_PURPOSES))
    unit = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="preferred, never bound")
    answers = serializers.DictField(required=False, default=dict, help_text="safety questions that were asked again")


class VisitMoveSerializer(InputSerializer):
    """Another time."""

    starts_at = InstantField()
    ends_at = InstantField()
    reason = CodeField(list(VISIT_MOVED))
    unit = serializers.UUIDField(required=False, allow_null=True, default=None)


class VisitCancelSerializer(InputSerializer):
    """It does not take place."""

    reason = CodeField(list(VISIT_CANCELLED))


class VisitView(CentreView):
    """One visit."""

    permission_classes = [has_role(*FLOOR)]

    def unit_of(self, id: UUID | None) -> Unit | None:
        return unit_named(self.person, id) if id is not None else None


class Visits(CentreView):
    """Lists."""

    permission_classes = [has_role(*FLOOR)]

    @described(
        "visits_list",
        "visits",
        VisitsSerializer,
        query={"booked": "1 (default): booked and not due yet; 0: the last that fell due or were cancelled"},
    )
    def get(self, request: Request) -> Response:
        """Booked visits, the next one first."""
        rows = visits_booked(self.centre) if self.flag("booked", True) else visits_ended(self.centre)
        return Response({"results": VisitSerializer([row.visit for row in rows], many=True).data})


class IncidentVisits(VisitView):
    """Book."""

    @described("incidents_visit", "visits", VisitSerializer, body=VisitBookSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Book a visit. Nobody is occupied until it falls due, half an hour before its time."""
        source, data = incident_for(self.person, id, change=True), self.checked(VisitBookSerializer)
        made = self.create_id(data.pop("id", None))
        known = Visit.objects.filter(pk=made).exists()
        data["unit"] = self.unit_of(data["unit"])
        visit = visit_book(id=made, source=source, by=self.person, at=self.at, **data)
        return Response(VisitSerializer(visit).data, status=200 if known else 201)


class VisitMove(VisitView):
    """Move."""

    @described("visits_move", "visits", VisitSerializer, body=VisitMoveSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Another time and another preferred unit or none, with a coded reason: a dispatcher, or whoever booked it."""
        visit, data = visit_for(self.person, id, change=True), self.checked(VisitMoveSerializer)
        data["unit"] = self.unit_of(data["unit"])
        return Response(VisitSerializer(visit_move(visit=visit, by=self.person, at=self.at, **data)).data)


class VisitCancel(VisitView):
    """Cancel."""

    @described("visits_cancel", "visits", VisitSerializer, body=VisitCancelSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """It does not take place, with a coded reason: a dispatcher, or whoever booked it."""
        visit, data = visit_for(self.person, id, change=True), self.checked(VisitCancelSerializer)
        return Response(VisitSerializer(visit_cancel(visit=visit, by=self.person, at=self.at, **data)).data)
