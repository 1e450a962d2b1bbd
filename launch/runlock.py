"""One `make run` per `var/`: a lock that the kernel lets go of, however the process that holds it ends."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launch.say import LaunchError


def holder(path: Path) -> dict[str, str] | None:
    """Who runs on this `var/` now: `pid` and, once known, `address`. None when nobody does."""
    if not path.exists():
        return None
    with path.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _read(path)
    return None


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in content.items()} if isinstance(content, dict) else {}


def already_running(path: Path) -> LaunchError:
    """The message for whoever comes second."""
    who = holder(path) or {}
    where = f" at {who['address']}" if "address" in who else ""
    return LaunchError(
        f"Diversion Desk is already running{where} (process {who.get('pid', 'unknown')}).",
        "Use that one, or stop it first with Ctrl-C in its terminal"
        + (f" or `kill {who['pid']}`." if "pid" in who else "."),
    )


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock. Raises LaunchError when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise already_running(path) from error
        note(path)
        yield


def note(path: Path, **facts: str) -> None:
    """Write down who holds the lock; called by the holder only."""
    path.write_text(json.dumps({"pid": str(os.getpid()), **facts}), encoding="utf-8")
