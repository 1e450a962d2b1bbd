"""Places over HTTP: the gazetteer's search."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import FLOOR, has_role
from accounts.api import CentreView, InputSerializer, described
from accounts.models import Role
from accounts.problems import Refused
from people.models import Place
from people.selectors import places_search

MOST = 20


class PlaceSerializer(serializers.ModelSerializer[Place]):
    """A gazetteer entry; degrees are WGS84."""

    class Meta:
        model = Place
        fields = ["id", "kind", "label", "lat", "lon", "beat", "location_type"]
        extra_kwargs = {"kind": {"help_text": "address, intersection, block, street, common_place"}}


class PlacesSerializer(serializers.Serializer[Any]):
    """What was found, best first."""

    results = PlaceSerializer(many=True)


class PlaceSearchSerializer(InputSerializer):
    """What was typed."""

    text = serializers.CharField(max_length=200)
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=8)


def _answer(found: list[Place] | QuerySet[Place]) -> Response:
    return Response({"results": PlaceSerializer(found, many=True).data})


class Places(CentreView):
    """Look a label of the gazetteer up."""

    permission_classes = [has_role(*FLOOR, Role.RESPONDER)]

    @described("places_list", "places", PlacesSerializer, query={"q": "a label of the gazetteer", "limit": "1 to 20"})
    def get(self, request: Request) -> Response:
        """For labels that come from the gazetteer itself. What a caller says does not belong into an address, since
        addresses are logged on the way: send that to /places/search."""
        text = request.query_params.get("q", "")
        if not 1 <= len(text) <= 200 or "\x00" in text:
            raise Refused("query_invalid", "Give q, a text of 1 to 200 characters.", field="q")
        return _answer(places_search(centre=self.centre, text=text, limit=self.number("limit", 8, least=1, most=MOST)))


class PlacesSearch(CentreView):
    """Search for what a caller said."""

    permission_classes = [has_role(*FLOOR, Role.RESPONDER)]

    @described("places_search", "places", PlacesSerializer, body=PlaceSearchSerializer)
    def post(self, request: Request) -> Response:
        """Typing errors are forgiven. The words travel in the body, so that no log on the way keeps them."""
        asked = self.checked(PlaceSearchSerializer)
        return _answer(places_search(centre=self.centre, text=asked["text"], limit=asked["limit"]))
