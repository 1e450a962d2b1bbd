"""What the API answers with after a change: each noun in its short form."""

from typing import Any

from rest_framework import serializers

from dispatch.models import Assignment, Call, Decision, Handoff, Incident, LocationEntry, NarrativeEntry, StageOrder
from people.models import Caution


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """An incident's own state, without its parts."""

    code = serializers.SerializerMethodField()
    program = serializers.CharField(source="program_version.program.slug", default=None, allow_null=True)
    owner = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = Incident
        fields = [
            "id",
            "number",
            "code",
            "version",
            "state",
            "nature",
            "priority",
            "triaged",
            "response_class",
            "program",
            "owner_role",
            "owner",
            "opened_at",
            "sent_at",
            "promise_at",
            "held_until",
            "offer_wanted",
            "no_unit_reason",
            "not_diverted_reason",
            "closed_at",
            "outcome",
            "late",
        ]
        extra_kwargs = {name: {"help_text": "see the glossary of states"} for name in ("state", "owner_role")}

    def get_code(self, incident: Incident) -> str:
        """The number as people say it."""
        return f"{incident.number:04d}"


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call, without its number: that is in the incident's detail, for those who may see it."""

    incident = serializers.UUIDField(source="incident_id")
    person = serializers.UUIDField(source="person_id", allow_null=True, help_text="whom it is about, on file")
    has_number = serializers.SerializerMethodField()
    owner = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = Call
        fields = [
            "id",
            "incident",
            "channel",
            "state",
            "ended_as",
            "person",
            "has_number",
            "phone_confirmed",
            "local_nature",
            "external_id",
            "late",
            "owner",
            "received_at",
            "device_at",
            "ended_at",
        ]

    def get_has_number(self, call: Call) -> bool:
        """Whether a number to call back is known."""
        return call.phone_id is not None


class CallMadeSerializer(serializers.Serializer[Any]):
    """A call and the incident it belongs to."""

    call = CallSerializer()
    incident = IncidentSerializer()


class LocationMadeSerializer(serializers.ModelSerializer[LocationEntry]):
    """One statement of where."""

    place_id = serializers.UUIDField(allow_null=True)
    by = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = LocationEntry
        fields = ["id", "subject", "state", "text", "place_id", "lat", "lon", "beat", "location_type", "at", "by"]


class PlanSerializer(serializers.Serializer[Any]):
    """What accepting would send."""

    response_class = serializers.CharField()
    program = serializers.CharField(allow_blank=True)
    services = serializers.ListField(child=serializers.CharField())
    triaged = serializers.BooleanField()
    code = serializers.CharField(allow_blank=True)
    words = serializers.CharField(allow_blank=True)


class UnconfirmedSerializer(serializers.Serializer[Any]):
    """Words of the notes that may mean a danger. Answering the question confirms it, dismissing the mark ends it."""

    mark = serializers.CharField()
    key = serializers.CharField()
    value = serializers.JSONField()


class SuggestionSerializer(serializers.Serializer[Any]):
    """The suggestion with its reasons (null: none, use standard dispatch), and what accepting it would send."""

    suggestion = serializers.DictField(
        allow_null=True,
        help_text="response_class, services, recommendation, ask (best first), fits, counted_for, counted_against, "
        "unknown, flips, for_crew, decision with its trace, versions",
    )
    plan = PlanSerializer()
    unconfirmed = UnconfirmedSerializer(many=True)
    answers = serializers.DictField(help_text="what it was made from: the most dangerous of all sources")


class NoteOutSerializer(serializers.ModelSerializer[NarrativeEntry]):
    """A note that the reader may see."""

    text = serializers.SerializerMethodField()
    by = serializers.CharField(default=None, allow_null=True)
    call = serializers.UUIDField(source="call_id", allow_null=True)
    struck_by = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = NarrativeEntry
        fields = ["id", "kind", "audience", "text", "call", "at", "device_at", "by", "struck_at", "struck_by"]

    def get_text(self, note: NarrativeEntry) -> str:
        """The words; empty once they were erased under the retention rules."""
        words = getattr(note, "words", None)
        return words.text if words is not None else ""


