"""What a crew must read although its phone may be away: stage orders, and hazards that came after it accepted."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import presence_note
from dispatch import due
from dispatch.models import Alarm, Assignment
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.cautions import cautions_read
from people.models import Caution
from people.services import caution_add, premise_for
from responders.services import unit_position
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


@pytest.fixture
def accepted(floor: Centre, people: dict[str, User], at: datetime) -> Assignment:
    return factories.an_accepted(floor, by=people["call_taker"], at=at, where=factories.HOME)


def _stage_alarm() -> Alarm:
    return Alarm.objects.get(kind="stage_unacknowledged", ended_at__isnull=True)


def _weapon(work: Assignment, by: User, at: datetime) -> None:
    answers_record(incident=work.incident, source=work.incident.calls.get(), answers=factories.WEAPON, by=by, at=at)


@pytest.mark.parametrize("sign", ["position", "request", ""])
def test_an_order_to_a_phone_that_was_not_heard_for_60_s_says_radio_at_once(
    accepted: Assignment, people: dict[str, User], later: Later, sign: str
) -> None:
    if sign == "position":
        unit_position(unit=accepted.unit, lat=41.5, lon=-95.9, by=None, at=later(100))
    elif sign:
        presence_note(user=crew_of(accepted), page="phone", at=later(100))
    _weapon(accepted, people["call_taker"], later(159))
    assert _stage_alarm().detail.get("words") == (None if sign else "Phone not heard since 13:00: radio")


def test_a_phone_that_falls_silent_under_an_unread_order_is_said_too(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later
) -> None:
    presence_note(user=crew_of(accepted), page="phone", at=later(100))
    _weapon(accepted, people["call_taker"], later(120))
    assert due.phones_silent(floor, later(159)) == 0
    assert due.stage_orders_unread(floor, later(149)) == 0
    assert due.stage_orders_unread(floor, later(150)) == 1
    assert due.phones_silent(floor, later(160)) == 1
    assert due.phones_silent(floor, later(161)) == 0
    alarm = _stage_alarm()
    assert (alarm.owner_role, alarm.detail["words"]) == ("supervisor", "Phone not heard since 13:01: radio")


def _on_file(centre: Centre, at: datetime, kind: str) -> Caution:
    return caution_add(
        centre=centre,
        premise=premise_for(centre=centre, place=factories.a_place(centre, factories.HOME)),
        text="Told by the neighbour",
        kind=kind,
        severity="danger",
        source="Neighbour",
        days=30,
        by=None,
        at=at,
    )


def test_a_hazard_that_raises_the_class_is_a_stage_order(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    _on_file(floor, later(30), "weapon")
    assert due.cautions_new(floor, later(29)) == 0
    assert due.cautions_new(floor, later(31)) == 1
    assert due.cautions_new(floor, later(32)) == 0
    assert accepted.stage_orders.get().reason == "weapon=accessible"
    assert alarms() == ["rising_risk", "stage_unacknowledged"]


@pytest.mark.parametrize("door", ["phone", "radio"])
def test_any_other_new_hazard_must_be_read_or_relayed_before_the_crew_goes_on(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later, alarms: Alarms, door: str
) -> None:
    crew = crew_of(accepted)
    assignment_act(assignment=accepted, action="en_route", by=crew, at=later(5))
    _on_file(floor, later(30), "animal")
    assert due.cautions_new(floor, later(31)) == 1
    assert due.cautions_new(floor, later(32)) == 0
    assert not accepted.stage_orders.exists()
    assert alarms() == ["caution_unread"]
    with pytest.raises(Refused, match="read or relayed"):
        assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(40))
    if door == "phone":
        with pytest.raises(Refused, match="Only its own crew"):
            cautions_read(assignment=accepted, by=people["dispatcher"], at=later(41))
        cautions_read(assignment=accepted, by=crew, at=later(42))
    else:
        cautions_relay(assignment=accepted, by=people["dispatcher"], at=later(42))
    assert alarms() == []
    assert due.cautions_new(floor, later(43)) == 0
    assert assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(44)).state == "on_scene"


def test_a_hazard_elsewhere_or_from_before_reaches_nobody(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    _on_file(floor, at, "animal")
    factories.an_accepted(floor, by=people["call_taker"], at=later(1), where=factories.HOME)
    factories.an_accepted(floor, by=people["call_taker"], at=later(2), where=factories.PARK)
    assert due.cautions_new(floor, later(10)) == 0


def test_a_second_after_a_hazard_costs_nothing_for_crews_that_are_elsewhere(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert due.cautions_new(floor, later(10)) == 0
        return len(queries)

    _on_file(floor, later(5), "animal")
    none = cost()
    for second in (1, 2):
        factories.an_accepted(floor, by=people["call_taker"], at=later(second), where=factories.PARK)
    assert cost() == none
