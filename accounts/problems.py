"""Errors as the API tells them: RFC 9457 problem details with a stable code."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, ValidationError
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.response import Response
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)
RETRY_AFTER_S = 2
"""Named to clients when the database is away or busy: about the time of a fail-over's first tries."""


class Refused(Exception):
    """Input that cannot be accepted. `detail` says what is wrong and what to do; `field` names where.

    `status` is 422 unless the thing conflicts with the present state (409).
    """

    def __init__(self, code: str, detail: str, *, field: str = "", status: int = 422) -> None:
        self.code, self.detail, self.field, self.status = code, detail, field, status
        super().__init__(detail)


def problem(code: str, title: str, http_status: int, detail: str = "", **more: Any) -> Response:
    """A problem response: `type` is a stable URN made from the code."""
    body = {"type": f"urn:diversion-desk:{code}", "title": title, "status": http_status, "code": code, **more}
    if detail:
        body["detail"] = detail
    return Response(body, status=http_status, content_type="application/problem+json")


def field_errors(detail: Any, at: str = "") -> dict[str, list[str]]:
    """Validation errors flat: the path of a field (`answers.weapon`, empty for the whole body) to its messages."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, inner in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            for path, messages in field_errors(inner, f"{at}.{name}".strip(".")).items():
                found.setdefault(path, []).extend(messages)
        return found
    if isinstance(detail, list | tuple):
        return {at: [str(item) for item in detail if not isinstance(item, dict)]}
    return {at: [str(detail)]}


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Anything not named here becomes Django's 500 without its words."""
    state = getattr(error, "state", None)
    if isinstance(error, Refused):
        errors = {error.field: [error.detail]} if error.field else {}
        return problem(error.code, "Refused", error.status, error.detail, errors=errors)
    if state is not None and hasattr(error, "noun"):
        return problem("wrong_state", "Not possible in this state", status.HTTP_409_CONFLICT, str(error), state=state)
    if isinstance(error, Http404):
        return problem("not_found", "Not found", 404, "There is nothing here that you may see.")
    if isinstance(error, PermissionDenied):
        return problem("forbidden", "Not allowed", 403, str(error) or "Your role does not include this.")
    if isinstance(error, ValidationError):
        return problem("invalid", "Some fields need correction", 422, errors=field_errors(error.detail))
    if isinstance(error, NotAuthenticated | AuthenticationFailed):
        made = problem("signed_out", "Signed out", status.HTTP_401_UNAUTHORIZED, "Sign in first.")
        made["WWW-Authenticate"] = 'Session realm="Diversion Desk"'
        return made
    if isinstance(error, OperationalError):
        # A lock or a connection that was not to be had in time; nothing of the request was stored.
        logger.warning("database busy or away", extra={"cause": type(error).__name__})
        made = problem("busy", "Busy", status.HTTP_503_SERVICE_UNAVAILABLE, "Nothing was stored. Send it again.")
        made["Retry-After"] = str(RETRY_AFTER_S)
        return made
    if isinstance(error, APIException):
        response = exception_handler(error, context)
        http_status = error.status_code
        title = str(error.default_detail).rstrip(".").replace("{method}", "This method").replace('"', "")
        # The same to a client whether the role was looked at before the service or in it.
        code = "forbidden" if isinstance(error, Forbidden) else str(error.default_code)
        code = "csrf_failed" if str(error.detail).startswith("CSRF") else code
        if http_status == status.HTTP_415_UNSUPPORTED_MEDIA_TYPE:
            title = "Send JSON"
        made = problem(code, title, http_status, str(error.detail))
        if response is not None:
            for header in ("WWW-Authenticate", "Retry-After", "Allow"):
                if header in response:
                    made[header] = response[header]
        return made
    return None
