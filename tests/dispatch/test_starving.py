"""Nobody is starved: not by another program's queue, not by a frozen process, not by a program that is full."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Incident, Transfer
from dispatch.selectors.rounds import MOST_WAITING, queue_of
from dispatch.services.calls import phone_set
from dispatch.services.incidents import call_join
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.offers.locked import call_free
from dispatch.services.offers.rounds import LOOKED_AT_AGAIN
from dispatch.services.targets import target_set
from dispatch.services.transfer_rows import transfer_locked
from dispatch.services.transfers import transfer_offer
from programs.models import ProgramVersion
from responders.models import CrewMember, Unit
from tests import factories
from tests.dispatch.waiting import until

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
    assert len(queue) == MOST_WAITING
    # Served by urgency all the same: the other program's call is the last of them.
    assert (queue[0].id, queue[-1].id) == (first.pk, other.pk)
    assert other.pk in {one.incident_id for one in offers_run(centre=floor, at=later(1))}


@pytest.mark.django_db(transaction=True)
def test_a_frozen_holder_of_one_call_delays_no_other(
    floor: Centre, waits: Callable[..., Incident], later: Later
) -> None:
    stuck, other = waits(priority=1), waits(priority=4)
    held, go = threading.Event(), threading.Event()

    def freeze() -> None:
        with transaction.atomic():
            Incident.objects.select_for_update().get(pk=stuck.pk)
            held.set()
            go.wait(timeout=60)
        connection.close()

    def run() -> None:
        with connection.cursor() as cursor:
            # Whoever waited for the frozen one would wait for ever.
            cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        due.run(floor, later(1))
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        frozen = pool.submit(freeze)
        assert held.wait(timeout=30)
        rounds = pool.submit(run)
        try:
            until(rounds.done)
            rounds.result()
            assert [one.incident_id for one in Assignment.objects.all()] == [other.pk]
            assert not call_free(floor, stuck.pk, later(1), frozen_s=0.0)
            alarm = Alarm.objects.get(kind=Alarm.Kind.CALL_LOCKED)
            assert (alarm.subject, alarm.ended_at) == (str(stuck.pk), None)
            assert due.calls_locked(floor, later(1)) == 0
        finally:
            go.set()
        frozen.result()
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
            until(lambda: _waiting() == 1)
            waiters.append(pool.submit(closing, back))
            until(lambda: _waiting() == 2)
        first, second = (one.result(timeout=60) for one in waiters)
    assert not isinstance(second, Refused)
    assert not isinstance(first, Refused) or first.code == "call_moved"
    assert Call.objects.get(pk=moving.pk).incident_id == low.incident_id
    assert Transfer.objects.get().incident_id == low.incident_id


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_calls_that_nobody_can_go_to_make_no_new_call_wait_behind_them(
    floor: Centre, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    CrewMember.objects.all().delete()
    first = waits(priority=1)
    made = Incident.objects.bulk_create(
        Incident(
            centre=floor, number=1000 + nth, state="pending", priority=1, opened_at=at, sent_at=at, offer_wanted=True,
            response_class=first.response_class, program_version=first.program_version,
        )
        for nth in range(LOOKED_AT_AGAIN + 10)
    )  # fmt: skip

    def looked_at(second: float) -> set[str]:
        with CaptureQueriesContext(connection) as queries:
            assert offers_run(centre=floor, at=later(second)) == []
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
