"""Steps that several tests of versions take."""

from datetime import datetime, timedelta

from accounts.models import User
from programs.models import ProgramVersion
from programs.services import draft_begin, draft_save, version_publish, version_submit


def changed(
    version: ProgramVersion,
    people: dict[str, User],
    at: datetime,
    *,
    by: str = "program_administrator",
    **values: object,
) -> ProgramVersion:
    """A draft of the live version with spec values changed (`rules__natures` for `rules.natures`)."""
    draft = draft_begin(program=version.program, source=version, by=people[by], at=at)
    if not values:
        return draft
    named = {name.replace("__", "."): value for name, value in values.items()}
    return draft_save(version=draft, section="natures", values=named, lock=0, by=people[by], at=at)


def published(
    draft: ProgramVersion,
    people: dict[str, User],
    at: datetime,
    *,
    author: str = "program_administrator",
    approver: str = "clinician",
    later: timedelta | None = None,
) -> ProgramVersion:
    """Handed in by the author and approved by the other."""
    handed = version_submit(version=draft, reason="More calls", by=people[author], at=at)
    return version_publish(version=handed, effective_from=at + later if later else None, by=people[approver], at=at)
