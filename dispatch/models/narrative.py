import uuid

from django.db import models
from django.db.models import Q

from accounts.models import User
from dispatch.models.call import Call
from dispatch.models.incident import Incident
from people.models.audience import Audience


class NarrativeEntry(models.Model):
    """One note of an incident: append-only; a wrong one is struck, never deleted. `id` is made by the writer."""

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        CALLBACK = "callback", "Callback"
        CREW = "crew", "Crew"
        SYSTEM = "system", "System"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="narrative")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="narrative")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.NOTE)
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.GENERAL)
    at = models.DateTimeField()
    device_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["incident", "at"], name="narrative_by_incident")]
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="narrative_audience_known"),
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True)
                | Q(struck_at__isnull=False, struck_by__isnull=False),
                name="narrative_strike_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"note {self.pk}"


class NarrativeText(models.Model):
    """The words of a note, in a row of their own so that retention can erase them and leave the record whole."""

    entry = models.OneToOneField(NarrativeEntry, primary_key=True, on_delete=models.CASCADE, related_name="words")
    text = models.TextField()

    def __str__(self) -> str:
        return f"text of {self.entry_id}"
