"""The doors for trackers. What is taken and what is dropped get the same answer: a tracker told “no” sends it anew.

400 for what cannot be read, 401 for a token that is unknown or revoked. No answer and no log line holds a place.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.problems import Refused
from interop.avl import formats
from interop.avl.access import device_behind, device_of, header_token, server_of
from interop.avl.services import fix_take

MOST_BYTES = 64_000
View = Callable[[HttpRequest], HttpResponse]


def _tracker(view: View) -> View:
    @csrf_exempt  # the token is the permission; no session is read here
    @wraps(view)
    def admitted(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > MOST_BYTES:
            return _said("A position is not this long.", 413)
        try:
            return view(request)
        except Refused as refused:
            return _said(refused.detail, refused.status)

    return admitted


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _nobody() -> HttpResponse:
    response = _said("This tracker is not known here, or was revoked.", 401)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _body(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise Refused("avl_unreadable", "This is not JSON.", status=400) from None


@_tracker
@require_http_methods(["GET", "POST"])
def osmand(request: HttpRequest) -> HttpResponse:
    """The OsmAnd protocol: parameters of the address or of a form, or the JSON of Traccar Client 9 and newer.

    The token is in the Authorization header or is the device's identifier (`id`, `deviceid`, `device_id`).
    """
    now = datetime.now(UTC)
    if request.content_type == "application/json":
        body = _body(request)
        device = device_of(header_token(request) or str(body.get("device_id", "") if isinstance(body, dict) else ""))
        if device is None:
            return _nobody()
        fixes = formats.osmand_json(body)
    else:
        values = {**request.GET.dict(), **request.POST.dict()}
        device = device_of(header_token(request) or str(values.get("id") or values.get("deviceid") or ""))
        if device is None:
            return _nobody()
        one = formats.osmand_query({k: str(v) for k, v in values.items()}, speed_unit=device.speed_unit, now=now)
        fixes = [one] if one is not None else []
    for fix in sorted(fixes, key=lambda each: each.at)[-1:]:
        fix_take(device=device, fix=fix, at=now)
    return _said("", 200)


@_tracker
@require_http_methods(["POST"])
def traccar(request: HttpRequest) -> HttpResponse:
    """Positions that a Traccar server forwards as JSON, with the server's token in the Authorization header."""
    server = server_of(header_token(request))
    if server is None:
        return _nobody()
    identifier, fix = formats.traccar(_body(request))
    device = device_behind(server, identifier)
    if device is not None and fix is not None:
        fix_take(device=device, fix=fix, at=datetime.now(UTC))
    return _said("", 200)


@_tracker
@require_http_methods(["POST"])
def owntracks(request: HttpRequest) -> HttpResponse:
    """OwnTracks in HTTP mode. The token is the password of its identification."""
    device = device_of(header_token(request))
    if device is None:
        return _nobody()
    fix = formats.owntracks(_body(request))
    if fix is not None:
        fix_take(device=device, fix=fix, at=datetime.now(UTC))
    # The app reads a list of messages for it in the answer; there are never any.
    return JsonResponse([], safe=False)
