"""Real PostgreSQL and Redis for the live boards, kept apart from other tests by a channel name of their own."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import Settings

from live import broker, registry
from live.broker import Publisher
from live.renderer import Renderer, run
from tests.conftest import PATIENCE_MS
from tests.live.boards import Board, OpenPage, expect_state
from tests.live.links import FaultyLink
from tests.live.servers import PATIENCE_S, Server


@pytest.fixture(autouse=True)
def channel(settings: Settings) -> str:
    """Redis knows channels by name only, so tests that run side by side need different names."""
    settings.LIVE_CHANNEL = f"live-{uuid.uuid4().hex}"
    return str(settings.LIVE_CHANNEL)


@pytest.fixture(autouse=True)
def _patient_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a crowded test machine a healthy Redis may take longer than 100 ms. Tests of a faulty one set their own."""
    monkeypatch.setattr(broker, "TIMEOUT", 10.0)
    monkeypatch.setattr(broker, "_shared", {})


@pytest.fixture(autouse=True)
def _empty_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_renders", {})
    monkeypatch.setattr(registry, "_rules", {})
    monkeypatch.setattr(registry, "_viewer_of", None)


@pytest.fixture
def redis_url() -> str:
    return str(django_settings.REDIS_URL)


@pytest.fixture(scope="session")
def board_process() -> Iterator[Server]:
    """One server process for all live tests of this worker."""
    with Server("tests.live.board_app:application") as server:
        yield server


@pytest.fixture
def server(board_process: Server, redis_url: str, channel: str) -> Server:
    """A hub without a past that is connected to Redis."""
    board_process.control(begin={"redis_url": redis_url, "channel": channel, "silent": 5.0})
    board_process.wait_for_health(redis="ok", streams=0)
    return board_process


@pytest.fixture
def link(redis_url: str) -> Iterator[FaultyLink]:
    """A way to Redis that can be frozen or cut."""
    with FaultyLink(redis_url) as faulty:
        yield faulty


@dataclass
class Wire:
    """Everything that is published on this test's channel, and a way to publish as the renderer does."""

    channel: str
    client: redis.Redis
    pubsub: Any
    epoch: str = "epoch-1"
    frames: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def take(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """Wait for ``count`` messages to audiences: (audience, message). Heartbeats are left out."""
        taken: list[tuple[str, dict[str, Any]]] = []
        while len(taken) < count:
            message = self.pubsub.get_message(timeout=PATIENCE_S)
            assert message is not None, f"only {len(taken)} of {count} messages came"
            if message["type"] != "pmessage":
                continue
            topic = message["channel"].decode().removeprefix(f"{self.channel}:")
            if topic != "engine":
                taken.append((topic.partition(":")[2], json.loads(message["data"])))
        return taken

    def nothing_waits(self) -> bool:
        """Whether no message to an audience was published before now."""
        mark = uuid.uuid4().hex
        self.client.publish(f"{self.channel}:0:{mark}", b"{}")
        return self.take(1)[0][0] == mark

    def beat(self, number: int, *, centre: int = 0, behind: float = 0.0) -> None:
        beat = {"role": "renderer", "centre": centre, "epoch": self.epoch, "number": number, "behind": behind}
        self.client.publish(f"{self.channel}:engine", json.dumps(beat))

    def reload_all(self, number: int, *, centre: int = 1) -> None:
        """What the renderer says once Redis is back: everybody has missed something."""
        told = {"audience": broker.EVERY_AUDIENCE, "epoch": self.epoch, "number": number, "reload": True}
        self.client.publish(f"{self.channel}:{centre}:{broker.EVERY_AUDIENCE}", json.dumps(told))

    def send(self, audience: str, number: int, previous: int, html: str, *, centre: int = 1) -> None:
        message = {"audience": audience, "epoch": self.epoch, "number": number, "prev": previous, "html": html}
        self.client.publish(f"{self.channel}:{centre}:{audience}", json.dumps(message))

    def revoke(self, session: str) -> None:
        self.client.publish(f"{self.channel}:control", json.dumps({"revoke": session}))


@pytest.fixture
def wire(redis_url: str, channel: str) -> Iterator[Wire]:
    client = redis.Redis.from_url(redis_url)
    pubsub = client.pubsub()  # type: ignore[no-untyped-call]
    pubsub.psubscribe(f"{channel}:*")
    assert pubsub.get_message(timeout=PATIENCE_S)
    yield Wire(channel, client, pubsub)
    pubsub.close()
    client.close()


@pytest.fixture
def renderer(redis_url: str) -> Iterator[Callable[..., Renderer]]:
    """Make renderers that hold the lock and work when told to (``step``); ended after the test."""
    made: list[Renderer] = []

    def make(*, url: str = redis_url, centre_id: int | None = None, working: bool = True) -> Renderer:
        one = Renderer(centre_id=centre_id, publisher=Publisher(url))
        one.__enter__()
        made.append(one)
        if working:
            assert one.acquire()
            one.start()
        return one

    yield make
    for one in made:
        one.__exit__()


@pytest.fixture
def running_renderer() -> Iterator[None]:
    """The renderer as the sweeper runs it, in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(timeout=PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def board(server: Server, wire: Wire) -> Board:
    wire.beat(0)
    server.wait_until_told(0)
    return Board(server, wire)


@pytest.fixture
def open_page(board: Board, context: BrowserContext) -> OpenPage:
    def one(*, clock: bool = False) -> Page:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        if clock:
            page.clock.install()
        page.goto(f"{board.server.url}/page")
        expect_state(page, "live")
        return page

    return one
