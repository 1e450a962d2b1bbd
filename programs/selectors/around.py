"""Reads around a draft: what else the centre has, and what is wrong with the draft in its company."""

from datetime import datetime
from typing import Any

from accounts.models import Centre
from programs.models import Program, ProgramVersion, ProtocolVersion, VersionState
from programs.spec_checks import Around, Problem, problems
from responders.models import Unit
from triage.protocol import load_reference

_STANDING = (VersionState.PUBLISHED, VersionState.SCHEDULED, VersionState.IN_REVIEW, VersionState.DRAFT)


def live_version(program: Program) -> ProgramVersion | None:
    """The published version of a program, if there is one."""
    return program.versions.filter(state=VersionState.PUBLISHED).first()


def draft_problems(version: ProgramVersion, *, at: datetime) -> list[Problem]:
    """What is wrong with a draft, place by place."""
    program = version.program
    return problems(version.spec, version.area, around(program), at=at)


def around(program: Program) -> Around:
    """What a program stands among: the newest standing version of each other program, and its teams' units."""
    rows = (
        ProgramVersion.objects.filter(program__centre=program.centre_id, state__in=_STANDING)
        .exclude(program=program)
        .order_by("program_id", "number")
        .values_list("program__slug", "spec__fallback")
    )
    fallbacks = {slug: tuple(steps or ()) for slug, steps in rows}
    units = list(Unit.objects.filter(team__in=program.teams.all()).values_list("capabilities", flat=True))
    return Around(
        zone=program.centre.zone,
        slug=program.slug,
        fallbacks=fallbacks,
        team_capabilities=frozenset(name for names in units for name in names),
        unit_count=len(units),
    )


def other_rules(version: ProgramVersion) -> list[dict[str, Any]]:
    """The rules of the other published programs of the centre."""
    rows = (
        ProgramVersion.objects.filter(program__centre=version.program.centre_id, state=VersionState.PUBLISHED)
        .exclude(program=version.program_id)
        .values_list("spec__rules", flat=True)
    )
    return list(rows)


def proving_protocol(centre: Centre) -> dict[str, Any]:
    """The protocol under which programs are proven: the live one; the reference protocol until there is one."""
    live = ProtocolVersion.objects.filter(centre=centre, state=VersionState.PUBLISHED).first()
    found: dict[str, Any] = live.data if live else load_reference().to_dict()
    return found


def protocol_approved(centre: Centre, at: datetime) -> bool:
    """Whether the live protocol is signed by a named medical director and its review date has not passed.

    Until then each suggestion says "reference rules, not approved here".
    """
    today = at.astimezone(centre.zone).date()
    return (
        ProtocolVersion.objects.filter(centre=centre, state=VersionState.PUBLISHED, review_by__gte=today)
        .exclude(medical_director="")
        .exists()
    )
