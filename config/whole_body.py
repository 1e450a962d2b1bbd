"""Requests whose body was cut short on the way are refused before anything acts on what is left of them.

A connection that breaks in the middle of a POST reaches the application as a body that simply ends: a form without its
fields, a note without its second half, a status without the phone's own time. The address alone would then be acted on.
"""

import json
import logging
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)
LARGEST = 20 * 1024 * 1024
"""Bytes. What the routing file (Caddyfile) lets through at most."""
_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def whole_bodies(application: "WSGIApplication") -> "WSGIApplication":
    """The application, reached only by requests whose body came as long as announced, LARGEST at most.

    Others get problem details that clients may act on: 408 `body_cut_short` (send it again), 411 `length_required`
    (a body without a Content-Length, which Django would read as none), 413 `body_too_large`.
    """

    def checked(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in _BODYLESS:
            return application(environ, start_response)
        announced = environ.get("CONTENT_LENGTH") or "0"
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            return _refused(start_response, "411 Length Required", "length_required", "Send it with a Content-Length.")
        if not announced.isdecimal():
            return _refused(start_response, "400 Bad Request", "length_wrong", "Content-Length is not a number.")
        length = int(announced)
        if length > LARGEST:
            said = f"{LARGEST // 1024 // 1024} MB at most: send it in parts."
            return _refused(start_response, "413 Content Too Large", "body_too_large", said)
        body = _read(environ, length)
        if len(body) < length:
            logger.info("a request was cut short", extra={"announced": length, "received": len(body)})
            said = "Only a part of it arrived and nothing was done. Send it again."
            return _refused(start_response, "408 Request Timeout", "body_cut_short", said)
        environ["wsgi.input"] = BytesIO(body)
        return application(environ, start_response)

    return checked


def _read(environ: "WSGIEnvironment", length: int) -> bytes:
    parts: list[bytes] = []
    left = length
    while left:
        part: bytes = environ["wsgi.input"].read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _refused(start_response: "StartResponse", status: str, code: str, detail: str) -> list[bytes]:
    number, title = status.split(" ", 1)
    said = {"type": f"urn:diversion-desk:{code}", "title": title, "status": int(number), "code": code, "detail": detail}
    body = json.dumps(said).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    start_response(status, [*headers, ("Cache-Control", "no-store")])
    return [body]
