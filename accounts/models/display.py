from django.db import models

from accounts.models.centre import Centre
from accounts.models.user import User


class DisplayDevice(models.Model):
    """A wall display: a named device with a read-only, redacted, revocable token. Never a person's session."""

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="displays")
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
