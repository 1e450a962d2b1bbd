"""The simulator's parts: what callers say, how crews move, and a client that survives a bad day of the server."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from demo import crews, figures, narratives
from demo.agenda import Agenda, Stopped
from demo.client import SIMULATOR_HEADER, Advice, Door, Problem, SignInRefused, advice, rows
from triage import vocabulary

VOCABULARY = Path(vocabulary.__file__).with_name("data")


def test_scripts_speak_the_product_vocabulary() -> None:
    data = json.loads((VOCABULARY / "vocabulary.json").read_text())
    natures = {n["slug"] for n in json.loads((VOCABULARY / "natures.json").read_text())["natures"]}
    questions = {question["key"]: question for question in data["questions"]}
    for script in narratives.SCRIPTS:
        assert script.nature in natures
        assert script.channel in data["channels"]
        assert script.hours in {"", *figures.HOURLY_OF}
        kinds = {option["value"] for option in questions["location_type"]["options"]}
        assert set(script.places) <= kinds
        for key, value in [*script.truth.items(), *script.later.items()]:
            question = questions[key]
            if value == "unknown" or question["kind"] not in ("choice", "list"):
                continue
            options = {option["value"] for option in question["options"]}
            assert set(value if isinstance(value, list) else [value]) <= options, (script.nature, key, value)


def test_each_script_can_be_told_apart_and_is_rarely_silent() -> None:
    words = Counter(text for script in narratives.SCRIPTS for text in script.says)
    assert max(words.values()) == 1
    assert sum(bool(script.later) for script in narratives.SCRIPTS) == 1


def test_calls_follow_the_hours_of_the_log() -> None:
    rates = [figures.rate_at(hour, 10) for hour in range(24)]
    assert sum(rates) / 24 == pytest.approx(10)
    assert max(range(24), key=rates.__getitem__) == 16
    assert min(range(24), key=rates.__getitem__) == 5
    rng = random.Random(3)
    night = Counter(narratives.draw(rng, 2).nature for _ in range(3000))
    noon = Counter(narratives.draw(rng, 12).nature for _ in range(3000))
    assert night["intoxicated_person"] > noon["intoxicated_person"]
    assert noon["mental_health_crisis"] > night["mental_health_crisis"]


def test_visits_last_as_long_as_in_the_log() -> None:
    rng = random.Random(3)
    minutes = sorted(figures.on_scene_minutes(rng) for _ in range(4001))
    assert minutes[2000] == pytest.approx(22, abs=2)
    assert 2 <= minutes[0] <= minutes[-1] <= 100
    ends = Counter(figures.visit_end(rng) for _ in range(4000))
    assert set(ends) == set(crews.CLEARED_AS)
    assert ends["remained"] > 2000


def test_a_crew_moves_straight_and_stops_at_the_goal() -> None:
    start, goal = (41.42, -100.21), (41.45, -100.16)
    whole = crews.metres_between(*start, *goal)
    assert whole == pytest.approx(5344, rel=0.01)
    spot, metres = start, 0.0
    while spot != goal:
        ahead = crews.towards(*spot, *goal, 200)
        metres += crews.metres_between(*spot, *ahead)
        spot = ahead
    assert metres == pytest.approx(whole, rel=1e-3)


def test_the_agenda_keeps_time_and_order_and_stops() -> None:
    agenda, done = Agenda(), []
    agenda.after(0.5, lambda: done.append("later"))
    agenda.after(0, lambda: done.append("first"))
    agenda.after(0, lambda: done.append("second"))
    agenda.run()
    assert done == ["first", "second", "later"]
    agenda.after(0, agenda.stop)
    agenda.after(0, lambda: done.append("never"))
    agenda.run()
    assert done[-1] == "later"
    with pytest.raises(Stopped):
        agenda.pause(60)


def test_the_agenda_ends_when_its_time_is_up_even_inside_a_wait() -> None:
    agenda, done = Agenda(), []

    def work() -> None:
        done.append("begun")
        agenda.pause(3600)
        done.append("waited an hour")

    agenda.after(0, work)
    agenda.run(0.5)
    assert done == ["begun"]


class Server(ThreadingHTTPServer):
    """A real HTTP server with the sign-in form and one API door that fails as told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.failures: list[int] = []
        self.sessions: set[str] = set()
        self.seen: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        data = body.encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        if self.path == "/sign-in/":
            form = '<input type="hidden" name="csrfmiddlewaretoken" value="form-token">'
            self._say(200, form, Set_Cookie="csrftoken=before; Path=/")
        else:
            self._api({})

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/sign-in/":
            self._api(json.loads(text))
        elif "password=right" in text and "csrfmiddlewaretoken=form-token" in text:
            name = f"s{len(self.server.sessions)}"
            self.server.sessions.add(name)
            self.send_response(302)
            self.send_header("Set-Cookie", f"sessionid={name}; HttpOnly; Path=/")
            self.send_header("Set-Cookie", "csrftoken=after; Path=/")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._say(200, "Wrong name or password")

    def _api(self, body: Any) -> None:
        cookies = dict(part.split("=", 1) for part in self.headers.get("Cookie", "").split("; ") if part)
        self.server.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        if cookies.get("sessionid") not in self.server.sessions:
            self._say(401, '{"title": "Sign in"}')
        elif self.server.failures:
            self._say(self.server.failures.pop(0), '{"code": "wrong_state", "detail": "Not now"}')
        else:
            self._say(200, '{"results": [{"id": "u1"}]}')


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def test_signs_in_by_the_form_and_says_who_it_is(server: Server) -> None:
    door = Door(server.url, "sim-calltaker", "right", lambda _: None)
    assert rows(door.call("GET", "/units")) == [{"id": "u1"}]
    path, headers, _ = server.seen[0]
    assert path == "/api/v1/units"
    assert headers["x-csrftoken"] == "after"
    assert headers[SIMULATOR_HEADER.lower()] == "demo.simulator"


