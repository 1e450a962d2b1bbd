"""Addresses of the program administration."""

from django.urls import path

from desk.views import go_live
from desk.views.programs import areas, checks, editor, listing, protocols, reviewing, rules, starting

urlpatterns = [
    path("go-live/", go_live.go_live, name="go_live"),
    path("go-live/confirm/", go_live.point_confirmed, name="go_live_confirm"),
    path("go-live/numbers/", go_live.target_saved, name="target_set"),
    path("go-live/numbers/<uuid:id>/tried/", go_live.target_tried, name="target_tried"),
    path("go-live/open/", go_live.centre_opened, name="go_live_open"),
    path("programs/", listing.programs, name="programs"),
    path("programs/new/", starting.presets, name="program_presets"),
    path("programs/new/blank/", starting.start, name="program_start_blank"),
    path("programs/new/file/", starting.imported, name="program_import"),
    path("programs/new/<slug:slug>/", starting.start, name="program_start"),
    path("programs/new/<slug:slug>/install/", starting.preset_installed, name="preset_install"),
    path("programs/protocol/", protocols.protocol, name="protocol"),
    path("programs/protocol/draft/", protocols.protocol_drafted, name="protocol_draft"),
    *[
        path(f"programs/protocol/<uuid:id>/{step}/", protocols.protocol_step, {"step": step}, name=f"protocol_{step}")
        for step in ("submit", "send-back", "publish", "withdraw")
    ],
    path("programs/<uuid:id>/", listing.program, name="program"),
    path("programs/<uuid:id>/draft/", reviewing.draft_begun, name="draft_begin"),
    path("programs/versions/<uuid:id>/", editor.section, name="program_version"),
    path("programs/versions/<uuid:id>/export/", listing.export, name="program_export"),
    path("programs/versions/<uuid:id>/summary/", listing.summary, name="program_summary"),
    path("programs/versions/<uuid:id>/try/", checks.try_form, name="program_try"),
    path("programs/versions/<uuid:id>/tried/", checks.tried, name="program_tried"),
    path("programs/versions/<uuid:id>/checks/<slug:kind>/", checks.check, name="program_check"),
    *[
        path(
            f"programs/versions/<uuid:id>/area/{action}/", areas.area_changed, {"action": action}, name=f"area_{action}"
        )
        for action in ("ground", "import", "remove", "turn")
    ],
    *[
        path(f"programs/versions/<uuid:id>/step/{step}/", reviewing.step_taken, {"step": step}, name=f"version_{step}")
        for step in ("submit", "send-back", "publish", "discard", "withdraw", "rebase")
    ],
    path("programs/versions/<uuid:id>/rules/<slug:noun>/", rules.rule_saved, name="rule_save"),
    path("programs/versions/<uuid:id>/rules/<slug:noun>/new/", rules.rule_form, name="rule_new"),
    path("programs/versions/<uuid:id>/rules/<slug:noun>/<slug:code>/", rules.rule_form, name="rule_edit"),
    path("programs/versions/<uuid:id>/rules/<slug:noun>/<slug:code>/move/", rules.rule_moved, name="rule_move"),
    path("programs/versions/<uuid:id>/duties/", rules.duty_saved, name="duty_save"),
    path("programs/versions/<uuid:id>/duties/new/", rules.duty_form, name="duty_new"),
    path("programs/versions/<uuid:id>/duties/<slug:code>/", rules.duty_form, name="duty_edit"),
    path("programs/versions/<uuid:id>/tab/<slug:section>/", editor.section, name="program_section"),
    path("programs/versions/<uuid:id>/tab/<slug:section>/save/", editor.section_saved, name="section_save"),
]
