"""An embedded Redis-compatible server: broker and fan-out. It keeps nothing on disk, since PostgreSQL is the truth."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from launch.binaries import valkey_program
from launch.child import Spec
from launch.ports import LOOPBACK, answers
from launch.unprivileged import Account, reachable_copy, server_home


@dataclass(frozen=True)
class Valkey:
    """A server program, its folder, its port and the password of this start."""

    home: Path
    program: Path
    port: int
    password: str
    account: Account
    log: Path

    @property
    def url(self) -> str:
        """The REDIS_URL of this server. Its password is never printed."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def initialise(self) -> None:
        """Write the configuration file, private to the account: a password on a command line is visible to all."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.account.own(self.home, 0o700)
        settings = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "requirepass": self.password,
            "protected-mode": "yes",
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
            "dir": str(self.home),
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        path = self.home / "valkey.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.writelines(f"{name} {value}\n" for name, value in settings.items())
        self.account.own(path, 0o600)

    def spec(self) -> Spec:
        """The server as a supervised process."""
        return Spec(
            name="valkey",
            command=(str(self.program), str(self.home / "valkey.conf")),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            log=self.log,
            tier=0,
            cwd=self.home,
            ready=lambda: answers(self.port),
            account=self.account,
        )


def embedded_valkey(var_root: Path, *, port: int, account: Account, log: Path) -> Valkey:
    """The embedded server of this `var/`, with a fresh password."""
    folder, name = valkey_program()
    home = server_home(var_root, account)
    program = reachable_copy(folder, name, home, account) / name
    return Valkey(home / "valkey", program, port, secrets.token_urlsafe(24), account, log)
