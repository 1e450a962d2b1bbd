import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, User
from dispatch.models.incident import Incident
from responders.models import Unit


class ReviewItem(models.Model):
    """Something that somebody looks at again on the next working day: it stays on the list until a person has.

    Written in the transaction of what it is about. Nothing but the review itself changes afterwards (trigger).
    """

    class Kind(models.TextChoices):
        RETURN = "return", "Returned to 911"
        BACKUP = "backup", "Crew asked for backup"
        SENT_CLASS = "sent_class", "Sent class was too low"
        STAGE_ORDER = "stage_order", "Stage order"
        OVERRIDE = "override", "Override of the suggestion"
        ESCALATION = "escalation", "Escalation"
        PROFILE_READ = "profile_read", "Safety profile read for a typed number"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    subject = models.UUIDField(
        help_text="the assignment, transfer, alarm, stage order, decision or reading that it is about"
    )
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews")
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=80, blank=True, help_text="coded")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="review_once_per_subject"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["return", "backup", "sent_class", "stage_order", "override", "escalation", "profile_read"]
                ),
                name="review_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True, note="")
                | (Q(reviewed_at__isnull=False, reviewed_by__isnull=False) & ~Q(note="")),
                name="review_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(by__isnull=True) | Q(reviewed_by__isnull=True) | ~Q(reviewed_by=models.F("by")),
                name="review_is_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["centre", "at"], condition=Q(reviewed_at__isnull=True), name="review_open"),
            models.Index(fields=["centre", "-reviewed_at"], condition=Q(reviewed_at__isnull=False), name="review_done"),
        ]

    def __str__(self) -> str:
        return f"review of {self.kind}"
