"""The hub end to end: a real server process, real Redis, real sockets."""

from __future__ import annotations

import time

import pytest
from pytest_django import Settings

from live.hub import MOST_STREAMS_OF_SESSION
from live.services import revoke_after_commit
from live.tickets import Ticket, session_hash, ticket_sign
from tests.live.conftest import Wire
from tests.live.links import FaultyLink
from tests.live.servers import PATIENCE_S, Server


def ticket(*audiences: str, centre: int = 1, session: str = "session-1", seconds: int = 100) -> str:
    return ticket_sign(Ticket(centre, audiences or ("console",), session_hash(session), int(time.time()) + seconds))


def test_frames_reach_only_who_watches_that_audience_and_centre(server: Server, wire: Wire) -> None:
    with server.stream(ticket("console", "wall")) as console, server.stream(ticket("wall", centre=2)) as other:
        assert console.status == 200
        assert console.content_type.startswith("text/event-stream")
        assert console.next()[0] == "hello"
        assert console.next()[0] == "beat"
        assert other.next()[0] == "hello"
        wire.send("unit:1", 1, 0, "<p>secret</p>")
        wire.send("console", 1, 0, "<p>one</p>")
        wire.send("wall", 2, 0, "<p>two</p>", centre=2)
        wire.send("wall", 3, 0, "<p>three</p>")
        assert [console.next("frames")[1]["html"] for _ in range(2)] == ["<p>one</p>", "<p>three</p>"]
        assert other.next("frames")[1]["html"] == "<p>two</p>"


@pytest.mark.parametrize("word", ["", "nonsense", "expired"])
def test_without_a_valid_ticket_there_is_no_stream(server: Server, word: str) -> None:
    word = ticket(seconds=-1) if word == "expired" else word
    with server.stream(word) as stream:
        assert stream.status == 403


def test_a_stream_ends_with_its_ticket(server: Server) -> None:
    for seconds in (1, 4, 16):  # on a slow machine the shortest may be over before it is shown
        with server.stream(ticket(seconds=seconds)) as stream:
            if stream.status == 403:
                continue
            assert stream.next("bye")[1]["why"] == "expired"
            with pytest.raises(EOFError):
                stream.next("never")
            return
    raise AssertionError("no ticket was good for long enough")


@pytest.mark.django_db(transaction=True)
def test_a_revoked_session_is_closed_at_once_and_others_go_on(server: Server, wire: Wire) -> None:
    with server.stream(ticket(session="gone")) as gone, server.stream(ticket(session="stays")) as stays:
        gone.next("beat")
        stays.next("beat")
        revoke_after_commit("gone")
        _, data = gone.next("bye")
        assert data["why"] == "revoked"
        wire.send("console", 1, 0, "<p>after</p>")
        assert stays.next("frames", "bye")[0] == "frames"
        with pytest.raises(EOFError):
            gone.next("frames")


@pytest.mark.django_db(transaction=True)
def test_a_revocation_that_could_not_be_told_is_told_again(
    server: Server, link: FaultyLink, settings: Settings
) -> None:
    """This process loses Redis for a moment while the hub does not: nobody would ask the page for a new ticket."""
    with server.stream(ticket(session="gone")) as gone:
        gone.next("beat")
        settings.REDIS_URL = link.url
        link.cut()
        revoke_after_commit("gone")
        link.restore()
        assert gone.next("bye")[1]["why"] == "revoked"


def test_a_page_that_comes_back_gets_what_it_missed(server: Server, wire: Wire) -> None:
    wire.beat(10)
    with server.stream(ticket()) as first:
        first.next("beat")
        for number in (11, 12, 13):
            wire.send("console", number, number - 1, "<p></p>")
        assert first.frames(3) == [11, 12, 13]
        with server.stream(ticket(), after={"console": 11}) as again:
            assert again.frames(2) == [12, 13]
        with server.stream(ticket(), after={"console": 13}) as current:
            current.next("beat")
            wire.send("console", 14, 13, "<p></p>")
            assert current.next("frames", "reload")[1]["number"] == 14
        with server.stream(ticket(), after={"console": 9}) as behind:
            assert behind.next("frames", "reload") == ("reload", {"why": "behind", "spread_ms": 0, "audience": None})
        with server.stream(ticket(), Last_Event_ID="12") as browser:
            assert browser.frames(2) == [12, 13]


def test_a_hub_that_does_not_know_what_it_missed_says_reload(server: Server, wire: Wire) -> None:
    with server.stream(ticket(), after={"console": 5}) as stream:
        assert stream.next("frames", "reload")[0] == "reload"


