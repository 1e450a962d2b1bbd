from django.db import models
from django.db.models import Q

from accounts.models import Centre, User
from responders.models import Unit


class AvlServer(models.Model):
    """A Traccar server that forwards the positions of its devices. One secret for the server, of which only the hash is
    kept."""

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="avl_servers")
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "position server"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AvlDevice(models.Model):
    """One tracker on one unit. It either has a token of its own or is known to a server by its identifier."""

    class SpeedUnit(models.TextChoices):
        KNOTS = "kn", "knots (Traccar Client and most trackers)"
        METRES = "mps", "metres a second (the OsmAnd app)"
        KILOMETRES = "kmh", "kilometres an hour"

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="avl_devices")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="avl_devices")
    name = models.CharField(max_length=80, help_text="what is written on it")
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    server = models.ForeignKey(AvlServer, null=True, blank=True, on_delete=models.PROTECT, related_name="devices")
    identifier = models.CharField(max_length=64, blank=True, help_text="as the Traccar server calls it (uniqueId)")
    speed_unit = models.CharField(
        max_length=3,
        choices=SpeedUnit.choices,
        default=SpeedUnit.KNOTS,
        help_text="of the OsmAnd protocol's parameter; the others have fixed units",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    fix_at = models.DateTimeField(null=True, blank=True, help_text="the device's own time of the last position taken")
    heard_at = models.DateTimeField(null=True, blank=True, help_text="when that one arrived")

    class Meta:
        verbose_name = "tracker"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(token_hash__isnull=False, server__isnull=True, identifier="")
                | (Q(token_hash__isnull=True, server__isnull=False) & ~Q(identifier="")),
                name="tracker_has_one_way_in",
            ),
            models.UniqueConstraint(
                fields=["server", "identifier"], condition=Q(server__isnull=False), name="tracker_once_per_server"
            ),
            models.CheckConstraint(condition=Q(speed_unit__in=["kn", "mps", "kmh"]), name="tracker_speed_unit_known"),
            models.CheckConstraint(
                condition=Q(fix_at__isnull=True, heard_at__isnull=True)
                | Q(fix_at__isnull=False, heard_at__isnull=False),
                name="tracker_heard_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name
