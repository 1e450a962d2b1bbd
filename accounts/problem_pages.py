"""What Django answers where no view does: a problem under /api/, a page elsewhere. Never an exception's words."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

API = "/api/"


def _problem(code: str, title: str, status: int) -> JsonResponse:
    body = {"type": f"urn:diversion-desk:{code}", "title": title, "status": status, "code": code}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, for example a host name that is not ours."""
    if request.path.startswith(API):
        return _problem("bad_request", "Bad request", 400)
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside a view."""
    if request.path.startswith(API):
        return _problem("forbidden", "Not allowed", 403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such address."""
    if request.path.startswith(API):
        return _problem("not_found", "Not found", 404)
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """500: the cause is in the log, without values."""
    if request.path.startswith(API):
        return _problem("failed", "Something went wrong here. It is in the log.", 500)
    return defaults.server_error(request)
