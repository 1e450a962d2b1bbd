"""Real server processes for the live tests, and a reader of event streams."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


class Server:
    """One granian process that serves an ASGI application on a free port, or on that of one that is gone."""

    def __init__(self, target: str, *, port: int = 0, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", port)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--workers", "1", "--workers-kill-timeout", "5", target]
        self._environment = {
            **os.environ,
            "SECRET_KEY": str(settings.SECRET_KEY),
            "REDIS_URL": str(settings.REDIS_URL),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH", "")])]),
            **environment,
        }
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        output = self.process.stdout
        assert output is not None
        said = []
        for line in output:
            said.append(line)
            if "Started worker" in line:
                self._wait_for_socket()
                return self
        raise AssertionError(f"the server did not start: {''.join(said)}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)

    def kill(self) -> None:
        """End it as a power cut does: no goodbye to anybody."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE_S)

    def _wait_for_socket(self) -> None:
        # The worker says that it has started a moment before its socket accepts.
        for _ in range(6000):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            select.select([], [], [], 0.01)
        raise AssertionError("the server does not listen")

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text.startswith((b"{", b"[")) else text
        finally:
            connection.close()

    def control(self, **order: Any) -> None:
        assert self.request("POST", "/control", order)[0] == 200

    def health(self) -> dict[str, Any]:
        return dict(self.request("GET", "/live/healthz")[1])

    def wait_for_health(self, **expected: Any) -> None:
        """Ask until the health page says so; the test's own time limit ends a wait in vain."""
        self._wait_for("/live/healthz", expected)

    def wait_until_told(self, number: int) -> None:
        """Until the hub has heard the renderer say that everybody knows so much."""
        self._wait_for("/told", {"number": number})

    def _wait_for(self, path: str, expected: dict[str, Any]) -> None:
        for _ in range(6000):
            found = dict(self.request("GET", path)[1])
            if expected.items() <= found.items():
                return
            select.select([], [], [], 0.01)
        raise AssertionError(f"{path} stayed {found}")

    @contextmanager
    def stream(self, ticket: str, after: dict[str, int] | None = None, **headers: str) -> Iterator[Stream]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        path = f"/live/stream?ticket={quote(ticket)}"
        if after is not None:
            path += f"&after={quote(json.dumps(after))}"
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        try:
            yield Stream(response)
        finally:
            response.close()
            connection.close()


class Stream:
    """An open event stream."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.content_type = response.headers["content-type"]
        self._response = response

    def next(self, *names: str) -> tuple[str, Any]:
        """The next event, or the next one of these names. Raises EOFError at the end of the stream."""
        name, data = "", ""
        while True:
            line = self._response.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and name:
                if not names or name in names:
                    return name, json.loads(data)
                name, data = "", ""
            elif not line and self._response.isclosed():
                raise EOFError

    def frames(self, count: int) -> list[int]:
        """Numbers of the next ``count`` frames."""
        return [int(self.next("frames")[1]["number"]) for _ in range(count)]
