"""`make run` as a person would have it: one start of everything, a crash in the middle, one clean stop."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.paths import ROOT

_LIMIT = 600.0
"""Seconds after which the launcher counts as hung, and not as slow."""


@pytest.fixture
def launcher() -> Iterator["subprocess.Popen[str]"]:
    """The launcher on servers and data of its own; ended hard should the test fail half-way."""
    given = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "STATIC_ROOT", "PORT"}
    environment = {name: value for name, value in os.environ.items() if name not in given}
    with tempfile.TemporaryDirectory(prefix="diversion-desk-run-") as folder:
        Path(folder).chmod(0o711)
        with subprocess.Popen(
            [sys.executable, "-m", "launch", "run"],
            cwd=ROOT,
            env={**environment, "VAR_DIR": f"{folder}/var", "SIMULATOR": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            limit = threading.Timer(_LIMIT, process.kill)
            limit.start()
            yield process
            limit.cancel()
            if process.poll() is None:
                process.kill()


def _line_with(process: "subprocess.Popen[str]", pattern: str) -> "re.Match[str]":
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(pattern, line)
        if found is not None:
            return found
    raise AssertionError(f"the launcher ended without saying {pattern!r}:\n{''.join(said)}")


def _children(parent: int) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(status[1]) == parent:
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
    return found


def test_one_address_a_crash_survived_and_nothing_left_behind(launcher: "subprocess.Popen[str]") -> None:
    assert _line_with(launcher, r"^  call_taker +(\S+) +\S+ +\S+").group(1)
    address = _line_with(launcher, r"open at +(http://127\.0\.0\.1:\d+)").group(1)
    for path in ("/healthz", "/readyz", "/sign-in/", "/live/healthz", "/static/vendor/htmx.min.js"):
        with urllib.request.urlopen(address + path, timeout=30) as response:  # noqa: S310 - our own http address
            assert response.status == 200

    before = _children(launcher.pid)
    names = ("valkey-server", "postgres", "config.wsgi", "config.asgi", " worker ", " beat ", " sweeper", "caddy")
    assert [sum(name in command for command in before.values()) for name in names] == [1] * len(names)
    worker = next(pid for pid, command in before.items() if " worker " in command)
    os.kill(worker, signal.SIGKILL)
    _line_with(launcher, r"! worker ended with SIGKILL")
    again = int(_line_with(launcher, r"worker runs again \(process (\d+)\)").group(1))
    assert again != worker

    everything = [*_children(launcher.pid)]
    assert len(everything) == len(before)
    launcher.terminate()
    _line_with(launcher, "everything has stopped")
    assert launcher.wait() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in everything)
