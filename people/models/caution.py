import uuid

from django.db import models

from accounts.models import Centre, User
from people.models.person import Person
from people.models.place import Premise


class Caution(models.Model):
    """A hazard at a place or with a person. It always expires: stale cautions bury the ones that matter.

    An audit of such flags in Florida found 2 % of them opened, since they were "overloaded, excessive and outdated".
    """

    class Severity(models.TextChoices):
        INFO = "info", "For information"
        WARN = "warn", "Take care"
        DANGER = "danger", "Danger"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="cautions")
    premise = models.ForeignKey(Premise, null=True, blank=True, on_delete=models.CASCADE, related_name="cautions")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="cautions")
    text = models.TextField()
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    source = models.CharField(max_length=120)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(premise__isnull=False) ^ models.Q(person__isnull=False),
                name="caution_has_one_subject",
            ),
            models.CheckConstraint(condition=models.Q(expires_at__gt=models.F("added_at")), name="caution_expires"),
            models.CheckConstraint(
                condition=models.Q(severity__in=["info", "warn", "danger"]), name="caution_severity_known"
            ),
        ]

    def __str__(self) -> str:
        return f"caution {self.pk}"
