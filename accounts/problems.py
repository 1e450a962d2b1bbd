"""Errors as the API tells them: RFC 9457 problem details with a stable code."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


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
        return problem("invalid", "Some fields need correction", 422, errors=error.detail)
    if isinstance(error, APIException):
        response = exception_handler(error, context)
        http_status = error.status_code
        made = problem(str(error.default_code), str(error.default_detail), http_status, str(error.detail))
        if response is not None:
            for header in ("WWW-Authenticate", "Retry-After", "Allow"):
                if header in response:
                    made[header] = response[header]
        return made
    return None
