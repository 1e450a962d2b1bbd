import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, User

LINE_KINDS = ("988", "211", "311", "other_centre")
SERVICE_KINDS = ("police", "ems", "fire")


class HandoffTarget(models.Model):
    """Somebody outside the room whom the centre telephones: a crisis line, another centre, police, EMS, fire.

    A number that nobody has called is a number that may be wrong: who last called it, and whether it was answered, is
    kept, and stands beside it wherever it is shown.
    """

    class Kind(models.TextChoices):
        L988 = "988", "988"
        L211 = "211", "211"
        L311 = "311", "311"
        CENTRE = "other_centre", "Another centre"
        POLICE = "police", "Police"
        EMS = "ems", "EMS"
        FIRE = "fire", "Fire"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="handoff_targets")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=24, help_text="as it is dialled")
    active = models.BooleanField(default=True)
    tested_at = models.DateTimeField(null=True, blank=True, help_text="when somebody last called it to try it")
    tested_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="when such a call was last answered")

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "kind", "name"], name="target_once_per_centre"),
            models.CheckConstraint(
                condition=Q(kind__in=["988", "211", "311", "other_centre", "police", "ems", "fire"]),
                name="target_kind_known",
            ),
            models.CheckConstraint(condition=~Q(phone="") & ~Q(name=""), name="target_has_a_name_and_a_number"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(tested_at__gte=models.F("answered_at")),
                name="target_answered_when_tested",
            ),
        ]

    def __str__(self) -> str:
        return self.name
