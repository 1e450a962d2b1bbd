"""Processes that are stopped, not killed, with a row in hand, and that go on later: what must not wait does not."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.models import Centre, User
from dispatch import due
from dispatch.models import Alarm, Assignment, Incident
from dispatch.selectors.rounds import OVER_AFTER_S, Round
from dispatch.services.alarms import alarm_raise, alarm_take
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_safety import help_request
from dispatch.services.offers import incident_offer
from responders.models import Unit
from responders.services import unit_position
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.waiting import beside_frozen

Later = Callable[[float], datetime]


@pytest.mark.django_db(transaction=True)
def test_a_frozen_holder_of_a_unit_keeps_no_danger_no_help_and_no_call_waiting(
    floor: Centre, waits: Callable[..., Incident], units: dict[str, Unit], people: dict[str, User], at: datetime,
    later: Later,
) -> None:  # fmt: skip
    """A process is stopped while it writes units' positions, another one while somebody takes the alarm: a danger of
    the call, the crew's own help, and the next unit for another call are no matter of theirs."""
    going, asked = (factories.an_offer(floor, by=people["call_taker"], at=at) for _ in range(2))
    going = assignment_act(assignment=going, action="accept", by=crew_of(going), at=later(1))
    # The second one that ran out in this shift, so that the unit is flagged as silent.
    Assignment.objects.create(
        incident=waits(), unit=asked.unit, state="expired", offered_at=at, offer_expires_at=later(1), ended_at=later(2),
    )  # fmt: skip
    go = threading.Event()

    def freeze(held: threading.Event, act: Callable[[], object]) -> None:
        with transaction.atomic():
            act()
            held.set()
            go.wait(timeout=60)
        connection.close()

    def positions() -> None:
        for unit in (going.unit, asked.unit):
            unit_position(unit=unit, lat=41.5, lon=-95.9, by=None, at=later(2))

    def taken() -> None:
        alarm_take(alarm=Alarm.objects.get(kind="rising_risk"), by=people["supervisor"], at=later(3))

    with ThreadPoolExecutor(3) as pool:
        frozen = []

        def stop_while(act: Callable[[], object]) -> None:
            held = threading.Event()
            frozen.append(pool.submit(freeze, held, act))
            assert held.wait(timeout=30)

        stop_while(positions)
        try:
            with connection.cursor() as cursor:
                # Whoever would wait at all fails at once.
                cursor.execute("SET lock_timeout = 100")
            call, by = going.incident.calls.get(), people["call_taker"]
            answers_record(incident=going.incident, source=call, answers=factories.WEAPON, by=by, at=later(3))
            assert going.stage_orders.count() == 1
            stop_while(taken)
            answers_record(
                incident=going.incident, source=call, answers={"violence": "physical_now"}, by=by, at=later(4)
            )
            assert "Physical, now" in going.stage_orders.get().words
            alarm = help_request(unit=going.unit, by=crew_of(going), at=later(5), lat=41.51, lon=-95.91)
            assert (alarm.kind, alarm.detail["lat"], alarm.incident_id) == ("panic", 41.51, going.incident_id)
            # Nor for the call itself: then it is a call of its own, which says of which one it is.
            stop_while(partial(Incident.objects.select_for_update().get, pk=going.incident_id))
            urgent = help_request(unit=going.unit, by=crew_of(going), at=later(6), level="urgent")
            assert urgent.incident is not None
            assert urgent.incident_id != going.incident_id
            assert urgent.incident.locations.get().text.endswith(f", on call {going.incident}")
            assert urgent.incident.handoffs.get().service == "police"
            assert due.offers_expired(floor, later(61)) == 1
            asked.refresh_from_db()
            assert (asked.state, asked.unit.not_answering_since) == ("expired", None)
        finally:
            go.set()
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
        for one in frozen:
            one.result()


def test_a_round_that_was_stopped_and_goes_on_makes_no_offer_that_has_run_out(
    floor: Centre, waits: Callable[..., Incident], later: Later
) -> None:
    incident = waits()
    stopped = Round(floor, later(1), begun=time.monotonic() - OVER_AFTER_S - 1)
    assert incident_offer(incident.pk, stopped) is None
    assert not Assignment.objects.exists()
    assert incident_offer(incident.pk, Round(floor, later(1), begun=time.monotonic())) is not None


@pytest.mark.django_db(transaction=True)
def test_alarms_that_a_stopped_process_has_in_hand_hold_no_clock_of_the_floor_up(
    floor: Centre, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    """Their causes have gone, and somebody's process was stopped while they were being taken."""
    incident = waits()
    jobs = {
        "program_uncovered": due.programs_uncovered,
        "position_stale": due.positions_stale,
        "service_silent": due.services_silent,
        "unattended": due.calls_unattended,
        "version_not_live": due.versions_live,
        "call_locked": due.calls_locked,
    }
    with transaction.atomic():
        for kind in jobs:
            alarm_raise(centre=floor, kind=kind, subject=str(incident.pk), at=at)
    standing = Alarm.objects.filter(kind__in=jobs, ended_at__isnull=True)

    def hold() -> None:
        assert len(standing.select_for_update()) == len(jobs)

    def work() -> None:
        for job in jobs.values():
            job(floor, later(1))

    def look() -> None:
        assert standing.count() == len(jobs)

    beside_frozen(hold, work, look)
    for job in jobs.values():
        job(floor, later(2))
    assert standing.count() == 0
