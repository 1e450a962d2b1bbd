"""Teams and units with their shifts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin_site import CentreAdmin, OwnedRows
from responders.models import Shift, Team, Unit


class ShiftInline(OwnedRows):
    """When a unit works, as a weekly pattern."""

    model = Shift


@admin.register(Team)
class TeamAdmin(CentreAdmin):
    """Teams that serve programs."""

    list_display = ("name", "slug", "agency", "kind")
    list_filter = ("kind", "agency")


class UnitForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What a unit is. How it can be sent changes only while it is on no call: offers and orders count on it."""

    def clean_armed(self) -> bool:
        return self._as_before_on_a_call("armed")

    def clean_exclusive(self) -> bool:
        return self._as_before_on_a_call("exclusive")

    def _as_before_on_a_call(self, name: str) -> bool:
        value: bool = self.cleaned_data[name]
        unit = self.instance
        if unit.pk and value != self.initial.get(name) and unit.assignments.filter(ended_at__isnull=True).exists():
            raise forms.ValidationError("It is asked or on a call now: change this when it is free.")
        return value


@admin.register(Unit)
class UnitAdmin(CentreAdmin):
    """Units. Where a unit is and whether it is in service is the crew's and the dispatcher's, not set here."""

    form = UnitForm
    list_display = ("call_sign", "team", "agency", "kind", "service")
    list_filter = ("kind", "team", "service")
    search_fields = ("call_sign",)
    fields = (
        "call_sign", "agency", "team", "kind", "capabilities", "languages", "armed", "unmarked", "exclusive",
    )  # fmt: skip
    inlines = (ShiftInline,)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.service_since = timezone.now()
        super().save_model(request, obj, form, change)
