"""Shadow mode: a version that is not live decides on the side for some days, is counted, and sends nobody."""

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from programs.models.program import ProgramVersion
from programs.models.protocol import ProtocolVersion


class ShadowRun(models.Model):
    """A span of days in which a version is judged on the decisions that people take. It costs the call path nothing:
    stored decisions are judged again later, at their own time, by a job with a cursor.

    `spec`, `area` and `protocol` are kept from the start, so that the figures are of one version.
    """

    class State(models.TextChoices):
        RUNNING = "running", "In shadow"
        ENDED = "ended", "Ended"
        STOPPED = "stopped", "Stopped before its end"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ProgramVersion, on_delete=models.CASCADE, related_name="shadows")
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    spec = models.JSONField()
    area = models.JSONField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    units = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    cursor = models.CharField(max_length=80, blank=True)
    counted_to = models.DateTimeField(null=True, blank=True, help_text="decisions up to here are in the figures")
    tally = models.JSONField(null=True, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["running", "ended", "stopped"]), name="shadow_state_known"),
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="shadow_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True)
                | Q(state__in=["ended", "stopped"], ended_at__isnull=False),
                name="shadow_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(units__gte=1) & Q(minutes__range=(1, 1440)), name="shadow_assumptions_possible"
            ),
            models.UniqueConstraint(
                fields=["version"], condition=Q(state="running"), name="shadow_once_at_a_time_per_version"
            ),
        ]

    def __str__(self) -> str:
        return f"shadow of {self.version_id}"
