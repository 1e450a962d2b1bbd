"""Practice in a simulated centre: scripted calls at one's own console, and how each went."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import User
from desk.actions import act, form_of
from desk.forms.training import AskForm, StartForm
from dispatch.models import PracticeRun
from dispatch.selectors.words import CLASS_WORDS
from dispatch.services.practice import practice_ask, practice_score, practice_start
from triage import practice

VERDICTS = {
    "right": ("Right", "normal"),
    "not_best": ("Not the best", "caution"),
    "over_cautious": ("More than was needed", "caution"),
    "dangerous": ("Dangerous", "critical"),
}


def _own(user: User, id: UUID) -> PracticeRun:
    run = PracticeRun.objects.filter(pk=id, user=user).select_related("call").first()
    if run is None:
        raise Http404
    return run


def _scored(run: PracticeRun) -> dict[str, object]:
    score = run.score or {}
    words, level = VERDICTS[str(score["verdict"])]
    return {
        **score,
        "words": words,
        "level": level,
        "chosen": CLASS_WORDS[str(score["chosen"])],
        "best": CLASS_WORDS[str(score["best"])],
    }


@require_GET
@role_required(*FLOOR)
def training(request: HttpRequest) -> HttpResponse:
    """All scripted calls with the person's last result. Only in a simulated centre: elsewhere it is not there."""
    user = require(request.user, *FLOOR)
    centre = centre_of(user)
    if not centre.simulated:
        raise Http404
    last: dict[str, PracticeRun] = {}
    for run in PracticeRun.objects.filter(user=user, scored_at__isnull=False).order_by("scored_at"):
        last[run.script] = run
    scores = {script: _scored(run) for script, run in last.items()}
    right = sum(score["verdict"] == "right" for score in scores.values())
    rows = [{"call": call, "score": scores.get(call.id)} for call in practice.load().values()]
    context = {"rows": rows, "done": len(scores), "right": right}
    return render(request, "desk/training/page.html", context)


@act(*FLOOR)
def training_started(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Let a scripted call ring at the person's console."""
    run = practice_start(by=user, at=at, **form_of(StartForm(request.POST)).cleaned_data)
    return redirect(f"{reverse('desk:console')}#{run.call_id}")


@require_GET
@role_required(*FLOOR)
def training_current(request: HttpRequest) -> HttpResponse:
    """The person's practice call that is not scored yet: opening words and address. Empty when there is none."""
    user = require(request.user, *FLOOR)
    run = PracticeRun.objects.filter(user=user, scored_at__isnull=True, call__state="open").first()
    if run is None:
        return JsonResponse({})
    said = {"call": str(run.call_id), "says": practice.load()[run.script].narrative, "where": run.where}
    urls = {name: reverse(f"desk:training_{name}", args=[run.pk]) for name in ("ask", "score")}
    return JsonResponse({**said, **urls}, headers={"Cache-Control": "no-store"})


@act(*FLOOR)
def training_asked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Put a question to the caller."""
    key = form_of(AskForm(request.POST)).cleaned_data["key"]
    return JsonResponse({"says": practice_ask(run=_own(user, id), key=key, by=user)})


@act(*FLOOR)
def training_scored(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """How it went, once it is decided; empty before."""
    run = practice_score(run=_own(user, id), at=at)
    return render(request, "desk/training/score.html", {"score": _scored(run) if run.score else None})
