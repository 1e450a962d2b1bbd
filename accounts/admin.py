"""People, agencies, the centre and its displays."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.http import HttpRequest

from accounts.admin_site import CentreAdmin, OwnedRows
from accounts.models import Agency, Centre, DisplayDevice, RoleGrant, User
from accounts.problems import Refused
from accounts.services import zone_named


class RoleInline(OwnedRows):
    """What a person may do."""

    model = RoleGrant
    extra = 1


class PersonCreationForm(UserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A person with a first password, which they change."""

    class Meta:
        model = User
        fields = ("username", "display_name", "agency")


@admin.register(User)
class PersonAdmin(CentreAdmin, UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """People are made inactive, never deleted: history names them."""

    add_form = PersonCreationForm
    inlines = (RoleInline,)
    list_display = ("username", "display_name", "agency", "role_words", "is_active")
    list_filter = ("is_active", "agency", "role_grants__role")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name", "is_active")}),
        ("Where", {"fields": ("agency", "languages")}),
        ("Settings", {"fields": ("theme", "single_key_shortcuts")}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "display_name", "agency", "password1", "password2")}),)

    @admin.display(description="Roles")
    def role_words(self, person: User) -> str:
        """The person's roles."""
        return ", ".join(grant.get_role_display() for grant in person.role_grants.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("agency").prefetch_related("role_grants")


@admin.register(Agency)
class AgencyAdmin(CentreAdmin):
    """Organisations that answer calls or send crews. Whether one is simulated is set at creation only."""

    list_display = ("name", "slug", "kind", "simulated")
    prepopulated_fields = {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("simulated", "slug") if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}


class CentreForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """The zone is checked as it is typed."""

    class Meta:
        model = Centre
        fields = ("name", "time_zone")

    def clean_time_zone(self) -> str:
        try:
            return zone_named(self.cleaned_data["time_zone"])
        except Refused as refused:
            raise forms.ValidationError(refused.detail) from None


@admin.register(Centre)
class OwnCentreAdmin(CentreAdmin):
    """The centre's own name and zone. It is made by `manage.py setup`."""

    centre_path = "pk"
    addable = False
    form = CentreForm
    fields = ("name", "time_zone", "slug", "simulated", "live_at")
    readonly_fields = ("slug", "simulated", "live_at")
    list_display = ("name", "time_zone", "simulated", "live_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        user = request.user
        return Centre.objects.filter(pk=(user.centre_id or 0) if isinstance(user, User) else 0)


@admin.register(DisplayDevice)
class DisplayAdmin(CentreAdmin):
    """Wall displays, to look at; they are made and revoked on the page for displays, which shows the link once."""

    addable = False
    list_display = ("name", "created_by", "created_at", "revoked_at")
    fields = ("name", "created_by", "created_at", "revoked_at")
    readonly_fields = ("created_by", "created_at", "revoked_at")
