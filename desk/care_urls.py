"""Addresses around a call, of its console and of what a person and a centre set for it."""

from django.urls import path

from desk.views import call_care, console_settings, drafts, persons

urlpatterns = [
    path("console/calls/<uuid:id>/park/", call_care.call_parked, name="call_park"),
    path("console/calls/<uuid:id>/whisper/", call_care.call_whispered, name="call_whisper"),
    path("console/calls/<uuid:id>/channel/", call_care.call_channel, name="call_channel"),
    path("console/calls/<uuid:id>/called-back/", call_care.call_called_back, name="call_callback"),
    path("console/calls/<uuid:id>/promise/", call_care.call_promised, name="call_promise"),
    path("console/calls/<uuid:id>/cancel/", call_care.call_cancelled, name="call_cancel"),
    path("console/calls/<uuid:id>/places/", call_care.call_places, name="call_places"),
    path("console/calls/<uuid:id>/changed/<slug:field>/", call_care.call_changed, name="call_changed"),
    path("console/calls/<uuid:id>/hand-over/", call_care.call_handed_over, name="call_hand_over"),
    path("console/calls/<uuid:id>/notes/<uuid:note>/strike/", call_care.note_struck, name="note_strike"),
    path("console/calls/<uuid:id>/unsent/", drafts.call_unsent, name="call_unsent"),
    path("console/calls/<uuid:id>/unsent/read/", drafts.call_unsent_read, name="call_unsent_read"),
    path("console/calls/<uuid:id>/unsent/settled/", drafts.call_unsent_settled, name="call_unsent_settled"),
    path("console/persons/", persons.persons, name="persons"),
    path("console/person-form/", persons.person_form, name="person_form"),
    path("console/calls/<uuid:id>/person/", persons.call_person, name="call_person"),
    path("console/calls/<uuid:id>/person/link/", persons.call_person_linked, name="call_person_link"),
    path("console/calls/<uuid:id>/person/new/", persons.call_person_new, name="call_person_new"),
    path("console/calls/<uuid:id>/person/unlink/", persons.call_person_unlinked, name="call_person_unlink"),
    path("console/calls/<uuid:id>/profile/", persons.call_profile_taken, name="call_profile_take"),
    path("console/calls/<uuid:id>/caution/", persons.call_cautioned, name="call_caution"),
    path("console/handovers/", call_care.handed, name="handed"),
    path("console/handovers/<uuid:id>/", call_care.handover_answered, name="handover_answer"),
    path("keys/", console_settings.keys, name="keys"),
    path("thresholds/", console_settings.thresholds, name="thresholds"),
    path("locations/forced/", console_settings.forced, name="forced"),
    path("locations/forced/<int:id>/", console_settings.forced_done, name="forced_done"),
]
