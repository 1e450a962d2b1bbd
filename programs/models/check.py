"""What was checked about a configuration, kept by content: the same content has the same result."""

import uuid

from django.db import models


class Check(models.Model):
    """One result of the solver or of another long check. `digest` names everything that it depends on.

    Publishing looks for a proof of exactly the content that goes live, under exactly the protocol that is live.
    """

    class Kind(models.TextChoices):
        PROOF = "proof", "Proof of the safety invariants"
        COMPANY = "company", "Gaps and overlaps with the other programs"
        DIFFERENCE = "difference", "Calls whose decision changes"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    digest = models.CharField(max_length=64)
    holds = models.BooleanField(help_text="whether nothing was found that forbids publishing")
    findings = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "digest"], name="check_once_per_content"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["proof", "company", "difference"]), name="check_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"
