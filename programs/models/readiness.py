"""What a person confirmed on the way to the first real call."""

from django.db import models

from accounts.models import Centre, User


class Readiness(models.Model):
    """One point of the go-live list that only a person can know, confirmed by name."""

    class Item(models.TextChoices):
        NATURES = "natures", "The centre's own nature codes are mapped"
        CARDS = "cards", "Paper cards are printed and lie at every seat"

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="readiness")
    item = models.CharField(max_length=12, choices=Item.choices)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "readiness"
        constraints = [
            models.UniqueConstraint(fields=["centre", "item"], name="readiness_once"),
            models.CheckConstraint(condition=models.Q(item__in=["natures", "cards"]), name="readiness_item_known"),
        ]

    def __str__(self) -> str:
        return self.item
