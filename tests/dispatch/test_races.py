"""Many hands on the same rows, on real connections: one claim, one winner, no deadlock, nothing lost."""

# ruff: noqa: B023 - each round of a loop waits for its threads before the next one begins
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import (
    Alarm,
    Answer,
    Assignment,
    Call,
    Decision,
    Handoff,
    HistoryRow,
    Incident,
    StageOrder,
    Transfer,
)
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_open, phone_set
from dispatch.services.crew_safety import help_request
from dispatch.services.decisions import decision_take
from dispatch.services.handoffs import handoff_acknowledge
from dispatch.services.incidents import call_join
from dispatch.services.narrative import note_add
from dispatch.services.offers import assignment_offer, offer_expire, offers_run
from dispatch.services.transfers_in import transfer_receive
from dispatch.states import ASSIGNMENT_LIVE, TransitionRefused
from live.models import Event
from people.models import Phone
from responders.models import Unit
from responders.services import unit_position
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.parallel import failures, in_parallel
from tests.dispatch.waiting import lock_waits, until

pytestmark = pytest.mark.django_db(transaction=True)
Later = Callable[[float], datetime]


def _pending(centre: Centre, by: User, at: datetime, count: int) -> list[Incident]:
    made = []
    for _ in range(count):
        call = factories.a_triaged_call(centre, by=by, at=at)
        factories.a_decision(call.incident, by=by, at=at)
        made.append(call.incident)
    return made


