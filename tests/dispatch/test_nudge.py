"""The nudge may be lost, never the call: brokers that refuse, that freeze, and workers that are killed."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Centre, User
from dispatch import due, nudge
from dispatch.models import Assignment, Decision, Incident
from dispatch.nudge import Nudger, nudge_taken, offer_after_commit
from tests import factories
from tests.dispatch.waiting import until

ROOT = Path(__file__).resolve().parents[2]
Later = Callable[[float], datetime]


@pytest.fixture
def nudger(monkeypatch: pytest.MonkeyPatch) -> Nudger:
    """A publisher of this test's own, without what earlier tests taught the process's one."""
    fresh = Nudger()
    monkeypatch.setattr(nudge, "nudger", fresh)
    return fresh


@contextmanager
def _silent_broker() -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        for one in held:
            one.close()


@contextmanager
def _absent_broker() -> Iterator[int]:
    """A port that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    yield port


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker", [_silent_broker, _absent_broker], ids=["frozen", "refused"])
def test_a_broker_that_is_away_neither_stops_a_decision_nor_its_offer(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    later: Later,
    nudger: Nudger,
    monkeypatch: pytest.MonkeyPatch,
    broker: Callable[[], contextlib.AbstractContextManager[int]],
) -> None:
    with broker() as port:
        monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")
        for _ in range(3):
            call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
            factories.a_decision(call.incident, by=people["call_taker"], at=at)
        assert Decision.objects.count() == 3
        until(lambda: nudger.dropped == 3)
        assert nudger.sent == 0
    due.run(floor, later(1))
    assert Assignment.objects.filter(state="offered").count() == 2
    assert set(Incident.objects.values_list("no_unit_reason", flat=True)) == {"", "all_busy"}


@pytest.mark.django_db(transaction=True)
def test_a_nudge_goes_out_after_the_commit_and_not_at_all_after_a_rollback(
    centre: Centre, nudger: Nudger, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = _own_broker(monkeypatch, 5)
    with transaction.atomic():
        offer_after_commit(centre.pk)
        transaction.set_rollback(True)
    with transaction.atomic():
        offer_after_commit(centre.pk)
        assert nudger.sent == 0
    until(lambda: nudger.sent == 1)
    assert broker.llen("celery") == 1
    broker.flushdb()


def test_one_nudge_waits_for_the_same_work_and_the_next_goes_once_it_has_begun(
    nudger: Nudger, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = _own_broker(monkeypatch, 8)
    monkeypatch.setattr(nudge, "KEPT_MS", 60_000)
    for _ in range(5):
        nudger.push("dispatch.offer", 1)
    nudger.push("dispatch.offer", 2)
    until(lambda: nudger.sent + nudger.spared == 6)
    assert (nudger.sent, broker.llen("celery")) == (2, 2)
    nudge_taken("dispatch.offer", 1)
    nudger.push("dispatch.offer", 1)
    nudger.push("dispatch.offer", 2)
    until(lambda: nudger.sent + nudger.spared == 8)
    assert (nudger.sent, broker.llen("celery")) == (3, 3)
    assert 0 < broker.pttl("nudge:dispatch.offer:1") <= 60_000
    broker.flushdb()


def test_publishing_goes_on_once_the_broker_is_back(nudger: Nudger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudge, "PAUSE_AFTER_FAILURE_S", 0.0)
    with _absent_broker() as port:
        monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")
        nudger.push("dispatch.offer", 1)
        until(lambda: nudger.dropped == 1)
    broker = _own_broker(monkeypatch, 6)
    nudger.push("dispatch.offer", 1)
    until(lambda: nudger.sent == 1)
    broker.flushdb()


def test_a_full_queue_drops_and_never_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudge, "_WAITING", 2)
    with _silent_broker() as port:
        monkeypatch.setattr(current_app.conf, "broker_url", f"redis://127.0.0.1:{port}/0")
        fresh = Nudger()
        for _ in range(50):
            fresh.push("dispatch.offer", 1)
        until(lambda: fresh.dropped >= 47)


def _own_broker(monkeypatch: pytest.MonkeyPatch, number: int) -> redis.Redis:
    """A numbered database of the tests' Redis for one test's messages."""
    parts = urlsplit(str(settings.REDIS_URL))
    url = urlunsplit((parts.scheme, parts.netloc, f"/{number}", "", ""))
    monkeypatch.setattr(current_app.conf, "broker_url", url)
    # On a crowded test machine a healthy Redis may take longer than 100 ms.
    monkeypatch.setattr(nudge, "TIMEOUT_S", 10.0)
    client = redis.Redis.from_url(url)
    client.flushdb()
    return client


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing_since_the_row_is_the_queue(
    floor: Centre, people: dict[str, User], nudger: Nudger, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = _own_broker(monkeypatch, 7)
    at = timezone.now()
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
    worker = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": _test_database(), "REDIS_URL": str(current_app.conf.broker_url)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        first = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
        factories.a_decision(first.incident, by=people["call_taker"], at=at)
        until(lambda: Assignment.objects.filter(incident=first.incident).exists() or worker.poll() is not None)
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait(timeout=60)
    second = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(second.incident, by=people["call_taker"], at=at)
    assert not Assignment.objects.filter(incident=second.incident).exists()
    due.run(floor, timezone.now())
    assert Assignment.objects.get(incident=second.incident).state == "offered"
    broker.flushdb()


def _test_database() -> str:
    """The test database's address, for a process of its own."""
    one = connection.settings_dict
    return f"postgresql://{one['USER']}:{one['PASSWORD']}@{one['HOST']}:{one['PORT']}/{one['NAME']}"