def test_a_gap_between_renderer_and_hub_makes_pages_reload(server: Server, wire: Wire) -> None:
    wire.beat(1)
    server.wait_until_told(1)
    with server.stream(ticket(), after={"console": 1}) as stream:
        stream.next("beat")
        stream.next("beat")  # the second one comes after whatever was missed
        wire.send("console", 2, 1, "<p></p>")
        wire.send("console", 9, 7, "<p></p>")
        assert stream.frames(2) == [2, 9]
        assert stream.next("frames", "reload")[1]["why"] == "gap"
        with server.stream(ticket(), after={"console": 2}) as behind:
            assert behind.next("frames", "reload")[0] == "reload"


def test_the_beat_says_who_is_alive(server: Server, wire: Wire) -> None:
    with server.stream(ticket()) as stream:
        _, beat = stream.next("beat")
        assert (beat["redis"], beat["app_version"]) == ("ok", "1")
        assert 0 <= beat["engine"] < 60
        server.control(engine_age=42)
        wire.beat(7)
        while beat["number"] != 7:
            _, beat = stream.next("beat")
        assert 42 <= beat["engine"] < 90
        assert 0 <= beat["renderer"] < 40
        assert beat["epoch"] == "epoch-1"


@pytest.mark.parametrize("fault", ["freeze", "cut"])
def test_without_redis_streams_stay_open_and_say_so_and_reload_afterwards(
    fault: str, server: Server, link: FaultyLink, wire: Wire
) -> None:
    server.control(begin={"redis_url": link.url, "channel": wire.channel, "silent": 5.0}, reauthorise=60.0)
    server.wait_for_health(redis="ok")
    with server.stream(ticket()) as stream:
        assert stream.next("beat")[1]["redis"] == "ok"
        server.control(silent=1.0)
        getattr(link, fault)()
        beat = stream.next("beat")[1]
        while beat["redis"] != "down":
            beat = stream.next("beat")[1]
        assert beat["engine"] is None
        server.control(silent=5.0)
        link.cut()
        link.restore()
        assert stream.next("frames", "reload", "bye") == ("reload", {"why": "redis", "spread_ms": 20, "audience": None})
        wire.send("console", 1, 0, "<p></p>")
        assert stream.frames(1) == [1]
        # A revocation may have been missed: everybody has to show a new ticket soon.
        server.control(reauthorise=0.1)
        link.cut()
        link.restore()
        assert stream.next("bye")[1]["why"] == "expired"


def test_a_restart_says_goodbye_with_a_time_to_come_back() -> None:
    with Server("config.asgi:application") as server, server.stream(ticket()) as stream:
        stream.next("beat")
        server.process.terminate()
        _, data = stream.next("bye")
        assert data["why"] == "restart"
        assert data["retry_ms"] > 0
        with pytest.raises(EOFError):
            stream.next("never")
        assert server.process.wait(timeout=PATIENCE_S) == 0


def test_streams_that_have_gone_are_forgotten(server: Server) -> None:
    with server.stream(ticket()) as stream:
        stream.next("beat")
        assert server.health()["streams"] == 1
    server.wait_for_health(streams=0)


def test_one_session_cannot_take_all_room(server: Server) -> None:
    word = ticket()
    streams = [server.stream(word) for _ in range(MOST_STREAMS_OF_SESSION)]
    for stream in streams:
        assert stream.__enter__().status == 200
    with server.stream(word) as refused:
        assert refused.status == 429
    with server.stream(ticket(session="another")) as other:
        assert other.status == 200
    for stream in streams:
        stream.__exit__(None, None, None)


def test_a_page_that_does_not_read_is_closed_and_the_others_are_served(server: Server, wire: Wire) -> None:
    with server.stream(ticket()) as deaf, server.stream(ticket("wall")) as reader:
        deaf.next("beat")
        reader.next("beat")
        big = "x" * 200_000
        number = 0
        while server.health()["streams"] == 2:
            number += 1
            assert number < 3000
            wire.send("console", number, number - 1, big)
        wire.send("wall", number + 1, 0, "<p>still here</p>")
        assert reader.next("frames")[1]["html"] == "<p>still here</p>"


def test_the_configured_process_serves_nothing_but_streams(wire: Wire) -> None:
    with Server("config.asgi:application") as server:
        assert server.request("GET", "/live/healthz")[0] == 200
        assert server.request("GET", "/")[0] == 404
        assert server.request("POST", "/live/stream")[0] == 405
