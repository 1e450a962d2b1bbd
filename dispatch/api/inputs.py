"""Request bodies. Codes with a meaning of their own (reasons, dispositions, outcomes) are checked by the services."""

import json
from typing import Any

from rest_framework import serializers

from accounts.api import CodeField, InputSerializer, InstantField
from dispatch.models import Handoff, LocationEntry
from dispatch.models.assignment import SentClass, Slot
from dispatch.models.call import Answer, Channel
from dispatch.models.incident import RESPONSE_CLASSES
from dispatch.reasons import BACKUP, ESCALATION, REOPEN
from dispatch.services.decisions import ACTIONS
from dispatch.states import CALL_ENDS
from people.models.audience import Audience
from responders.models import Unit
from triage import vocabulary

MOST_ANSWERS = 60


def _location_types() -> list[str]:
    return [str(value) for value in vocabulary.load().get("location_type").values]


class CallOpenSerializer(InputSerializer):
    """A new call, before the first word is typed."""

    id = serializers.UUIDField(required=False, help_text="the client's; else the Idempotency-Key")
    channel = CodeField(Channel.values, default=Channel.C911)
    number = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="the number to call back"
    )
    device_at = InstantField(required=False, help_text="when it was taken, by the client's clock")
    external_id = serializers.CharField(
        max_length=80, required=False, default="", allow_blank=True, help_text="its number in another system"
    )


class LocationSerializer(InputSerializer):
    """A statement of where."""

    text = serializers.CharField(max_length=200, help_text="as people say it")
    state = CodeField(LocationEntry.State.values)
    place_id = serializers.UUIDField(required=False, allow_null=True, help_text="the gazetteer entry that verifies it")
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)
    location_type = CodeField(_location_types(), required=False, default="", allow_blank=True)
    subject = CodeField(LocationEntry.Subject.values, default=LocationEntry.Subject.INCIDENT)


class NatureSerializer(InputSerializer):
    """What it is about."""

    nature = serializers.CharField(max_length=40, help_text="a slug of GET /natures")
    local = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class AnswersSerializer(InputSerializer):
    """Answers to questions of GET /vocabulary; "unknown" is an answer too."""

    answers = serializers.DictField(child=serializers.JSONField(allow_null=True), allow_empty=False)
    basis = CodeField(Answer.Basis.values, default=Answer.Basis.TOLD)

    def validate_answers(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > MOST_ANSWERS:
            raise serializers.ValidationError(f"At most {MOST_ANSWERS} answers at once.")
        if "\\u0000" in json.dumps(value):
            raise serializers.ValidationError("A null character is no answer.")
        return value


class PhoneSerializer(InputSerializer):
    """The number to call back."""

    number = serializers.CharField(max_length=40)
    confirmed = serializers.BooleanField(default=False)


class CallEndSerializer(InputSerializer):
    """How a call ended."""

    def get_fields(self) -> dict[str, Any]:
        return {"as": CodeField(CALL_ENDS)}


class JoinSerializer(InputSerializer):
    """The incident that the call belongs to."""

    incident = serializers.UUIDField()


class ApartSerializer(InputSerializer):
    """The incident that is another matter."""

    other = serializers.UUIDField()


class NoteSerializer(InputSerializer):
    """One note."""

    id = serializers.UUIDField(required=False)
    text = serializers.CharField(max_length=8000)
    audience = CodeField(Audience.values, default=Audience.GENERAL)
    call = serializers.UUIDField(required=False, allow_null=True, help_text="the call that it is about")
    callback = serializers.BooleanField(default=False, help_text="the note records a callback")
    reached = serializers.BooleanField(default=False, help_text="the callback of a call that ended reached the caller")
    device_at = InstantField(required=False)


class DecisionSerializer(InputSerializer):
    """Accept what is suggested, override it with another class and a reason, or send at once."""

    id = serializers.UUIDField(required=False)
    action = CodeField(ACTIONS)
    response_class = CodeField(RESPONSE_CLASSES, required=False, default="", allow_blank=True)
    program = serializers.CharField(max_length=50, required=False, default="", allow_blank=True, help_text="slug")
    reason = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="see GET /reasons"
    )
    reason_text = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class SecondSerializer(InputSerializer):
    """Whether the second person agrees."""

    agree = serializers.BooleanField()


class CueSerializer(InputSerializer):
    """Words that do not mean what they were taken for, by their mark in `unconfirmed` of the suggestion."""

    mark = serializers.CharField(max_length=300)


class HoldSerializer(InputSerializer):
    """A callback time and why it can wait."""

    until = InstantField()
    reason = serializers.CharField(max_length=80)


class ReopenSerializer(InputSerializer):
    """Why it is not over."""

    reason = CodeField(list(REOPEN))


class CloseSerializer(InputSerializer):
    """How it ended."""

    outcome = serializers.CharField(max_length=40, help_text="see GET /reasons")


class PrioritySerializer(InputSerializer):
    """1 is most urgent; less urgent than now needs a reason."""

    priority = serializers.IntegerField(min_value=1, max_value=4)
    reason = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class HandoffRequestSerializer(InputSerializer):
    """Whom to ask, and why."""

    service = CodeField(Handoff.Service.values)
    reason = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class AcknowledgeSerializer(InputSerializer):
    """The receiver's name, or the number in their system; one of the two is needed."""

    receiver_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    receiver_number = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class ReasonSerializer(InputSerializer):
    """Why."""

    reason = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class OfferSerializer(InputSerializer):
    """A dispatcher's own choice."""

    unit = serializers.UUIDField()
    slot = CodeField(Slot.values, default=Slot.PRIMARY)


class AssignmentActionSerializer(InputSerializer):
    """What an action needs beside its name: a reason to decline, cancel or return, a disposition to clear."""

    reason = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    disposition = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    sent_class = CodeField(
        SentClass.values,
        required=False,
        default="",
        allow_blank=True,
        help_text="with `clear`: what the crew says of the class that it was sent as",
    )
    device_at = InstantField(required=False, help_text="when it happened, by the phone's clock")


class SceneSafeSerializer(InputSerializer):
    """Who said that the scene is safe."""

    said_by = serializers.CharField(max_length=80)


class EscalationSerializer(InputSerializer):
    """What somebody told the dispatcher, and why, in words."""

    kind = CodeField(list(ESCALATION))
    reason = serializers.CharField(max_length=160)


class ReviewNoteSerializer(InputSerializer):
    """What came of it."""

    note = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class PositionSerializer(InputSerializer):
    """Where a unit is, degrees WGS84."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lon = serializers.FloatField(min_value=-180, max_value=180)
    device_at = InstantField(required=False, help_text="when it was measured")


class StatusSerializer(InputSerializer):
    """Service state; out of service needs a reason."""

    status = CodeField(Unit.Service.values)
    reason = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    device_at = InstantField(required=False, help_text="when it happened, by the phone's clock")


class HelpSerializer(serializers.Serializer[Any]):
    """All optional, and nothing wrong in it stops the call for help: an unknown level is a panic."""

    level = CodeField(list(BACKUP), required=False, default="panic")
    lat = serializers.FloatField(required=False, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, min_value=-180, max_value=180)
    device_at = InstantField(required=False)


class AlarmNoteSerializer(InputSerializer):
    """What was done."""

    note = serializers.CharField(max_length=160, required=False, default="", allow_blank=True)
