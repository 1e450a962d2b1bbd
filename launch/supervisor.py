"""Starts the processes, restarts the ones that crash, stops all of them in order. One thread, no events lost."""

import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from launch.child import Spec, end_group, has_ended, last_lines, start
from launch.say import LaunchError, say

_TICK = 0.1
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 30.0
_STEADY_AFTER = 60.0


def restart_delay(crashes_in_a_row: int) -> float:
    """Seconds to wait before the next start: 0.5 after the first crash, doubling to at most 30."""
    return min(_FIRST_DELAY * 2.0 ** max(0, crashes_in_a_row - 1), _LONGEST_DELAY)


@dataclass
class _Child:
    spec: Spec
    process: "subprocess.Popen[bytes]"
    since: float
    crashes: int = 0
    again_at: float | None = None


@dataclass
class Supervisor:
    """Owns the processes that it started, and only those: every signal goes to a pid of its own children."""

    children: dict[str, _Child] = field(default_factory=dict)
    stopping: int = 0
    interruptible: bool = False

    def listen(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal ask for an orderly stop; asked twice, it hurries.

        Until `watch` begins, the request raises KeyboardInterrupt, which ends whatever set-up step is at work.
        """
        self.interruptible = True
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping += 1
        if self.interruptible:
            self.interruptible = False
            raise KeyboardInterrupt

    def begin(self, specs: Iterable[Spec]) -> None:
        """Start processes without waiting for them."""
        for spec in specs:
            self.children[spec.name] = _Child(spec, start(spec), time.monotonic())

    def wait_ready(self, names: Iterable[str]) -> None:
        """Return when each of the named processes serves.

        Raises LaunchError with the end of its log when one exits or is not ready within its patience.
        """
        for name in names:
            child = self.children[name]
            deadline = child.since + child.spec.patience
            while not child.spec.ready():
                gone = has_ended(child.process)
                if gone or time.monotonic() > deadline:
                    why = f"ended with {_cause(end_group(child.process))}" if gone else "did not answer in time"
                    raise LaunchError(
                        f"{name} {why}. The end of its log:\n{last_lines(child.spec.log)}",
                        f"Read {_short(child.spec.log)}. If the data are at fault, `make reset` starts afresh.",
                    )
                time.sleep(_TICK)

    def watch(self) -> None:
        """Restart whatever ends by itself, until asked to stop."""
        self.interruptible = False
        while not self.stopping:
            self.tick()
            time.sleep(_TICK)

    def tick(self) -> None:
        """One look at every process."""
        now = time.monotonic()
        for child in self.children.values():
            if child.again_at is not None:
                if now >= child.again_at:
                    self._again(child)
            elif has_ended(child.process):
                self._ended(child, end_group(child.process), now)
            elif child.crashes and now - child.since > _STEADY_AFTER:
                child.crashes = 0

    def _ended(self, child: _Child, code: int, now: float) -> None:
        child.crashes += 1
        delay = restart_delay(child.crashes)
        child.again_at = now + delay
        say(
            f"! {child.spec.name} ended with {_cause(code)}; starting it again in {delay:g} s "
            f"(log: {_short(child.spec.log)})"
        )

    def _again(self, child: _Child) -> None:
        try:
            child.process = start(child.spec)
        except (OSError, LaunchError) as error:
            child.crashes += 1
            child.again_at = time.monotonic() + restart_delay(child.crashes)
            say(f"! {child.spec.name} cannot be started: {error}; trying again")
            return
        child.since = time.monotonic()
        child.again_at = None
        say(f"  {child.spec.name} runs again (process {child.process.pid})")

    def stop(self, *, quiet: bool = False) -> None:
        """Stop everything, highest tier first. A second request for a stop turns politeness into SIGKILL."""
        self.interruptible = False
        already = self.stopping
        for tier in sorted({child.spec.tier for child in self.children.values()}, reverse=True):
            members = [child for child in self.children.values() if child.spec.tier == tier]
            running = [child for child in members if not has_ended(child.process)]
            for child in running:
                child.process.send_signal(child.spec.stop_signal)
            until = time.monotonic() + max((child.spec.grace for child in running), default=0.0)
            while not all(has_ended(child.process) for child in running):
                if time.monotonic() > until or self.stopping > max(already, 1):
                    break
                time.sleep(0.02)
            for child in members:
                if not quiet and not has_ended(child.process):
                    say(f"  {child.spec.name} did not stop when asked; ending it")
                end_group(child.process)
        self.children.clear()


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
