from django.db import models

from accounts.models import Centre, User


class HistoryRow(models.Model):
    """One change of one thing: who, when (server and device time), from, to, why. Append-only by trigger."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    incident_id = models.UUIDField(null=True)
    entity = models.CharField(max_length=16)
    entity_id = models.UUIDField()
    action = models.CharField(max_length=32)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()
    device_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=80, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["incident_id", "id"], name="history_by_incident"),
            models.Index(fields=["entity", "entity_id", "id"], name="history_by_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.action}"
