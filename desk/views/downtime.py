"""Working without the server: the blank cards to print beforehand, and the snapshot that each console keeps."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Centre
from accounts.services import audit
from desk.forms.downtime import CardsForm
from dispatch.models import Call, HandoffTarget
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from programs.models import Program, VersionState
from triage import natures, vocabulary

_READ_EVERY = timedelta(minutes=10)
_CARD_CHOICES = 10
"""Longer lists are written out by hand: a card is one sheet."""


def _programs(centre: Centre) -> list[Program]:
    live = Program.objects.filter(centre=centre, versions__state=VersionState.PUBLISHED)
    return list(live.prefetch_related("teams").order_by("name"))


@require_GET
@role_required(*FLOOR)
def snapshot(request: HttpRequest) -> HttpResponse:
    """Open calls with where and call-back number, units, telephone numbers. Kept by the console for a minute.

    Reading it is logged once in ten minutes a session: the console asks by itself, each minute, all day.
    """
    user = require(request.user, *FLOOR)
    centre, at = centre_of(user), datetime.now(UTC)
    logged = request.session.get("snapshot_logged", "")
    if not logged or at - datetime.fromisoformat(logged) >= _READ_EVERY:
        audit(action="downtime.snapshot", at=at, by=user, centre=centre, entity="centre", entity_id=centre.pk)
        request.session["snapshot_logged"] = at.isoformat()
    rows = incident_rows(centre=centre, at=at)
    numbers: dict[str, list[str]] = {}
    calls = Call.objects.filter(incident__in=[row.id for row in rows], phone__isnull=False).select_related("phone")
    for call in calls:
        if call.phone is not None and call.phone.number:
            numbers.setdefault(str(call.incident_id), []).append(call.phone.number)
    context = {
        "centre": centre,
        "at": at,
        "calls": [(row, ", ".join(dict.fromkeys(numbers.get(row.id, [])))) for row in rows],
        "units": unit_rows(centre=centre, at=at),
        "targets": HandoffTarget.objects.filter(centre=centre).order_by("kind", "name"),
        "programs": _programs(centre),
    }
    response = render(request, "desk/downtime/snapshot.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def cards(request: HttpRequest) -> HttpResponse:
    """Blank intake cards in the order of the questions, to be printed before they are needed."""
    user = require(request.user, *FLOOR)
    centre = centre_of(user)
    form = CardsForm(request.GET)
    copies = form.cleaned_data["copies"] if form.is_valid() else 1
    questions = [
        {
            "label": question.ask or question.label,
            "blocking": question.blocking,
            "choices": [option.label for option in question.options] if len(question.options) <= _CARD_CHOICES else [],
        }
        for question in vocabulary.load().questions
    ]
    context = {
        "centre": centre,
        "copies": range(copies or 1),
        "questions": questions,
        "natures": natures.load().natures,
        "targets": HandoffTarget.objects.filter(centre=centre).order_by("kind", "name"),
        "programs": _programs(centre),
    }
    return render(request, "desk/downtime/cards.html", context)
