import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.incident import RESPONSE_CLASSES, Incident
from dispatch.states import DECISION_STATES
from programs.models import ProgramVersion, ProtocolVersion


class Decision(models.Model):
    """What a person decided, with all that the machine said at that moment. It can be re-run years later.

    `answers` are coded values, `trace` the whole suggestion, `on_screen` what was still open when the person chose.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(
        max_length=12, choices=[("accept", "Accepted"), ("override", "Overridden"), ("send", "Sent")]
    )
    state = models.CharField(max_length=16, default="standing", choices=[(s, s) for s in DECISION_STATES])
    response_class = models.CharField(max_length=20)
    suggested_class = models.CharField(max_length=20, blank=True)
    direction = models.CharField(
        max_length=8, choices=[("same", "As suggested"), ("more", "More cautious"), ("less", "Less cautious")]
    )
    reason = models.CharField(max_length=40, blank=True)
    reason_text = models.CharField(max_length=200, blank=True)
    program_version = models.ForeignKey(
        ProgramVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    protocol_version = models.ForeignKey(ProtocolVersion, null=True, on_delete=models.PROTECT, related_name="decisions")
    services = models.JSONField(default=list)
    answers = models.JSONField(default=dict)
    trace = models.JSONField(default=dict)
    on_screen = models.JSONField(default=dict)
    engine_version = models.CharField(max_length=20)
    second_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)
    second_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DECISION_STATES), name="decision_state_known"),
            models.CheckConstraint(condition=Q(response_class__in=RESPONSE_CLASSES), name="decision_class_known"),
            models.CheckConstraint(
                condition=Q(direction="same") | ~Q(reason=""), name="decision_override_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(direction="less") | ~Q(state="standing") | Q(second_by__isnull=False),
                name="decision_less_cautious_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(second_by__isnull=True) | ~Q(second_by=models.F("by")), name="decision_second_is_another"
            ),
        ]
        indexes = [
            models.Index(fields=["second_due_at"], condition=Q(state="waiting_second"), name="decision_waiting"),
            models.Index(fields=["incident", "at"], name="decision_by_incident"),
            models.Index(fields=["at", "id"], condition=Q(state="standing"), name="decision_by_time"),
        ]

    def __str__(self) -> str:
        return f"decision on {self.incident_id}"
