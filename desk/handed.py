"""Tells consoles that a call was offered to somebody, or answered: each asks what is offered to its own person."""

from collections.abc import Iterable

from desk.live_frames import CONSOLE
from live import registry
from live.registry import Changed, Frame
from live.selectors import live_position


def handed_frames(centre_id: int, changed: Changed) -> Iterable[Frame]:
    """A signal without content: who offers which call to whom is read by the person it is for."""
    yield Frame(CONSOLE, f'<i id="handed-signal" data-v="{live_position(centre_id).number}" hidden></i>')


def register() -> None:
    """Called once, when the application starts."""
    registry.register(handed_frames, "call_handover")
