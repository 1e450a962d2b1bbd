"""Nobody is starved: not by another program's queue, not by a frozen process, not by a program that is full."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Incident, Transfer
from dispatch.reasons import NO_UNIT
from dispatch.selectors.rounds import MOST_IN_TURN, MOST_NEW, MOST_URGENT, Round, queue_of
from dispatch.services.calls import call_open, phone_set
from dispatch.services.incidents import call_join
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.offers.locked import call_free
from dispatch.services.offers.rounds import LOOKED_AT_AGAIN, MOST_PASSED
from dispatch.services.targets import target_set
from dispatch.services.transfer_rows import transfer_locked
from dispatch.services.transfers import transfer_offer
from people.services import phone_record
from programs.models import ProgramVersion, ProtocolVersion
from programs.services import centre_open, protocol_draft, suspension_ask_resume, suspension_resume, suspension_set
from responders.models import CrewMember, Unit
from tests import factories
from tests.dispatch.waiting import beside_frozen, lock_waits, until

Later = Callable[[float], datetime]


def test_five_hundred_calls_of_one_program_hide_no_other_programs_call(
    floor: Centre, waits: Callable[..., Incident], programs: dict[str, ProgramVersion], at: datetime, later: Later
) -> None:
    first = waits(priority=1)
    Incident.objects.bulk_create(
        Incident(
            centre=floor, number=1000 + nth, state="pending", priority=1, opened_at=at, sent_at=at, offer_wanted=True,
            response_class=first.response_class, program_version=first.program_version,
        )
        for nth in range(500)
    )  # fmt: skip
    other = waits(priority=4)
    Incident.objects.filter(pk=other.pk).update(program_version=programs["plymouth_county_outreach"])
    queue = queue_of(floor, later(1))
    assert len(queue) == MOST_URGENT + MOST_NEW
    # Served by urgency all the same: the other program's call is the last of them.
    assert (queue[0].id, queue[-1].id) == (first.pk, other.pk)
    assert other.pk in {one.incident_id for one in offers_run(centre=floor, at=later(1))}


@pytest.mark.django_db(transaction=True)
def test_neither_a_call_that_is_being_opened_nor_an_administrator_delays_a_new_one(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    live, editor = ProtocolVersion.objects.get(centre=centre), people["program_administrator"]
    held, go = threading.Event(), threading.Event()

    def opened() -> int:
        # The same caller, never seen before: not even the row of the number is waited for.
        call = call_open(centre=centre, id=uuid4(), channel="911", by=None, at=at, number="+12125550123")
        return call.incident.number

    def freeze() -> int:
        # The phone's row is made first and for itself, as for any web request.
        phone_record(centre=centre, number="+12125550123", at=at)
        try:
            with transaction.atomic():
                number = opened()
                protocol_draft(centre=centre, data=live.data, by=editor, at=at)
                centre_open(centre=centre, missing=[], by=editor, at=at)
                held.set()
                go.wait(timeout=60)
            return number
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(freeze)
        assert held.wait(timeout=30)
        try:
            with connection.cursor() as cursor:
                # Whoever would wait at all fails at once.
                cursor.execute("SET lock_timeout = 200")
            numbers = [opened(), opened()]
        finally:
            go.set()
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        assert sorted([frozen.result(), *numbers]) == [1, 2, 3]


def test_five_hundred_calls_that_wait_hide_no_new_one_and_have_their_turn_themselves(
    floor: Centre, waits: Callable[..., Incident], programs: dict[str, ProgramVersion], units: dict[str, Unit],
    at: datetime, later: Later,
) -> None:  # fmt: skip
    first = waits(priority=1)
    Unit.objects.update(service="out_of_service")
    Incident.objects.bulk_create(
        Incident(
            centre=floor, number=1000 + nth, state="pending", priority=1, opened_at=at, sent_at=at, offer_wanted=True,
            response_class=first.response_class, program_version=first.program_version,
            no_unit_reason="all_off_shift", no_unit_detail=[],
        )
        for nth in range(500)
    )  # fmt: skip
    offers_run(centre=floor, at=later(1))
    # The least urgent and youngest of all, of the same program and of another one.
    same, other = waits(priority=4), waits(priority=4)
    Incident.objects.filter(pk=other.pk).update(program_version=programs["plymouth_county_outreach"])
    offers_run(centre=floor, at=later(2))
    assert all(Incident.objects.get(pk=one.pk).no_unit_reason for one in (same, other))
    # Explained like all others by now, each of them has its turn, in whatever rhythm the rounds come.
    everybody = set(Incident.objects.filter(offer_wanted=True).values_list("pk", flat=True))
    for step in (1, 2, 3, 7, 60):
        seen = [{one.id for one in queue_of(floor, later(step * nth))} for nth in range(10)]
        assert set().union(*seen) == everybody, step
        assert max(map(len, seen)) <= MOST_URGENT + MOST_IN_TURN


@pytest.mark.django_db(transaction=True)
def test_a_unit_that_somebody_has_locked_is_said_and_asked_as_soon_as_it_is_free(
    floor: Centre, waits: Callable[..., Incident], units: dict[str, Unit], later: Later
) -> None:
    """Also where more units are locked than a round waits for."""
    Unit.objects.update(team=units["Star 1"].team)
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    call, behind = waits(priority=2), waits(priority=3)
    assert Unit.objects.filter(service="in_service").count() > MOST_PASSED
    held, go = threading.Event(), threading.Event()

    def freeze() -> None:
        with transaction.atomic():
            assert len(Unit.objects.select_for_update().exclude(call_sign="Star 2")) > MOST_PASSED
            held.set()
            go.wait(timeout=60)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(freeze)
        assert held.wait(timeout=30)
        try:
            for second in (1, 2):
                assert offers_run(centre=floor, at=later(second)) == []
                for one in (call, behind):
                    one.refresh_from_db()
                    assert one.no_unit_reason == "unit_contended"
                    said = {row["call_sign"]: row["shortfalls"] for row in one.no_unit_detail}
                    assert said.pop("Star 2") == ["out_of_service"]
                    assert set(map(tuple, said.values())) == {("contended",)}
                    assert one.no_unit_reason in NO_UNIT
        finally:
            go.set()
        frozen.result()
    Unit.objects.exclude(pk=units["Star 1"].pk).update(service="out_of_service")
    assert [one.incident_id for one in offers_run(centre=floor, at=later(3))] == [call.pk]
    behind.refresh_from_db()
    assert behind.no_unit_reason == "all_busy"


def test_a_call_under_a_stop_key_holds_no_unit_back_from_others_and_has_its_turn_when_it_is_lifted(
    floor: Centre, waits: Callable[..., Incident], units: dict[str, Unit], people: dict[str, User], later: Later
) -> None:
    stopped, other = waits(priority=1, nature="suicidal_person"), waits(priority=3)
    Unit.objects.exclude(pk=units["Star 1"].pk).update(service="out_of_service")
    stop = suspension_set(
        centre=floor, scope="nature", subject=stopped.nature, reason="surge", by=people["supervisor"], at=later(0)
    )  # fmt: skip
    assert [one.incident_id for one in offers_run(centre=floor, at=later(1))] == [other.pk]
    stopped.refresh_from_db()
    assert stopped.no_unit_reason == "suspended"
    queue = queue_of(floor, later(2))
    seen = Round(floor, later(2))
    seen.plan([*queue, *queue])
    assert (seen.planned, seen.hopeless) == ({}, {stopped.pk})
    suspension_ask_resume(suspension=stop, by=people["supervisor"], at=later(2))
    suspension_resume(suspension=stop, by=people["dispatcher"], at=later(2))
    Assignment.objects.update(state="cancelled", ended_at=later(2), end_reason="dispatcher")
    Incident.objects.filter(pk=other.pk).update(offer_wanted=False)
    assert [one.incident_id for one in offers_run(centre=floor, at=later(3))] == [stopped.pk]


@pytest.mark.django_db(transaction=True)
def test_a_frozen_holder_of_one_call_delays_no_other(
    floor: Centre, waits: Callable[..., Incident], later: Later
) -> None:
    stuck, other = waits(priority=1), waits(priority=4)

    def look() -> None:
        assert [one.incident_id for one in Assignment.objects.all()] == [other.pk]
        assert not call_free(floor, stuck.pk, later(1), frozen_s=0.0)
        alarm = Alarm.objects.get(kind=Alarm.Kind.CALL_LOCKED)
        assert (alarm.subject, alarm.ended_at) == (str(stuck.pk), None)
        assert due.calls_locked(floor, later(1)) == 0

    beside_frozen(lambda: Incident.objects.select_for_update().get(pk=stuck.pk), lambda: due.run(floor, later(1)), look)
    due.run(floor, later(2))
    assert {one.incident_id for one in Assignment.objects.all()} == {stuck.pk, other.pk}
    due.run(floor, later(10))
    assert Alarm.objects.get(kind=Alarm.Kind.CALL_LOCKED).ended_at == later(10)


def test_a_full_program_asks_nobody_more_and_says_so(
    floor: Centre, star: Callable[..., ProgramVersion], waits: Callable[..., Incident], people: dict[str, User],
    units: dict[str, Unit], later: Later,
) -> None:  # fmt: skip
    star(capacity=1)
    first, second = waits(priority=3), waits(priority=4)
    assert [one.incident_id for one in offers_run(centre=floor, at=later(1))] == [first.pk]
    second.refresh_from_db()
    assert second.no_unit_reason == "program_full"
    assert any("program_full" in row["shortfalls"] for row in second.no_unit_detail)
    # A dispatcher's own choice is applied, its shortfall kept with the offer.
    sent = assignment_offer(incident=second, unit=units["Star 2"], by=people["dispatcher"], at=later(2))
    assert [one["code"] for one in sent.why["shortfalls"]] == ["program_full"]


def test_a_response_that_is_over_makes_room(
    floor: Centre, star: Callable[..., ProgramVersion], waits: Callable[..., Incident], later: Later
) -> None:
    star(capacity=1)
    waits()
    second = waits(priority=4)
    (offer,) = offers_run(centre=floor, at=later(1))
    Assignment.objects.filter(pk=offer.pk).update(state="cancelled", ended_at=later(2), end_reason="dispatcher")
    Incident.objects.filter(pk=offer.incident_id).update(offer_wanted=False)
    assert [one.incident_id for one in offers_run(centre=floor, at=later(3))] == [second.pk]


def test_a_job_that_is_seldom_due_is_not_jumped_over_by_a_slow_round(floor: Centre, later: Later) -> None:
    due.run(floor, later(0))
    Unit.objects.update(service="out_of_service")
    assert due.run(floor, later(9))["programs_uncovered"] == 0
    # The second that ends in nought fell into a long round; the next one makes up for it.
    assert due.run(floor, later(13))["programs_uncovered"] > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["call", "transfer"])
def test_a_call_that_is_joined_back_and_forth_deadlocks_nobody(
    door: str, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    calls = [factories.a_triaged_call(floor, by=people["call_taker"], at=at) for _ in range(2)]
    low, high = sorted(calls, key=lambda one: one.incident_id)
    moving, staying = high, low
    extra = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    line = target_set(centre=floor, kind="988", name="988", phone="+1 308 555 0188", at=at, by=None)
    rung = transfer_offer(id=moving.pk, call=moving, kind="988", target=line, bridge=True, by=by, at=at)
    call_join(call=extra, into=moving.incident, by=by, at=at)

    def act() -> Any:
        with transaction.atomic():
            if door == "call":
                return phone_set(call=moving, number="+13085550142", confirmed=True, by=by, at=later(2))
            return transfer_locked(rung)

    def back() -> Any:
        return call_join(call=staying, into=Incident.objects.get(pk=high.incident_id), by=by, at=later(3))

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            call_join(call=moving, into=low.incident, by=by, at=later(1))
            # The one waits for the incident that the call is leaving, the other for both in their order.
            waiters = [pool.submit(closing, act)]
            until(lambda: lock_waits() == 1)
            waiters.append(pool.submit(closing, back))
            until(lambda: lock_waits() == 2)
        first, second = (one.result(timeout=60) for one in waiters)
    assert not isinstance(second, Refused)
    assert not isinstance(first, Refused) or first.code == "call_moved"
    assert Call.objects.get(pk=moving.pk).incident_id == low.incident_id
    assert Transfer.objects.get().incident_id == low.incident_id


def test_calls_that_nobody_can_go_to_make_no_new_call_wait_behind_them(
    floor: Centre, waits: Callable[..., Incident], units: dict[str, Unit], people: dict[str, User], at: datetime,
    later: Later,
) -> None:  # fmt: skip
    CrewMember.objects.all().delete()
    first = waits(priority=1)
    made = Incident.objects.bulk_create(
        Incident(
            centre=floor, number=1000 + nth, state="pending", priority=1, opened_at=at, sent_at=at, offer_wanted=True,
            response_class=first.response_class, program_version=first.program_version,
        )
        for nth in range(LOOKED_AT_AGAIN + 10)
    )  # fmt: skip

    def looked_at(second: float, offered: int = 0) -> set[str]:
        with CaptureQueriesContext(connection) as queries:
            assert len(offers_run(centre=floor, at=later(second))) == offered
        locks = [one["sql"] for one in queries.captured_queries if "FOR UPDATE SKIP LOCKED" in one["sql"]]
        return {str(one.pk) for one in [first, new, *made] for sql in locks if one.pk.hex in sql or str(one.pk) in sql}

    new = first
    looked_at(1)
    assert not Incident.objects.filter(no_unit_reason="").exists()
    new = waits(priority=4)
    found = looked_at(2)
    # The new call is looked at, and explained, in its first round, and only some of those that stood there before.
    assert str(new.pk) in found
    assert len(found) == LOOKED_AT_AGAIN + 1
    # All have their turn: two rounds hold them all, whoever runs them.
    assert looked_at(3) | looked_at(4) == {str(one.pk) for one in [first, new, *made]}
    # One unit that comes free is no reason to look at all of them: the first has it, nobody is left for the others.
    CrewMember.objects.create(unit=units["Star 1"], user=people["responder"], since=at)
    assert len(looked_at(5, offered=1)) == LOOKED_AT_AGAIN + 1
