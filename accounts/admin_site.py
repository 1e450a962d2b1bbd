"""Django's admin as the product shows it: for system administrators, one's own centre only, every change audited."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.access import may
from accounts.models import Centre, Role, User
from accounts.services import audit

if TYPE_CHECKING:
    _Table = admin.ModelAdmin[Any]
    _Rows = admin.TabularInline[Any, Any]
else:
    # Generic in the type stubs only.
    _Table, _Rows = admin.ModelAdmin, admin.TabularInline


class DeskAdminSite(admin.AdminSite):
    """The admin at /admin/. Django's staff flag opens nothing: the role does."""

    site_header = "Diversion Desk: code tables, people, devices"
    site_title = "Administration"
    index_title = "What this centre is made of"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        """System administrators of a centre."""
        return may(request.user, Role.SYSTEM_ADMINISTRATOR)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The product's own sign-in page; there is no second one. Who is signed in without the role is refused."""
        if request.user.is_authenticated:
            return HttpResponse("Your role does not include this.", status=403, content_type="text/plain")
        return redirect_to_login(request.get_full_path())


class CentreAdmin(_Table):
    """A table of one centre. `centre_path` leads from a row to its centre; rows of others are not there.

    Nothing is deleted here that history may name: `deletable` says where something may be, `addable` likewise.
    """

    centre_path = "centre"
    addable, deletable = True, False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).filter(**{self.centre_path: _centre(request)})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Role.SYSTEM_ADMINISTRATOR)

    has_change_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.addable and may(request.user, Role.SYSTEM_ADMINISTRATOR)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Role.SYSTEM_ADMINISTRATOR)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.deletable and may(request.user, Role.SYSTEM_ADMINISTRATOR)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No deleting in bulk: each change stands alone in the audit trail."""
        return {}

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*(super().get_exclude(request, obj) or ()), *(["centre"] if self.centre_path == "centre" else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and self.centre_path == "centre":
            obj.centre = _centre(request)
        super().save_model(request, obj, form, change)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Choices of the own centre only."""
        target = db_field.remote_field.model
        if any(field.name == "centre" for field in target._meta.get_fields()):
            options["queryset"] = target._default_manager.filter(centre=_centre(request))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audited(request, "admin.add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audited(request, "admin.change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._audited(request, "admin.delete", obj, "")
        return super().log_deletions(request, queryset)

    def _audited(self, request: HttpRequest, action: str, obj: Any, message: Any) -> None:
        """Names of the fields that changed, never their values."""
        user = request.user if isinstance(request.user, User) else None
        fields: list[str] = []
        for one in message if isinstance(message, list) else []:
            for detail in one.values():
                fields += [str(name) for name in detail.get("fields", [])]
                fields += [str(detail["name"])] if "name" in detail else []
        audit(
            action=action,
            at=timezone.now(),
            by=user,
            centre=user.centre if user else None,
            entity=obj._meta.model_name,
            entity_id=obj.pk,
            detail={"fields": sorted(set(fields))},
        )


class OwnedRows(_Rows):
    """Rows that belong to one row of a table and are changed with it."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Role.SYSTEM_ADMINISTRATOR)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


def _centre(request: HttpRequest) -> Centre | None:
    return request.user.centre if isinstance(request.user, User) else None