def test_a_failed_create_is_repeated_with_the_same_key_and_growing_pauses(server: Server) -> None:
    pauses: list[float] = []
    door = Door(server.url, "sim-calltaker", "right", pauses.append)
    door.sign_in()
    server.failures = [503, 502, 429]
    door.status("u1", "on_break", "Meal")
    keys = {headers["idempotency-key"] for _, headers, _ in server.seen}
    assert len(server.seen) == 4
    assert len(keys) == 1
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == 3


def test_a_refusal_is_not_repeated(server: Server) -> None:
    door = Door(server.url, "star1", "right", lambda _: None)
    door.sign_in()
    server.failures = [409]
    with pytest.raises(Problem, match="409 wrong_state Not now"):
        door.act("a1", "accept")
    assert len(server.seen) == 1


def test_signs_in_again_when_the_session_has_ended(server: Server) -> None:
    door = Door(server.url, "star1", "right", lambda _: None)
    door.my_unit()
    server.sessions.clear()
    door.my_unit()
    assert [headers["cookie"].count("sessionid") for _, headers, _ in server.seen] == [1, 1, 1]


def test_a_wrong_password_is_said(server: Server) -> None:
    with pytest.raises(SignInRefused, match="star1"):
        Door(server.url, "star1", "wrong", lambda _: None).my_unit()


def test_advice_is_read_from_what_the_server_says() -> None:
    said = {"ask": [{"key": "nature"}, {"key": "weapon"}]}
    plan = {"response_class": "mobile_team", "triaged": True}
    assert advice({"suggestion": said, "plan": plan}) == Advice(("weapon",), "mobile_team")
    assert advice({"suggestion": said, "plan": {**plan, "triaged": False}}) == Advice(("weapon",), "")
    assert advice({"suggestion": None, "plan": plan}) == Advice((), "")
