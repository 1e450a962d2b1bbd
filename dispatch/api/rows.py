"""Composed answers: rows of boards, the whole of one incident, recommendations, units and their work."""

from typing import Any

from rest_framework import serializers

from dispatch.api.outputs import (
    AlarmSerializer,
    AssignmentSerializer,
    CallSerializer,
    CautionSerializer,
    DecisionOutSerializer,
    IncidentSerializer,
    LocationMadeSerializer,
    NoteOutSerializer,
    StageOrderSerializer,
)
from dispatch.models import Call


class UnitOnIncidentSerializer(serializers.Serializer[Any]):
    """A unit's part in an incident's row."""

    assignment_id = serializers.UUIDField()
    call_sign = serializers.CharField()
    state = serializers.CharField()
    since = serializers.DateTimeField()
    stage_order = serializers.CharField(allow_blank=True)
    stage_read = serializers.BooleanField()


class HandoffOnIncidentSerializer(serializers.Serializer[Any]):
    """A hand-off's part in an incident's row."""

    id = serializers.UUIDField()
    service = serializers.CharField()
    state = serializers.CharField()
    since = serializers.DateTimeField()
    receiver = serializers.CharField(allow_blank=True)
    late = serializers.BooleanField()


class TransferOnIncidentSerializer(serializers.Serializer[Any]):
    """A live transfer's part in an incident's row."""

    id = serializers.UUIDField()
    whom = serializers.CharField()
    state = serializers.CharField()
    since = serializers.DateTimeField()
    bridge = serializers.BooleanField()


class IncidentRowSerializer(serializers.Serializer[Any]):
    """An incident as boards show it."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    code = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.CharField()
    state_words = serializers.CharField()
    priority = serializers.IntegerField()
    nature = serializers.CharField(allow_blank=True)
    nature_name = serializers.CharField()
    where = serializers.CharField(allow_blank=True)
    beat = serializers.CharField(allow_blank=True)
    location_state = serializers.CharField(allow_blank=True)
    since = serializers.DateTimeField()
    promise_at = serializers.DateTimeField(allow_null=True)
    owner = serializers.CharField()
    response_class = serializers.CharField(allow_blank=True)
    program = serializers.CharField(allow_blank=True)
    units = UnitOnIncidentSerializer(many=True)
    handoffs = HandoffOnIncidentSerializer(many=True)
    transfers = TransferOnIncidentSerializer(many=True)
    stage_order = serializers.BooleanField()
    alarms = serializers.ListField(child=serializers.CharField())
    next_step = serializers.CharField()
    no_unit = serializers.CharField(allow_blank=True)
    triaged = serializers.BooleanField()
    caution = serializers.BooleanField()
    calls_open = serializers.IntegerField()
    late = serializers.BooleanField()
    must_decide = serializers.BooleanField()
    ask_again = serializers.ListField(child=serializers.CharField())
    top = serializers.BooleanField()
    outcome = serializers.CharField(allow_blank=True)


class IncidentPageSerializer(serializers.Serializer[Any]):
    """One page; `next` is the cursor of the next one, null on the last."""

    results = IncidentRowSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class AnswerSerializer(serializers.Serializer[Any]):
    """The standing value of one question, who said what last, and every other value that was given."""

    value = serializers.JSONField()
    last = serializers.JSONField()
    others = serializers.ListField(child=serializers.JSONField())
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    basis = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field; the metaclass takes it out


class CallDetailSerializer(CallSerializer):
    """A call with its number, for the floor."""

    number = serializers.SerializerMethodField()

    class Meta(CallSerializer.Meta):
        fields = [*CallSerializer.Meta.fields, "number"]

    def get_number(self, call: Call) -> str:
        """The number to call back; empty for readers outside the floor, and once erased."""
        return call.phone.number if call.phone is not None and self.context.get("numbers") else ""


class HistorySerializer(serializers.Serializer[Any]):
    """One change: who, when, from, to, why."""

    entity = serializers.CharField()
    entity_id = serializers.UUIDField()
    action = serializers.CharField()
    from_state = serializers.CharField(allow_blank=True)
    to_state = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    device_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField(default=None, allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class IncidentDetailSerializer(serializers.Serializer[Any]):
    """Everything about one incident that the reader may see."""

    incident = IncidentSerializer()
    row = IncidentRowSerializer()
    locations = LocationMadeSerializer(many=True)
    calls = CallDetailSerializer(many=True)
    answers = serializers.DictField(child=AnswerSerializer())
    narrative = NoteOutSerializer(many=True)
    withheld_notes = serializers.IntegerField(help_text="notes for other audiences: counted, not shown")
    cautions = CautionSerializer(many=True)
    assignments = AssignmentSerializer(many=True)
    handoffs = HandoffOnIncidentSerializer(many=True, source="row.handoffs")
    decisions = DecisionOutSerializer(many=True)
    alarms = AlarmSerializer(many=True)
    history = HistorySerializer(many=True)


class CandidateSerializer(serializers.Serializer[Any]):
    """One unit's case: why it can or cannot go."""

    unit_id = serializers.UUIDField()
    call_sign = serializers.CharField()
    can_go = serializers.BooleanField()
    shortfalls = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    points = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())
    eta_s = serializers.IntegerField(allow_null=True)
    eta_certain = serializers.BooleanField()


