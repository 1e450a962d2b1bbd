from django.db import models


class Audience(models.TextChoices):
    """Who a note or a personal field is for (design section 8). A wall board gets none of them."""

    GENERAL = "general", "General"
    CLINICAL = "clinical", "Clinical"
    SUBSTANCE = "substance", "Substance use (Part 2)"
    JUSTICE = "justice", "Justice"
