"""The stop key."""

import uuid

from django.db import models

from accounts.models import Centre, User


class Suspension(models.Model):
    """The stop key: diversion off for a program, a beat, a nature or everything. It only raises care.

    One supervisor sets it at once, with a reason; resuming takes two people (asked, then confirmed by another).
    """

    class Scope(models.TextChoices):
        ALL = "all", "All diversion"
        PROGRAM = "program", "One program"
        BEAT = "beat", "One beat"
        NATURE = "nature", "One nature"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="suspensions")
    scope = models.CharField(max_length=8, choices=Scope.choices)
    subject = models.CharField(max_length=80, blank=True, help_text="slug or beat name; empty for all")
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    resume_asked_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    resume_asked_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "scope", "subject"],
                condition=models.Q(lifted_at__isnull=True),
                name="suspension_once_while_on",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True)
                | (models.Q(resume_asked_by__isnull=False) & ~models.Q(lifted_by=models.F("resume_asked_by"))),
                name="suspension_resume_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"stop {self.scope} {self.subject}"
