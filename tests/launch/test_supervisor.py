"""The supervisor on real processes: restarts, order, politeness and its end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.child import Spec, start
from launch.paths import ROOT
from launch.say import LaunchError
from launch.supervisor import Supervisor, restart_delay
from tests.launch.conftest import until

_SLEEP = "import signal; signal.pause()"
_STUBBORN = (
    "import signal, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path('up').touch(); signal.pause()"
)
_WITH_GRANDCHILD = (
    "import pathlib, signal, subprocess, sys; "
    f"grandchild = subprocess.Popen([sys.executable, '-c', {_SLEEP!r}]); "
    "pathlib.Path('grandchild').write_text(str(grandchild.pid)); signal.pause()"
)
_NOTES_ITS_END = (
    "import pathlib, signal, sys\n"
    "def end(number, frame):\n"
    "    with open('ended', 'a') as out: out.write(sys.argv[1] + '\\n')\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "pathlib.Path('up-' + sys.argv[1]).touch()\n"
    "signal.pause()\n"
)


def spec(folder: Path, name: str, code: str, *, tier: int = 1, grace: float = 8.0, patience: float = 30.0) -> Spec:
    return Spec(
        name=name,
        command=(sys.executable, "-c", code, name),
        environment=dict(os.environ),
        log=folder / f"{name}.log",
        tier=tier,
        cwd=folder,
        grace=grace,
        patience=patience,
    )


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    owner = Supervisor()
    yield owner
    owner.stop(quiet=True)


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_a_crashed_process_is_started_again_and_said_so(
    tmp_path: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.begin([spec(tmp_path, "worker", _SLEEP)])
    first = supervisor.children["worker"].process.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.children["worker"].process.pid != first, each=supervisor.tick)
    said = capsys.readouterr().out
    assert "worker ended with SIGKILL; starting it again in 0.5 s" in said
    assert "worker runs again" in said
    assert alive(supervisor.children["worker"].process.pid)


def test_the_wait_between_starts_doubles_to_half_a_minute() -> None:
    assert [restart_delay(crashes) for crashes in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_what_a_crashed_process_left_in_its_group_is_ended(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.begin([spec(tmp_path, "web", _WITH_GRANDCHILD)])
    note = tmp_path / "grandchild"
    until(lambda: note.exists() and note.read_text())
    grandchild = int(note.read_text())
    os.kill(supervisor.children["web"].process.pid, signal.SIGKILL)
    until(lambda: not alive(grandchild), each=supervisor.tick)


def test_a_process_that_cannot_start_is_reported_with_the_end_of_its_log(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    broken = spec(tmp_path, "web", "import sys; sys.exit('the address is in use')")
    supervisor.begin([Spec(**{**broken.__dict__, "ready": lambda: False})])
    with pytest.raises(LaunchError, match=r"web ended with exit code 1(.|\n)*the address is in use"):
        supervisor.wait_ready(["web"])


def test_a_process_that_never_answers_is_reported(tmp_path: Path, supervisor: Supervisor) -> None:
    mute = spec(tmp_path, "web", _SLEEP, patience=0.1)
    supervisor.begin([Spec(**{**mute.__dict__, "ready": lambda: False})])
    with pytest.raises(LaunchError, match="did not answer in time"):
        supervisor.wait_ready(["web"])


def test_higher_tiers_stop_first(tmp_path: Path, supervisor: Supervisor) -> None:
    names = {"postgres": 0, "web": 2, "caddy": 3, "simulator": 4}
    supervisor.begin([spec(tmp_path, name, _NOTES_ITS_END, tier=tier) for name, tier in names.items()])
    until(lambda: all((tmp_path / f"up-{name}").exists() for name in names))
    supervisor.stop()
    assert (tmp_path / "ended").read_text().split() == ["simulator", "caddy", "web", "postgres"]


def test_a_process_that_ignores_the_request_is_ended(tmp_path: Path, supervisor: Supervisor) -> None:
    supervisor.begin([spec(tmp_path, "deaf", _STUBBORN, grace=0.1)])
    until((tmp_path / "up").exists)
    process = supervisor.children["deaf"].process
    supervisor.stop(quiet=True)
    assert process.returncode == -signal.SIGKILL


def _supervisor_process(folder: Path) -> "subprocess.Popen[bytes]":
    """A whole supervisor in a process of its own, with two children that note their pids."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1]); folder = pathlib.Path(sys.argv[2])\n"
        "from tests.launch.test_supervisor import spec, _SLEEP\n"
        "from launch.supervisor import Supervisor\n"
        "owner = Supervisor(); owner.listen()\n"
        "try:\n"
        "    owner.begin([spec(folder, name, _SLEEP) for name in ('web', 'worker')])\n"
        "    pids = ' '.join(str(child.process.pid) for child in owner.children.values())\n"
        "    (folder / 'new').write_text(pids); (folder / 'new').rename(folder / 'pids')\n"
        "    owner.watch()\n"
        "except KeyboardInterrupt: pass\n"
        "finally: owner.stop()\n"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(ROOT), str(folder)], cwd=ROOT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_stop_it_stops_all_children_and_exits_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    owner = _supervisor_process(tmp_path)
    until((tmp_path / "pids").exists)
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert all(alive(pid) for pid in pids)
    owner.send_signal(number)
    assert owner.wait(60) == 0
    assert not any(alive(pid) for pid in pids)


def test_killed_outright_it_takes_its_children_along(tmp_path: Path) -> None:
    owner = _supervisor_process(tmp_path)
    until((tmp_path / "pids").exists)
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    owner.kill()
    owner.wait()
    until(lambda: not any(alive(pid) for pid in pids))


def test_a_child_is_in_a_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C at the terminal reaches a whole process group: the supervisor's order of stopping needs them apart."""
    process = start(spec(tmp_path, "web", _SLEEP))
    try:
        assert os.getsid(process.pid) == process.pid
    finally:
        process.kill()
        process.wait()
