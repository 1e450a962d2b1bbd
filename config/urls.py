"""All addresses: screens, live tickets, the API."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

# Those with a path of their own first: an address is compared with all that stand before it.
urlpatterns = [
    path("api/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/v1/", include("dispatch.api.urls")),
    path("avl/", include("interop.avl.urls")),
    path("admin/", admin.site.urls),
    path("", include("desk.urls")),
    path("", include("live.urls")),
]

# Under /api/ these answer with problem details, elsewhere with Django's own pages.
handler400 = "accounts.problem_pages.bad_request"
handler403 = "accounts.problem_pages.forbidden"
handler404 = "accounts.problem_pages.not_found"
handler500 = "accounts.problem_pages.failed"
