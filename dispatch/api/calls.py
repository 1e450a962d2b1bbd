"""Calls: opened before the first keystroke, then where, what, the answers, the number, the end."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import FLOOR, has_role
from accounts.api import CentreView, described
from accounts.models import Role
from accounts.problems import Refused
from dispatch.access import call_for, incident_for
from dispatch.api.inputs import (
    AnswersSerializer,
    CallEndSerializer,
    CallOpenSerializer,
    JoinSerializer,
    LocationSerializer,
    NatureSerializer,
    PhoneSerializer,
)
from dispatch.api.outputs import CallMadeSerializer, LocationMadeSerializer, SuggestionSerializer
from dispatch.api.show import call_shown, suggestion_shown
from dispatch.models import Call
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_end, call_open, phone_set
from dispatch.services.incidents import call_join, nature_set
from dispatch.services.locations import location_record
from dispatch.services.parting import call_part
from people.models import Place

INTAKE = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR})
"""Who opens and joins calls."""


class Calls(CentreView):
    """New calls."""

    permission_classes = [has_role(*INTAKE)]

    @described("calls_create", "calls", CallMadeSerializer, body=CallOpenSerializer, status=201, again=True)
    def post(self, request: Request) -> Response:
        """Open a call and its incident, owned by whoever asks. The same id, or the same external id, is one call."""
        data = self.checked(CallOpenSerializer)
        id = self.create_id(data.pop("id", None))
        call = call_open(centre=self.centre, id=id, by=self.person, at=self.at, **data)
        made = call.pk == id and call.received_at == self.at
        return call_shown(call.pk, status=201 if made else 200)


class CallChange(CentreView):
    """One change of one call."""

    def call(self, id: UUID) -> Call:
        return call_for(self.person, id)


class CallLocation(CallChange):
    """Where."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_location", "calls", LocationMadeSerializer, body=LocationSerializer, status=201)
    def post(self, request: Request, id: UUID) -> Response:
        """Add a statement of where; earlier ones stay. `verified` needs a gazetteer entry of this centre."""
        call, data = self.call(id), self.checked(LocationSerializer)
        place = None
        place_id = data.pop("place_id", None)
        if place_id is not None:
            place = Place.objects.filter(pk=place_id, centre=self.centre).first()
            if place is None:
                raise Refused("place_unknown", "This is no entry of the gazetteer.", field="place_id")
        entry = location_record(incident=call.incident, call=call, place=place, by=self.person, at=self.at, **data)
        return Response(LocationMadeSerializer(entry).data, status=201)


class CallNature(CallChange):
    """What it is about."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_nature", "calls", CallMadeSerializer, body=NatureSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Set the nature of the call's incident."""
        call, data = self.call(id), self.checked(NatureSerializer)
        nature_set(incident=call.incident, call=call, by=self.person, at=self.at, **data)
        return call_shown(call.pk)


class CallAnswers(CallChange):
    """Answers."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_answers", "calls", SuggestionSerializer, body=AnswersSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Record answers and read the suggestion that follows. After sending they raise at once and never lower."""
        call, data = self.call(id), self.checked(AnswersSerializer)
        answers_record(incident=call.incident, source=call, by=self.person, at=self.at, **data)
        return suggestion_shown(call.incident_id, self.at)


class CallPhone(CallChange):
    """The number to call back."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_phone", "calls", CallMadeSerializer, body=PhoneSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Set or confirm it."""
        call = self.call(id)
        phone_set(call=call, by=self.person, at=self.at, **self.checked(PhoneSerializer))
        return call_shown(call.pk)


class CallEnd(CallChange):
    """The end."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_end", "calls", CallMadeSerializer, body=CallEndSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """End the call with a code. A dropped, abandoned or silent one owes callbacks."""
        call = self.call(id)
        call_end(call=call, ended_as=self.checked(CallEndSerializer)["as"], by=self.person, at=self.at)
        return call_shown(call.pk)


class CallPart(CallChange):
    """Another matter after all."""

    permission_classes = [has_role(*INTAKE)]

    @described("calls_part", "calls", CallMadeSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Take a joined call out again: an incident of its own, not sent, with its answers, notes and last place.

        Nothing is lowered where it was. Twice is once: a call that shares its incident with no other stays as it is.
        """
        return call_shown(call_part(call=self.call(id), by=self.person, at=self.at).pk)


class CallJoin(CallChange):
    """Another call about the same thing."""

    permission_classes = [has_role(*INTAKE)]

    @described("calls_join", "calls", CallMadeSerializer, body=JoinSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Join the call, with its answers, notes and places, to an open incident."""
        call = self.call(id)
        into = incident_for(self.person, self.checked(JoinSerializer)["incident"], change=True)
        call_join(call=call, into=into, by=self.person, at=self.at)
        return call_shown(call.pk)
