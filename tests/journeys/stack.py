"""The whole product on real parts for the browser journeys: its own database, broker, processes, proxy and city."""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from launch.child import signal_group
from launch.environment import process_environment
from launch.paths import ROOT, Var
from launch.ports import LOOPBACK, free_ports
from launch.processes import Ports, product_specs
from launch.servers import start_servers
from launch.supervisor import Supervisor
from tests.database import address_of, database_drop, database_make

PATIENCE_S = 60.0


class Stack:
    """Started once for all journeys. `address` is the one that people use."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="desk-journeys-"))
        folder.chmod(0o711)
        self.var = Var(folder).create()
        self.supervisor = Supervisor()
        self._watching = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        front, web, live = free_ports(3)
        self.ports = Ports(front, web, live)
        self.address = f"http://{LOOPBACK}:{front}"
        self.city: dict[str, Any] = {}
        self.database = f"journeys_{front}"
        self.database_url = ""

    def start(self) -> "Stack":
        """Database, broker, demo city, processes; returns when everything answers."""
        database_make(self.database)
        self.database_url = address_of(self.database)
        servers = start_servers(self.supervisor, self.var, database_url=self.database_url, redis_url=None)
        environment = process_environment(
            self.var,
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            secret=secrets.token_urlsafe(48),
            public_url=self.address,
        )
        text = subprocess.run(
            [sys.executable, "-m", "demo.city"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        ).stdout
        self.var.centre.write_text(text, encoding="utf-8")
        self.city = json.loads(text)
        self._run(environment, "manage.py", "load_centre", str(self.var.centre))
        for specs in product_specs(self.var, self.ports, environment):
            self.supervisor.begin(specs)
            self.supervisor.wait_ready(spec.name for spec in specs)
        self._watcher.start()
        return self

    def _run(self, environment: dict[str, str], *arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)

    def _watch(self) -> None:
        """Restarts what a journey has killed, as the launcher does."""
        while not self._watching.wait(0.1):
            self.supervisor.tick()

    def stop(self) -> None:
        self._watching.set()
        if self._watcher.is_alive():
            self._watcher.join(timeout=5)
        self.supervisor.stop(quiet=True)
        database_drop(self.database)
        shutil.rmtree(self.var.root, ignore_errors=True)

    @property
    def password(self) -> str:
        return str(self.city["people"][0]["password"])

    def pid(self, name: str) -> int:
        """The process id of one of the stack's own processes."""
        return self.supervisor.children[name].process.pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one of the stack's own process groups."""
        signal_group(self.pid(name), number)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database says; journeys only read."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def clear_floor(self) -> None:
        """End what a journey has left open, so that the next one finds every unit free. Housekeeping, by hand."""
        with psycopg.connect(self.database_url) as connection:
            for statement in _CLEAR:
                connection.execute(statement)


_CLEAR: tuple[LiteralString, ...] = (
    "SELECT id FROM dispatch_incident WHERE state NOT IN ('closed', 'joined') ORDER BY id FOR UPDATE",
    "UPDATE dispatch_assignment SET state = 'cancelled', ended_at = now(), end_reason = 'journey over',"
    " check_due_at = NULL WHERE ended_at IS NULL",
    "UPDATE dispatch_handoff SET state = 'cancelled' WHERE state IN ('ready', 'requested')",
    "UPDATE dispatch_call SET state = 'ended', ended_as = 'completed', ended_at = now() WHERE state = 'open'",
    "UPDATE dispatch_alarm SET ended_at = now(), end_note = 'journey over',"
    " ended_by_id = (SELECT id FROM accounts_user WHERE username = 'supervisor1') WHERE ended_at IS NULL",
    "UPDATE programs_suspension SET resume_asked_by_id = set_by_id, lifted_at = now(), lifted_by_id ="
    " (SELECT min(id) FROM accounts_user WHERE id <> set_by_id) WHERE lifted_at IS NULL",
    "UPDATE dispatch_incident SET state = 'closed', closed_at = now(), outcome = 'test', offer_wanted = false,"
    " promise_at = NULL, version = version + 1 WHERE state NOT IN ('closed', 'joined')",
)


def until(true: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait until something is true. Raises AssertionError that says what never became so."""
    stop = time.monotonic() + patience_s
    pause = threading.Event()
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > stop:
            raise AssertionError(f"not within {patience_s:.0f} s: {what}")
        pause.wait(0.05)
