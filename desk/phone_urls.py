"""Addresses of the phone beside its board and steps: what makes it installable, outcome, flags, own contacts."""

from django.urls import path

from desk.views import phone_app, phone_more

urlpatterns = [
    path("manifest.json", phone_app.manifest, name="phone_manifest"),
    path("worker.js", phone_app.worker, name="phone_worker"),
    path("nothing-kept/", phone_app.nothing_kept, name="phone_nothing_kept"),
    path("flags/", phone_more.flags_set, name="phone_flags"),
    path("contact/", phone_more.contact_opened, name="phone_contact"),
    path("line/", phone_app.crew_line, name="crew_line"),
]
