"""Addresses of the live boards. ``/live/stream`` and ``/live/healthz`` belong to the live process."""

from django.urls import path

from live import views

app_name = "live"

urlpatterns = [path("live/ticket", views.ticket, name="ticket")]
