"""Sixteen dispatchers and fifty phones on the same rows at once: nobody is booked twice, and nobody deadlocks."""

import random
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Assignment, HistoryRow, Incident
from dispatch.models.assignment import Slot
from dispatch.services.assignments import assignment_act
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.states import ASSIGNMENT_LIVE, TransitionRefused
from responders.models import CrewMember, Shift, Unit
from tests import factories
from tests.dispatch.impossible import FORBIDDEN
from tests.dispatch.parallel import failures, in_parallel

DISPATCHERS, PHONES, CALLS = 16, 50, 6
NEXT = {"offered": "accept", "accepted": "en_route", "en_route": "on_scene"}


def _more_crews(centre: Centre, like: Unit, at: datetime) -> list[Unit]:
    """So many units of the same team, each with one person on it."""
    people = User.objects.bulk_create(
        [User(username=f"crew-{n}", centre=centre, agency=like.agency) for n in range(PHONES)]
    )
    same = {"centre": centre, "agency": like.agency, "team": like.team, "kind": like.kind, "service_since": at}
    units = Unit.objects.bulk_create(
        [Unit(call_sign=f"Van {n}", lat=like.lat, lon=like.lon, position_at=at, **same) for n in range(PHONES)]
    )
    CrewMember.objects.bulk_create(
        [CrewMember(unit=unit, user=user, since=at) for unit, user in zip(units, people, strict=True)]
    )
    hours = [(start, start + 8) for start in (0, 8, 16)]
    Shift.objects.bulk_create(
        [Shift(unit=u, days=list(range(7)), starts_hour=a, ends_hour=b) for u in units for a, b in hours]
    )
    return units


def _dispatcher(by: User, units: list[Unit], incidents: list[Incident], draw: random.Random, at: datetime) -> None:
    """Asks a few units of their own choice; half the time one that somebody else asks in the same instant."""
    for _ in range(2):
        unit, incident = draw.choice(units[:8]), draw.choice(incidents)
        try:
            assignment_offer(incident=incident, unit=unit, slot=draw.choice(Slot.values), by=by, at=at)
        except Refused:
            continue


def _phone(unit: Unit, draw: random.Random, at: datetime) -> None:
    """Presses whatever it shows, twice, and now and then declines."""
    for _ in range(2):
        for one in Assignment.objects.filter(unit=unit, state__in=ASSIGNMENT_LIVE):
            action = "decline" if one.state == "offered" and draw.random() < 0.3 else NEXT.get(one.state, "clear")
            reason, ends = "out_of_position" if action == "decline" else "", "refused" if action == "clear" else ""
            try:
                assignment_act(assignment=one, action=action, by=None, at=at, reason=reason, disposition=ends)
            except (Refused, TransitionRefused):
                continue


@pytest.mark.django_db(transaction=True)
def test_sixteen_dispatchers_and_fifty_phones_book_nobody_twice(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Callable[[float], datetime]
) -> None:
    crews = _more_crews(floor, units["Star 1"], at)
    incidents = []
    for _ in range(CALLS):
        call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
        factories.a_decision(call.incident, by=people["call_taker"], at=at)
        incidents.append(call.incident)
    acts: list[Callable[[], object]] = [
        partial(_dispatcher, people["dispatcher"], crews, incidents, random.Random(n), later(1))
        for n in range(DISPATCHERS)
    ]
    acts += [partial(_phone, unit, random.Random(n), later(2)) for n, unit in enumerate(crews)]
    acts += [partial(offers_run, centre=floor, at=later(1))] * 4
    random.Random(7).shuffle(acts)
    lost = failures(in_parallel(*acts))
    # Once more, since on a busy machine all phones may have looked before the first offer was made.
    phones = [partial(_phone, unit, random.Random(n), later(3)) for n, unit in enumerate(crews)]
    lost += failures(in_parallel(*phones))
    assert all(isinstance(one, Refused | TransitionRefused | PermissionDenied) for one in lost), lost
    with connection.cursor() as cursor:
        for what, query in FORBIDDEN.items():
            cursor.execute(query)
            assert cursor.fetchall() == [], what
    assert HistoryRow.objects.filter(entity="assignment", action="accept").exists()
    assert Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).exists()
