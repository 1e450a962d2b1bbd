"""What the program editor's pages show: the version, its tabs, the section's form, and the state of its checks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.access import roles_of
from accounts.models import User
from desk.area_map import area_map
from desk.forms.programs.section import Section
from desk.forms.programs.sections import FORMS, TABS, Crew, Fallback
from people.models import Area
from programs.access import CLINICAL, EDITORS, OPERATIONS
from programs.areas import parts_of, share_covered, size_km2
from programs.hours import clock_nights, next_change, open_at
from programs.models import Program, ProgramVersion, VersionState
from programs.rule_rows import IF_NOT_ASKED, row_of
from programs.selectors import draft_problems, live_version
from programs.spec_checks import Problem
from programs.words import changes_in_words, condition_words
from triage import natures

CHECKS = (
    ("problems", "To mend"), ("proof", "Safety proof"), ("changes", "Changes against live"),
    ("difference", "Calls decided otherwise"), ("company", "Among the other programs"),
)  # fmt: skip
"""The parts of the panel beside the editor: address and title."""
STATE_LEVELS = {
    VersionState.DRAFT: "standby", VersionState.IN_REVIEW: "caution", VersionState.SCHEDULED: "standby",
    VersionState.PUBLISHED: "normal", VersionState.SUPERSEDED: "off", VersionState.RETIRED: "off",
}  # fmt: skip


GROUPS = {
    "CRISIS": "Crisis", "SUBST": "Substance use", "DISTURB": "Disturbance", "FOLLOWUP": "Follow-up",
    "UNWANTED": "Unwanted person", "NEEDS": "Needs", "WELFARE": "Welfare", "FAMILY": "Family",
    "MEDICAL": "Medical", "ADMIN": "Administration", "YOUTH": "Youth", "QUALITY": "Quality of life",
}  # fmt: skip
"""Groups of natures as the registry codes them, in words; any other is shown as it is."""


@dataclass(frozen=True)
class Tab:
    """One tab: its number of blocking problems, and whether something typed there was not accepted."""

    slug: str
    title: str
    here: bool
    problems: int
    unsaved: bool


@dataclass(frozen=True)
class RuleWords:
    """One rule as the table shows it."""

    code: str
    label: str
    words: str
    if_not_asked: str
    simple: bool


def tabs_of(version: ProgramVersion, here: str, found: list[Problem]) -> list[Tab]:
    """The tabs with what is wrong in each."""
    wrong = Counter(problem.section for problem in found if problem.blocks)
    return [Tab(slug, title, slug == here, wrong[slug], slug in version.unsaved) for slug, title in TABS]


def form_for(version: ProgramVersion, section: str, data: Any = None) -> Section:
    """The section's form: with what was typed, else with what could not be accepted before, else with the spec."""
    made = FORMS[section]
    options: dict[str, Any] = {}
    if made in (Crew, Fallback):
        options["teams"] = version.program.centre.teams.order_by("name")
    if made is Fallback:
        rows = Program.objects.filter(centre=version.program.centre).exclude(pk=version.program_id).order_by("name")
        options["others"] = list(rows.values_list("slug", "name"))
    kept = version.unsaved.get(section)
    if data is None and kept is not None:
        data = kept
    initial = made.initial_of(version.spec)
    if made is Crew:
        initial["teams"] = list(version.program.teams.values_list("pk", flat=True))
    return made(data, initial=initial, **options)


def editable(version: ProgramVersion, user: User) -> bool:
    """Whether this person may change this version now."""
    return version.state == VersionState.DRAFT and bool(roles_of(user) & EDITORS)


def frame(version: ProgramVersion, user: User, section: str, at: datetime) -> dict[str, Any]:
    """What every page of the editor shows around its section."""
    found = draft_problems(version, at=at)
    return {
        "version": version,
        "program": version.program,
        "level": STATE_LEVELS[VersionState(version.state)],
        "live_number": live_version(version.program),
        "section": section,
        "section_title": dict(TABS).get(section, ""),
        "tabs": tabs_of(version, section, found),
        "problems": found,
        "here_problems": [problem for problem in found if problem.section == section],
        "editable": editable(version, user),
        "lock": int(version.locks.get(section, 0)),
        "zone": version.program.centre.time_zone,
        "now": at,
        "check_kinds": CHECKS,
    }


def section_context(version: ProgramVersion, section: str, at: datetime) -> dict[str, Any]:
    """What one section shows besides its form."""
    if section == "area":
        return _area(version)
    if section == "hours":
        return _hours(version, at)
    if section == "natures":
        return {"groups": nature_groups(version.spec["rules"].get("natures") or [])}
    if section == "eligibility":
        rules = version.spec["rules"]
        return {
            "exclusions": rule_words(rules.get("exclusions", []), "exclusions"),
            "entry": rule_words(rules.get("entry", []), "entry"),
        }
    if section == "transport":
        return {"duties": version.spec.get("follow_ups", [])}
    return {}


