"""Writes: drafts, review and publishing of versions, protocols, the stop key."""

from programs.services.drafts import (
    SectionTaken,
    draft_area_save,
    draft_begin,
    draft_discard,
    draft_keep_unsaved,
    draft_rebase,
    draft_save,
    program_install,
    program_teams_set,
)
from programs.services.protocols import (
    protocol_draft,
    protocol_publish,
    protocol_publish_simulated,
    protocol_withdraw,
)
from programs.services.publishing import (
    LiveChanged,
    version_go_live,
    version_publish,
    version_publish_simulated,
    version_withdraw,
)
from programs.services.readiness import centre_open, readiness_confirm
from programs.services.reviews import protocol_send_back, protocol_submit, version_send_back, version_submit
from programs.services.starting import preset_install, program_start
from programs.services.suspensions import suspension_ask_resume, suspension_resume, suspension_set

__all__ = [
    "LiveChanged",
    "SectionTaken",
    "centre_open",
    "draft_area_save",
    "draft_begin",
    "draft_discard",
    "draft_keep_unsaved",
    "draft_rebase",
    "draft_save",
    "preset_install",
    "program_install",
    "program_start",
    "program_teams_set",
    "protocol_draft",
    "protocol_publish",
    "protocol_publish_simulated",
    "protocol_send_back",
    "protocol_submit",
    "protocol_withdraw",
    "readiness_confirm",
    "suspension_ask_resume",
    "suspension_resume",
    "suspension_set",
    "version_go_live",
    "version_publish",
    "version_publish_simulated",
    "version_send_back",
    "version_submit",
    "version_withdraw",
]
