"""An embedded PostgreSQL: real server, own data folder, loopback only, passwords only (SCRAM)."""

import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launch.binaries import postgres_programs
from launch.child import Spec
from launch.ports import LOOPBACK
from launch.say import LaunchError, step
from launch.unprivileged import Account, reachable_copy, server_home

_USER = "desk"
_DATABASE = "desk"
_STOP_WAIT = 20.0
_PROC = Path("/proc/self")
# For the private servers of `make test` and `make bench`, whose data nobody needs after a power cut.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """A data folder, the programs for it and the port to serve it on."""

    home: Path
    bin: Path
    major: int
    port: int
    account: Account
    log: Path
    options: Mapping[str, str]

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def password_file(self) -> Path:
        return self.home.parent / "postgres-password"

    @property
    def url(self) -> str:
        """The DATABASE_URL of this server. Its password is never printed."""
        password = self.password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{_USER}:{password}@{LOOPBACK}:{self.port}/{_DATABASE}"

    def spec(self) -> Spec:
        """The server as a supervised process. SIGINT is PostgreSQL's fast and clean stop."""
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            **self.options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Spec(
            name="postgres",
            command=(str(self.bin / "postgres"), "-D", str(self.data), *arguments),
            environment=_environment(),
            log=self.log,
            tier=0,
            cwd=self.data,
            ready=self.ready,
            stop_signal=signal.SIGINT,
            grace=_STOP_WAIT,
            account=self.account,
            prepare=self.clear_stale_pid,
        )

    def ready(self) -> bool:
        """True once the server has written that it takes queries (the eighth line of its pid file)."""
        lines = self._pid_lines()
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(self.port)

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def clear_stale_pid(self) -> None:
        """Make way for a start after a crash or `kill -9`.

        A server of this very data folder that outlived its supervisor is stopped. A pid file whose process is gone, or
        whose number now belongs to another program (usual in containers), is removed. Processes that a killed
        server left behind end by themselves; they are waited for.
        """
        if not _PROC.exists():
            return  # without /proc the server's own check of the pid file has to do
        lines = self._pid_lines()
        number = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if number and _serves(number, self.data):
            os.kill(number, signal.SIGINT)
            if not _wait(lambda: not _serves(number, self.data)):
                raise LaunchError(
                    f"A PostgreSQL server left over from before (process {number}) does not stop.",
                    f"End it with `kill -QUIT {number}` and start again.",
                )
        elif number:
            _wait(lambda: not _leftovers(self.data))
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def initialise(self) -> None:
        """Create the data folder, the role and the database, once. Stopped half-way, the next call begins anew."""
        if (self.data / "PG_VERSION").exists():
            written_by = int((self.data / "PG_VERSION").read_text().split(".")[0])
            if written_by != self.major:
                raise LaunchError(
                    f"The data were written by PostgreSQL {written_by}, and version {self.major} is installed now.",
                    "`make reset` deletes the demo's data and starts afresh.",
                )
            return
        with step(f"Creating the demo's PostgreSQL {self.major} database"):
            self.home.mkdir(parents=True, exist_ok=True)
            self.account.own(self.home, 0o700)
            fresh = self.home / "data.new"
            shutil.rmtree(fresh, ignore_errors=True)
            password = secrets.token_urlsafe(24)
            _write_private(self.password_file, password)
            self._initdb(fresh)
            self._single_user(fresh, f"CREATE ROLE {_USER} LOGIN CREATEDB PASSWORD '{password}'")
            self._single_user(fresh, f"CREATE DATABASE {_DATABASE} OWNER {_USER}")
            fresh.rename(self.data)

    def _initdb(self, target: Path) -> None:
        superuser = self.home / "superuser"
        _write_private(superuser, secrets.token_urlsafe(32))
        self.account.own(superuser, 0o600)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.major >= 17
            else ["--locale=C.UTF-8"]
        )
        command = [str(self.bin / "initdb"), "-D", str(target), "-U", "postgres", "-A", "scram-sha-256"]
        command += ["--pwfile", str(superuser), "--encoding=UTF8", "--no-instructions", *locale]
        if self.options.get("fsync") == "off":
            command.append("--no-sync")
        try:
            self._run(command)
        finally:
            superuser.unlink()

    def _single_user(self, data: Path, statement: str) -> None:
        # A single-user server needs no port and no password, and the statement is on no command line.
        self._run([str(self.bin / "postgres"), "--single", "-j", "-D", str(data), "postgres"], f"{statement};\n\n")

    def _run(self, command: list[str], stdin: str = "") -> None:
        done = self.account.run(command, cwd=self.home, env=_environment(), stdin=stdin)
        failed = done.returncode != 0 or "ERROR:" in done.stdout or "FATAL:" in done.stdout
        if failed:
            shown = "\n".join(line for line in done.stdout.splitlines()[-12:] if "PASSWORD" not in line)
            raise LaunchError(
                f"{Path(command[0]).name} failed:\n{shown}",
                "Check that the disk is not full, then `make reset` and start again; or set DATABASE_URL.",
            )


def embedded_postgres(
    var_root: Path, *, port: int, account: Account, log: Path, options: Mapping[str, str] | None = None
) -> Postgres:
    """The embedded server of this `var/`: programs found, and copied where the account could not reach them."""
    programs = postgres_programs()
    home = server_home(var_root, account)
    tree = reachable_copy(programs.tree, f"{programs.bin_below}/postgres", home, account)
    return Postgres(
        home=home / "postgres",
        bin=tree / programs.bin_below,
        major=programs.major,
        port=port,
        account=account,
        log=log,
        options=options or {},
    )


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(content)


def _serves(pid: int, data: Path) -> bool:
    """True when `pid` is a PostgreSQL server on this data folder."""
    try:
        command = (_PROC.parent / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return False
    return Path(command[0]).name == "postgres" and str(data) in command


def _leftovers(data: Path) -> bool:
    """True while a process of a killed server still works in this data folder (its children run in it)."""
    for entry in _PROC.parent.iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").readlink() == data and "postgres" in (entry / "comm").read_text():
                    return True
            except OSError:
                continue
    return False


def _wait(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + _STOP_WAIT
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
