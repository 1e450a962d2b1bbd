"""What a page or a snapshot says about its own position in the live numbers."""

from __future__ import annotations

from django.http import HttpResponse

from live.selectors import ENGINE, Position, heartbeat_age


def stamp(response: HttpResponse, position: Position, *, centre_id: int) -> HttpResponse:
    """Put position and engine age into the headers that live.js reads from a snapshot, and forbid caching it.

    ``position`` must have been read before the data (:func:`live.selectors.live_position`).
    """
    response["X-Live-Epoch"] = str(position.epoch)
    response["X-Live-Number"] = str(position.number)
    age = heartbeat_age(centre_id, ENGINE)
    if age is not None:
        response["X-Live-Engine"] = f"{age:.1f}"
    response["Cache-Control"] = "no-store"
    return response
