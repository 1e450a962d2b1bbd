"""Application settings of the live boards."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Event rows, renderer and stream hub."""

    name = "live"
    default_auto_field = "django.db.models.BigAutoField"
