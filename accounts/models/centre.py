from zoneinfo import ZoneInfo

from django.db import models


class Centre(models.Model):
    """One dispatch floor: owns a queue, a lock and a clock, and serves several agencies.

    `simulated` is set at creation and never changes (a trigger says so): replay, simulator, demo and training act
    only where it is true.
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, help_text="IANA name, for example America/Chicago")
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    live_at = models.DateTimeField(
        null=True, blank=True, help_text="since when the centre takes real calls; empty until the go-live list is done"
    )

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Agency(models.Model):
    """An organisation that answers calls or sends crews, within one centre."""

    class Kind(models.TextChoices):
        CENTRE = "centre", "Emergency communications centre"
        POLICE = "police", "Police"
        EMS = "ems", "Emergency medical service"
        FIRE = "fire", "Fire"
        BEHAVIORAL = "behavioral", "Behavioural health"
        COMMUNITY = "community", "Community response"

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="agencies")
    slug = models.SlugField()
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "agencies"
        constraints = [
            models.UniqueConstraint(fields=["centre", "slug"], name="agency_slug_once_per_centre"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["centre", "police", "ems", "fire", "behavioral", "community"]),
                name="agency_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
