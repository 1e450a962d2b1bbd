from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Screens that join the other apps. No models."""

    name = "desk"

    def ready(self) -> None:
        from desk.live_frames import register  # models are loaded only now

        register()
