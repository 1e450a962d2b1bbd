"""Who may do what. Deny by default: a view or an API class without one of these lets nobody in."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import Centre, Role, User

P = ParamSpec("P")
FLOOR = frozenset({Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR, Role.CLINICIAN})
"""Roles that work on the dispatch floor and see open incidents."""
DISPATCHING = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
SECOND_PERSONS = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.CLINICIAN})
"""Who may confirm a less cautious choice of somebody else (design section 5)."""


def roles_of(user: User | AnonymousUser) -> frozenset[str]:
    """The person's roles; none for somebody who is signed out, inactive or without a centre. Read once a request."""
    if not isinstance(user, User) or not user.is_active or user.centre_id is None:
        return frozenset()
    cached: frozenset[str] | None = getattr(user, "_roles", None)
    if cached is None:
        cached = frozenset(user.role_grants.values_list("role", flat=True))
        user._roles = cached  # type: ignore[attr-defined]  # kept on the request's own user object
    return cached


def may(user: User | AnonymousUser, *roles: str) -> bool:
    return bool(roles_of(user) & set(roles))


def require(user: User | AnonymousUser, *roles: str) -> User:
    """The user, if they hold one of the roles. Raises PermissionDenied otherwise."""
    if not isinstance(user, User) or not may(user, *roles):
        raise PermissionDenied("Your role does not include this.")
    return user


def require_member(user: User | AnonymousUser) -> User:
    """The user, if they hold any role in a centre. Raises PermissionDenied otherwise."""
    if not isinstance(user, User) or not roles_of(user):
        raise PermissionDenied("You are not a member of a centre.")
    return user


def centre_of(user: User) -> Centre:
    """The centre that the person works in. Raises PermissionDenied for somebody without one."""
    if user.centre is None:
        raise PermissionDenied("You are not a member of a centre.")
    return user.centre


def role_required(
    *roles: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """A page for these roles: sends the signed-out to sign-in, refuses the rest with 403."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        def admitted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            require(request.user, *roles)
            return view(request, *args, **kwargs)

        update_wrapper(admitted, view)
        return admitted

    return decorate


class DenyAll(BasePermission):
    """The API's default: a class that names no permission admits nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class SignedIn(BasePermission):
    """Anybody with a role in a centre."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(roles_of(request.user))


def has_role(*roles: str) -> type[BasePermission]:
    """A permission class that admits these roles."""

    class HasRole(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return may(request.user, *roles)

    return HasRole
