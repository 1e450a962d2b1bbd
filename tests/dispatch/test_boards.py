"""Boards: a constant number of queries, a next step for everything, and nothing personal on the wall's part."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from dispatch.models import Incident
from dispatch.selectors.alarms import alarm_rows, wall_headline
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.crew_safety import help_request
from dispatch.services.offers import offers_run
from programs.services import suspension_set
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]


def _queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        act()
    return len(queries)


def test_boards_cost_the_same_with_five_and_with_fifty_incidents(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    boards = (
        lambda: incident_rows(centre=floor, at=later(60)),
        lambda: unit_rows(centre=floor, at=later(60)),
        lambda: alarm_rows(centre=floor),
        lambda: wall_headline(centre=floor, at=later(60)),
    )
    factories.a_caution(floor, at=at)
    factories.an_accepted(floor, by=by, at=at)
    emergency = factories.a_triaged_call(floor, by=by, at=at, breathing="absent")
    factories.a_decision(emergency.incident, by=by, at=at)
    for _ in range(3):
        factories.a_call(floor, by=by, at=at, where=factories.HOME)
    few = [_queries(board) for board in boards]
    for nth in range(45):
        call = factories.a_call(floor, by=by, at=at, where=factories.HOME, nature="welfare_check")
        if nth % 9 == 0:
            factories.a_decision(call.incident, by=by, at=at, action="send")
    for nth in range(12):
        Unit.objects.create(
            centre=floor,
            agency=units["Star 1"].agency,
            call_sign=f"Star {nth + 10}",
            kind="mobile_team",
            service_since=at,
        )
    offers_run(centre=floor, at=later(5))
    assert len(incident_rows(centre=floor, at=later(60))) == 50
    assert [_queries(board) for board in boards] == few
    assert few[0] <= 11


def test_every_row_has_a_next_step_and_most_urgent_comes_first(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    accepted = factories.an_accepted(floor, by=by, at=at)
    factories.a_call(floor, by=by, at=later(1))
    factories.a_triaged_call(floor, by=by, at=later(2))
    emergency = factories.a_triaged_call(floor, by=by, at=later(3), breathing="absent")
    factories.a_decision(emergency.incident, by=by, at=later(3))
    waiting = factories.a_triaged_call(floor, by=by, at=later(4))
    factories.a_decision(waiting.incident, by=by, at=later(4))
    rows = incident_rows(centre=floor, at=later(10))
    assert all(row.next_step and row.state_words and row.owner for row in rows)
    assert rows[0].id == str(emergency.incident_id)
    assert [row.priority for row in rows] == sorted(row.priority for row in rows)
    by_id = {row.id: row for row in rows}
    assert by_id[str(emergency.incident_id)].next_step == "Get the hand-off acknowledged"
    assert by_id[str(accepted.incident_id)].units[0].words == "ACCEPTED"
    assert by_id[str(waiting.incident_id)].state_words == "WAITING"


def test_a_closed_incident_leaves_the_board_and_is_still_there_by_its_id(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assignment_act(assignment=accepted, action="clear", disposition="not_found", by=crew_of(accepted), at=later(5))
    call_end(call=accepted.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(6))
    assert incident_rows(centre=floor, at=later(7)) == []
    [gone] = incident_rows(centre=floor, at=later(7), ids=[accepted.incident_id])
    assert gone.gone
    assert Incident.objects.get().outcome == "not_found"


def test_a_units_status_is_its_assignments_then_its_service_then_its_shift(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    def status(call_sign: str) -> str:
        return next(row.status for row in unit_rows(centre=floor, at=later(5)) if row.call_sign == call_sign)

    assert status("Star 1") == "available"
    Unit.objects.filter(call_sign="Star 2").update(service="on_break")
    assert status("Star 2") == "on_break"
    units["Medic 1"].shifts.all().delete()
    assert status("Medic 1") == "off_shift"
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assert status("Star 1") == "accepted"
    help_request(unit=accepted.unit, by=crew_of(accepted), at=later(4))
    assert status("Star 1") == "help"
    # Its age is that of the call for help, not of the hours on duty.
    assert [row.since for row in unit_rows(centre=floor, at=later(5)) if row.call_sign == "Star 1"] == [later(4)]


@pytest.mark.parametrize("worst", ["panic", "stop", "calm"])
def test_the_walls_first_line_is_the_worst_thing_that_stands(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, worst: str
) -> None:
    factories.a_call(floor, by=people["call_taker"], at=at)
    if worst == "calm":
        calm = wall_headline(centre=floor, at=later(61))
        assert (calm.words, calm.since) == ("The one open call is owned, oldest", at)
        return
    suspension_set(centre=floor, scope="all", subject="", reason="storm", by=people["supervisor"], at=at)
    if worst == "panic":
        help_request(unit=units["Star 1"], by=people["responder"], at=later(1))
    headline = wall_headline(centre=floor, at=later(2))
    assert headline.words == ("CREW NEEDS HELP: Star 1" if worst == "panic" else "DIVERSION STOPPED: ALL PROGRAMS")
    assert headline.sound == (worst == "panic")
