import unicodedata
import uuid
from re import sub

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from accounts.models import Centre
from people.models.audience import Audience


def name_key(text: str) -> str:
    """The form in which names are compared: lower case, without accents and marks, one space."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return sub(r"[\W_]+", " ", plain.casefold()).strip()[:200]


class Person(models.Model):
    """A person of concern, known by id. The words about them lie in PersonDetail, so they can be erased."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"person {self.pk}"


class PersonDetail(models.Model):
    """One personal field of a person, with the audience that may read it."""

    class Field(models.TextChoices):
        NAME = "name", "Name"
        ALSO = "also_called", "Also called"
        BORN = "birth_year", "Born"
        ABOUT = "about", "About"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="details")
    field = models.CharField(max_length=40)
    text = models.TextField()
    search = models.CharField(max_length=200, blank=True, help_text="a name as names are compared; empty for the rest")
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.GENERAL)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(audience__in=Audience.values), name="person_detail_audience_known"
            )
        ]
        indexes = [
            GinIndex(fields=["search"], name="person_search_trigram", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["field", "text"], condition=models.Q(field="birth_year"), name="person_by_birth_year"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.person_id}"


class Phone(models.Model):
    """A telephone number. Everything else refers to the row or to its salted hash; erasing empties `number`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=20, blank=True, help_text="E.164, empty once erased")
    number_hash = models.CharField(max_length=64)
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.GENERAL)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["centre", "number_hash"], name="phone_once_per_centre"),
            models.CheckConstraint(condition=models.Q(audience__in=Audience.values), name="phone_audience_known"),
        ]

    def __str__(self) -> str:
        return f"phone {self.pk}"
