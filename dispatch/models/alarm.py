import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, Role, User
from dispatch.models.incident import Incident
from responders.models import Unit


class Alarm(models.Model):
    """Something that a named role must act on. It has an owner, an action and an end; nothing leaves until handled."""

    class Kind(models.TextChoices):
        PANIC = "panic", "Crew needs help"
        STAGE_UNACKNOWLEDGED = "stage_unacknowledged", "Crew has not read the stage order"
        HANDOFF_UNACKNOWLEDGED = "handoff_unacknowledged", "Hand-off not acknowledged: phone them"
        PROMISE_WARNING = "promise_warning", "Promise runs out"
        PROMISE_BROKEN = "promise_broken", "Promise broken"
        NO_UNIT = "no_unit", "No unit can go"
        RETURNED = "returned", "Returned to 911"
        RISING_RISK = "rising_risk", "Danger rose after sending"
        ENGINE_ERROR = "engine_error", "No suggestion: use standard dispatch"
        SECOND_PERSON = "second_person", "A less cautious choice waits for you"
        SILENT_CONSOLE = "silent_console", "A console went silent with open calls"
        DROPPED_CALL = "dropped_call", "Dropped call: call back"
        HOLD_OVER = "hold_over", "Hold is over: call back"
        LATE_ENTRY = "late_entry", "Late entry: is it still live?"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="alarms")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    subject = models.CharField(max_length=60, help_text="what it is about, so that the same alarm is not raised twice")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms")
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="alarms")
    urgent = models.BooleanField(default=False, help_text="act now: the only alarms that are red and sound")
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    owner_role = models.CharField(max_length=24, choices=Role.choices)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    escalated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end_note = models.CharField(max_length=160, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-urgent", "opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(ended_at__isnull=True), name="alarm_once_while_open"
            ),
            models.CheckConstraint(
                condition=~Q(kind="panic", ended_at__isnull=False) | Q(ended_by__isnull=False),
                name="panic_ends_only_by_a_person",
            ),
        ]
        indexes = [models.Index(fields=["centre", "opened_at"], condition=Q(ended_at__isnull=True), name="alarm_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
