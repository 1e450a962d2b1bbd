"""The ground: beats, districts, and the gazetteer."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_site import CentreAdmin
from people.models import Area, Place
from people.selectors import normalise


@admin.register(Area)
class AreaAdmin(CentreAdmin):
    """Named polygons; `shape` is a GeoJSON geometry. Files are loaded with `manage.py import_areas`."""

    deletable = True
    list_display = ("name", "kind", "district")
    list_filter = ("kind", "district")
    search_fields = ("name",)


@admin.register(Place)
class PlaceAdmin(CentreAdmin):
    """One entry of the gazetteer; files are loaded with `manage.py import_places`. Its search text follows."""

    deletable = True
    list_display = ("label", "kind", "beat", "location_type")
    list_filter = ("kind",)
    search_fields = ("search",)
    exclude = ("search",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.search = normalise(obj.label)[:200]
        super().save_model(request, obj, form, change)
