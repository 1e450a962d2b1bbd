"""Rendering whole pages and live regions."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from live.responses import stamp
from live.selectors import Position


@dataclass(frozen=True)
class LivePage:
    """What the body tells live.js: audiences, centre, and up to where the page is complete."""

    audiences: str
    centre_id: int
    epoch: UUID
    number: int


def live_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    position: Position,
    centre_id: int,
    audiences: str,
) -> HttpResponse:
    """A page that stays current. `position` must have been read before the data in `context`."""
    live = LivePage(audiences, centre_id, position.epoch, position.number)
    return stamp(render(request, template, {**context, "live": live}), position, centre_id=centre_id)


def live_region(
    request: HttpRequest, template: str, context: dict[str, Any], *, position: Position, centre_id: int
) -> HttpResponse:
    """The inside of one live region, as the snapshot that live.js asks for after a gap."""
    return stamp(render(request, template, context), position, centre_id=centre_id)
