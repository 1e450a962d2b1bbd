"""The ticket that opens a stream."""

from __future__ import annotations

import time

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from live.registry import may_watch, viewer_of
from live.selectors import live_epoch
from live.tickets import LIFETIME, MOST_AUDIENCES, Ticket, session_hash, ticket_sign


@never_cache
@require_GET
def ticket(request: HttpRequest) -> JsonResponse:
    """Sign a ticket for the asked audiences (``?audience=console&audience=wall``) that the viewer may watch.

    401 without a viewer, 403 if none of the audiences is allowed.
    """
    viewer = viewer_of(request)
    if viewer is None:
        return JsonResponse({"error": "Sign in to watch this board."}, status=401)
    asked = list(dict.fromkeys(request.GET.getlist("audience")))[:MOST_AUDIENCES]
    allowed = tuple(name for name in asked if may_watch(request, name, viewer.centre_id))
    if not allowed:
        return JsonResponse({"error": "This display or person may not watch this board."}, status=403)
    signed = ticket_sign(
        Ticket(
            centre_id=viewer.centre_id,
            audiences=allowed,
            session=session_hash(viewer.session_key),
            expires_at=int(time.time()) + LIFETIME,
        )
    )
    return JsonResponse(
        {"ticket": signed, "audiences": allowed, "epoch": str(live_epoch()), "expires_in": LIFETIME},
    )