class DecisionOutSerializer(serializers.ModelSerializer[Decision]):
    """A decision."""

    incident = serializers.UUIDField(source="incident_id")
    by = serializers.CharField(default=None, allow_null=True)
    program = serializers.CharField(source="program_version.program.slug", default=None, allow_null=True)
    services = serializers.ListField(child=serializers.CharField())
    second_by = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = Decision
        fields = [
            "id",
            "incident",
            "at",
            "by",
            "action",
            "state",
            "response_class",
            "suggested_class",
            "direction",
            "reason",
            "program",
            "services",
            "second_by",
            "second_at",
            "second_due_at",
            "engine_version",
        ]


class DecisionMadeSerializer(serializers.Serializer[Any]):
    """A decision and what became of the incident."""

    decision = DecisionOutSerializer()
    incident = IncidentSerializer()


class HandoffSerializer(serializers.ModelSerializer[Handoff]):
    """A hand-off to police, EMS or fire."""

    incident = serializers.UUIDField(source="incident_id")
    incident_code = serializers.SerializerMethodField()

    class Meta:
        model = Handoff
        fields = [
            "id",
            "incident",
            "incident_code",
            "service",
            "state",
            "reason",
            "opened_at",
            "requested_at",
            "acknowledged_at",
            "receiver_name",
            "receiver_number",
            "declined_at",
            "decline_reason",
            "cancelled_at",
            "version",
        ]

    def get_incident_code(self, handoff: Handoff) -> str:
        """The incident's number as people say it."""
        return f"{handoff.incident.number:04d}"


class HandoffsSerializer(serializers.Serializer[Any]):
    """Hand-offs, oldest first."""

    results = HandoffSerializer(many=True)


class StageOrderSerializer(serializers.ModelSerializer[StageOrder]):
    """STOP, STAGE; or, on the scene, WITHDRAW."""

    assignment = serializers.UUIDField(source="assignment_id")

    class Meta:
        model = StageOrder
        fields = [
            "id",
            "assignment",
            "reason",
            "words",
            "withdraw",
            "at",
            "acknowledged_at",
            "acknowledged_how",
            "lifted_at",
            "lift_reason",
        ]


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """One unit on one slot of one incident."""

    incident = serializers.UUIDField(source="incident_id")
    unit = serializers.UUIDField(source="unit_id")
    call_sign = serializers.CharField(source="unit.call_sign")
    why = serializers.DictField(help_text="points, reasons and shortfalls at the moment of the offer")

    class Meta:
        model = Assignment
        fields = [
            "id",
            "incident",
            "unit",
            "call_sign",
            "slot",
            "state",
            "by_phone",
            "offered_at",
            "offer_expires_at",
            "eta_s",
            "why",
            "accepted_at",
            "en_route_at",
            "on_scene_at",
            "ended_at",
            "end_reason",
            "disposition",
            "cautions_read_at",
            "version",
        ]


class CautionSerializer(serializers.ModelSerializer[Caution]):
    """The safety line: the hazard, how bad, since when, from what kind of source. It crosses every audience label."""

    class Meta:
        model = Caution
        fields = ["id", "text", "kind", "severity", "source", "added_at", "expires_at"]


class AlarmSerializer(serializers.Serializer[Any]):
    """An alarm: whose it is, since when, and how it ended."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    words = serializers.CharField(source="get_kind_display")
    urgent = serializers.BooleanField()
    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    opened_at = serializers.DateTimeField()
    owner_role = serializers.CharField()
    owner = serializers.CharField(default=None, allow_null=True)
    escalated_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_note = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()


class AlarmsSerializer(serializers.Serializer[Any]):
    """Standing alarms, urgent ones first."""

    results = AlarmSerializer(many=True)
