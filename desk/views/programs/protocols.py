"""The triage protocol of the centre: read it, draft another, have it proven, signed and published by two people."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Centre, User
from accounts.problems import Refused
from desk.actions import act
from desk.advice import class_words
from desk.program_editor import STATE_LEVELS
from desk.views.programs.areas import limited
from programs.access import EDITORS, READERS, may_edit, protocol_version_for
from programs.checks.runner import protocol_proof
from programs.models import ProtocolVersion, VersionState
from programs.selectors import protocol_approved
from programs.services import (
    protocol_draft,
    protocol_publish,
    protocol_send_back,
    protocol_submit,
    protocol_withdraw,
)
from programs.words import condition_words
from triage.protocol import load_reference

MOST_BYTES = 1_000_000


def _context(centre: Centre, user: User, at: datetime, shown: ProtocolVersion | None = None) -> dict[str, Any]:
    versions = list(centre.protocols.select_related("author", "approver").order_by("-number"))
    live = next((v for v in versions if v.state == VersionState.PUBLISHED), None)
    open_states = (VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.SCHEDULED)
    shown = shown or next((v for v in versions if v.state in open_states), None) or live
    context: dict[str, Any] = {
        "versions": [(version, STATE_LEVELS[VersionState(version.state)]) for version in versions],
        "live_now": live,
        "shown": shown,
        "approved": protocol_approved(centre, at),
        "may_edit": may_edit(user),
        "zone": centre.time_zone,
        "now": at,
        "steps": list(shown.steps.select_related("by").order_by("at", "id")) if shown else [],
    }
    if shown is not None:
        context["floors"] = [
            {
                "id": floor["id"],
                "label": floor["label"],
                "words": condition_words(floor["if"]),
                "then": class_words(floor["then"]),
                "if_unknown": class_words(floor.get("if_unknown") or "") or "no matter",
            }
            for floor in shown.data["floors"]
        ]
        if shown.state in open_states:
            try:
                context["proof"] = protocol_proof(shown.data, at=at)
            except Refused as refused:
                context["proof_refused"] = refused.detail
            context["changes"] = _changes(live.data if live else None, shown.data)
    return context


def _changes(old: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    if old is None:
        return ["The first protocol of this centre."]
    lines = []
    for noun in ("floors", "base"):
        before, after = {r["id"]: r for r in old[noun]}, {r["id"]: r for r in new[noun]}
        lines += [f"{rule['id']} {rule['label']}: added" for key, rule in after.items() if key not in before]
        lines += [f"{rule['id']} {rule['label']}: removed" for key, rule in before.items() if key not in after]
        lines += [
            f"{rule['id']} {rule['label']}: changed"
            for key, rule in after.items()
            if key in before and before[key] != rule
        ]
    return lines


@require_GET
@role_required(*READERS)
def protocol(request: HttpRequest) -> HttpResponse:
    """The live protocol, or the one that is being drafted."""
    user = require(request.user, *READERS)
    return render(request, "desk/programs/protocol.html", _context(centre_of(user), user, datetime.now(UTC)))


@limited(MOST_BYTES + 100_000)
@act(*EDITORS)
def protocol_drafted(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A draft from the reference protocol that ships, or from a JSON file."""
    centre = centre_of(user)
    try:
        upload = request.FILES.get("file")
        data = load_reference().to_dict() if upload is None else _read(upload.read())
        protocol_draft(centre=centre, data=data, by=user, at=at)
    except Refused as refused:
        context = _context(centre, user, at) | {"refused": refused.detail}
        return render(request, "desk/programs/protocol.html", context, status=refused.status)
    return redirect(reverse("desk:protocol"))


def _read(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused("file_kind", "This file is no text: a protocol is a JSON file.", field="file") from None
    except json.JSONDecodeError as error:
        words = f"Not readable as JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        raise Refused("file_json", words, field="file") from None
    if not isinstance(data, dict):
        raise Refused("file_kind", "This is not a protocol: it has no floors.", field="file")
    return data


def _submit(request: HttpRequest, version: ProtocolVersion, user: User, at: datetime) -> None:
    protocol_submit(version=version, reason=request.POST.get("reason", ""), by=user, at=at)


def _send_back(request: HttpRequest, version: ProtocolVersion, user: User, at: datetime) -> None:
    protocol_send_back(version=version, words=request.POST.get("words", ""), by=user, at=at)


def _publish(request: HttpRequest, version: ProtocolVersion, user: User, at: datetime) -> None:
    try:
        review_by = date.fromisoformat(request.POST.get("review_by", ""))
    except ValueError:
        review_by = None
    protocol_publish(
        version=version,
        medical_director=request.POST.get("medical_director", ""),
        review_by=review_by,
        effective_from=None,
        by=user,
        at=at,
    )


def _withdraw(request: HttpRequest, version: ProtocolVersion, user: User, at: datetime) -> None:
    protocol_withdraw(version=version, words=request.POST.get("words", ""), by=user, at=at)


_STEPS: dict[str, Callable[[HttpRequest, ProtocolVersion, User, datetime], None]] = {
    "submit": _submit, "send-back": _send_back, "publish": _publish, "withdraw": _withdraw,
}  # fmt: skip


@act(*EDITORS)
def protocol_step(request: HttpRequest, user: User, at: datetime, id: UUID, step: str) -> HttpResponse:
    """One step of a protocol version; a refusal is said on the page."""
    version = protocol_version_for(user, id)
    try:
        _STEPS[step](request, version, user, at)
    except Refused as refused:
        context = _context(version.centre, user, at, protocol_version_for(user, id))
        context |= {"refused": refused.detail, "typed": request.POST.dict()}
        return render(request, "desk/programs/protocol.html", context, status=refused.status)
    return redirect(reverse("desk:protocol"))
