"""The routing file on the real Caddy: streams reach the live process unbuffered, all else reaches web."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from launch.binaries import caddy_program
from launch.child import Spec
from launch.paths import ROOT, Var
from launch.ports import LOOPBACK, answers, free_ports
from launch.processes import Ports, proxy_environment
from launch.supervisor import Supervisor

_READ = threading.Event()


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/live/stream"):
            self._stream()
        else:
            body = f"{self.server.server_port} {self.path} {self.headers['X-Forwarded-Proto']} {self.headers['Host']}"  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        # The second event is sent only once the first was read at the far end: a buffer in between would be a deadlock.
        _READ.wait(30)
        self.wfile.write(b"data: second\n\n")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    var = Var(tmp_path_factory.mktemp("proxy")).create()
    web, live = (ThreadingHTTPServer((LOOPBACK, 0), _Upstream) for _ in range(2))
    for server in (web, live):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ports = Ports(free_ports(1)[0], web.server_port, live.server_port)
    supervisor = Supervisor()
    supervisor.begin(
        [
            Spec(
                name="caddy",
                command=(str(caddy_program()), "run", "--config", str(ROOT / "Caddyfile"), "--adapter", "caddyfile"),
                environment=proxy_environment(var, ports, {}),
                log=Path(var.logs / "caddy.log"),
                tier=3,
                cwd=ROOT,
                ready=lambda: answers(ports.front),
            )
        ]
    )
    supervisor.wait_ready(["caddy"])
    yield ports
    supervisor.stop(quiet=True)
    for server in (web, live):
        server.shutdown()
        server.server_close()


@contextmanager
def _get(port: int, path: str, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        yield connection.getresponse()
    finally:
        connection.close()


def _text(port: int, path: str, **headers: str) -> str:
    with _get(port, path, **headers) as response:
        return response.read().decode()


def test_pages_go_to_web_and_the_live_health_check_to_live(front: Ports) -> None:
    assert _text(front.front, "/console/").startswith(f"{front.web} /console/ http ")
    assert _text(front.front, "/live/board/").startswith(f"{front.web} ")
    assert _text(front.front, "/live/healthz").startswith(f"{front.live} ")


def test_a_visitor_cannot_claim_a_secure_connection(front: Ports) -> None:
    assert " http " in _text(front.front, "/", **{"X-Forwarded-Proto": "https"})


def test_the_host_name_that_the_browser_used_reaches_web(front: Ports) -> None:
    assert _text(front.front, "/", Host="localhost:8000").endswith(" localhost:8000")


def test_an_event_arrives_before_the_next_one_is_written(front: Ports) -> None:
    with _get(front.front, "/live/stream?ticket=x", **{"Accept-Encoding": "gzip"}) as response:
        assert response.getheader("Content-Encoding") is None
        assert response.readline() + response.readline() == b"data: first\n\n"
        _READ.set()
        assert response.read() == b"data: second\n\n"
