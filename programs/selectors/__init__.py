"""Reads: what is published, open, covered, suspended; what is being drafted."""

from programs.hours import next_change, open_at
from programs.selectors.around import draft_problems, live_version, protocol_approved, proving_protocol
from programs.selectors.published import (
    PublishedPrograms,
    programs_published,
    protocol_of,
    protocol_published,
    rules_of,
    spec_number,
    spec_wait_s,
    stop_code,
    stopped,
    suspended_here,
    suspensions_standing,
    version_filled,
    version_published,
)

__all__ = [
    "PublishedPrograms",
    "draft_problems",
    "live_version",
    "next_change",
    "open_at",
    "programs_published",
    "protocol_approved",
    "protocol_of",
    "protocol_published",
    "proving_protocol",
    "rules_of",
    "spec_number",
    "spec_wait_s",
    "stop_code",
    "stopped",
    "suspended_here",
    "suspensions_standing",
    "version_filled",
    "version_published",
]
