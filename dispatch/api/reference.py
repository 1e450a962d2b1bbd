"""What clients need to speak the same words: natures, questions, coded reasons."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import SignedIn
from accounts.api import CentreView, described
from accounts.problems import Refused
from dispatch import reasons
from triage import natures, vocabulary


class NatureOutSerializer(serializers.Serializer[Any]):
    """One nature of the neutral list."""

    slug = serializers.CharField()
    name = serializers.CharField()
    registry_code = serializers.CharField(help_text="APCO common incident type")
    group = serializers.CharField()
    priority = serializers.IntegerField()
    standard_response = serializers.ListField(child=serializers.CharField())
    dangerous = serializers.BooleanField()


class NaturesSerializer(serializers.Serializer[Any]):
    """Natures, best match first."""

    version = serializers.CharField()
    results = NatureOutSerializer(many=True)


class VocabularySerializer(serializers.Serializer[Any]):
    """The questions with their answers, and the response classes in words."""

    version = serializers.CharField()
    questions = serializers.ListField(child=serializers.DictField())
    classes = serializers.DictField(child=serializers.CharField())
    channels = serializers.ListField(child=serializers.CharField())


class ReasonsSerializer(serializers.Serializer[Any]):
    """Each table of codes: code to words."""

    override_more = serializers.DictField(child=serializers.CharField())
    override_less = serializers.DictField(child=serializers.CharField())
    not_diverted = serializers.DictField(child=serializers.CharField())
    person_unlink = serializers.DictField(child=serializers.CharField())
    decline = serializers.DictField(child=serializers.CharField())
    return_to_911 = serializers.DictField(child=serializers.CharField())
    dispositions = serializers.DictField(child=serializers.CharField())
    outcomes = serializers.DictField(child=serializers.CharField())
    no_unit = serializers.DictField(child=serializers.CharField())
    stage_lift = serializers.DictField(child=serializers.CharField())
    extend = serializers.DictField(child=serializers.CharField())
    handoff_decline = serializers.DictField(child=serializers.CharField())
    transfer_decline = serializers.DictField(child=serializers.CharField())
    transfer_drop = serializers.DictField(child=serializers.CharField())
    transfer_return = serializers.DictField(child=serializers.CharField())
    transfer_dispositions = serializers.DictField(child=serializers.CharField())
    reopen = serializers.DictField(child=serializers.CharField())
    visit_purposes = serializers.DictField(child=serializers.CharField())
    visit_moved = serializers.DictField(child=serializers.CharField())
    visit_cancelled = serializers.DictField(child=serializers.CharField())


class Natures(CentreView):
    """Natures."""

    permission_classes = [SignedIn]

    @described(
        "natures_list",
        "reference",
        NaturesSerializer,
        query={"q": "words; typing errors are forgiven; empty for all", "limit": "1 to 100, default 100"},
    )
    def get(self, request: Request) -> Response:
        """Search the list of natures."""
        text = request.query_params.get("q", "")
        if len(text) > 80:
            raise Refused("query_invalid", "q has at most 80 characters.", field="q")
        table = natures.load()
        found = table.search(text, self.number("limit", 100, least=1, most=100))
        return Response({"version": table.version, "results": [nature.to_dict() for nature in found]})


class Vocabulary(CentreView):
    """Questions."""

    permission_classes = [SignedIn]

    @described("vocabulary_read", "reference", VocabularySerializer)
    def get(self, request: Request) -> Response:
        """Every question with its wording and answers, in the order in which they would be asked without triage."""
        table = vocabulary.load()
        return Response(
            {
                "version": table.version,
                "questions": [question.to_dict() for question in table.questions],
                "classes": {str(key): label for key, label in table.class_labels.items()},
                "channels": list(table.channels),
            }
        )


class Reasons(CentreView):
    """Codes."""

    permission_classes = [SignedIn]

    @described("reasons_read", "reference", ReasonsSerializer)
    def get(self, request: Request) -> Response:
        """Every coded reason, disposition and outcome, with its words."""
        return Response(
            {
                "override_more": reasons.OVERRIDE_MORE,
                "override_less": reasons.OVERRIDE_LESS,
                "not_diverted": reasons.NOT_DIVERTED,
                "person_unlink": reasons.PERSON_UNLINK,
                "decline": reasons.DECLINE,
                "return_to_911": reasons.RETURN,
                "dispositions": reasons.DISPOSITIONS,
                "outcomes": reasons.OUTCOMES,
                "no_unit": reasons.NO_UNIT,
                "stage_lift": reasons.STAGE_LIFT,
                "extend": reasons.EXTEND,
                "handoff_decline": reasons.HANDOFF_DECLINE,
                "transfer_decline": reasons.TRANSFER_DECLINE,
                "transfer_drop": reasons.TRANSFER_DROP,
                "transfer_return": reasons.TRANSFER_RETURN,
                "transfer_dispositions": reasons.TRANSFER_DISPOSITIONS,
                "reopen": reasons.REOPEN,
                "visit_purposes": reasons.VISIT_PURPOSES,
                "visit_moved": reasons.VISIT_MOVED,
                "visit_cancelled": reasons.VISIT_CANCELLED,
            }
        )
