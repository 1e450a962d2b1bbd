"""The rows of the eligibility tables, and the follow-up duties."""

import json
import re
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from accounts.access import require, role_required
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act
from desk.views.programs.editor import page_context
from programs.access import EDITORS, version_for
from programs.models import ProgramVersion
from programs.preset_schema import FollowUp
from programs.rule_rows import (
    IF_NOT_ASKED,
    IfNotAsked,
    Noun,
    Row,
    condition_of,
    condition_read,
    row_of,
    rules_moved,
    rules_with,
)
from programs.services import draft_save
from triage import vocabulary

_COUNTED: dict[str, IfNotAsked] = {"out": "out", "continue": "continue"}
_MOVES = {"up": -1, "down": 1, "remove": 0}


def _noun(text: str) -> Noun:
    if text not in get_args(Noun):
        raise Http404
    return "exclusions" if text == "exclusions" else "entry"


def _open_form(version: ProgramVersion, noun: Noun, code: str, key: str) -> dict[str, Any]:
    """What the row's form shows: the rule's own question and answers, or those of the question just chosen."""
    rule = next((one for one in version.spec["rules"].get(noun, []) if one["code"] == code), None)
    row = row_of(rule["if"], noun) if rule else None
    words = vocabulary.load()
    asked = [q for q in words.questions if q.kind in ("choice", "boolean", "list")]
    chosen = key or (row.key if row else "")
    question = next((q for q in asked if q.key == chosen), None)
    ticked = row.values if row and row.key == chosen else ()
    return {
        "noun": noun,
        "code": code,
        "questions": [(q.key, q.label) for q in asked],
        "question": question,
        "answers": [
            (
                str(o.value).lower() if isinstance(o.value, bool) else o.value,
                o.label,
                str(o.value) in ticked or str(o.value).lower() in ticked,
            )
            for o in question.options
        ]
        if question
        else [],
        "if_not_asked": row.if_not_asked if row else "ask",
        "choices": [
            (key_, text)
            for key_, text in IF_NOT_ASKED.items()
            if key_ != "continue" or (question is not None and not question.safety and not question.blocking)
        ],
        "label": rule["label"] if rule else "",
        "data": json.dumps(rule["if"], indent=1) if rule and row is None else "",
    }


@require_GET
@role_required(*EDITORS)
def rule_form(request: HttpRequest, id: UUID, noun: str, code: str = "") -> HttpResponse:
    """The form of one rule, under its table. Choosing a question reads it again with that question's answers."""
    user, at = require(request.user, *EDITORS), datetime.now(UTC)
    version = version_for(user, id)
    open_form = _open_form(version, _noun(noun), code, request.GET.get("key", ""))
    if request.headers.get("HX-Request") == "true":
        return render(request, "desk/programs/rule_answers.html", {"rule": open_form, "version": version})
    context = page_context(version, user, "eligibility", at, rule=open_form)
    return render(request, "desk/programs/editor.html", context)


@act(*EDITORS)
def rule_saved(request: HttpRequest, user: User, at: datetime, id: UUID, noun: str) -> HttpResponse:
    """Add or change one rule."""
    version, post = version_for(user, id), request.POST
    kind = _noun(noun)
    code, label = post.get("code", ""), post.get("label", "")
    try:
        if post.get("data", "").strip():
            condition = condition_read(post["data"])
        else:
            counted: IfNotAsked = _COUNTED.get(post.get("if_not_asked", ""), "ask")
            condition = condition_of(Row(post.get("key", ""), tuple(post.getlist("values")), counted), kind)
        rules = rules_with(version.spec["rules"].get(kind, []), code=code, label=label, condition=condition)
        _save(version, kind, rules, post.get("lock", ""), user, at)
    except Refused as refused:
        open_form = _open_form(version, kind, code, post.get("key", "")) | {
            "label": label,
            "refused": refused.detail,
            "field": refused.field,
            "data": post.get("data", ""),
            "if_not_asked": post.get("if_not_asked", "ask"),
        }
        open_form["answers"] = [(v, t, v in post.getlist("values")) for v, t, _ in open_form["answers"]]
        context = page_context(version_for(user, id), user, "eligibility", at, rule=open_form)
        return render(request, "desk/programs/editor.html", context, status=refused.status)
    return redirect(reverse("desk:program_section", args=[version.pk, "eligibility"]))


def _save(
    version: ProgramVersion, noun: Noun, rules: list[dict[str, Any]], lock: str, user: User, at: datetime
) -> None:
    draft_save(
        version=version,
        section="eligibility",
        values={f"rules.{noun}": rules},
        lock=int(lock) if lock.isdigit() else -1,
        by=user,
        at=at,
    )


