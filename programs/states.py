"""States of a version and the table of what leads where."""

from programs.models import VersionState

S = VersionState
TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({S.DRAFT}), S.IN_REVIEW),
    "send_back": (frozenset({S.IN_REVIEW}), S.DRAFT),
    "rebase": (frozenset({S.DRAFT, S.IN_REVIEW}), S.DRAFT),
    "publish": (frozenset({S.IN_REVIEW}), S.PUBLISHED),
    "schedule": (frozenset({S.IN_REVIEW}), S.SCHEDULED),
    "go_live": (frozenset({S.SCHEDULED}), S.PUBLISHED),
    "supersede": (frozenset({S.PUBLISHED}), S.SUPERSEDED),
    "withdraw": (frozenset({S.SCHEDULED}), S.RETIRED),
    "discard": (frozenset({S.DRAFT, S.IN_REVIEW}), S.RETIRED),
    "retire": (frozenset({S.PUBLISHED}), S.RETIRED),
}
"""`{action: (allowed from, to)}`. Nothing that was approved ever becomes a draft again (a trigger says so too)."""
