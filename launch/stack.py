"""The whole product on private servers, started from Python: for load measurements and for chaos."""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from launch.child import Spec, signal_group
from launch.environment import process_environment
from launch.paths import ROOT, Var
from launch.ports import LOOPBACK, free_ports
from launch.processes import Ports, product_specs
from launch.servers import start_servers
from launch.supervisor import Supervisor
from launch.unprivileged import refuge_of


class PrivateStack:
    """Servers, migrations, demo city and processes in a folder that is deleted afterwards; `address` is the one door.

    A crashed or killed process is started again, as `make run` does. `twice` names processes that run a second time,
    with further words on their command line, as on a second machine; the second one's name ends in 2.
    """

    def __init__(
        self, *, options: Mapping[str, str] | None = None, twice: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        folder = Path(tempfile.mkdtemp(prefix="desk-stack-"))
        folder.chmod(0o711)  # ours alone, but the servers' account must pass through it
        self.var = Var(folder).create()
        self.supervisor = Supervisor()
        self.city: dict[str, Any] = {}
        self.database_url = self.redis_url = ""
        self._options = options
        self._twice = twice or {}
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.ports = Ports(*free_ports(3))
        self.address = f"http://{LOOPBACK}:{self.ports.front}"

    def __enter__(self) -> "PrivateStack":
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def start(self) -> "PrivateStack":
        """Returns when everything answers. Raises LaunchError or CalledProcessError."""
        servers = start_servers(self.supervisor, self.var, database_url=None, redis_url=None, options=self._options)
        self.database_url, self.redis_url = servers.database_url, servers.redis_url
        environment = process_environment(
            self.var,
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            secret=secrets.token_urlsafe(48),
            public_url=self.address,
        )
        _run(environment, "manage.py", "migrate", "-v0")
        text = _run(environment, "-m", "demo.city")
        self.var.centre.write_text(text, encoding="utf-8")
        self.city = json.loads(text)
        _run(environment, "manage.py", "load_centre", str(self.var.centre))
        self.environment = environment
        for specs in product_specs(self.var, self.ports, environment):
            specs += [self._second(spec) for spec in specs if spec.name in self._twice]
            self.supervisor.begin(specs)
            self.supervisor.wait_ready(spec.name for spec in specs)
        self._watcher.start()
        return self

    def _second(self, spec: Spec) -> Spec:
        name = f"{spec.name}2"
        command = tuple(word if not word.endswith("-schedule") else f"{word}2" for word in spec.command)
        return replace(spec, name=name, command=(*command, *self._twice[spec.name]), log=self.var.logs / f"{name}.log")

    def stop(self) -> None:
        """Ends its own processes, by their ids, and deletes the folder."""
        self._ending.set()
        if self._watcher.is_alive():
            self._watcher.join(timeout=5)
        self.supervisor.stop(quiet=True)
        for path in (self.var.root, refuge_of(self.var.root)):
            shutil.rmtree(path, ignore_errors=True)

    def _watch(self) -> None:
        while not self._ending.wait(0.1):
            self.supervisor.tick()

    def password(self, username: str) -> str:
        """The password of a person of the demo city."""
        return str(next(one["password"] for one in self.city["people"] if one["username"] == username))

    def pid(self, name: str) -> int:
        """The id of one of the stack's own processes."""
        return self.supervisor.children[name].process.pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the group of one of the stack's own processes."""
        signal_group(self.pid(name), number)


def _run(environment: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
