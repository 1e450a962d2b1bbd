"""Trackers and position servers: made, looked at and revoked by system administrators."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.access import centre_of, require
from accounts.admin_site import CentreAdmin
from accounts.models import Role
from interop.avl.services import device_create, device_revoke, server_create, server_revoke
from interop.models import AvlDevice, AvlServer


class DeviceForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A tracker with a token of its own, or one that a Traccar server knows by an identifier."""

    class Meta:
        model = AvlDevice
        fields = ("name", "unit", "server", "identifier", "speed_unit")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("server") and not given.get("identifier"):
            self.add_error("identifier", "Say how the server calls it: its uniqueId.")
        if given.get("identifier") and not given.get("server"):
            self.add_error("server", "Choose the server that knows this identifier, or leave the identifier empty.")
        return given


class _Tokens(CentreAdmin):
    """Made once, with a token that is shown once; then only looked at and revoked."""

    revoke_one: Callable[..., Any]
    """The service that revokes one row; each kind names its own."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Revoking is the one action; each has its own row in the audit trail."""
        if not self.has_view_permission(request):
            return {}
        return {"revoke": (type(self).revoke, "revoke", "Revoke: nothing that it sends is taken any more")}

    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        user, at = require(request.user, Role.SYSTEM_ADMINISTRATOR), timezone.now()
        for row in rows:
            self.revoke_one(row, by=user, at=at)

    def shown_once(self, request: HttpRequest, token: str) -> None:
        if token:
            messages.warning(request, f"Token, shown this once: {token}")


@admin.register(AvlDevice)
class DeviceAdmin(_Tokens):
    """Trackers on units."""

    revoke_one = staticmethod(lambda row, *, by, at: device_revoke(device=row, by=by, at=at))
    form = DeviceForm
    list_display = ("name", "unit", "server", "identifier", "speed_unit", "heard_at", "revoked_at")
    list_filter = ("unit",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user = require(request.user, Role.SYSTEM_ADMINISTRATOR)
        given = form.cleaned_data
        made, token = device_create(
            centre=centre_of(user),
            unit=given["unit"],
            name=given["name"],
            by=user,
            at=timezone.now(),
            server=given["server"],
            identifier=given["identifier"],
            speed_unit=given["speed_unit"],
        )
        obj.pk = made.pk
        self.shown_once(request, token)


@admin.register(AvlServer)
class ServerAdmin(_Tokens):
    """Traccar servers that forward positions."""

    revoke_one = staticmethod(lambda row, *, by, at: server_revoke(server=row, by=by, at=at))
    list_display = ("name", "created_by", "created_at", "revoked_at")
    fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user = require(request.user, Role.SYSTEM_ADMINISTRATOR)
        made, token = server_create(
            centre=centre_of(user), name=form.cleaned_data["name"], by=user, at=timezone.now()
        )  # fmt: skip
        obj.pk = made.pk
        self.shown_once(request, token)
