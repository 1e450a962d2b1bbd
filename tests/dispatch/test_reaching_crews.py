"""What a crew must read although its phone may be away: stage orders, and hazards that came after it accepted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import presence_note
from dispatch import due
from dispatch.models import Alarm, Assignment, HistoryRow, Incident, StageOrder
from dispatch.selectors.hazards_told import Shown, shown_words
from dispatch.selectors.triage import place_of
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.cautions import cautions_read
from dispatch.services.locations import location_record
from dispatch.services.offers import offers_run
from dispatch.services.staging import order_mark, stage_acknowledge, stage_lift
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


def _answer(work: Assignment, by: User, at: datetime, answers: dict[str, str]) -> None:
    answers_record(incident=work.incident, source=work.incident.calls.get(), answers=answers, by=by, at=at)


def _weapon(work: Assignment, by: User, at: datetime) -> None:
    _answer(work, by, at, factories.WEAPON)


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


@pytest.mark.parametrize(("filed", "swept"), [(-3.0, 3.0), (3.0, -3.0), (0.0, -3.0)])
def test_a_hazard_filed_at_the_moment_of_the_yes_reaches_the_crew_whatever_the_clocks_say(
    accepted: Assignment, floor: Centre, later: Later, alarms: Alarms, filed: float, swept: float
) -> None:
    """Accepted at 2 by one machine; after it another one, off by three seconds, files a hazard; a third one sweeps."""
    _on_file(floor, later(2 + filed), "animal")
    assert due.cautions_new(floor, later(2 + swept)) == 1
    assert alarms() == ["caution_unread"]
    _on_file(floor, later(2 + filed), "weapon")
    assert due.cautions_new(floor, later(3 + swept)) == 1
    assert accepted.stage_orders.get().reason == "weapon=accessible"
    assert due.cautions_new(floor, later(4 + swept)) == 0


@pytest.mark.parametrize(("asked", "off"), [(False, -3.0), (True, -3.0), (True, 3.0)])
def test_a_hazard_that_the_decision_did_not_know_stops_the_call_whatever_the_clocks_say(
    floor: Centre, waits: Callable[..., Incident], people: dict[str, User], later: Later, asked: bool, off: float
) -> None:
    incident = waits(where=factories.HOME)
    assert len(due_offers(floor, later(0), asked)) == asked
    _on_file(floor, later(off), "weapon")
    assert due.cautions_new(floor, later(1)) == 1
    incident.refresh_from_db()
    assert (incident.risen_at, incident.offer_wanted) == (later(1), False)
    assert StageOrder.objects.filter(assignment__incident=incident).count() == asked
    more = {"action": "override", "response_class": "emergency", "reason": "policy"}
    factories.a_decision(incident, by=people["dispatcher"], at=later(2), **more)
    assert due.cautions_new(floor, later(3)) == 0


def due_offers(floor: Centre, at: datetime, asked: bool) -> list[Assignment]:
    return offers_run(centre=floor, at=at) if asked else []


def test_a_hazard_on_file_counts_though_its_clock_goes_before_the_readers(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    _on_file(floor, later(3), "weapon")
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, where=factories.HOME)
    assert factories.a_decision(call.incident, by=people["call_taker"], at=at).response_class == "co_response"
    assert due.cautions_new(floor, later(1)) == 0


def test_a_hazard_that_the_phone_has_not_shown_is_not_read_by_saying_yes(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    """The phone was out of reach: the offer on its screen knows of one hazard, then another one is filed."""
    known = _on_file(floor, at, "animal")
    offer = factories.an_offer(floor, by=people["call_taker"], at=at, where=factories.HOME)
    crew = crew_of(offer)
    place = place_of(offer.incident)
    assert place is not None
    shown = Shown.read(shown_words(place.pk, [known.pk]))
    later_one = _on_file(floor, later(1), "access")
    taken = assignment_act(assignment=offer, action="accept", by=crew, at=later(2), shown=shown)
    assert (taken.state, taken.cautions_read_at) == ("accepted", None)
    with pytest.raises(Refused, match="read or relayed"):
        assignment_act(assignment=taken, action="en_route", by=crew, at=later(3))
    assert due.cautions_new(floor, later(3)) == 1
    assert alarms() == ["caution_unread"]
    # “Hazards read”, pressed before the second one came and sent again, reads the first one alone.
    assert cautions_read(assignment=taken, by=crew, at=later(4), shown=shown).cautions_read_at is None
    assert alarms() == ["caution_unread"]
    both = Shown.read(shown_words(place.pk, [known.pk, later_one.pk]))
    assert cautions_read(assignment=taken, by=crew, at=later(5), shown=both).cautions_read_at == later(5)
    assert alarms() == []
    assert due.cautions_new(floor, later(6)) == 0


def test_a_late_press_does_not_say_that_the_corrected_place_was_read(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    known = _on_file(floor, at, "animal")
    going = factories.an_accepted(floor, by=people["call_taker"], at=at, where=factories.HOME)
    former = place_of(going.incident)
    assert former is not None
    place = factories.a_place(floor, factories.LIBRARY)
    location_record(
        incident=going.incident, text=place.label, state="verified", place=place, by=people["call_taker"], at=later(9)
    )
    shown = Shown.read(shown_words(former.pk, [known.pk]))
    cautions_read(assignment=going, by=crew_of(going), at=later(12), device_at=later(8), shown=shown)
    assert alarms() == ["place_changed"]
    now = place_of(going.incident)
    assert now is not None
    cautions_read(assignment=going, by=crew_of(going), at=later(13), shown=Shown.read(shown_words(now.pk, [])))
    assert alarms() == []


def test_a_better_point_that_brings_the_neighbours_hazard_is_told_to_the_crew_on_the_scene(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    crew = crew_of(accepted)
    for second, action in ((3, "en_route"), (4, "on_scene"), (5, "with_person")):
        assignment_act(assignment=accepted, action=action, by=crew, at=later(second))
    next_door = factories.a_place(floor, "15 Alder St")
    Caution.objects.create(
        centre=floor, premise=premise_for(centre=floor, place=next_door), text="Dog", kind="animal",
        severity="danger", source="Mail", added_at=later(-86_400), expires_at=later(86_400),
    )  # fmt: skip
    location_record(
        incident=accepted.incident, text=next_door.label, state="verified", place=next_door, by=people["call_taker"],
        at=later(20),
    )  # fmt: skip
    assert alarms() == ["caution_unread"]
    accepted.refresh_from_db()
    assert accepted.cautions_read_at is None


@pytest.mark.parametrize("state", ["offered", "accepted", "with_person"])
def test_a_place_that_is_corrected_to_one_with_a_weapon_on_file_stops_the_crew_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, state: str
) -> None:
    _on_file(floor, at, "weapon")
    work = factories.an_offer(floor, by=people["call_taker"], at=at, where=factories.PARK)
    crew = crew_of(work)
    for second, action in enumerate({"offered": (), "accepted": ("accept",)}.get(state, ("accept", "with_person")), 2):
        assignment_act(assignment=work, action=action, by=crew, at=later(second))
    home = factories.a_place(floor, factories.HOME)
    location_record(
        incident=work.incident, text=home.label, state="verified", place=home, by=people["call_taker"], at=later(9)
    )
    order = work.stage_orders.get()
    assert (order.reason, order.withdraw) == ("weapon=accessible", state == "with_person")
    # Read at once: the sweep, which finds the hazard young, tells nothing anew.
    stage_acknowledge(order=order, how="phone", by=crew, at=later(10))
    assert due.cautions_new(floor, later(11)) == 0
    assert work.stage_orders.count() == 1


@pytest.mark.parametrize(
    ("sent_as", "answers"),
    [("tele_clinician", {"in_person_needed": "no", "caller": "first_party"}), ("co_response", {"violence": "threats"})],
)
def test_a_danger_on_file_is_said_also_where_no_unarmed_crew_travels(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms, sent_as: str,
    answers: dict[str, Any],
) -> None:  # fmt: skip
    """A clinician on the telephone, an armed crew: nobody has to stage, and whoever has the call must know."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, where=factories.HOME, **answers)
    assert factories.a_decision(call.incident, by=people["call_taker"], at=at).response_class == sent_as
    (offer,) = offers_run(centre=floor, at=at)
    assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(2))
    _on_file(floor, later(5), "weapon")
    assert due.cautions_new(floor, later(6)) == 1
    assert "rising_risk" in alarms()


