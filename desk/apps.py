import sys

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Screens that join the other apps. No models."""

    name = "desk"

    def ready(self) -> None:
        from desk import handed  # models are loaded only now
        from desk.live_frames import register

        register()
        handed.register()
        if _serves_pages():
            # The lexicon takes longer to read than a note: read before the first call taker types.
            from triage import cues

            cues.find("")


def _serves_pages() -> bool:
    """Whether this process serves pages (launch and compose name the application), not a worker, command or test."""
    return "config.wsgi:application" in sys.argv
