"""Bodies and answers of transfers and of the numbers that are telephoned."""

from typing import Any

from rest_framework import serializers

from accounts.api import CodeField, InputSerializer
from dispatch.models import HandoffTarget, Transfer
from dispatch.reasons import (
    EXTEND,
    HANDOFF_DECLINE,
    TRANSFER_DECLINE,
    TRANSFER_DISPOSITIONS,
    TRANSFER_DROP,
    TRANSFER_RETURN,
)


class TransferOfferSerializer(InputSerializer):
    """Whom to give the caller to."""

    id = serializers.UUIDField(required=False)
    kind = CodeField(Transfer.Kind.values)
    target = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="see GET /targets")
    unit = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="one clinician; any of the floor without it"
    )
    bridge = serializers.BooleanField(default=False, help_text="they join in addition; class and clock stay")


class TransferFromSerializer(InputSerializer):
    """Who gave us a caller, and how to tell them how it ended."""

    id = serializers.UUIDField(required=False)
    kind = CodeField([kind for kind in Transfer.Kind.values if kind != Transfer.Kind.CLINICIAN])
    sender_number = serializers.CharField(max_length=40)
    sender_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    sender_reference = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class TransferInSerializer(TransferFromSerializer):
    """The same of a caller whom there is no call of yet."""

    number = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="the caller's own number"
    )


class TransferConnectSerializer(InputSerializer):
    """Who answered, where it is nobody of the floor."""

    receiver_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class TransferResolveSerializer(InputSerializer):
    """How it ended."""

    disposition = CodeField(list(TRANSFER_DISPOSITIONS))


class TransferDeclineSerializer(InputSerializer):
    """Why not."""

    reason = CodeField(list(TRANSFER_DECLINE))


class TransferDropSerializer(InputSerializer):
    """How the line was lost, and whether the giver still has the caller."""

    reason = CodeField(list(TRANSFER_DROP))
    caller_there = serializers.BooleanField(default=False)


class ReturnSerializer(InputSerializer):
    """Why it comes back."""

    reason = CodeField([code for code in TRANSFER_RETURN if code != "withdrawn"])


class TransferTellSerializer(InputSerializer):
    """Whether the person was reached."""

    reached = serializers.BooleanField()


class HandoffDeclineSerializer(InputSerializer):
    """Why the service will not take it, and who said so."""

    reason = CodeField(list(HANDOFF_DECLINE))
    receiver_name = serializers.CharField(max_length=80)


class ExtendSerializer(InputSerializer):
    """A later end of the promise."""

    id = serializers.UUIDField(required=False)
    minutes = serializers.IntegerField(min_value=1, max_value=60)
    reason = CodeField(list(EXTEND))
    caller_told = serializers.BooleanField(default=False)


class CallbackSerializer(InputSerializer):
    """Whether the caller was reached, and what was said."""

    id = serializers.UUIDField(required=False)
    reached = serializers.BooleanField()
    text = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class TargetSerializer(serializers.ModelSerializer[HandoffTarget]):
    """A number that the centre telephones."""

    tested_by = serializers.CharField(default=None, allow_null=True)

    class Meta:
        model = HandoffTarget
        fields = ["id", "kind", "name", "phone", "tested_at", "tested_by", "answered_at"]


class TargetsSerializer(serializers.Serializer[Any]):
    """Numbers by kind and name."""

    results = TargetSerializer(many=True)


class TargetTestedSerializer(InputSerializer):
    """Whether somebody answered."""

    answered = serializers.BooleanField()


class TransferSerializer(serializers.ModelSerializer[Transfer]):
    """A warm transfer. The sender's number is in the incident, for those who may see it."""

    incident = serializers.UUIDField(source="incident_id")
    incident_code = serializers.SerializerMethodField()
    call = serializers.UUIDField(source="call_id")
    target = serializers.CharField(source="target.name", default=None, allow_null=True)
    unit = serializers.CharField(source="unit.call_sign", default=None, allow_null=True)
    receiver = serializers.SerializerMethodField()

    class Meta:
        model = Transfer
        fields = [
            "id",
            "incident",
            "incident_code",
            "call",
            "direction",
            "kind",
            "target",
            "unit",
            "state",
            "bridge",
            "reason",
            "disposition",
            "offered_at",
            "rung_at",
            "connected_at",
            "receiver",
            "team_asked_at",
            "ended_at",
            "sender_reference",
            "version",
        ]

    def get_incident_code(self, transfer: Transfer) -> str:
        """The incident's number as people say it."""
        return f"{transfer.incident.number:04d}"

    def get_receiver(self, transfer: Transfer) -> str:
        """Who has the caller; empty before."""
        return str(transfer.receiver) if transfer.receiver is not None else transfer.receiver_name


class TransfersSerializer(serializers.Serializer[Any]):
    """Transfers, oldest first."""

    results = TransferSerializer(many=True)
