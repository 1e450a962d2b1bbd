"""Ways round the floors that a hostile reader looked for: each ends with a stage order, a refusal, or a person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Incident, StageOrder
from dispatch.models.assignment import Slot
from dispatch.reasons import EXTEND
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_safety import return_to_911
from dispatch.services.decisions import decision_second
from dispatch.services.handoffs import handoff_cancel
from dispatch.services.incidents import call_join, incident_hold, nature_set
from dispatch.services.locations import location_record
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.offers.rounds import DISPATCH_LOCK
from dispatch.services.promise import promise_extend
from dispatch.services.staging import stage_acknowledge
from dispatch.services.targets import target_set
from dispatch.services.transfer_ends import transfer_return
from dispatch.services.transfers import transfer_connect, transfer_offer
from dispatch.services.unit_status import LATE, status_report
from people.services import caution_add, premise_for
from programs.models import ProtocolVersion, VersionState
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
DOWN: dict[str, Any] = {
    "action": "override",
    "response_class": "mobile_team",
    "program": "star",
    "reason": "danger_over",
}


def _say(incident: Incident, by: User, at: datetime, **answers: Any) -> None:
    answers_record(incident=incident, source=incident.calls.get(), answers=answers, by=by, at=at)


@pytest.fixture
def stepped_down(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> Incident:
    """A call with a weapon that two people gave to a mobile team; no unit has been asked yet."""
    call = factories.a_triaged_call(floor, by=people["dispatcher"], at=at, weapon="in_hand")
    decision = factories.a_decision(call.incident, by=people["dispatcher"], at=at, **DOWN)
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(5))
    return now_of(call.incident)


def test_a_further_danger_stops_the_engine_although_no_crew_is_there_yet(
    floor: Centre, stepped_down: Incident, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    assert stepped_down.offer_wanted
    _say(stepped_down, people["call_taker"], later(20), violence="physical_now")
    incident = now_of(stepped_down)
    assert (incident.risen_at, incident.offer_wanted) == (later(20), False)
    assert "rising_risk" in alarms()
    assert offers_run(centre=floor, at=later(21)) == []


def test_a_danger_stops_the_engine_also_while_triage_itself_has_failed(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    Unit.objects.update(service="out_of_service")
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    ProtocolVersion.objects.filter(centre=floor).update(state=VersionState.SUPERSEDED)
    _say(call.incident, people["call_taker"], later(20), **factories.WEAPON)
    incident = now_of(call.incident)
    assert (incident.risen_at, incident.offer_wanted) == (later(20), False)


@pytest.mark.parametrize("what", ["nature", "returned"])
def test_the_second_persons_yes_comes_too_late_for_a_danger_that_is_no_answer(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, what: str
) -> None:
    by = people["dispatcher"]
    taken = factories.an_accepted(floor, by=by, at=at, violence="none")
    incident = now_of(taken.incident)
    decision = factories.a_decision(
        incident,
        by=by,
        at=later(10),
        action="override",
        response_class="outreach_followup",
        program="plymouth_county_outreach",
        reason="danger_over",
    )
    assert decision.state == "waiting_second"
    if what == "nature":
        nature_set(incident=incident, nature="weapon_call", by=by, at=later(20))
    else:
        return_to_911(assignment=taken, reason="unsafe", by=crew_of(taken), at=later(20))
    with pytest.raises(Refused):
        decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(30))
    assert now_of(incident).risen_at == later(20)
    assert not now_of(incident).offer_wanted


def test_a_dispatchers_own_choice_of_an_unarmed_unit_begins_under_a_stage_order(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["dispatcher"], at=at, weapon="in_hand")
    factories.a_decision(call.incident, by=people["dispatcher"], at=at)
    incident = now_of(call.incident)
    assert incident.response_class == "emergency"
    sent = assignment_offer(incident=incident, unit=units["Star 1"], by=people["dispatcher"], at=later(5))
    assert StageOrder.objects.get(assignment=sent).words == "Weapon: In the hand"
    assignment_act(assignment=sent, action="accept", by=crew_of(sent), at=later(8))
    with pytest.raises(Refused, match="STAGE"):
        assignment_act(assignment=sent, action="on_scene", by=crew_of(sent), at=later(60))
    armed = assignment_offer(
        incident=incident, unit=units["CR 1"], by=people["dispatcher"], at=later(70), slot=Slot.ASSIST
    )
    assert not StageOrder.objects.filter(assignment=armed).exists()


def test_an_ambulance_for_a_medical_emergency_is_not_held_back(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["dispatcher"], at=at, breathing="absent")
    factories.a_decision(call.incident, by=people["dispatcher"], at=at)
    sent = assignment_offer(incident=now_of(call.incident), unit=units["Medic 1"], by=people["dispatcher"], at=later(5))
    assert not StageOrder.objects.filter(assignment=sent).exists()


def test_what_another_centre_gives_back_can_be_decided(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    target = target_set(centre=floor, kind="other_centre", name="County", phone="+1 308 555 0144", at=at, by=None)
    call = factories.a_triaged_call(floor, by=by, at=at)
    given = transfer_offer(id=uuid4(), call=call, kind="other_centre", target=target, by=by, at=later(1))
    transfer_connect(transfer=given, by=by, at=later(5), receiver_name="Pat")
    transfer_return(transfer=given, reason="out_of_scope", by=by, at=later(60))
    decision = factories.a_decision(call.incident, by=by, at=later(70))
    incident = now_of(call.incident)
    assert (decision.response_class, incident.state, incident.offer_wanted) == ("mobile_team", "pending", True)


def test_a_call_with_danger_is_not_put_on_hold(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["dispatcher"], at=at, weapon="in_hand")
    with pytest.raises(Refused, match="cannot be held"):
        incident_hold(
            incident=call.incident, until=later(3600), reason="calls back", by=people["dispatcher"], at=later(5)
        )


def test_a_held_call_is_not_offered_to_a_unit_that_could_not_accept(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], waits: Callable[..., Incident], later: Later
) -> None:
    incident = waits()
    incident_hold(incident=incident, until=later(600), reason="calls back", by=people["dispatcher"], at=later(5))
    with pytest.raises(Refused, match="held"):
        assignment_offer(incident=incident, unit=units["Star 1"], by=people["dispatcher"], at=later(10))


def test_a_danger_told_while_a_call_that_nobody_sent_is_on_hold_ends_the_hold(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    incident_hold(incident=call.incident, until=later(3600), reason="calls back", by=people["dispatcher"], at=later(5))
    again = factories.a_call(floor, by=people["call_taker2"], at=later(60))
    answers_record(
        incident=again.incident, source=again, answers=factories.WEAPON, by=people["call_taker2"], at=later(61)
    )
    call_join(call=again, into=call.incident, by=people["call_taker2"], at=later(62))
    incident = now_of(call.incident)
    assert (incident.state, incident.held_until) == ("triaged", None)
    assert "hold_over" in alarms()


@pytest.mark.parametrize(("pressed", "arrives"), [(90, 160), (99, 101)])
def test_a_status_pressed_on_the_scene_before_the_phone_heard_the_order_makes_it_withdraw(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, pressed: float, arrives: float
) -> None:
    taken = factories.an_accepted(floor, by=people["call_taker"], at=at)
    crew = crew_of(taken)
    assignment_act(assignment=taken, action="en_route", by=crew, at=later(10))
    _say(taken.incident, people["call_taker"], later(100), **factories.WEAPON)
    order = StageOrder.objects.get(assignment=taken)
    assert not order.withdraw
    said = status_report(assignment=taken, action="on_scene", by=crew, at=later(arrives), device_at=later(pressed))
    order.refresh_from_db()
    assert (said.said, order.withdraw) == (LATE, True)
    # Whoever has read it knows, and goes in no further.
    stage_acknowledge(order=order, how="phone", by=crew, at=later(200))
    with pytest.raises(Refused, match="STAGE"):
        status_report(assignment=taken, action="on_scene", by=crew, at=later(201), device_at=later(200))


@pytest.mark.parametrize("asked", [False, True])
def test_a_hazard_filed_while_nobody_has_accepted_yet_stops_the_call(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, asked: bool
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    if asked:
        offers_run(centre=floor, at=later(1))
    caution = caution_add(
        centre=floor,
        premise=premise_for(centre=floor, place=factories.a_place(floor)),
        text="Kept a rifle by the door",
        kind="weapon",
        severity="danger",
        source="Crew of CR 1",
        days=30,
        by=None,
        at=later(10),
    )
    assert due.cautions_new(floor, later(11)) == 1
    incident = now_of(call.incident)
    assert (incident.risen_at, incident.offer_wanted) == (later(11), False)
    assert StageOrder.objects.filter(assignment__incident=incident).count() == asked
    assert due.cautions_new(floor, later(12)) == 0
    factories.a_decision(
        incident, by=people["dispatcher"], at=later(20), action="override", response_class="emergency", reason="policy"
    )
    assert due.cautions_new(floor, later(21)) == 0
    assert caution.severity == "danger"


def test_words_that_nobody_has_located_do_not_make_the_known_hazards_vanish(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    factories.a_caution(floor, at=at)
    taken = factories.an_accepted(floor, by=people["call_taker"], at=at, where=factories.HOME)
    location_record(
        incident=taken.incident, text="rear door", state="unverified", by=people["call_taker"], at=later(20)
    )
    with pytest.raises(Refused, match="read or relayed"):
        assignment_act(assignment=taken, action="en_route", by=crew_of(taken), at=later(30))


def test_a_frozen_process_that_holds_the_centres_order_is_ended_and_the_same_round_offers(
    floor: Centre, waits: Callable[..., Incident], later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As short as it can be: what is waited for in earnest is three seconds.
    monkeypatch.setattr("dispatch.services.offers.rounds.ORDER_WAIT_MS", 100)
    waits()
    settings = connection.get_connection_params()
    address = {key: settings[key] for key in ("dbname", "user", "password", "host", "port") if key in settings}
    with psycopg.connect(**address) as frozen:
        frozen.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DISPATCH_LOCK, floor.pk])
        assert len(offers_run(centre=floor, at=later(1))) == 1
        with pytest.raises(psycopg.OperationalError):
            frozen.execute("SELECT 1")


def test_a_hazard_at_the_place_of_a_joined_call_counts_on(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    caution_add(
        centre=floor,
        premise=premise_for(centre=floor, place=factories.a_place(floor, factories.HOME)),
        text="Kept a rifle by the door",
        kind="weapon",
        severity="danger",
        source="Crew of CR 1",
        days=30,
        by=None,
        at=at,
    )
    taken = factories.an_accepted(floor, by=people["call_taker"], at=at)
    second = factories.a_call(floor, by=people["call_taker2"], at=later(10), where=factories.HOME)
    call_join(call=second, into=taken.incident, by=people["call_taker2"], at=later(20))
    assert StageOrder.objects.get(assignment=taken).reason == "weapon=accessible"


def test_withdrawing_the_last_hand_off_leaves_no_call_without_anybody(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    call = factories.a_triaged_call(floor, by=people["dispatcher"], at=at, weapon="in_hand")
    factories.a_decision(call.incident, by=people["dispatcher"], at=at)
    first, last = call.incident.handoffs.order_by("service")
    handoff_cancel(handoff=first, reason="asked twice", by=people["dispatcher"], at=later(5))
    assert alarms() == []
    handoff_cancel(handoff=last, reason="asked twice", by=people["dispatcher"], at=later(6))
    assert alarms() == ["handoff_declined"]


def test_a_promise_is_not_extended_over_a_danger(
    floor: Centre, people: dict[str, User], waits: Callable[..., Incident], later: Later
) -> None:
    incident = waits()
    _say(incident, people["call_taker"], later(5), **factories.WEAPON)
    with pytest.raises(Refused, match="Danger has risen"):
        promise_extend(
            id=uuid4(),
            incident=incident,
            minutes=5,
            reason=next(iter(EXTEND)),
            caller_told=True,
            by=people["dispatcher"],
            at=later(9),
        )
