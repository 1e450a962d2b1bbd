"""The loop that needs no broker: one holds the lock, others stand by, and none of them stays down."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditRow, Centre, User
from dispatch.models import Alarm, Assignment, Incident
from dispatch.selectors.alarms import wall_headline
from dispatch.services.offers import offers_run
from dispatch.services.offers.rounds import DISPATCH_LOCK
from dispatch.sweeper import SWEEP_LOCK, Sweeper
from live.models import Heartbeat
from live.selectors import heartbeat_age
from tests import factories
from tests.dispatch.test_nudge import _test_database
from tests.dispatch.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def _running(sweeper: Sweeper) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        sweeper.run(stop)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=60)
        assert not thread.is_alive()


def _holders() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s AND classid = 0"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [SWEEP_LOCK],
        )
        return [row[0] for row in cursor.fetchall()]


def _pending(centre: Centre, by: User) -> Incident:
    call = factories.a_triaged_call(centre, by=by, at=timezone.now())
    factories.a_decision(call.incident, by=by, at=timezone.now())
    return call.incident


def _offered(incident: Incident) -> Callable[[], bool]:
    return lambda: Assignment.objects.filter(incident=incident, state="offered").exists()


def test_a_round_offers_expires_alarms_and_seals(floor: Centre, people: dict[str, User], at: datetime) -> None:
    first = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(first.incident, by=people["call_taker"], at=at)
    emergency = factories.a_triaged_call(floor, by=people["call_taker"], at=at, breathing="absent")
    factories.a_decision(emergency.incident, by=people["call_taker"], at=at)
    Sweeper().sweep(at + timedelta(seconds=40))
    assert Assignment.objects.get().state == "offered"
    assert Alarm.objects.get().kind == "handoff_unacknowledged"
    assert not AuditRow.objects.filter(seal__isnull=True).exists()
    assert heartbeat_age(0, "engine") is not None
    Sweeper().sweep(at + timedelta(seconds=86))
    assert sorted(Assignment.objects.values_list("state", flat=True)) == ["expired", "offered"]


def test_a_pending_call_is_offered_without_any_broker(floor: Centre, people: dict[str, User]) -> None:
    with _running(Sweeper(round_s=0.05)):
        until(_offered(_pending(floor, people["call_taker"])))


def test_one_holds_and_the_other_stands_by_until_it_is_released(floor: Centre) -> None:
    one, two = Sweeper(), Sweeper()
    one.sweep(timezone.now())
    assert one.hold()
    assert one.hold()
    assert not two.hold()
    assert len(_holders()) == 1
    one.release()
    until(two.hold)
    two.release()


def test_a_stopped_holder_is_ended_and_finds_so_when_it_goes_on(floor: Centre, people: dict[str, User]) -> None:
    frozen = subprocess.Popen(
        [sys.executable, "manage.py", "sweeper"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _test_database()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: (_holders() and Heartbeat.objects.filter(role="engine").exists()) or frozen.poll() is not None)
        [old] = _holders()
        frozen.send_signal(signal.SIGSTOP)
        with _running(Sweeper(round_s=0.05)):
            # It is silent from here on; the clock that says so is put forward instead of waited for.
            Heartbeat.objects.filter(role="engine").update(at=timezone.now() - timedelta(seconds=6))
            until(lambda: _holders() not in ([], [old]))
            until(_offered(_pending(floor, people["call_taker"])))
            frozen.send_signal(signal.SIGCONT)
            [new] = _holders()
            assert new != old
        assert frozen.poll() is None
        until(lambda: _holders() not in ([], [old], [new]))
    finally:
        frozen.send_signal(signal.SIGCONT)
        frozen.terminate()
        frozen.wait(timeout=60)
    assert frozen.returncode == 0


HOLDING = """
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as held:
    held.execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(sys.argv[1]), int(sys.argv[2])])
    print("held", flush=True)
    sys.stdin.readline()
    held.execute(sys.argv[3])
    sys.stdin.readline()
"""
"""What a process does that takes the centre's order; told to go on, it uses its connection again."""


@contextmanager
def _holding(centre: Centre, then: str) -> Iterator[subprocess.Popen[str]]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(DISPATCH_LOCK), str(centre.pk), then],
        env={**os.environ, "DATABASE_URL": _test_database()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


@pytest.fixture
def waits_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is given up after a moment; the product's own patience is three seconds."""
    monkeypatch.setattr("dispatch.services.offers.rounds.ORDER_WAIT_MS", 300)


@pytest.mark.usefixtures("waits_briefly")
def test_a_process_stopped_with_the_centres_order_in_hand_is_ended_and_finds_so(
    floor: Centre, people: dict[str, User]
) -> None:
    with _holding(floor, "SELECT 1") as frozen:
        frozen.send_signal(signal.SIGSTOP)
        incident = _pending(floor, people["call_taker"])
        # Its session is ended, and the same round has the order.
        assert [one.incident_id for one in offers_run(centre=floor, at=timezone.now())] == [incident.pk]
        frozen.send_signal(signal.SIGCONT)
        _, said = frozen.communicate("go on\n")
        assert "terminating connection" in said
        assert Assignment.objects.count() == 1


@pytest.mark.usefixtures("waits_briefly")
def test_a_process_that_is_at_work_with_the_centres_order_is_left_alone(floor: Centre, people: dict[str, User]) -> None:
    with _holding(floor, "SELECT pg_sleep(60)") as busy:
        assert busy.stdin is not None
        busy.stdin.write("work\n")
        busy.stdin.flush()
        until(lambda: _at_work() == 1)
        _pending(floor, people["call_taker"])
        assert offers_run(centre=floor, at=timezone.now()) == []
        assert (_at_work(), busy.poll()) == (1, None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")
        until(lambda: _at_work() == 0)


def _at_work() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
            " AND query = 'SELECT pg_sleep(60)'"
        )
        return int(cursor.fetchone()[0])


def test_a_restarted_database_is_waited_for(floor: Centre, people: dict[str, User]) -> None:
    with _running(Sweeper(round_s=0.05)):
        until(_offered(_pending(floor, people["call_taker"])))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        until(_offered(_pending(floor, people["call_taker"])))


def test_when_offers_have_stopped_the_wall_says_so(floor: Centre) -> None:
    Sweeper().sweep(timezone.now())
    assert wall_headline(centre=floor, at=timezone.now()).words == "No open calls"
    Heartbeat.objects.filter(role="engine").update(at=timezone.now() - timedelta(seconds=11))
    headline = wall_headline(centre=floor, at=timezone.now())
    assert (headline.words, headline.level, headline.sound) == ("OFFERS STOPPED: assign by radio", "critical", True)
