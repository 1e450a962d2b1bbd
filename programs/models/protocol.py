"""Protocol versions."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Centre, User
from programs.models.check import Check
from programs.models.program import VersionState


class ProtocolVersion(models.Model):
    """The triage protocol of a centre: floors and base rules as data, dated, signed by a named medical director.

    `editors` are the people who drafted it or handed it in: none of them approves it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="protocols")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState.choices, default=VersionState.DRAFT)
    data = models.JSONField()
    medical_director = models.CharField(max_length=120, blank=True)
    review_by = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    effective_from = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    editors = ArrayField(models.BigIntegerField(), default=list, blank=True)
    reason = models.TextField(blank=True)
    base = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    proof = models.ForeignKey(Check, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "number"], name="protocol_version_number_once"),
            models.UniqueConstraint(
                fields=["centre"], condition=models.Q(state="published"), name="one_published_protocol_per_centre"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=VersionState.values), name="protocol_version_state_known"
            ),
            models.UniqueConstraint(
                fields=["centre"], condition=models.Q(state="scheduled"), name="one_scheduled_protocol_per_centre"
            ),
            models.CheckConstraint(
                condition=models.Q(approver__isnull=True) | ~models.Q(approver=models.F("author")),
                name="protocol_version_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(effective_from__isnull=False),
                name="scheduled_protocol_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"protocol v{self.number}"