def nature_groups(picked: list[str]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Natures that a program may take, by group: slug, name, whether it is ticked."""
    groups: dict[str, list[tuple[str, str, bool]]] = {}
    for nature in natures.load().natures:
        if not nature.dangerous and not nature.undetermined:
            row = (nature.slug, nature.name, nature.slug in picked)
            groups.setdefault(GROUPS.get(nature.group, nature.group.title()), []).append(row)
    return [(group, sorted(rows, key=lambda row: row[1])) for group, rows in groups.items()]


def rule_words(rules: list[Mapping[str, Any]], noun: str) -> list[RuleWords]:
    """The rules of one table in words."""
    made = []
    for rule in rules:
        row = row_of(rule["if"], "exclusions" if noun == "exclusions" else "entry")
        made.append(
            RuleWords(
                rule["code"],
                rule["label"],
                condition_words(rule["if"]),
                IF_NOT_ASKED[row.if_not_asked] if row else "as the rule says",
                row is not None,
            )
        )
    return made


def _area(version: ProgramVersion) -> dict[str, Any]:
    parts = parts_of(version.spec, version.area)
    grounds = list(Area.objects.filter(centre=version.program.centre).exclude(kind=Area.Kind.WATER).order_by("name"))
    beats = [ground for ground in grounds if ground.kind == Area.Kind.BEAT]
    shares = {beat.name: share_covered(version.area, beat.shape) for beat in beats}
    named = {part["name"] for part in parts}
    districts = {beat.district: beat.district for beat in beats if beat.district}
    districts |= {ground.name: ground.name for ground in grounds if ground.kind == Area.Kind.DISTRICT}
    drawn = [ground for ground in grounds if ground.kind in (Area.Kind.BEAT, Area.Kind.BOUNDARY)]
    return {
        "parts": [
            {"nth": nth, "name": part["name"], "mode": part["mode"], "km2": size_km2(part["geometry"])}
            for nth, part in enumerate(parts)
        ],
        "districts": [name for name in sorted(districts) if name not in named],
        "beats": [beat for beat in beats if beat.name not in named],
        "whole": [name for name, share in shares.items() if share > 0.995],
        "partly": [(name, round(share * 100)) for name, share in shares.items() if 0.005 < share <= 0.995],
        "outside": [name for name, share in shares.items() if share <= 0.005],
        "boundary": any(ground.kind == Area.Kind.BOUNDARY for ground in grounds),
        "km2": size_km2(version.area),
        "map": area_map(parts, drawn),
        "shapes": [{"name": part["name"], "mode": part["mode"], "geometry": part["geometry"]} for part in parts],
    }


def _hours(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    zone = version.program.centre.zone
    notation = str(version.spec.get("hours", ""))
    try:
        return {
            "open_now": open_at(notation, at, zone),
            "change": next_change(notation, at, zone),
            "nights": clock_nights(notation, at, zone),
        }
    except ValueError:
        return {"open_now": None, "change": None, "nights": []}


def review_context(version: ProgramVersion, user: User) -> dict[str, Any]:
    """What the last tab shows: the changes, who may do the next step, and the history."""
    live = live_version(version.program)
    base = version.base
    roles = roles_of(user)
    held = roles | (roles_of(version.author) if version.author else frozenset())
    why = ""
    if version.state == VersionState.IN_REVIEW:
        if version.author_id == user.pk or user.pk in version.editors:
            why = "You wrote part of it: another person must approve it."
        elif not held & CLINICAL:
            why = "Neither you nor the author is a clinician: a clinician must approve it."
        elif not held & OPERATIONS:
            why = (
                "Neither you nor the author answers for operations: a supervisor or program administrator must approve."
            )
    return {
        "changes": changes_in_words(
            base.spec if base else None, version.spec, old_area=base.area if base else None, new_area=version.area
        ),
        "steps": version.steps.select_related("by").order_by("at", "id"),
        "base_moved": live is not None and live.pk != version.base_id and version.state in ("draft", "in_review"),
        "live_now": live,
        "may_approve": version.state == VersionState.IN_REVIEW and not why and bool(roles & EDITORS),
        "why_not": why,
        "approvers": approvers(version, user),
    }


def approvers(version: ProgramVersion, author: User) -> list[str]:
    """Who could approve what this person hands in, by name."""
    people = (
        User.objects.filter(centre=version.program.centre, is_active=True, role_grants__role__in=EDITORS)
        .exclude(pk__in=[author.pk, *version.editors])
        .distinct()
        .order_by("display_name")
    )
    mine = roles_of(author)
    return [
        str(person)
        for person in people
        if (mine | roles_of(person)) & CLINICAL and (mine | roles_of(person)) & OPERATIONS
    ]


def version_ids(program: Program) -> dict[str, UUID]:
    """State to the newest version in it."""
    return dict(program.versions.order_by("number").values_list("state", "pk"))
