import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, User
from dispatch.models.call import Call


class PracticeRun(models.Model):
    """One scripted call that a person practises on, in a simulated centre. The score is stored when it is decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="practice_runs")
    script = models.CharField(max_length=8)
    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="practice_run")
    where = models.CharField(max_length=200, help_text="the address that the caller will give")
    asked = models.JSONField(default=list, help_text="keys of the questions put to the caller, in order, each once")
    started_at = models.DateTimeField()
    scored_at = models.DateTimeField(null=True, blank=True)
    score = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scored_at__isnull=True, score__isnull=True)
                | Q(scored_at__isnull=False, score__isnull=False),
                name="practice_score_is_whole",
            )
        ]
        indexes = [models.Index(fields=["user", "-started_at"], name="practice_by_person")]

    def __str__(self) -> str:
        return f"practice {self.script}"
