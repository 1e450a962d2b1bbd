import uuid

from django.db import models

from accounts.models import Centre
from people.models.audience import Audience


class Person(models.Model):
    """A person of concern or a caller, known by id. The words about them lie in PersonDetail, so they can be erased."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"person {self.pk}"


class PersonDetail(models.Model):
    """One personal field of a person, with the audience that may read it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="details")
    field = models.CharField(max_length=40)
    text = models.TextField()
    audience = models.CharField(max_length=12, choices=Audience.choices, default=Audience.GENERAL)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(audience__in=Audience.values), name="person_detail_audience_known"
            )
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
