"""Review, publishing, going back: the steps of a version, each with its refusal on the page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User
from accounts.problems import Refused
from desk.actions import act, uuid_of
from desk.views.programs.editor import page_context
from programs.access import EDITORS, program_for, version_for
from programs.models import ProgramVersion
from programs.services import (
    LiveChanged,
    draft_begin,
    draft_discard,
    draft_rebase,
    version_publish,
    version_send_back,
    version_submit,
    version_withdraw,
)


def _time(text: str, version: ProgramVersion) -> datetime | None:
    """A local time of the centre as `2026-12-01T06:00`; None for at once. Raises Refused for anything else."""
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Refused("time_unreadable", "Write the time as 2026-12-01T06:00.", field="effective_from") from None
    return local.replace(tzinfo=version.program.centre.zone) if local.tzinfo is None else local


def _submit(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    version_submit(version=version, reason=request.POST.get("reason", ""), by=user, at=at)
    return ""


def _send_back(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    version_send_back(version=version, words=request.POST.get("words", ""), by=user, at=at)
    return ""


def _publish(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    effective = _time(request.POST.get("effective_from", ""), version)
    version_publish(version=version, effective_from=effective, by=user, at=at)
    return ""


def _discard(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    draft_discard(version=version, by=user, at=at)
    return ""


def _withdraw(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    version_withdraw(version=version, words=request.POST.get("words", ""), by=user, at=at)
    return ""


def _rebase(request: HttpRequest, version: ProgramVersion, user: User, at: datetime) -> str:
    both = draft_rebase(version=version, by=user, at=at)
    return ",".join(both)


_STEPS: dict[str, Callable[[HttpRequest, ProgramVersion, User, datetime], str]] = {
    "submit": _submit, "send-back": _send_back, "publish": _publish, "discard": _discard, "withdraw": _withdraw,
    "rebase": _rebase,
}  # fmt: skip


@act(*EDITORS)
def step_taken(request: HttpRequest, user: User, at: datetime, id: UUID, step: str) -> HttpResponse:
    """One step of a version. A refusal is said on the page, beside what was typed."""
    version = version_for(user, id)
    try:
        both = _STEPS[step](request, version, user, at)
    except Refused as refused:
        more: dict[str, Any] = {"refused": refused.detail, "field": refused.field, "typed": request.POST.dict()}
        if isinstance(refused, LiveChanged):
            more["difference"] = refused.difference
        context = page_context(version_for(user, id), user, "review", at) | more
        return render(request, "desk/programs/editor.html", context, status=refused.status)
    if both:
        context = page_context(version_for(user, id), user, "review", at, both=both.split(","))
        return render(request, "desk/programs/editor.html", context)
    return redirect(reverse("desk:program_section", args=[version.pk, "review"]))


@act(*EDITORS)
def draft_begun(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A draft from the live version, or from an older one to go back to it."""
    program = program_for(user, id)
    source = version_for(user, uuid_of(request.POST.get("source", ""), "source"))
    if source.program_id != program.pk:
        raise Refused("source_unknown", "This version belongs to another program.", status=409)
    version = draft_begin(program=program, source=source, by=user, at=at)
    section = request.POST.get("section", "basics")
    return redirect(reverse("desk:program_section", args=[version.pk, section]))
