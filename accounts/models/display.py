from django.db import models
from django.db.models import Q

from accounts.models.centre import Centre
from accounts.models.user import User


class DisplayDevice(models.Model):
    """A wall display: a named device with a read-only, redacted, revocable token. Never a person's session.

    Panel, resolution and viewing distance say how large its text must be (desk/wall_size.py).
    """

    class Theme(models.TextChoices):
        NIGHT = "night", "Dark, always"
        DAY = "day", "Light, always"
        CLOCK = "clock", "Light from 07:00 to 19:00"

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="displays")
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    panel_inches = models.PositiveSmallIntegerField(default=65, help_text="diagonal of the picture")
    width_px = models.PositiveSmallIntegerField(default=1920)
    height_px = models.PositiveSmallIntegerField(default=1080)
    distance_cm = models.PositiveSmallIntegerField(default=500, help_text="from the panel to the farthest reader")
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.NIGHT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(panel_inches__range=(20, 150), distance_cm__range=(50, 3000)), name="display_room_possible"
            ),
            models.CheckConstraint(
                condition=Q(width_px__range=(800, 7680), height_px__range=(600, 4320)), name="display_picture_possible"
            ),
            models.CheckConstraint(condition=Q(theme__in=["night", "day", "clock"]), name="display_theme_known"),
        ]

    def __str__(self) -> str:
        return self.name


class DisplayLayout(models.Model):
    """One board of a display's rotation. A display without any shows the queue and the units."""

    class Layout(models.TextChoices):
        QUEUE = "queue", "Queue and units"
        MEASURES = "measures", "Measures"
        PROGRAM = "program", "One program"
        COUNTY = "county", "County-wide, by beat and agency"
        MAP = "map", "Map, with calls and units"

    display = models.ForeignKey(DisplayDevice, on_delete=models.CASCADE, related_name="layouts")
    place = models.PositiveSmallIntegerField()
    layout = models.CharField(max_length=8, choices=Layout.choices)
    program = models.SlugField(blank=True, help_text="for the layout of one program")
    seconds = models.PositiveSmallIntegerField(default=30)

    class Meta:
        ordering = ["display", "place"]
        constraints = [
            models.UniqueConstraint(fields=["display", "place"], name="display_place_once"),
            models.CheckConstraint(
                condition=Q(layout__in=["queue", "measures", "county", "map"], program="")
                | (Q(layout="program") & ~Q(program="")),
                name="display_layout_whole",
            ),
            models.CheckConstraint(condition=Q(seconds__range=(10, 600)), name="display_layout_seconds_readable"),
        ]

    def __str__(self) -> str:
        return f"{self.display} {self.place}: {self.layout}"
