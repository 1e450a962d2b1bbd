"""The history of versions."""

from django.db import models

from accounts.models import User
from programs.models.program import ProgramVersion
from programs.models.protocol import ProtocolVersion


class VersionStep(models.Model):
    """One change of state of a version: who, when, why. Append-only by trigger; saving a draft is no step."""

    program_version = models.ForeignKey(
        ProgramVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="steps"
    )
    protocol_version = models.ForeignKey(
        ProtocolVersion, null=True, blank=True, on_delete=models.CASCADE, related_name="steps"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=16)
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    words = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(program_version__isnull=False) ^ models.Q(protocol_version__isnull=False),
                name="version_step_has_one_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"