@act(*EDITORS)
def rule_moved(request: HttpRequest, user: User, at: datetime, id: UUID, noun: str, code: str) -> HttpResponse:
    """Up, down, or away."""
    version, kind = version_for(user, id), _noun(noun)
    rules = rules_moved(version.spec["rules"].get(kind, []), code, _MOVES.get(request.POST.get("move", ""), 0))
    _save(version, kind, rules, request.POST.get("lock", ""), user, at)
    return redirect(reverse("desk:program_section", args=[version.pk, "eligibility"]))


def _duty_form(version: ProgramVersion, code: str) -> dict[str, Any]:
    found = next((duty for duty in version.spec.get("follow_ups", []) if duty["code"] == code), None)
    shown = dict(found or {"attempts": 1, "modes": ["phone"], "owner_role": "case_worker", "escalate_to": "supervisor"})
    shown["due_hours"] = ", ".join(f"{hours:g}" for hours in shown.get("due_hours", []))
    return {"code": code, "duty": shown, "modes": ["visit", "phone", "text", "message", "review", "report"]}


@require_GET
@role_required(*EDITORS)
def duty_form(request: HttpRequest, id: UUID, code: str = "") -> HttpResponse:
    """The form of one follow-up duty."""
    user, at = require(request.user, *EDITORS), datetime.now(UTC)
    version = version_for(user, id)
    context = page_context(version, user, "transport", at, duty=_duty_form(version, code))
    return render(request, "desk/programs/editor.html", context)


@act(*EDITORS)
def duty_saved(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Add, change or remove one follow-up duty."""
    version, post = version_for(user, id), request.POST
    code = post.get("code", "")
    duties = [dict(duty) for duty in version.spec.get("follow_ups", [])]
    try:
        if post.get("move") == "remove":
            made = [duty for duty in duties if duty["code"] != code]
        else:
            row = _duty(post, code)
            old = next((duty for duty in duties if duty["code"] == code), None)
            made = [{**duty, **row} if duty is old else duty for duty in duties] if old else [*duties, row]
            if len({duty["code"] for duty in made}) != len(made):
                raise Refused("duty_twice", "There is a duty with this title already.", field="title")
        lock = post.get("lock", "")
        draft_save(
            version=version,
            section="transport",
            values={"follow_ups": made},
            lock=int(lock) if lock.isdigit() else -1,
            by=user,
            at=at,
        )
    except Refused as refused:
        shown = {"code": code, "duty": {**post.dict(), "modes": post.getlist("modes")}, "refused": refused.detail}
        shown["modes"] = _duty_form(version, code)["modes"]
        context = page_context(version_for(user, id), user, "transport", at, duty=shown)
        return render(request, "desk/programs/editor.html", context, status=refused.status)
    return redirect(reverse("desk:program_section", args=[version.pk, "transport"]))


def _duty(post: Any, code: str) -> dict[str, Any]:
    """The duty that was typed. Raises Refused for the first thing that cannot be read."""

    def coded(name: str) -> str:
        return re.sub(r"[^a-z0-9]+", "_", post.get(name, "").strip().lower()).strip("_")

    try:
        due = [float(part) for part in post.get("due_hours", "").replace(";", ",").split(",") if part.strip()]
    except ValueError:
        raise Refused("duty_due", "Due: hours with commas between, such as 24, 168, 720.", field="due_hours") from None
    if any(hours <= 0 or hours > 24 * 366 for hours in due):
        raise Refused("duty_due", "Due: hours from 1 to a year.", field="due_hours")
    row = {
        "code": code or coded("title")[:40],
        "title": post.get("title", "").strip(),
        "trigger": coded("trigger"),
        "clock_starts": coded("clock_starts"),
        "due_hours": due,
        "modes": post.getlist("modes"),
        "attempts": int(post["attempts"]) if post.get("attempts", "").isdigit() else 0,
        "owner_role": coded("owner_role"),
        "done_when": post.get("done_when", "").strip(),
        "lapsed_when": post.get("lapsed_when", "").strip(),
        "escalate_to": coded("escalate_to"),
        "source": ["LOCAL"],
    }
    for name in ("title", "trigger", "clock_starts", "owner_role", "done_when", "escalate_to"):
        if not row[name]:
            raise Refused("duty_empty", f"Fill in: {name.replace('_', ' ')}.", field=name)
    try:
        FollowUp.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused("duty_wrong", f"{str(first['loc'][0]).replace('_', ' ')}: {first['msg']}.") from None
    return row
