"""A danger that rises after sending: crews stop, people are told, a person sends, and only a person lifts."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import presence_note
from dispatch import due
from dispatch.models import Alarm, Assignment, Incident, StageOrder
from dispatch.services.alarms import alarm_end
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.decisions import decision_second
from dispatch.services.handoffs import handoff_cancel, handoff_send
from dispatch.services.incidents import call_join, nature_set
from dispatch.services.locations import location_record
from dispatch.services.offers import assignment_offer, offer_expire, offers_run
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.targets import target_set
from dispatch.services.transfer_ends import transfer_return
from dispatch.services.transfers import transfer_connect, transfer_offer
from people.models import Place
from programs.models import ProtocolVersion, VersionState
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
URGENT = ["rising_risk", "stage_unacknowledged"]


@pytest.fixture
def accepted(floor: Centre, people: dict[str, User], at: datetime) -> Assignment:
    return factories.an_accepted(floor, by=people["call_taker"], at=at)


def _say(assignment: Assignment, by: User, at: datetime, **answers: object) -> None:
    call = assignment.incident.calls.get()
    answers_record(incident=assignment.incident, source=call, answers=answers, by=by, at=at)


def _standing(assignment: Assignment) -> StageOrder:
    return assignment.stage_orders.get(lifted_at__isnull=True)


def test_a_weapon_after_acceptance_stops_the_crew_and_makes_hand_offs_ready(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    _say(accepted, people["call_taker"], later(5), weapon="in_hand")
    order = _standing(accepted)
    assert (order.reason, order.words, order.withdraw) == ("weapon=in_hand", "Weapon: In the hand", False)
    assert alarms() == URGENT
    assert {one.service: one.state for one in accepted.incident.handoffs.all()} == {"police": "ready", "ems": "ready"}
    incident = Incident.objects.get(pk=accepted.incident_id)
    assert (incident.risen_at, incident.priority, incident.response_class) == (later(5), 1, "mobile_team")
    accepted.refresh_from_db()
    assert accepted.state == "accepted"


def test_a_crew_on_the_scene_is_asked_to_withdraw(accepted: Assignment, people: dict[str, User], later: Later) -> None:
    for nth, action in enumerate(("en_route", "on_scene")):
        assignment_act(assignment=accepted, action=action, by=people["responder"], at=later(10 + nth))
    _say(accepted, people["call_taker"], later(20), violence="physical_now")
    assert _standing(accepted).withdraw


WAY_IN = ("accept", "en_route", "stage", "on_scene", "with_person", "transport")


@pytest.mark.parametrize("phone", ["heard", "offline"])
@pytest.mark.parametrize(
    ("acts", "withdraw"),
    [(0, False), (1, False), (2, False), (3, False), (4, True), (5, True), (6, True)],
    ids=["offered", "accepted", "en_route", "staged", "on_scene", "with_person", "transporting"],
)
def test_a_knife_reaches_the_crew_wherever_it_is(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms,
    acts: int, withdraw: bool, phone: str,
) -> None:  # fmt: skip
    work = factories.an_offer(floor, by=people["call_taker"], at=at)
    Assignment.objects.filter(pk=work.pk).update(offer_expires_at=later(300))
    crew = crew_of(work)
    for nth, action in enumerate(WAY_IN[:acts]):
        work = assignment_act(assignment=work, action=action, by=crew, at=later(2 + nth))
    state = work.state
    if phone == "heard":
        presence_note(user=crew, page="phone", at=later(190))
    _say(work, people["call_taker"], later(200), weapon="in_hand")
    order = _standing(work)
    assert (order.reason, order.withdraw, order.acknowledged_at) == ("weapon=in_hand", withdraw, None)
    assert alarms() == URGENT
    assert {one.service: one.state for one in work.incident.handoffs.all()} == {"police": "ready", "ems": "ready"}
    told = Alarm.objects.get(kind="stage_unacknowledged").detail.get("words", "")
    assert told.startswith("Phone not heard since") == (phone == "offline")
    # The crew's own status is its own; nothing but its yes, or a dispatcher's word by radio, ends the alarm.
    work.refresh_from_db()
    assert work.state == state
    assert due.stage_orders_unread(floor, later(230)) == 1
    if state == "offered":
        work = assignment_act(assignment=work, action="accept", by=crew, at=later(231))
    if not withdraw:
        with pytest.raises(Refused, match="STAGE"):
            assignment_act(assignment=work, action="on_scene", by=crew, at=later(232))
    by = crew if phone == "heard" else people["dispatcher"]
    stage_acknowledge(order=order, how="phone" if phone == "heard" else "radio", by=by, at=later(233))
    assert alarms() == ["rising_risk"]
    if not withdraw:
        with pytest.raises(Refused, match="STAGE"):
            assignment_act(assignment=work, action="on_scene", by=crew, at=later(234))


@pytest.mark.parametrize("how", ["phone", "radio"])
def test_the_alarm_ends_only_with_the_crews_acknowledgement(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms, how: str
) -> None:
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    order = _standing(accepted)
    with pytest.raises(Refused, match="acknowledged"):
        alarm_end(
            alarm=Alarm.objects.get(kind="stage_unacknowledged"), by=people["supervisor"], at=later(6), note="sure"
        )
    with pytest.raises(Refused):
        stage_acknowledge(order=order, how="telepathy", by=people["dispatcher"], at=later(7))
    who = people["responder"] if how == "phone" else people["dispatcher"]
    read = stage_acknowledge(order=order, how=how, by=who, at=later(8))
    assert (read.acknowledged_how, read.acknowledged_by, alarms()) == (how, who, ["rising_risk"])
    assert stage_acknowledge(order=order, how="phone", by=people["responder2"], at=later(9)).acknowledged_by == who


def test_an_unread_order_goes_to_the_supervisor_after_30_s_once(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later
) -> None:
    _say(accepted, people["call_taker"], later(0), **factories.WEAPON)
    assert due.stage_orders_unread(floor, later(29)) == 0
    assert due.stage_orders_unread(floor, later(30)) == 1
    assert due.stage_orders_unread(floor, later(31)) == 0
    alarm = Alarm.objects.get(kind="stage_unacknowledged")
    assert (alarm.owner_role, alarm.escalated_at) == ("supervisor", later(30))
    assert due.risen_unanswered(floor, later(30)) == 1
    assert due.risen_unanswered(floor, later(31)) == 0


def test_nobody_enters_while_the_order_stands_and_only_a_dispatcher_lifts_it(
    accepted: Assignment, people: dict[str, User], later: Later
) -> None:
    crew = people["responder"]
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    order = _standing(accepted)
    stage_acknowledge(order=order, how="phone", by=crew, at=later(6))
    for action in ("en_route", "stage"):
        assignment_act(assignment=accepted, action=action, by=crew, at=later(7))
    with pytest.raises(Refused, match="STAGE"):
        assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(8))
    _say(accepted, people["call_taker"], later(9), weapon="none")
    with pytest.raises(Refused, match="STAGE"):
        assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(10))
    for role in ("responder", "call_taker", "clinician"):
        with pytest.raises(PermissionDenied):
            stage_lift(order=order, reason="scene_safe_police", by=people[role], at=later(11))
    with pytest.raises(Refused):
        stage_lift(order=order, reason="bored", by=people["dispatcher"], at=later(11))
    stage_lift(order=order, reason="scene_safe_police", by=people["dispatcher"], at=later(12))
    assert assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(13)).state == "on_scene"


def test_an_answer_that_changes_nothing_does_not_alarm_the_crew_again(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    stage_acknowledge(order=_standing(accepted), how="phone", by=people["responder"], at=later(6))
    _say(accepted, people["call_taker"], later(7), language="es", weapon="in_hand", subjects=2)
    assert StageOrder.objects.count() == 1
    assert alarms() == ["rising_risk"]


def test_a_second_danger_is_a_new_order_once_the_first_was_read_and_one_with_both_before(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    _say(accepted, people["call_taker"], later(5), weapon="accessible")
    _say(accepted, people["call_taker"], later(6), violence="physical_now")
    both = _standing(accepted)
    assert "Weapon" in both.words
    assert "Harm to others" in both.words
    stage_acknowledge(order=both, how="phone", by=people["responder"], at=later(7))
    _say(accepted, people["call_taker"], later(8), hazard="fire_or_gas")
    newer = _standing(accepted)
    assert newer.pk != both.pk
    assert newer.acknowledged_at is None
    both.refresh_from_db()
    assert both.lift_reason == "replaced_by_newer"
    assert alarms() == URGENT


def test_a_danger_reaches_an_unarmed_crew_also_where_the_call_was_an_emergency_before(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, medical_signs=["chest_pain"])
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    medic = assignment_offer(incident=call.incident, unit=units["Medic 1"], by=people["dispatcher"], at=later(1))
    assignment_act(assignment=medic, action="accept", by=people["medic"], at=later(2))
    assert not medic.stage_orders.exists()
    _say(medic, people["call_taker"], later(3), **factories.WEAPON)
    assert _standing(medic).words.startswith("Weapon")


def test_an_armed_crew_gets_no_order(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, violence="threats")
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    [offer] = offers_run(centre=floor, at=later(1))
    assert offer.unit.armed
    assignment_act(assignment=offer, action="accept", by=people["officer"], at=later(2))
    _say(offer, people["call_taker"], later(3), **factories.WEAPON)
    assert not StageOrder.objects.exists()
    assert alarms() == ["rising_risk"]


def test_when_the_engine_has_failed_a_danger_still_stops_the_crew(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    ProtocolVersion.objects.update(state=VersionState.RETIRED)
    _say(accepted, people["call_taker"], later(5), language="es")
    assert alarms() == ["engine_error"]
    _say(accepted, people["call_taker"], later(6), **factories.WEAPON)
    assert _standing(accepted).reason == "weapon=in_hand"
    assert alarms() == ["engine_error", *URGENT]
    assert accepted.incident.handoffs.get().service == "police"


@pytest.mark.parametrize("was", ["emergency", "another danger", "not decided here"])
def test_a_dangerous_nature_reaches_the_crew_whatever_the_call_was_sent_as(
    accepted: Assignment, people: dict[str, User], later: Later, alarms: Alarms, was: str
) -> None:
    if was == "another danger":
        nature_set(incident=accepted.incident, nature="overdose", by=people["dispatcher"], at=later(3))
        assert accepted.stage_orders.count() == 1
        stage_acknowledge(order=_standing(accepted), how="radio", by=people["dispatcher"], at=later(4))
    else:
        sent = {"emergency": "emergency", "not decided here": ""}[was]
        Incident.objects.filter(pk=accepted.incident_id).update(response_class=sent)
    nature_set(incident=accepted.incident, nature="weapon_call", by=people["dispatcher"], at=later(5))
    order = _standing(accepted)
    assert (order.reason, order.acknowledged_at) == ("nature=weapon_call", None)
    assert alarms() == URGENT
    stage_acknowledge(order=order, how="radio", by=people["dispatcher"], at=later(6))
    # What an ambulance comes for holds no crew of an emergency back.
    Incident.objects.filter(pk=accepted.incident_id).update(response_class="emergency")
    nature_set(incident=accepted.incident, nature="medical_emergency", by=people["dispatcher"], at=later(7))
    assert accepted.stage_orders.count() == (2 if was == "another danger" else 1)


@pytest.mark.parametrize("what", ["joined call", "nature", "place"])
def test_a_joined_call_a_nature_and_a_place_act_like_an_answer(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later, what: str
) -> None:
    by = people["dispatcher"]
    if what == "joined call":
        other = factories.a_triaged_call(floor, by=people["call_taker2"], at=at, weapon="in_hand")
        call_join(call=other, into=accepted.incident, by=by, at=later(5))
    elif what == "nature":
        nature_set(incident=accepted.incident, nature="weapon_call", by=by, at=later(5))
    else:
        Place.objects.filter(label="Alder St & Main St").update(location_type="roadway")
        answers_record(
            incident=accepted.incident,
            source=accepted.unit,
            answers={"hazard": "roadway"},
            basis="crew",
            by=by,
            at=later(5),
        )
    assert _standing(accepted).acknowledged_at is None
    assert Incident.objects.get(pk=accepted.incident_id).risen_at == later(5)


def test_a_moved_place_has_its_hazards_read_again(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    factories.a_caution(floor, at=at)
    assignment_act(assignment=accepted, action="en_route", by=people["responder"], at=later(5))
    home = factories.a_place(floor, factories.HOME)
    location_record(
        incident=accepted.incident, text=home.label, place=home, state="verified", by=people["call_taker"], at=later(6)
    )
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=accepted, action="on_scene", by=people["responder"], at=later(7))
    assert refused.value.code == "cautions_not_read"


def test_after_the_danger_rose_nobody_further_is_offered_until_a_person_decides(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    _say(offer, people["call_taker"], later(5), **factories.WEAPON)
    assert _standing(offer).words.startswith("Weapon")
    offer_expire(assignment=offer, at=later(120))
    assert alarms() == ["rising_risk"]
    assert offers_run(centre=floor, at=later(121)) == []
    incident = Incident.objects.get(pk=offer.incident_id)
    assert (incident.state, incident.offer_wanted) == ("pending", False)
    by = people["dispatcher"]
    again = factories.a_decision(
        incident,
        by=by,
        at=later(130),
        action="override",
        response_class="mobile_team",
        program="star",
        reason="danger_over",
    )
    decision_second(decision=again, agree=True, by=people["supervisor"], at=later(140))
    assert len(offers_run(centre=floor, at=later(400))) == 1


def test_a_unit_that_a_dispatcher_sends_after_the_danger_rose_stages_from_the_start(
    accepted: Assignment, people: dict[str, User], units: dict[str, Unit], later: Later
) -> None:
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    medic = assignment_offer(
        incident=accepted.incident, unit=units["Medic 1"], slot="medic", by=people["dispatcher"], at=later(6)
    )
    assert _standing(medic).words.startswith("Weapon")


def test_a_crew_called_off_after_the_danger_rose_is_not_replaced_by_itself(
    accepted: Assignment, floor: Centre, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    assignment_act(assignment=accepted, action="cancel", reason="too dangerous", by=people["dispatcher"], at=later(9))
    assert offers_run(centre=floor, at=later(10)) == []
    assert alarms() == ["rising_risk"]
    assert due.promises(floor, later(3600)) == 1
    assert accepted.incident.handoffs.get(service="police").state == "requested"


def test_a_choice_that_two_people_confirmed_is_not_undone_by_the_next_harmless_answer(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    decision = factories.a_decision(
        call.incident,
        by=by,
        at=at,
        action="override",
        response_class="mobile_team",
        program="star",
        reason="danger_over",
    )
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(5))
    [offer] = offers_run(centre=floor, at=later(6))
    assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(7))
    _say(offer, by, later(8), language="es")
    assert not StageOrder.objects.exists()
    _say(offer, by, later(9), weapon="in_hand")
    assert _standing(offer).words.startswith("Weapon")


def test_a_person_sends_or_withdraws_what_the_machine_made_ready(
    accepted: Assignment, people: dict[str, User], later: Later
) -> None:
    _say(accepted, people["call_taker"], later(5), **factories.WEAPON)
    police, ems = (accepted.incident.handoffs.get(service=name) for name in ("police", "ems"))
    sent = handoff_send(handoff=police, by=people["dispatcher"], at=later(6))
    assert (sent.state, sent.requested_at) == ("requested", later(6))
    assert handoff_send(handoff=police, by=people["dispatcher"], at=later(7)).requested_at == later(6)
    gone = handoff_cancel(handoff=ems, reason="nobody hurt", by=people["dispatcher"], at=later(8))
    assert gone.state == "cancelled"


def test_danger_that_is_told_after_another_centre_got_the_call_is_told_to_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker = people["call_taker"]
    county = target_set(centre=floor, kind="other_centre", name="County", phone="+1 308 555 0191", at=at, by=None)
    call = factories.a_call(floor, by=taker, at=at)
    transfer = transfer_offer(id=uuid4(), call=call, kind="other_centre", target=county, by=taker, at=later(1))
    transfer_connect(transfer=transfer, by=taker, at=later(5), receiver_name="Desk 3")
    incident = Incident.objects.get(pk=call.incident_id)
    for second, answers in ((9, {"weapon": "none"}), (10, {"weapon": "in_hand"}), (11, {"violence": "physical_now"})):
        answers_record(incident=incident, source=call, answers=answers, by=taker, at=later(second))
        assert alarms() == ([] if second == 9 else ["rising_risk"])
    alarm = Alarm.objects.get()
    assert (alarm.owner_role, alarm.owner, alarm.urgent) == (incident.owner_role, incident.owner, True)
    assert alarm.detail["words"].startswith("Tell the other centre (County): Weapon")
    assert "Harm to others" in alarm.detail["words"]
    # Once it has come back it is ours to decide.
    alarm_end(alarm=alarm, by=people["dispatcher"], at=later(15), note="told them")
    transfer_return(transfer=transfer, reason="out_of_scope", by=taker, at=later(20))
    answers_record(incident=incident, source=call, answers={"suicide": "attempt_now"}, by=taker, at=later(21))
    words = Alarm.objects.get(kind=Alarm.Kind.RISING_RISK, ended_at=None).detail["words"]
    assert words.startswith("Not decided yet: ")
