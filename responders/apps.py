from django.apps import AppConfig


class RespondersConfig(AppConfig):
    name = "responders"
