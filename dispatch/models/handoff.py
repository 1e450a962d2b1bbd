import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.incident import Incident
from dispatch.states import HANDOFF_STATES


class Handoff(models.Model):
    """A call given to police, fire or EMS.

    It stays owned here until the receiver has acknowledged it by name or number.
    """

    class Service(models.TextChoices):
        POLICE = "police", "Police"
        EMS = "ems", "EMS"
        FIRE = "fire", "Fire"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="handoffs")
    service = models.CharField(max_length=8, choices=Service.choices)
    state = models.CharField(max_length=14, default="requested", choices=[(state, state) for state in HANDOFF_STATES])
    reason = models.CharField(max_length=60, help_text="coded: decision, returned, backup, rising_risk, promise_broken")
    opened_at = models.DateTimeField()
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    receiver_name = models.CharField(max_length=80, blank=True)
    receiver_number = models.CharField(max_length=40, blank=True, help_text="number in the receiving CAD")
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.CharField(max_length=40, blank=True, help_text="coded: why the service will not take it")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "service"],
                condition=Q(state__in=["ready", "requested"]),
                name="one_open_handoff_per_service",
            ),
            models.CheckConstraint(condition=Q(state__in=HANDOFF_STATES), name="handoff_state_known"),
            models.CheckConstraint(
                condition=~Q(state="acknowledged")
                | (Q(acknowledged_at__isnull=False) & (~Q(receiver_name="") | ~Q(receiver_number=""))),
                name="handoff_is_acknowledged_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | (Q(declined_at__isnull=False) & ~Q(decline_reason="")),
                name="handoff_declined_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(state="requested"), name="handoff_waiting"),
            models.Index(
                fields=["-opened_at"],
                condition=Q(state__in=["acknowledged", "declined", "cancelled"]),
                name="handoff_ended_last",
            ),
        ]

    def __str__(self) -> str:
        return f"hand-off to {self.service}"
