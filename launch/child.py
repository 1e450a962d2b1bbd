"""One supervised process: what to run, how to see that it serves, how to end it."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launch.unprivileged import Account

_LARGEST_LOG = 10 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def always_ready() -> bool:
    """For processes that open no port: started is ready."""
    return True


@dataclass(frozen=True)
class Spec:
    """How to start and stop one process.

    `tier` orders stopping: the highest tier first, all of one tier together. `grace` is the time in seconds between the
    polite signal and SIGKILL. `prepare` runs before each start, so also before each restart. `patience` is the time in
    seconds after which a process that was started, lives and does not serve yet counts as hung: a slow computer's first
    start is none.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    tier: int
    cwd: Path
    ready: Callable[[], bool] = always_ready
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 8.0
    account: Account | None = None
    prepare: Callable[[], None] | None = None
    patience: float = 120.0


def start(spec: Spec) -> "subprocess.Popen[bytes]":
    """Start the process in its own session, so that Ctrl-C at the terminal reaches the supervisor alone.

    On Linux the kernel also ends it, politely, should the supervisor be killed outright.
    """
    if spec.prepare is not None:
        spec.prepare()
    _rotate(spec.log)
    polite = int(spec.stop_signal)

    def end_with_parent() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, polite, 0, 0, 0)

    options = spec.account.popen_options() if spec.account is not None else {}
    with spec.log.open("ab") as log:
        return subprocess.Popen(
            spec.command,
            env=dict(spec.environment),
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
            **options,
        )


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """True when the process has ended. Where the system can, its entry is left in place: while it stands, the number
    of its process group cannot pass to a stranger, and what the process left behind can be ended by that number."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def end_group(process: "subprocess.Popen[bytes]") -> int:
    """SIGKILL to the process and to whatever it left in its group; returns its exit code. Safe to call twice."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a child's whole process group; a group that is gone is no error."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file, indented, for a message about its process."""
    if not log.exists():
        return "    (the log is empty)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    return "\n".join(f"    {line}" for line in lines) or "    (the log is empty)"


def _rotate(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
