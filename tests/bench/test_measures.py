"""The measures themselves: a check that cannot find anything would always pass."""

from datetime import datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Centre, User
from bench.ground import percentiles
from dispatch.models import Assignment
from dispatch.services.assignments import assignment_act
from dispatch.services.journal import record
from launch.chaos import DOUBLE_BOOKED, OFFERED_TWICE
from programs.models import ProgramVersion
from tests import factories


def test_percentiles_are_of_nearest_rank_and_in_milliseconds() -> None:
    assert percentiles([n / 1000 for n in range(1, 101)]) == {"p50_ms": 50.0, "p95_ms": 95.0, "p99_ms": 99.0}
    assert percentiles([], at=(95,)) == {"p95_ms": None}


@pytest.fixture
def offer(centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime) -> Assignment:
    """An offer that its crew has not answered."""
    return factories.an_offer(centre, by=people["call_taker"], at=at)


@pytest.mark.parametrize("query", [DOUBLE_BOOKED, OFFERED_TWICE])
@pytest.mark.parametrize(("ended", "found"), [(True, 0), (False, 1)])
def test_chaos_finds_a_second_offer_only_while_the_first_one_stands(
    offer: Assignment, at: datetime, query: str, ended: bool, found: int
) -> None:
    if ended:
        assignment_act(assignment=offer, action="decline", by=None, at=at, reason="out_of_position")
    incident = offer.incident
    incident.refresh_from_db()
    record(incident=incident, entity="assignment", row=offer, action="offer", by=None, at=at + timedelta(seconds=9))
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone()[0] == found
