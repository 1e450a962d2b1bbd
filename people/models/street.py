from django.db import models
from django.db.models import F, Q

from accounts.models import Centre


class StreetNetwork(models.Model):
    """The streets that travel times are computed over. `digest` changes with the streets: processes then read anew."""

    centre = models.OneToOneField(Centre, on_delete=models.CASCADE, related_name="street_network")
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"streets of {self.centre}"


class StreetPiece(models.Model):
    """One piece of street between two crossings (their ids are the centre file's). Points in degrees, WGS84."""

    network = models.ForeignKey(StreetNetwork, on_delete=models.CASCADE, related_name="pieces")
    name = models.CharField(max_length=80, blank=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    start_lat = models.FloatField()
    start_lon = models.FloatField()
    end_lat = models.FloatField()
    end_lon = models.FloatField()
    metres = models.FloatField()
    speed_mps = models.FloatField(help_text="metres a second on the average, stops included")
    one_way = models.BooleanField(default=False, help_text="from start to end only")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(metres__gt=0, speed_mps__gt=0), name="street_has_length_and_speed"),
            models.CheckConstraint(
                condition=Q(
                    start_lat__range=(-90, 90),
                    end_lat__range=(-90, 90),
                    start_lon__range=(-180, 180),
                    end_lon__range=(-180, 180),
                ),
                name="street_on_earth",
            ),
            models.CheckConstraint(condition=~Q(start=F("end")), name="street_joins_two_crossings"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.start}-{self.end}"