def test_a_unit_is_claimed_once_by_sixteen_workers(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    Unit.objects.exclude(call_sign="Star 1").update(service="out_of_service")
    _pending(floor, people["call_taker"], at, 3)
    results = in_parallel(*[lambda: offers_run(centre=floor, at=later(1))] * 16)
    assert failures(results) == []
    live = Assignment.objects.filter(state__in=ASSIGNMENT_LIVE)
    assert live.count() == 1
    assert live.get().incident == Incident.objects.order_by("number").first()


def test_sixteen_workers_offer_each_incident_once_and_each_unit_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    _pending(floor, people["call_taker"], at, 4)
    results = in_parallel(*[lambda: offers_run(centre=floor, at=later(1))] * 16)
    assert failures(results) == []
    offers = list(Assignment.objects.values_list("incident", "unit"))
    assert len(offers) == 2
    assert len({incident for incident, _ in offers}) == len({unit for _, unit in offers}) == 2


def test_of_sixteen_who_accept_one_offer_one_change_is_recorded(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    crew = crew_of(offer)
    results = in_parallel(*[lambda: assignment_act(assignment=offer, action="accept", by=crew, at=later(1))] * 16)
    assert failures(results) == []
    assert HistoryRow.objects.filter(entity="assignment", action="accept").count() == 1
    assert Event.objects.filter(kind="assignment.accept").count() == 1


def test_accepting_races_expiring_and_exactly_one_wins(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    for _ in range(4):
        offer = factories.an_offer(floor, by=people["call_taker"], at=at)
        crew = crew_of(offer)
        results = in_parallel(
            lambda: assignment_act(assignment=offer, action="accept", by=crew, at=later(44)),
            lambda: offer_expire(assignment=offer, at=later(45)),
        )
        offer.refresh_from_db()
        assert offer.state in {"accepted", "expired"}
        lost = failures(results)
        assert [type(one) for one in lost] == ([] if offer.state == "accepted" else [TransitionRefused])
        incident = Incident.objects.get(pk=offer.incident_id)
        assert incident.offer_wanted == (offer.state == "expired")
        if offer.state == "accepted":
            assignment_act(assignment=offer, action="clear", disposition="not_found", by=crew, at=later(50))
        Incident.objects.filter(pk=incident.pk).update(offer_wanted=False)


def test_two_units_accept_the_same_slot_and_one_gets_it(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    one = factories.an_offer(floor, by=people["call_taker"], at=at)
    two = Assignment.objects.create(
        incident=one.incident, unit=units["Medic 1"], offered_at=at, offer_expires_at=at + timedelta(seconds=60)
    )
    results = in_parallel(
        *[
            lambda offer=offer: assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(1))
            for offer in (one, two)
        ]
    )
    assert len(failures(results)) == 1
    assert isinstance(failures(results)[0], TransitionRefused)
    assert Assignment.objects.filter(state="accepted").count() == 1
    assert Assignment.objects.filter(state="cancelled", end_reason="taken").count() == 1


def test_two_dispatchers_send_the_same_unit_to_two_incidents_and_one_is_told(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    first, second = _pending(floor, people["call_taker"], at, 2)
    results = in_parallel(
        *[
            lambda incident=incident, who=who: assignment_offer(
                incident=incident, unit=units["Outreach 1"], by=people[who], at=later(1)
            )
            for incident, who in ((first, "dispatcher"), (second, "dispatcher2"))
        ]
    )
    [lost] = failures(results)
    assert isinstance(lost, Refused)
    assert lost.code == "unit_taken"
    assert Assignment.objects.filter(unit=units["Outreach 1"]).count() == 1


def test_the_same_create_sixteen_times_at_once_is_one_call(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    id = uuid.uuid4()
    results = in_parallel(*[lambda: call_open(centre=floor, id=id, channel="911", by=people["call_taker"], at=at)] * 16)
    assert failures(results) == []
    assert (Call.objects.count(), Incident.objects.count()) == (1, 1)


def test_calls_at_the_same_moment_get_numbers_without_gaps(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    acts = [
        lambda: call_open(centre=floor, id=uuid.uuid4(), channel="911", by=people["call_taker"], at=at)
        for _ in range(16)
    ]
    assert failures(in_parallel(*acts)) == []
    assert sorted(Incident.objects.values_list("number", flat=True)) == list(range(1, 17))


def test_notes_answers_and_statuses_at_once_lose_nothing_and_versions_run_without_a_gap(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    incident, call, crew = accepted.incident, accepted.incident.calls.get(), crew_of(accepted)
    start = Incident.objects.get(pk=incident.pk).version
    notes = [
        lambda: note_add(id=uuid.uuid4(), incident=incident, text="calm", by=people["call_taker"], at=later(3))
        for _ in range(8)
    ]
    answers = [
        lambda value=value: answers_record(
            incident=incident, source=call, answers={"subjects": value}, by=people["call_taker"], at=later(3)
        )
        for value in (1, 2, 3, 4)
    ]
    status = [
        lambda: assignment_act(assignment=accepted, action="en_route", by=crew, at=later(4)),
        lambda: help_request(unit=accepted.unit, by=crew, at=later(4), lat=41.5, lon=-95.9),
    ]
    assert failures(in_parallel(*notes, *answers, *status)) == []
    assert incident.narrative.count() == 8
    assert Answer.objects.filter(key="subjects").count() == 4
    after = Incident.objects.get(pk=incident.pk)
    versions = list(
        Event.objects.filter(entity_id=incident.pk, version__gt=start)
        .order_by("version")
        .values_list("version", flat=True)
    )
    assert versions == list(range(start + 1, after.version + 1))
    assert (after.priority, after.handoffs.count()) == (1, 1)


@pytest.mark.parametrize("first_ends", [True, False], ids=["kept", "undone"])
def test_the_same_new_number_of_two_calls_at_once_is_one_row_whoever_waits(
    floor: Centre, people: dict[str, User], at: datetime, first_ends: bool
) -> None:
    """Also where the one who was first has it in a transaction that goes on, and that is undone in the end."""
    by, locked = people["call_taker"], threading.Event()
    calls = [factories.a_call(floor, by=by, at=at) for _ in range(6)]
    number: dict[str, Any] = {"number": "+13085550177", "confirmed": False, "by": by, "at": at}

    def slow() -> None:
        with transaction.atomic():
            phone_set(call=calls[0], **number)
            locked.set()
            until(lock_waits)
            transaction.set_rollback(not first_ends)

    def waits(call: Call) -> None:
        locked.wait(timeout=30)
        phone_set(call=call, **number)

    assert failures(in_parallel(slow, *[partial(waits, call) for call in calls[1:]])) == []
    phone = Phone.objects.get(number="+13085550177")
    assert phone.calls.count() == (6 if first_ends else 5)
    assert HistoryRow.objects.filter(entity="call", action="phone").count() == phone.calls.count()


def test_two_senders_who_give_us_each_others_numbers_do_not_wait_for_one_another(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by, (one, two) = people["call_taker"], ("+13085550171", "+13085550172")
    receive = partial(transfer_receive, centre=floor, kind="988", by=by, at=at)
    acts = [partial(receive, id=uuid.uuid4(), sender_number=a, number=b) for a, b in ((one, two), (two, one)) * 3]
    assert failures(in_parallel(*acts)) == []
    assert (Phone.objects.count(), Transfer.objects.filter(direction="in", state="connected").count()) == (2, 6)


def test_the_same_decision_at_once_is_one(floor: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    id = uuid.uuid4()
    act = lambda: decision_take(id=id, incident=call.incident, action="accept", by=people["call_taker"], at=at)  # noqa: E731
    assert failures(in_parallel(*[act] * 8)) == []
    assert Decision.objects.count() == 1
    other = [
        lambda: decision_take(id=uuid.uuid4(), incident=call.incident, action="accept", by=people["call_taker"], at=at)
    ] * 4
    assert {one.code for one in failures(in_parallel(*other)) if isinstance(one, Refused)} == {"already_sent"}


def test_panic_pressed_by_all_hands_at_once_is_one_alarm(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime
) -> None:
    acts = [lambda: help_request(unit=units["Star 1"], by=people["responder"], at=at, lat=41.5, lon=-95.9)] * 8
    assert failures(in_parallel(*acts)) == []
    assert (Alarm.objects.filter(kind="panic").count(), Handoff.objects.count(), Incident.objects.count()) == (1, 1, 1)


def test_a_weapon_answered_while_the_crew_accepts_reaches_the_crew_whoever_is_first(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    for _ in range(3):
        offer = factories.an_offer(floor, by=people["call_taker"], at=at)
        crew, call = crew_of(offer), offer.incident.calls.get()
        results = in_parallel(
            lambda: assignment_act(assignment=offer, action="accept", by=crew, at=later(2)),
            lambda: answers_record(
                incident=call.incident,
                source=call,
                answers=factories.WEAPON,
                by=people["call_taker"],
                at=later(2),
            ),
        )
        assert failures(results) == []
        assert StageOrder.objects.filter(assignment=offer, lifted_at__isnull=True).count() == 1
        assert Incident.objects.get(pk=offer.incident_id).offer_wanted is False
        assignment_act(assignment=offer, action="clear", disposition="handed_to_police", by=crew, at=later(3))


def test_the_alarm_of_a_hand_off_never_outlives_its_acknowledgement(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    for nth in range(4):
        call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, breathing="absent")
        factories.a_decision(call.incident, by=people["call_taker"], at=at)
        handoff = call.incident.handoffs.get()
        results = in_parallel(
            lambda: due.handoffs_unacknowledged(floor, later(31)),
            lambda: handoff_acknowledge(
                handoff=handoff,
                receiver_name="",
                receiver_number=f"E-{nth}",
                by=people["dispatcher"],
                at=later(31),
            ),
        )
        assert failures(results) == []
        assert not Alarm.objects.filter(kind="handoff_unacknowledged", ended_at__isnull=True).exists()


def test_two_calls_joined_into_each_other_do_not_deadlock(floor: Centre, people: dict[str, User], at: datetime) -> None:
    for _ in range(3):
        one, two = (factories.a_call(floor, by=people["call_taker"], at=at) for _ in range(2))
        results = in_parallel(
            lambda: call_join(call=one, into=two.incident, by=people["dispatcher"], at=at),
            lambda: call_join(call=two, into=one.incident, by=people["dispatcher2"], at=at),
        )
        assert all(isinstance(lost, Refused) for lost in failures(results))
        states = sorted(
            Incident.objects.filter(pk__in=[one.incident_id, two.incident_id]).values_list("state", flat=True)
        )
        assert states == ["joined", "open"]


def test_everything_at_once_ends_without_a_deadlock_and_with_nobody_booked_twice(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    incidents = _pending(floor, people["call_taker"], at, 4)
    acts: list[Callable[[], object]] = []
    for nth, incident in enumerate(incidents):
        acts += [
            partial(offers_run, centre=floor, at=later(1)),
            partial(assignment_offer, incident=incident, unit=units["Star 2"], by=people["dispatcher"], at=later(1)),
            partial(unit_position, unit=units["Star 1"], lat=41.5, lon=-95.9, by=None, at=later(nth)),
            partial(due.run, floor, later(2)),
            partial(help_request, unit=units["Star 2"], by=people["responder2"], at=later(2), lat=41.5, lon=-95.9),
        ]
    lost = failures(in_parallel(*acts))
    assert all(isinstance(one, Refused) for one in lost), lost
    busy = list(Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).values_list("unit", flat=True))
    assert len(busy) == len(set(busy))
