"""The panel beside the editor: proof, company, difference, changes in words, and one call to try."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import require, role_required
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act
from desk.advice import class_words
from desk.program_editor import frame
from programs.access import READERS, version_for
from programs.checks.runner import company_check, difference_check, program_proof
from programs.models import Check, ProgramVersion
from programs.selectors import live_version, proving_protocol
from programs.selectors.around import other_rules
from programs.selectors.published import protocol_from
from programs.words import changes_in_words, nature_name
from triage import engine, natures, vocabulary
from triage.programs import ProgramRules
from triage.results import FitResult

TRY_KEYS = (
    "weapon", "violence", "suicide", "medical_signs", "conscious", "breathing", "ingestion", "domestic", "crime",
    "barricade", "child_at_risk", "hazard", "caller", "location_type", "age_band", "intoxication", "behavior",
    "engagement", "need", "request",
)  # fmt: skip
"""Questions that can be picked in "try one", in this order. One that is left open counts as not asked."""
_RESULT_LEVELS = {FitResult.ELIGIBLE: "normal", FitResult.ASK: "caution", FitResult.EXCLUDED: "off"}


@dataclass(frozen=True)
class Line:
    """One finding as the panel shows it."""

    label: str
    example: str


def _lines(check: Check, kind: str) -> list[Line]:
    return [
        Line(one["label"], one["example"]["words"] if one.get("example") else "")
        for one in check.findings
        if one["kind"] == kind and not one["holds"]
    ]


def _proof(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    check = program_proof(version.spec["rules"], proving_protocol(version.program.centre), at=at)
    proven = sum(1 for one in check.findings if one["kind"] == "invariant" and one["holds"])
    return {"check": check, "proven": proven, "failing": _lines(check, "invariant"), "dead": _lines(check, "dead_rule")}


def _company(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    others = other_rules(version)
    check = company_check(version.spec["rules"], proving_protocol(version.program.centre), others, at=at)
    return {"overlaps": _lines(check, "overlap"), "gaps": _lines(check, "gap"), "others": len(others)}


def _difference(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    live = live_version(version.program)
    if live is None or live.pk == version.pk:
        return {"live": None}
    if live.spec["rules"] == version.spec["rules"]:
        return {"live": live, "calls": []}
    protocol = proving_protocol(version.program.centre)
    check = difference_check(live.spec["rules"], version.spec["rules"], protocol, at=at)
    return {"live": live, "calls": _lines(check, "difference")}


def _changes(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    live = live_version(version.program)
    if live is not None and live.pk == version.pk:
        return {"live": live, "changes": []}
    if live is None:
        return {"live": None}
    changes = changes_in_words(live.spec, version.spec, old_area=live.area, new_area=version.area)
    return {"live": live, "changes": changes}


def _problems(version: ProgramVersion, at: datetime) -> dict[str, Any]:
    return {}


_KINDS: dict[str, Callable[[ProgramVersion, datetime], dict[str, Any]]] = {
    "problems": _problems, "proof": _proof, "company": _company, "difference": _difference, "changes": _changes,
}  # fmt: skip


@require_GET
@role_required(*READERS)
def check(request: HttpRequest, id: UUID, kind: str) -> HttpResponse:
    """One part of the panel. The solver runs in a process of its own; the same content is checked once."""
    if kind not in _KINDS:
        raise Http404
    user, at = require(request.user, *READERS), datetime.now(UTC)
    version = version_for(user, id)
    context = frame(version, user, request.GET.get("section", ""), at) | {"kind": kind}
    try:
        context |= _KINDS[kind](version, at)
    except ValueError:
        # The rules cannot be read; the list of problems, which stands above, says where and why.
        context["unreadable"] = True
    except Refused as refused:
        context["refused"] = refused.detail
    return render(request, f"desk/programs/checks/{kind}.html", context)


def try_questions() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The questions of "try one": key, label, answers."""
    words = vocabulary.load()
    made = []
    for key in TRY_KEYS:
        question = words.get(key)
        made.append((key, question.label, [(str(o.value), o.label) for o in question.options]))
    return made


@require_GET
@role_required(*READERS)
def try_form(request: HttpRequest, id: UUID) -> HttpResponse:
    """The form of one call to try."""
    user = require(request.user, *READERS)
    version = version_for(user, id)
    context = {"version": version, "questions": try_questions(), "natures": _natures(version)}
    return render(request, "desk/programs/checks/try.html", context)


def _natures(version: ProgramVersion) -> list[tuple[str, str]]:
    return sorted(((n.slug, n.name) for n in natures.load().natures if not n.dangerous), key=lambda row: row[1])


@act(*READERS)
def tried(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """What the draft says about one call, with the rows that matched. Nothing is stored."""
    version = version_for(user, id)
    return render(request, "desk/programs/checks/tried.html", try_one(version, request.POST))


def try_one(version: ProgramVersion, given: Mapping[str, Any]) -> dict[str, Any]:
    """The result for the answers that were picked; the others count as not asked."""
    words = vocabulary.load()
    answers: dict[str, Any] = {}
    for key in TRY_KEYS:
        value = str(given.get(key, ""))
        question = words.get(key)
        known = {str(option): option for option in question.values}
        if value == "none_of_them" and question.kind == "list":
            answers[key] = []
        elif value in known:
            answers[key] = [known[value]] if question.kind == "list" else known[value]
    if given.get("rest") == "safe":
        for question in words.questions:
            if question.key not in answers and question.danger_order:
                more = {above for _, above in question.danger_order}
                answers[question.key] = next(v for v in question.values if v not in more)
            elif question.key == "medical_signs" and question.key not in answers:
                answers[question.key] = []
    try:
        rules = ProgramRules.from_dict(version.spec["rules"])
    except ValueError as error:
        return {"unreadable": str(error)}
    protocol = protocol_from(proving_protocol(version.program.centre))
    nature = str(given.get("nature", "")) or None
    suggestion = engine.suggest(protocol, (rules,), answers, nature, open_now={}, covers={})
    fit = suggestion.fits[0]
    codes = {rule["code"] for noun in ("exclusions", "entry") for rule in version.spec["rules"].get(noun, [])}
    return {
        "version": version,
        "nature": nature_name(nature) if nature else "",
        "result": fit.result.value,
        "level": _RESULT_LEVELS[fit.result],
        "class": class_words(suggestion.response_class.value),
        "reasons": fit.reasons,
        "notes": fit.notes,
        "ask": [words.get(key).label if key != "nature" else "Nature" for key in fit.ask],
        "fired": suggestion.decision.fired,
        "rows": {reason.code.removeprefix("ask_") for reason in fit.reasons} & codes,
        "answered": len(answers),
    }