class RecommendationSerializer(serializers.Serializer[Any]):
    """All units for an incident, best first; where nobody can go, why."""

    program = serializers.CharField(allow_blank=True, help_text="decided, or what accepting would choose")
    results = CandidateSerializer(many=True)
    no_unit_reason = serializers.CharField(allow_blank=True)
    no_unit = serializers.CharField(allow_blank=True)


class UnitRowSerializer(serializers.Serializer[Any]):
    """A unit with its derived status."""

    id = serializers.UUIDField()
    call_sign = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.CharField()
    words = serializers.CharField()
    since = serializers.DateTimeField()
    team = serializers.CharField()
    kind = serializers.CharField()
    incident_id = serializers.CharField(allow_blank=True)
    incident_code = serializers.CharField(allow_blank=True)
    lat = serializers.FloatField(allow_null=True)
    lon = serializers.FloatField(allow_null=True)
    position_age_s = serializers.IntegerField(allow_null=True)
    languages = serializers.ListField(child=serializers.CharField())
    crew = serializers.IntegerField(help_text="people signed on")
    service_reason = serializers.CharField(allow_blank=True)
    human_active = serializers.BooleanField(help_text="a crew member, not the simulator, used it within five minutes")


class UnitsSerializer(serializers.Serializer[Any]):
    """All units, by call sign."""

    results = UnitRowSerializer(many=True)


class WorkSerializer(serializers.Serializer[Any]):
    """An offer or an assignment as its crew needs it."""

    id = serializers.UUIDField()
    state = serializers.CharField()
    slot = serializers.CharField()
    by_phone = serializers.BooleanField()
    offered_at = serializers.DateTimeField()
    offer_expires_at = serializers.DateTimeField()
    eta_s = serializers.IntegerField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    actions = serializers.ListField(child=serializers.CharField(), help_text="what the crew may do now")
    next_step = serializers.CharField(allow_blank=True)
    stage_order = StageOrderSerializer(allow_null=True)
    incident = IncidentSerializer()
    nature_name = serializers.CharField()
    text = serializers.CharField(allow_blank=True, help_text="where, as people say it")
    location_state = serializers.CharField(allow_blank=True)
    location_type = serializers.CharField(allow_blank=True)
    beat = serializers.CharField(allow_blank=True)
    lat = serializers.FloatField(allow_null=True)
    lon = serializers.FloatField(allow_null=True)
    cautions = CautionSerializer(many=True)
    cautions_read = serializers.BooleanField()
    answers = serializers.DictField(help_text="weapon, violence, hazard, people, access: crosses every audience label")
    notes = NoteOutSerializer(many=True)
    withheld_notes = serializers.IntegerField()


class MyUnitSerializer(serializers.Serializer[Any]):
    """The crew's unit and its work. `others`: further calls of a unit that takes several at once."""

    unit = UnitRowSerializer()
    assignment = WorkSerializer(allow_null=True)
    offer = WorkSerializer(allow_null=True)
    others = WorkSerializer(many=True)
    help_asked = serializers.BooleanField(help_text="the crew's call for help stands")
