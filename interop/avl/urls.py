"""Addresses of the doors for trackers, below /avl/."""

from django.urls import path

from interop.avl import views

app_name = "avl"

urlpatterns = [
    path("osmand/", views.osmand, name="osmand"),
    path("traccar/", views.traccar, name="traccar"),
    path("owntracks/", views.owntracks, name="owntracks"),
]
