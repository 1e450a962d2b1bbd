"""Booked visits: the list, the booking of one from a call, and moving or cancelling it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import DISPATCHING, FLOOR, centre_of, may, require, role_required
from accounts.models import Centre, User
from accounts.problems import Refused
from desk.actions import form_of
from desk.forms.transfers import ShortAnswersForm
from desk.forms.visits import WINDOWS, BookForm, CancelForm, MoveForm
from dispatch.access import incident_for, unit_named, visit_for
from dispatch.models import Incident
from dispatch.reasons import VISIT_CANCELLED, VISIT_MOVED, VISIT_PURPOSES, words
from dispatch.selectors.visits import SAFETY_KEYS, VisitRow, bookable, follow_ups_unbooked, visits_booked, visits_ended
from dispatch.services.visits import visit_book, visit_cancel, visit_move
from dispatch.states import TransitionRefused
from responders.models import Unit
from triage import vocabulary


def _units(centre: Centre) -> list[Unit]:
    serving = Unit.objects.filter(centre=centre, team__programs__isnull=False)
    return list(serving.select_related("team").order_by("call_sign").distinct())


def _rows(rows: list[VisitRow], user: User) -> list[dict[str, Any]]:
    return [
        {
            "visit": row.visit,
            "where": row.where,
            "falls_due_at": row.falls_due_at,
            "purpose": words(VISIT_PURPOSES, row.visit.purpose),
            "may": may(user, *DISPATCHING) or row.visit.booked_by_id == user.pk,
        }
        for row in rows
    ]


def _list(
    request: HttpRequest, user: User, *, problem: Refused | None = None, about: UUID | None = None, status: int = 200
) -> HttpResponse:
    centre, at = centre_of(user), datetime.now(UTC)
    context = {
        "rows": _rows(visits_booked(centre), user),
        "owed": follow_ups_unbooked(centre, at),
        "ended": _rows(visits_ended(centre), user),
        "units": _units(centre),
        "windows": WINDOWS,
        "moved": VISIT_MOVED.items(),
        "cancelled": VISIT_CANCELLED.items(),
        "problem": problem,
        "about": about,
        "zone": centre.time_zone,
        "now": at,
    }
    response = render(request, "desk/visits/page.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def visits(request: HttpRequest) -> HttpResponse:
    """What is booked, what is still owed, and the last that fell due or were cancelled."""
    return _list(request, require(request.user, *FLOOR))


def _questions(answers: dict[str, Any], given: dict[str, str]) -> list[dict[str, Any]]:
    """The short safety questions, with what the call's answers come to."""
    table = vocabulary.load()
    rows = []
    for question in (table.get(key) for key in SAFETY_KEYS):
        value = answers.get(question.key)
        rows.append(
            {
                "key": question.key,
                "label": question.label,
                "now": "not asked" if value is None else question.label_of(value),
                "options": [(str(option.value).lower(), option.label) for option in question.options],
                "given": given.get(question.key, ""),
            }
        )
    return rows


def _form(
    request: HttpRequest, user: User, source: Incident, *, problem: Refused | None = None, status: int = 200
) -> HttpResponse:
    given: dict[str, str] = {key: str(value) for key, value in request.POST.items()}
    choices = bookable(source, datetime.now(UTC))
    context = {
        "source": source,
        "where": choices.where,
        "programs": [(version.program.slug, version.program.name) for version in choices.programs],
        "units": _units(source.centre),
        "purposes": VISIT_PURPOSES.items(),
        "windows": WINDOWS,
        "questions": _questions(choices.answers, given),
        "given": given,
        # An id that is in use already would be refused again and again.
        "id": str(uuid4()) if problem is not None and problem.code == "id_taken" else given.get("id") or str(uuid4()),
        "problem": problem,
        "zone": source.centre.time_zone,
    }
    response = render(request, "desk/visits/book.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@role_required(*FLOOR)
def visit_form(request: HttpRequest, id: UUID) -> HttpResponse:
    """Book a visit from a call: GET shows the form, POST books it. What cannot be accepted is said at its field."""
    user = require(request.user, *FLOOR)
    source = incident_for(user, id, change=True)
    if request.method != "POST":
        return _form(request, user, source)
    try:
        given = form_of(BookForm(request.POST)).cleaned_data
        starts_at, ends_at, unit = _when(given, source.centre, user)
        visit_book(
            id=given["id"],
            source=source,
            program=given["program"],
            starts_at=starts_at,
            ends_at=ends_at,
            purpose=given["purpose"],
            unit=unit,
            answers=_answers(request),
            by=user,
            at=datetime.now(UTC),
        )
    except Refused as error:
        return _form(request, user, source, problem=error, status=error.status)
    return redirect("desk:visits")


def _answers(request: HttpRequest) -> dict[str, Any]:
    if not any(request.POST.get(key) for key in SAFETY_KEYS):
        return {}
    return dict(form_of(ShortAnswersForm(request.POST)).cleaned_data)


def _when(given: dict[str, Any], centre: Centre, user: User) -> tuple[datetime, datetime, Unit | None]:
    """The window in UTC, from the centre's clock, and the named unit."""
    typed = given["starts_at"].replace(tzinfo=None)
    starts_at = typed.replace(tzinfo=centre.zone).astimezone(UTC)
    if starts_at.astimezone(centre.zone).replace(tzinfo=None) != typed:
        raise Refused("time_skipped", "This time does not exist: clocks are put forward then.", field="starts_at")
    unit = unit_named(user, given["unit"]) if given["unit"] else None
    return starts_at, starts_at + timedelta(minutes=given["minutes"]), unit


def _changed(request: HttpRequest, id: UUID, change: Callable[[User, datetime], None]) -> HttpResponse:
    user = require(request.user, *FLOOR)
    if request.method != "POST":
        return redirect("desk:visits")
    try:
        change(user, datetime.now(UTC))
    except Refused as error:
        return _list(request, user, problem=error, about=id, status=error.status)
    except TransitionRefused as error:
        return _list(request, user, problem=Refused("wrong_state", str(error)), about=id, status=409)
    return redirect("desk:visits")


@role_required(*FLOOR)
def visit_moved(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another time, another unit, with a reason."""

    def change(user: User, at: datetime) -> None:
        visit = visit_for(user, id, change=True)
        given = form_of(MoveForm(request.POST)).cleaned_data
        starts_at, ends_at, unit = _when(given, visit.centre, user)
        visit_move(visit=visit, starts_at=starts_at, ends_at=ends_at, unit=unit, reason=given["reason"], by=user, at=at)

    return _changed(request, id, change)


@role_required(*FLOOR)
def visit_cancelled(request: HttpRequest, id: UUID) -> HttpResponse:
    """It does not take place, with a reason."""

    def change(user: User, at: datetime) -> None:
        visit = visit_for(user, id, change=True)
        visit_cancel(visit=visit, reason=form_of(CancelForm(request.POST)).cleaned_data["reason"], by=user, at=at)

    return _changed(request, id, change)
