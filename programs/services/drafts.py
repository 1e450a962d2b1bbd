"""Writes on drafts: begin, save a section, bring up to date, discard."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.access import require
from accounts.models import Agency, Centre, User
from accounts.problems import Refused
from accounts.services import audit
from programs.access import EDITORS
from programs.areas import Part, composed
from programs.models import Program, ProgramVersion, VersionState
from programs.services.steps import step

_SETS = frozenset({"rules.natures", "rules.ages", "sharing", "needs", "capabilities"})
OPEN_STATES = (VersionState.DRAFT, VersionState.IN_REVIEW)


class SectionTaken(Refused):
    """Somebody else saved the same section meanwhile. `theirs` and `mine`: field to value, where they differ."""

    def __init__(self, theirs: dict[str, Any], mine: dict[str, Any], lock: int) -> None:
        super().__init__(
            "section_taken", "Somebody else saved this section meanwhile: both values are shown, nothing is lost.",
            status=409,
        )  # fmt: skip
        self.theirs, self.mine, self.lock = theirs, mine, lock


@transaction.atomic
def program_install(
    *, centre: Centre, agency: Agency, spec: dict[str, Any], area: dict[str, Any], by: User | None, at: datetime
) -> ProgramVersion:
    """Install a spec as a draft of a program of the agency; a further version when the program exists.

    Raises Refused (409) when a draft of the program is open already: it is not overwritten.
    """
    program, _ = Program.objects.get_or_create(
        centre=centre, slug=spec["rules"]["slug"], defaults={"name": spec["name"], "agency": agency}
    )
    program = Program.objects.select_for_update().get(pk=program.pk)
    if by is not None and (open_ := _open_draft(program)) is not None:
        raise Refused(
            "draft_open", f"{program.name} has an open draft, version {open_.number}: finish or discard it first.",
            status=409,
        )  # fmt: skip
    version = _made(program, spec=spec, area=area, by=by, at=at)
    audit(action="program.install", at=at, by=by, centre=centre, entity="program_version", entity_id=version.pk)
    return version


def _made(
    program: Program, *, spec: dict[str, Any], area: dict[str, Any], by: User | None, at: datetime
) -> ProgramVersion:
    last = program.versions.aggregate(last=Max("number"))["last"] or 0
    return ProgramVersion.objects.create(
        program=program,
        number=last + 1,
        spec=spec,
        area=area,
        author=by,
        editors=[by.pk] if by else [],
        base=program.versions.filter(state=VersionState.PUBLISHED).first(),
        created_at=at,
        saved_at=at,
    )


def _open_draft(program: Program) -> ProgramVersion | None:
    return program.versions.filter(state__in=OPEN_STATES).order_by("-number").first()


@transaction.atomic
def draft_begin(*, program: Program, source: ProgramVersion, by: User, at: datetime) -> ProgramVersion:
    """A draft with the content of `source`: the live version for a change, an older one for going back.

    An open draft of the same source is given instead of a second one. Raises Refused (409) for another open draft.
    """
    require(by, *EDITORS)
    Program.objects.select_for_update().get(pk=program.pk)
    found = _open_draft(program)
    if found is not None:
        if source.state == VersionState.PUBLISHED:
            return found
        raise Refused(
            "draft_open", f"Version {found.number} is open: finish or discard it before going back to an older one.",
            status=409,
        )  # fmt: skip
    spec = deepcopy(source.spec)
    version = _made(program, spec=spec, area=deepcopy(source.area), by=by, at=at)
    if source.state != VersionState.PUBLISHED:
        version.reason = f"Back to version {source.number}."
        version.save(update_fields=["reason"])
    audit(
        action="program.draft",
        at=at,
        by=by,
        centre=program.centre,
        entity="program_version",
        entity_id=version.pk,
        detail={"from": source.number},
    )
    return version


def _locked(version: ProgramVersion) -> ProgramVersion:
    found = ProgramVersion.objects.select_for_update(of=("self",)).select_related("program__centre").get(pk=version.pk)
    if found.state != VersionState.DRAFT:
        now = VersionState(found.state).label.lower()
        raise Refused("wrong_state", f"Version {found.number} is {now}: it can no longer be edited.", status=409)
    return found


def value_at(spec: Mapping[str, Any], name: str) -> Any:
    """A value of a spec by name; `rules.natures` lies in its rules."""
    head, _, rest = name.partition(".")
    return spec["rules"].get(rest) if rest else spec.get(head)


def _same(name: str, old: Any, new: Any) -> bool:
    """Whether a value stays: natures, ages and audiences are sets, whatever order they were ticked in."""
    if name in _SETS and isinstance(old, list) and isinstance(new, list):
        return set(old) == set(new)
    return bool(old == new)


def _set(spec: dict[str, Any], name: str, value: Any) -> None:
    head, _, rest = name.partition(".")
    if rest:
        spec["rules"][rest] = value
    else:
        spec[head] = value


@transaction.atomic
def draft_save(
    *, version: ProgramVersion, section: str, values: Mapping[str, Any], lock: int, by: User, at: datetime
) -> ProgramVersion:
    """Save one section: spec name to value. `lock` is the section's number that the page was drawn with.

    Raises SectionTaken when somebody else saved the section after that and the values differ.
    """
    require(by, *EDITORS)
    found = _locked(version)
    now = int(found.locks.get(section, 0))
    changed = {name: value for name, value in values.items() if not _same(name, value_at(found.spec, name), value)}
    if lock != now and changed:
        theirs = {name: value_at(found.spec, name) for name in changed}
        raise SectionTaken(theirs, changed, now)
    had = found.unsaved.pop(section, None)
    if not changed and had is None:
        return found
    for name, value in changed.items():
        _set(found.spec, name, value)
    if "name" in changed:
        found.spec["rules"]["name"] = changed["name"]
    if "crew" in changed:
        found.spec["unarmed"] = not any(role.get("armed") for role in changed["crew"])
    if changed:
        found.locks[section] = now + 1
        if by.pk not in found.editors:
            found.editors.append(by.pk)
    found.saved_at = at
    found.save(update_fields=["spec", "locks", "unsaved", "editors", "saved_at"])
    if changed:
        audit(
            action="program.draft_save",
            at=at,
            by=by,
            centre=found.program.centre,
            entity="program_version",
            entity_id=found.pk,
            detail={"section": section, "fields": sorted(changed)},
        )
    return found


@transaction.atomic
def draft_keep_unsaved(
    *, version: ProgramVersion, section: str, typed: Mapping[str, Any], by: User, at: datetime
) -> ProgramVersion:
    """Keep what was typed into a section and could not be accepted, so that it is there after a reload."""
    require(by, *EDITORS)
    found = _locked(version)
    found.unsaved[section] = dict(typed)
    found.saved_at = at
    found.save(update_fields=["unsaved", "saved_at"])
    return found


@transaction.atomic
def draft_area_save(*, version: ProgramVersion, parts: list[Part], lock: int, by: User, at: datetime) -> ProgramVersion:
    """Save the parts of the area and the geometry that they make. An area without parts may stand in a draft.

    Raises Refused where nothing is left of the area.
    """
    area = composed(parts) if parts else {}
    found = draft_save(version=version, section="area", values={"area_parts": parts}, lock=lock, by=by, at=at)
    found.area = area
    found.save(update_fields=["area"])
    return found


@transaction.atomic
def draft_rebase(*, version: ProgramVersion, by: User, at: datetime) -> list[str]:
    """Put a draft onto the version that is live now. What only the live side changed is taken over.

    Returns the names of values that both sides changed: there the draft's stands, and a person should look.
    """
    require(by, *EDITORS)
    found = (
        ProgramVersion.objects.select_for_update(of=("self",))
        .select_related("program__centre", "base")
        .get(pk=version.pk)
    )
    if found.state not in OPEN_STATES:
        now = VersionState(found.state).label.lower()
        raise Refused(
            "wrong_state", f"Version {found.number} is {now}: only a draft is brought up to date.", status=409
        )
    live = found.program.versions.filter(state=VersionState.PUBLISHED).first()
    if live is None or found.base_id == live.pk:
        return []
    base = found.base.spec if found.base else {"rules": {}}
    both: list[str] = []
    names = {n for s in (base, live.spec, found.spec) for n in s if n not in ("rules", "preset")}
    names |= {f"rules.{n}" for s in (base, live.spec, found.spec) for n in s["rules"]}
    for name in sorted(names):
        was, theirs, mine = value_at(base, name), value_at(live.spec, name), value_at(found.spec, name)
        if theirs in (was, mine):
            continue
        if mine == was:
            _set(found.spec, name, deepcopy(theirs))
            if name == "area_parts":
                found.area = deepcopy(live.area)
        else:
            both.append(name)
    found.base, found.saved_at = live, at
    if found.state == VersionState.IN_REVIEW:
        step(found, "rebase", by=by, at=at)
    found.save(update_fields=["spec", "area", "base", "state", "saved_at"])
    return both


@transaction.atomic
def draft_discard(*, version: ProgramVersion, by: User, at: datetime) -> ProgramVersion:
    """Lay a draft aside. It stays in the history and can be the source of another draft."""
    require(by, *EDITORS)
    found = ProgramVersion.objects.select_for_update(of=("self",)).select_related("program__centre").get(pk=version.pk)
    step(found, "discard", by=by, at=at)
    found.save(update_fields=["state"])
    return found


@transaction.atomic
def program_teams_set(*, program: Program, team_ids: list[int], by: User, at: datetime) -> Program:
    """Which teams serve the program. At once and not part of a version: a team may fall away in a night."""
    require(by, *EDITORS)
    teams = list(program.centre.teams.filter(pk__in=team_ids))
    if set(program.teams.values_list("pk", flat=True)) != {team.pk for team in teams}:
        program.teams.set(teams)
        audit(
            action="program.teams",
            at=at,
            by=by,
            centre=program.centre,
            entity="program",
            entity_id=program.pk,
            detail={"teams": sorted(team.slug for team in teams)},
        )
    return program
