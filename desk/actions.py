"""How the HTML doors act: one decorator admits, times and turns refusals into words beside the form."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import escape

from accounts.access import require
from accounts.models import User
from accounts.problems import Refused
from dispatch.states import TransitionRefused

P = ParamSpec("P")
F = TypeVar("F", bound=forms.BaseForm)


def problem(request: HttpRequest, status: int, words: str, field: str = "") -> HttpResponse:
    """A refusal as text. The header names the field; for htmx it goes to the form's own problem line,
    or, for a lone button, to the line under the header."""
    kind, _, source_id = request.headers.get("HX-Source", "").partition("#")
    if source_id:
        response = HttpResponse(escape(words), status=status)
        response["HX-Retarget"] = f"#{source_id} .problem" if kind == "form" else "#said-words"
        response["HX-Reswap"] = "innerHTML"
    else:
        response = HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    response["X-Problem-Field"] = field
    return response


def form_of(form: F) -> F:
    """The form if it is valid. Raises Refused with the first problem and its field otherwise."""
    if form.is_valid():
        return form
    field, errors = next(iter(form.errors.items()))
    raise Refused("invalid", str(errors[0]), field="" if field == "__all__" else field)


def uuid_of(text: str, field: str = "id") -> UUID:
    """The UUID that the client made. Raises Refused when it is none."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Refused("id_invalid", "The id is not a UUID.", field=field) from error


Acting = Callable[Concatenate[HttpRequest, User, datetime, P], HttpResponse]
Admitted = Callable[Concatenate[HttpRequest, P], HttpResponse]


def act(*roles: str) -> Callable[[Acting[P]], Admitted[P]]:
    """A POST by a person with one of the roles. The view gets the person and the server's time.

    405 for another method, 401 when signed out (what was typed stays on the page), 403 and 404 in words, 409 for a
    wrong state, 422 for what cannot be accepted.
    """

    def decorate(view: Acting[P]) -> Admitted[P]:
        @wraps(view)
        def acted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method != "POST":
                return HttpResponse("Use the form.", status=405, headers={"Allow": "POST"})
            if not request.user.is_authenticated:
                return problem(request, 401, "You are signed out. Sign in again: what you typed stays here.")
            try:
                return view(request, require(request.user, *roles), datetime.now(UTC), *args, **kwargs)
            except Refused as error:
                return problem(request, error.status, error.detail, error.field)
            except TransitionRefused as error:
                return problem(request, 409, str(error))
            except PermissionDenied as error:
                return problem(request, 403, str(error) or "Your role does not include this.")
            except Http404:
                return problem(request, 404, "It is not there any more, or not yours to see.")

        return acted

    return decorate
