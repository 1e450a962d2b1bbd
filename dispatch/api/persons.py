"""Whom a call is about: found, linked, made, unlinked; a hazard put on file from a call."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import FLOOR, has_role
from accounts.api import CentreView, CodeField, InputSerializer, described
from accounts.services import audit
from dispatch.access import call_for, person_for
from dispatch.api.outputs import CallMadeSerializer, CautionSerializer
from dispatch.api.show import call_shown
from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES
from dispatch.selectors.persons import persons_found
from dispatch.services.cautions import caution_tell
from dispatch.services.persons import person_link, person_link_new, person_unlink
from people.models import Caution


class PersonSearchSerializer(InputSerializer):
    """A name, a year of birth, or a number. In the body, so that no log on the way keeps it."""

    text = serializers.CharField(max_length=120)


class PersonOutSerializer(serializers.Serializer[Any]):
    """A person as the asker may see them; fields for other audiences are empty."""

    id = serializers.UUIDField(source="person.id")
    name = serializers.CharField(source="person.name")
    also_called = serializers.CharField(source="person.also")
    born = serializers.CharField(source="person.born", help_text="year")
    about = serializers.CharField(source="person.about")
    last_at = serializers.DateTimeField(allow_null=True, help_text="the last call about them")
    cautions = serializers.IntegerField(help_text="hazards that stand with them")


class PersonsSerializer(serializers.Serializer[Any]):
    """Who was found, best first."""

    results = PersonOutSerializer(many=True)


class PersonLinkSerializer(InputSerializer):
    """The person."""

    person = serializers.UUIDField()


class PersonNewSerializer(InputSerializer):
    """Somebody whom nobody knows yet. One word of a name is enough."""

    id = serializers.UUIDField(required=False, help_text="the client's; else the Idempotency-Key")
    name = serializers.CharField(max_length=120)
    also = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    born = serializers.IntegerField(required=False, allow_null=True, help_text="year of birth")
    about = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class PersonUnlinkSerializer(InputSerializer):
    """Why the call is not about them."""

    reason = serializers.CharField(max_length=40, help_text="see GET /reasons")


class CautionTellSerializer(InputSerializer):
    """A hazard for the file."""

    id = serializers.UUIDField(required=False, help_text="the client's; else the Idempotency-Key")
    about = CodeField(["person", "place"])
    text = serializers.CharField(max_length=200)
    kind = CodeField(list(CAUTION_KINDS))
    severity = CodeField(Caution.Severity.values)
    days = serializers.IntegerField(min_value=1, max_value=730, help_text="until it ends")

    def get_fields(self) -> dict[str, Any]:
        # A field called `source` would hide the serializer's own attribute of that name.
        return {**super().get_fields(), "source": CodeField(list(CAUTION_SOURCES), default="caller")}


class PersonsSearch(CentreView):
    """Search for a person."""

    permission_classes = [has_role(*FLOOR)]

    @described("persons_search", "persons", PersonsSerializer, body=PersonSearchSerializer)
    def post(self, request: Request) -> Response:
        """By name in any order and with typing errors, by year of birth, or by a number that called about them."""
        asked = self.checked(PersonSearchSerializer)
        found = persons_found(centre=self.centre, text=asked["text"], viewer=self.person, at=self.at)
        if found:
            ids = sorted(str(one.person.id) for one in found)
            audit(
                action="person.search", at=self.at, by=self.person, centre=self.centre, entity="person",
                detail={"persons": ids},
            )  # fmt: skip
        return Response({"results": PersonOutSerializer(found, many=True).data})


class CallPerson(CentreView):
    """Whom a call is about."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_person", "calls", CallMadeSerializer, body=PersonLinkSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Link somebody on file: what is known with them counts from now on. Never automatic."""
        call = call_for(self.person, id)
        person = person_for(self.person, self.checked(PersonLinkSerializer)["person"])
        person_link(call=call, person=person, by=self.person, at=self.at)
        return call_shown(call.pk)


class CallPersonNew(CentreView):
    """Somebody new."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_person_new", "calls", CallMadeSerializer, body=PersonNewSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Put a person on file and link them. The same id twice is one person."""
        call, data = call_for(self.person, id), self.checked(PersonNewSerializer)
        made = self.create_id(data.pop("id", None))
        person_link_new(call=call, id=made, by=self.person, at=self.at, **data)
        return call_shown(call.pk)


class CallPersonUnlink(CentreView):
    """Not them."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_person_unlink", "calls", CallMadeSerializer, body=PersonUnlinkSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Unlink with a reason. What their file answered still counts until the question is asked again."""
        call, reason = call_for(self.person, id), self.checked(PersonUnlinkSerializer)["reason"]
        person_unlink(call=call, reason=reason, by=self.person, at=self.at)
        return call_shown(call.pk)


class CallCautions(CentreView):
    """A hazard that a call tells of."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_cautions", "calls", CautionSerializer, body=CautionTellSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Put it on file, with the person or at the verified place; crews on their way learn of it."""
        call, data = call_for(self.person, id), self.checked(CautionTellSerializer)
        made = self.create_id(data.pop("id", None))
        caution = caution_tell(id=made, call=call, by=self.person, at=self.at, **data)
        return Response(CautionSerializer(caution).data, status=201 if caution.added_at == self.at else 200)
