import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Value

from accounts.models import Centre


class Area(models.Model):
    """A named polygon of the centre: beat, district or the boundary itself. `shape` is a GeoJSON geometry (WGS84)."""

    class Kind(models.TextChoices):
        BEAT = "beat", "Beat"
        DISTRICT = "district", "District"
        BOUNDARY = "boundary", "Boundary"
        WATER = "water", "Water"
        PARK = "park", "Park"

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="areas")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=80)
    district = models.CharField(max_length=80, blank=True)
    shape = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["centre", "kind", "name"], name="area_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


COMMON_WORDS = r"(^| )([0-9]+[a-z]?|st|ave|rd|dr|ln|blvd|ct|pl|n|s|e|w|&|/)(?= |$)"
"""Words of a normalised label that so many places share that nothing can be told by them. Read by PostgreSQL and re."""


class Place(models.Model):
    """A gazetteer entry: address, intersection, block, street or common place, with one point (degrees, WGS84)."""

    class Kind(models.TextChoices):
        ADDRESS = "address", "Address"
        INTERSECTION = "intersection", "Intersection"
        BLOCK = "block", "Block"
        STREET = "street", "Street"
        COMMON_PLACE = "common_place", "Common place"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="places")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    label = models.CharField(max_length=160)
    search = models.CharField(max_length=200, help_text="label in lower case, words normalised")
    name = models.GeneratedField(
        expression=Func(F("search"), Value(COMMON_WORDS), Value(""), Value("g"), function="regexp_replace"),
        output_field=models.CharField(max_length=200),
        db_persist=True,
        help_text="what tells it from others: without house numbers, kinds of street and directions",
    )
    lat = models.FloatField()
    lon = models.FloatField()
    beat = models.CharField(max_length=40, blank=True)
    location_type = models.CharField(max_length=24, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="place_search_trigram", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["centre", "search"], name="place_search"),
            GinIndex(fields=["name"], name="place_name_trigram", opclasses=["gin_trgm_ops"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["centre", "kind", "label"], name="place_once"),
            models.CheckConstraint(
                condition=models.Q(lat__range=(-90, 90), lon__range=(-180, 180)), name="place_on_earth"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Premise(models.Model):
    """A place that the centre keeps knowledge about: cautions, entry notes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="premises")
    place = models.OneToOneField(Place, null=True, blank=True, on_delete=models.SET_NULL, related_name="premise")
    label = models.CharField(max_length=160)
    lat = models.FloatField()
    lon = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["centre", "lat", "lon"], name="premise_point")]

    def __str__(self) -> str:
        return self.label
