"""`make test`, `make lint`, `make bench` and `make chaos`: the checks, on private servers that end with them."""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launch.child import signal_group
from launch.chromium import ensure_chromium
from launch.environment import process_environment
from launch.install import DEV_LOCKS, ensure_front_end, ensure_python_packages
from launch.paths import ROOT, Var, default_var
from launch.ports import LOOPBACK, free_ports
from launch.postgres import FORGETFUL
from launch.say import LaunchError, complain, say, step
from launch.servers import start_servers
from launch.supervisor import Supervisor
from launch.unprivileged import refuge_of

_PATIENCE_AFTER_INTERRUPT = 10.0
# The journeys are one after the other and end last: what runs beside them takes the cores that they leave.
_STEP_BACK = 5


@dataclass
class Report:
    """What ran, how long it took and how it ended."""

    rows: list[tuple[str, float, int]] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code of the first step that failed, else 0."""
        return next((code for _, _, code in self.rows if code != 0), 0)

    def run(self, title: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Run one check and go on, whatever its outcome."""
        say(f"\n== {title}")
        began = time.monotonic()
        code = _call(command, env)
        self.rows.append((title, time.monotonic() - began, code))

    @contextmanager
    def beside(self, title: str, command: Sequence[str], env: Mapping[str, str]) -> Iterator[None]:
        """Run one check while the body runs others; its output follows when both have ended."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                list(command), cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                yield
                code = _waited(process)
            except BaseException:
                _stopped(process)
                raise
            say(f"\n== {title}")
            output.seek(0)
            say(output.read().decode(errors="replace").rstrip())
        self.rows.append((title, time.monotonic() - began, code))

    def refused(self, title: str, error: LaunchError) -> None:
        """Count a step that could not even begin."""
        complain(error)
        self.rows.append((title, 0.0, 1))

    def summary(self) -> None:
        """One line for each step."""
        say("\n== Summary")
        for title, seconds, code in self.rows:
            say(f"  {'ok    ' if code == 0 else 'FAILED'}  {seconds:7.1f} s  {title}")
        say(f"  {'all passed' if self.code == 0 else f'exit code {self.code}'}")


def _call(command: Sequence[str], env: Mapping[str, str]) -> int:
    process = subprocess.Popen(list(command), cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return _waited(process)
    except KeyboardInterrupt:
        _stopped(process)
        raise


def _waited(process: subprocess.Popen[bytes]) -> int:
    code = process.wait()
    return code if code >= 0 else 128 - code


def _stopped(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a check and everything it started; end it by force when it does not listen."""
    if process.poll() is not None:
        return
    signal_group(process.pid, signal.SIGINT)
    try:
        process.wait(_PATIENCE_AFTER_INTERRUPT)
    except subprocess.TimeoutExpired:
        signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _stop_like_ctrl_c() -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


@contextmanager
def private_servers() -> Iterator[dict[str, str]]:
    """The environment of a product with its own PostgreSQL and Valkey in a folder that is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="diversion-desk-"))
    folder.chmod(0o711)  # ours alone, but the servers' account must pass through it
    var = Var(folder).create()
    supervisor = Supervisor()
    try:
        with step("Starting PostgreSQL and Valkey for the tests"):
            servers = start_servers(supervisor, var, database_url=None, redis_url=None, options=FORGETFUL)
        environment = process_environment(
            var,
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            secret=secrets.token_urlsafe(48),
            public_url=f"http://{LOOPBACK}:{free_ports(1)[0]}",
        )
        yield environment
    finally:
        supervisor.stop(quiet=True)
        for path in (folder, refuge_of(var.root)):
            shutil.rmtree(path, ignore_errors=True)


def _tool(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _script(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _lint_steps(report: Report, env: Mapping[str, str]) -> None:
    report.run("lock files", _tool("launch", "locks"), env)
    report.run("ruff check", _tool("ruff", "check", "."), env)
    report.run("ruff format", _tool("ruff", "format", "--check", "."), env)
    report.run("mypy", [_script("mypy"), "."], env)
    report.run("import layers", [_script("lint-imports")], env)


def _steps_without_browser(report: Report, env: Mapping[str, str]) -> None:
    _lint_steps(report, env)
    report.run("migrations check", [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"], env)
    # Each half of the tests in its own order: what a module sets up is set up once, and not by both workers.
    report.run("tests", _tool("pytest", "-q", "-n", "2", "--dist", "worksteal", "-m", "not browser"), env)


def test() -> int:
    """Everything that CI runs. Returns the exit code of the first step that failed."""
    _stop_like_ctrl_c()
    var = default_var().create()
    ensure_python_packages(DEV_LOCKS, var)
    ensure_front_end(var)
    report = Report()
    chromium: str | LaunchError
    try:
        chromium = ensure_chromium(var.logs / "setup-chromium.log")
    except LaunchError as error:
        chromium = error
    with private_servers() as env:
        if isinstance(chromium, LaunchError):
            report.refused("browser tests", chromium)
            _steps_without_browser(report, env)
        else:
            # The journeys wait more than they compute: beside the others they cost a minute and not four.
            browser = _tool("pytest", "-q", "-m", "browser")
            with report.beside("browser tests", browser, {**env, "CHROMIUM": chromium}):
                os.nice(_STEP_BACK)
                _steps_without_browser(report, env)
    report.summary()
    return report.code


def lint() -> int:
    """The checks that need no server."""
    var = default_var().create()
    ensure_python_packages(DEV_LOCKS, var)
    report = Report()
    _lint_steps(report, os.environ)
    report.summary()
    return report.code


def bench(arguments: list[str]) -> int:
    """Run the load measurements of bench/ on private servers."""
    if not (ROOT / "bench" / "__main__.py").exists():
        raise LaunchError("There is no bench/ in this checkout.", "Check out a version that has it.")
    _stop_like_ctrl_c()
    var = default_var().create()
    ensure_python_packages(DEV_LOCKS, var)
    ensure_front_end(var)
    with private_servers() as env:
        return _call(_tool("bench", *arguments), env)


def chaos(arguments: list[str]) -> int:
    """Kill and restart the parts of a private stack under load, then check that nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m launch chaos")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    _stop_like_ctrl_c()
    var = default_var().create()
    ensure_python_packages(DEV_LOCKS, var)
    ensure_front_end(var)
    # Imported here: it needs the packages that the line above installs.
    from launch.chaos import chaos as run_chaos

    return run_chaos(minutes=chosen.minutes, seed=chosen.seed)
