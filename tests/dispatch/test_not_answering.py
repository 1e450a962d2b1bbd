"""Units that do not answer: out of the recommendations, looked for, never out of service, and back when heard."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment
from dispatch.selectors.engine_facts import recommend_for, units_with_facts
from dispatch.selectors.triage import judge
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.alarms import alarm_end
from dispatch.services.assignments import assignment_act
from dispatch.services.beside import beside_offer
from dispatch.services.crew_changes import crew_leave
from dispatch.services.crew_safety import crew_heard, help_request
from dispatch.services.locations import location_record
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.unit_status import service_set
from people.models import Area
from programs.services import suspension_set
from responders.models import Unit, UnitHistory
from responders.services import unit_position
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def _unit(call_sign: str) -> Unit:
    return Unit.objects.get(call_sign=call_sign)


def test_two_expired_offers_in_one_shift_until_a_person_has_heard_the_crew(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    first = factories.an_offer(floor, by=people["call_taker"], at=at)
    due.offers_expired(floor, later(60))
    assert _unit("Star 1").not_answering_since is None
    [second] = offers_run(centre=floor, at=later(300))
    assert second.unit == first.unit
    due.offers_expired(floor, later(360))
    unit = _unit("Star 1")
    assert (unit.not_answering_since, unit.not_answering_reason) == (later(360), "expired_twice")
    assert unit.service == "in_service"
    assert "not_answering" in alarms()
    assert offers_run(centre=floor, at=later(900)) == []
    loaded = units_with_facts(floor, at=later(900), only=[unit.pk])
    [case] = recommend_for(first.incident, units=loaded, at=later(900)).candidates
    assert "not_answering" in case.shortfalls
    assert next(row.words for row in unit_rows(centre=floor, at=later(900), ids=[unit.pk])) == "NO ANSWER"
    alarm = Alarm.objects.get(kind="not_answering", ended_at__isnull=True)
    with pytest.raises(Refused, match="heard"):
        alarm_end(alarm=alarm, by=people["dispatcher"], at=later(901), note="never mind")
    crew_heard(alarm=alarm, by=people["dispatcher"], at=later(902), note="radio was off")
    unit = _unit("Star 1")
    assert (unit.not_answering_since, unit.answered_at) == (None, later(902))
    assert list(UnitHistory.objects.values_list("action", flat=True)) == ["not_answering", "heard"]
    [case] = recommend_for(
        first.incident, units=units_with_facts(floor, at=later(903), only=[unit.pk]), at=later(903)
    ).candidates
    assert case.shortfalls == ()
    # What it missed before counts no more: one more is the first.
    assignment_offer(incident=first.incident, unit=unit, by=people["dispatcher"], at=later(1200))
    assert due.offers_expired(floor, later(1400)) == 1
    assert _unit("Star 1").not_answering_since is None


def test_a_crew_that_accepts_and_stays_where_it_is_gets_a_second_unit_beside_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assert due.crews_silent(floor, later(181)) == 0
    assert due.second_units_sought(floor, later(182)) == 0
    assert due.crews_silent(floor, later(182)) == 1
    assert due.crews_silent(floor, later(183)) == 0
    assert _unit("Star 1").not_answering_reason == "not_moving"
    alarm = Alarm.objects.get(kind="not_answering")
    assert (alarm.urgent, alarm.owner_role, alarm.incident_id) == (True, "dispatcher", first.incident_id)
    assert due.second_units_sought(floor, later(183)) == 1
    assert due.second_units_sought(floor, later(184)) == 0
    beside = Assignment.objects.get(slot="assist")
    assert (beside.unit.call_sign, beside.incident_id) == ("Star 2", first.incident_id)
    first.refresh_from_db()
    assert (first.state, _unit("Star 1").service) == ("accepted", "in_service")
    assert due.crew_alarms_unanswered(floor, later(213)) == 1
    assert Alarm.objects.get(kind="not_answering").owner_role == "supervisor"
    assignment_act(assignment=first, action="en_route", by=crew_of(first), at=later(220))
    assert _unit("Star 1").not_answering_since is None
    assert "not_answering" not in alarms()


@pytest.mark.parametrize(("metres_north", "silent"), [(0, True), (20, True), (80, False)])
def test_moving_counts_although_nobody_pressed_en_route(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, metres_north: float, silent: bool
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assert work.unit.lat is not None
    lat = work.unit.lat + metres_north / 111_320
    unit_position(unit=work.unit, lat=lat, lon=factories.LON, by=None, at=later(100))
    assert due.crews_silent(floor, later(200)) == silent


@pytest.mark.parametrize(("eta_s", "heard_no_later_than"), [(300, 600), (30, 180), (None, 1800)])
def test_under_way_for_twice_the_expected_time(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, eta_s: int | None, heard_no_later_than: float
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assignment_act(assignment=work, action="en_route", by=crew_of(work), at=later(10))
    Assignment.objects.filter(pk=work.pk).update(eta_s=eta_s)
    assert due.crews_silent(floor, later(10 + heard_no_later_than - 1)) == 0
    assert due.crews_silent(floor, later(10 + heard_no_later_than)) == 1
    assert _unit("Star 1").not_answering_reason == "overdue"
    help_request(unit=_unit("Star 1"), by=crew_of(work), at=later(5000), level="routine")
    assert _unit("Star 1").not_answering_since is None


def test_a_crew_under_a_stage_order_may_stand_still(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    work.stage_orders.create(reason="weapon=in_hand", words="Weapon", at=at + timedelta(seconds=3))
    assert due.crews_silent(floor, later(500)) == 0


def test_a_stop_key_ends_what_was_asked_and_one_person_cannot_go_round_it(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    boss, by = people["supervisor"], people["dispatcher"]
    Area.objects.create(centre=floor, kind="beat", name="B2", shape=Area.objects.get(name="A1").shape)
    suspension_set(centre=floor, scope="beat", subject="B2", reason="riot", by=boss, at=later(1))
    assert due.offers_expired(floor, later(2)) == 0, "somewhere else"
    suspension_set(centre=floor, scope="program", subject="star", reason="unsafe van", by=boss, at=later(3))
    assert due.offers_expired(floor, later(4)) == 1
    offer.refresh_from_db()
    assert (offer.state, offer.end_reason) == ("cancelled", "suspended")
    assert offers_run(centre=floor, at=later(5)) == []
    incident = offer.incident
    incident.refresh_from_db()
    assert incident.no_unit_reason == "suspended"
    for slot in ("primary", "assist"):
        with pytest.raises(Refused, match="stopped here"):
            assignment_offer(incident=incident, unit=units["Star 2"], slot=slot, by=by, at=later(6))
    # The clinician or team beside one that is silent is no way round either; an officer raises care.
    assert beside_offer(incident=incident, at=later(6)) is None
    assignment_offer(incident=incident, unit=units["CR 1"], by=by, at=later(7))
    assert _unit("Star 1").not_answering_since is None


def test_a_call_whose_beat_is_not_known_waits_for_a_person_while_a_beat_is_stopped(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    incident, by = offer.incident, people["dispatcher"]
    Area.objects.create(centre=floor, kind="beat", name="B2", shape=Area.objects.get(name="A1").shape)
    suspension_set(centre=floor, scope="beat", subject="B2", reason="riot", by=people["supervisor"], at=later(1))
    location_record(incident=incident, text="by the water tower", state="unverified", by=by, at=later(2))
    assert due.offers_expired(floor, later(3)) == 1
    assert offers_run(centre=floor, at=later(4)) == []
    incident.refresh_from_db()
    assert (incident.no_unit_reason, "no_unit" in alarms()) == ("suspended_unknown", True)
    with pytest.raises(Refused, match="Say where and what it is"):
        assignment_offer(incident=incident, unit=units["Star 2"], by=by, at=later(5))
    judged = judge(incident=incident, at=later(5))
    assert judged.published is not None
    assert "beat B2: this call's is not known yet" in judged.published.suspended["star"]
    place = factories.a_place(floor)
    location_record(incident=incident, text=place.label, state="verified", place=place, by=by, at=later(6))
    assert [one.incident_id for one in offers_run(centre=floor, at=later(7))] == [incident.pk]


@pytest.mark.parametrize("gone", ["on_break", "out_of_service", "crew"])
def test_a_unit_that_goes_off_with_an_offer_is_asked_no_more_and_has_not_failed_to_answer(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, gone: str
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    assert due.offers_expired(floor, later(1)) == 0
    if gone == "crew":
        crew_leave(person=crew_of(offer), by=crew_of(offer), at=later(2))
    else:
        service_set(unit=offer.unit, service=gone, reason="meal", by=crew_of(offer), at=later(2))
    assert due.offers_expired(floor, later(3)) == 1
    offer.refresh_from_db()
    assert (offer.state, offer.end_reason) == ("cancelled", "unit_left")
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(4))] == ["Star 2"]
    # What a dispatcher asks of such a unit is their choice, and stays until it is answered or runs out.
    chosen = assignment_offer(incident=offer.incident, unit=offer.unit, by=people["dispatcher"], at=later(5))
    assert due.offers_expired(floor, later(6)) == 0
    assert due.offers_expired(floor, chosen.offer_expires_at) == 1
    assert _unit("Star 1").not_answering_since is None
