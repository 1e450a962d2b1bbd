"""The programs of the centre, one program's history, its file, its one page for the partners."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.services import audit
from desk.advice import class_words
from desk.program_editor import STATE_LEVELS, rule_words
from desk.program_list import program_rows
from programs.access import READERS, may_edit, program_for, version_for
from programs.areas import parts_of, size_km2
from programs.exchange import program_text
from programs.models import VersionState
from programs.selectors import proving_protocol
from programs.words import SWITCH_WORDS, nature_name, switch_label
from triage import vocabulary


@require_GET
@role_required(*READERS)
def programs(request: HttpRequest) -> HttpResponse:
    """What is live, open and staffed now, and what is being changed."""
    user, at = require(request.user, *READERS), datetime.now(UTC)
    centre = centre_of(user)
    context = {
        "rows": program_rows(centre, at),
        "zone": centre.time_zone,
        "now": at,
        "may_edit": may_edit(user),
        "protocol": centre.protocols.filter(state=VersionState.PUBLISHED).first(),
        "reference": proving_protocol(centre).get("name", ""),
    }
    return render(request, "desk/programs/list.html", context)


@require_GET
@role_required(*READERS)
def program(request: HttpRequest, id: UUID) -> HttpResponse:
    """One program: every version it ever had, and the way to change it or to go back."""
    user = require(request.user, *READERS)
    found = program_for(user, id)
    versions = list(found.versions.select_related("author", "approver").order_by("-number"))
    open_states = (VersionState.DRAFT, VersionState.IN_REVIEW)
    context = {
        "program": found,
        "versions": [(version, STATE_LEVELS[VersionState(version.state)]) for version in versions],
        "live_now": next((v for v in versions if v.state == VersionState.PUBLISHED), None),
        "draft": next((v for v in versions if v.state in open_states), None),
        "zone": found.centre.time_zone,
        "may_edit": may_edit(user),
        "now": datetime.now(UTC),
    }
    return render(request, "desk/programs/program.html", context)


@require_GET
@role_required(*READERS)
def export(request: HttpRequest, id: UUID) -> HttpResponse:
    """A version as a file in the form of a preset."""
    user, at = require(request.user, *READERS), datetime.now(UTC)
    version = version_for(user, id)
    centre = version.program.centre
    text = program_text(version.spec, version.area, zone=centre.time_zone, on=at.astimezone(centre.zone).date())
    audit(action="program.export", at=at, by=user, centre=centre, entity="program_version", entity_id=version.pk)
    name = f"{version.program.slug}_v{version.number}.yaml"
    return HttpResponse(
        text,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
@role_required(*READERS)
def summary(request: HttpRequest, id: UUID) -> HttpResponse:
    """One page for the partners, to print."""
    user, at = require(request.user, *READERS), datetime.now(UTC)
    version = version_for(user, id)
    spec, words = version.spec, vocabulary.load()
    rules = spec["rules"]
    ages = rules.get("ages")
    context = {
        "version": version,
        "program": version.program,
        "spec": spec,
        "zone": version.program.centre.time_zone,
        "now": at,
        "response": class_words(rules.get("response_class") or "") or "Information only",
        "natures": None if rules.get("natures") is None else sorted(nature_name(slug) for slug in rules["natures"]),
        "ages": None if ages is None else [words.get("age_band").label_of(age) for age in ages],
        "switches": [(switch_label(name), SWITCH_WORDS[value]) for name, value in rules.get("switches", {}).items()],
        "exclusions": rule_words(rules.get("exclusions", []), "exclusions"),
        "entry": rule_words(rules.get("entry", []), "entry"),
        "parts": parts_of(spec, version.area),
        "km2": size_km2(version.area),
        "teams": version.program.teams.order_by("name"),
    }
    return render(request, "desk/programs/summary.html", context)
