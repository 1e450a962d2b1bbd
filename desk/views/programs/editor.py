"""The editor: one page a section, saved as one types, with what is wrong beside its field."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import require, role_required
from accounts.models import User
from desk.actions import act
from desk.forms.programs.section import Section
from desk.forms.programs.sections import FORMS, TABS, Crew
from desk.program_editor import form_for, frame, review_context, section_context
from programs.access import EDITORS, READERS, version_for
from programs.models import ProgramVersion
from programs.services import SectionTaken, draft_keep_unsaved, draft_save, program_teams_set
from programs.words import value_words

SAVED = "draft-saved"
"""The event that makes the side panel read its checks again."""


@require_GET
@role_required(*READERS)
def section(request: HttpRequest, id: UUID, section: str = "basics") -> HttpResponse:
    """One tab of a version."""
    if section not in dict(TABS):
        raise Http404
    user, at = require(request.user, *READERS), datetime.now(UTC)
    return render(request, "desk/programs/editor.html", page_context(version_for(user, id), user, section, at))


def page_context(
    version: ProgramVersion, user: User, section: str, at: datetime, *, form: Section | None = None, **more: Any
) -> dict[str, Any]:
    """Everything that a tab's page shows."""
    context = frame(version, user, section, at) | section_context(version, section, at) | more
    if section == "review":
        context |= review_context(version, user)
    if section in FORMS:
        context["form"] = form or form_for(version, section)
    return context


def _said(
    request: HttpRequest, version: ProgramVersion, user: User, section: str, form: Section, at: datetime, **more: Any
) -> HttpResponse:
    """What a saving changes on the page: the lock, the problems at their fields, and the line that says so."""
    context = frame(version, user, section, at) | {"form": form, "oob": True} | more
    if section == "hours":
        context |= section_context(version, section, at)
    response = render(request, "desk/programs/saved.html", context, status=more.get("status", 200))
    response["HX-Trigger"] = SAVED
    if response.status_code >= 400:
        response["HX-Retarget"], response["HX-Reswap"] = "#section-said", "innerHTML"
    return response


@act(*EDITORS)
def section_saved(request: HttpRequest, user: User, at: datetime, id: UUID, section: str) -> HttpResponse:
    """Save a section. What cannot be accepted is kept as it was typed, and said at its field."""
    if section not in FORMS:
        raise Http404
    version = version_for(user, id)
    form = form_for(version, section, request.POST)
    htmx = request.headers.get("HX-Request") == "true"
    page = reverse("desk:program_section", args=[version.pk, section])
    if not form.is_valid():
        version = draft_keep_unsaved(version=version, section=section, typed=_typed(request), by=user, at=at)
        if htmx:
            return _said(request, version_for(user, id), user, section, form, at, status=422)
        context = page_context(version_for(user, id), user, section, at, form=form)
        return render(request, "desk/programs/editor.html", context, status=422)
    lock = request.POST.get("lock", "0")
    try:
        draft_save(
            version=version,
            section=section,
            values=form.values(),
            lock=int(lock) if lock.isdigit() else -1,
            by=user,
            at=at,
        )
    except SectionTaken as taken:
        context = {"taken": _both(taken), "lock_now": taken.lock, "status": 409}
        if htmx:
            return _said(request, version_for(user, id), user, section, form, at, **context)
        whole = page_context(version_for(user, id), user, section, at, form=form, **context)
        return render(request, "desk/programs/editor.html", whole | {"lock": taken.lock}, status=409)
    if isinstance(form, Crew):
        program_teams_set(
            program=version.program, team_ids=[team.pk for team in form.cleaned_data["teams"]], by=user, at=at
        )
    if htmx:
        said = _said(request, version_for(user, id), user, section, form, at)
        if section == "hours" and request.POST.get("notation", "") != request.POST.get("shown", ""):
            said["HX-Refresh"] = "true"  # the week's table is drawn anew from the notation
        return said
    return redirect(page)


def _typed(request: HttpRequest) -> Mapping[str, Any]:
    """The form as it was typed, without the token; lists stay lists."""
    kept = {name: values for name, values in request.POST.lists() if name not in ("csrfmiddlewaretoken", "lock")}
    return {name: values if len(values) > 1 else values[0][:5000] for name, values in kept.items()}


def _both(taken: SectionTaken) -> list[dict[str, str]]:
    return [
        {
            "name": name.removeprefix("rules.").replace("_", " "),
            "theirs": value_words(taken.theirs[name]),
            "mine": value_words(taken.mine[name]),
        }
        for name in taken.mine
    ]