@pytest.mark.parametrize("how", ["phone", "radio"])
def test_reading_or_lifting_an_order_counts_for_the_dangers_that_were_on_the_screen(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms, how: str
) -> None:
    """A press that waited on the phone, or crossed the second danger."""
    by = crew_of(accepted) if how == "phone" else people["dispatcher"]
    _weapon(accepted, people["call_taker"], later(10))
    first = order_mark(accepted.stage_orders.get())
    _answer(accepted, people["call_taker"], later(20), {"violence": "physical_now"})
    order = accepted.stage_orders.get()
    assert Alarm.objects.get(kind="rising_risk").detail["words"] == order.words
    assert stage_acknowledge(order=order, how=how, by=by, at=later(21), seen=first).acknowledged_at is None
    assert alarms() == ["rising_risk", "stage_unacknowledged"]
    assert HistoryRow.objects.filter(entity_id=order.pk, action="read_part").count() == 1
    with pytest.raises(Refused, match="Another danger"):
        stage_lift(
            order=order, reason="danger_answer_wrong", by=people["dispatcher"], at=later(22), seen=[first, "other"]
        )
    now = order_mark(order)
    assert stage_acknowledge(order=order, how=how, by=by, at=later(23), seen=now).acknowledged_at == later(23)
    lifted = stage_lift(
        order=order, reason="danger_answer_wrong", by=people["dispatcher"], at=later(24), seen=["other", now]
    )
    assert lifted.lifted_at == later(24)


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
