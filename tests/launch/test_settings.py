"""Ports, wishes from the environment, secrets, lock and reset: refused early and with a remedy."""

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch import ports
from launch.environment import process_environment, read_wishes, secret_key
from launch.paths import ROOT, Var
from launch.run import reset
from launch.runlock import held, holder, note
from launch.say import LaunchError

_HOLDER = (
    "import sys, pathlib; from launch.runlock import held, note\n"
    "path = pathlib.Path(sys.argv[1])\n"
    "with held(path):\n"
    "    note(path, address='http://127.0.0.1:8000')\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server((ports.LOOPBACK, 0)) as listener:
        yield int(listener.getsockname()[1])


def test_free_ports_are_free_and_different() -> None:
    found = ports.free_ports(20)
    assert len(set(found)) == 20
    assert all(ports.is_free(port) for port in found)


def test_a_taken_port_is_refused_when_asked_for_by_name(taken: int) -> None:
    with pytest.raises(LaunchError, match=f"Port {taken} cannot be used"):
        ports.front_port(taken)


def test_without_a_wish_a_taken_favourite_gives_way_to_a_free_port(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PREFERRED", taken)
    chosen = ports.front_port(None)
    assert chosen != taken
    assert ports.is_free(chosen)


def test_nothing_set_means_own_servers_demo_and_simulator() -> None:
    wishes = read_wishes({})
    assert (wishes.port, wishes.database_url, wishes.redis_url, wishes.secret_key) == (None, None, None, None)
    assert wishes.demo
    assert wishes.simulator


def test_no_demo_means_no_simulator_either() -> None:
    wishes = read_wishes({"DEMO": "0", "SIMULATOR": "1"})
    assert not wishes.demo
    assert not wishes.simulator


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("SIMULATOR", "maybe"),
        ("DATABASE_URL", "mysql://someone:hunter2@host/desk"),
        ("DATABASE_URL", "postgresql:///desk?password=hunter2"),
        ("DATABASE_URL", "postgresql://someone:hunter2@host:port/desk"),
        ("REDIS_URL", "memcached://:hunter2@host"),
        ("SECRET_KEY", "hunter2"),
    ],
)
def test_a_wrong_setting_is_named_with_a_remedy_and_without_its_secret(name: str, value: str) -> None:
    with pytest.raises(LaunchError, match=name) as caught:
        read_wishes({name: value})
    assert "hunter2" not in caught.value.problem + caught.value.remedy
    assert caught.value.remedy


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    var = Var(tmp_path).create()
    made = secret_key(var, None)
    assert len(made) >= 50
    assert secret_key(var, None) == made
    assert stat.S_IMODE(var.secret.stat().st_mode) == 0o600


def test_a_given_secret_is_not_written_down(tmp_path: Path) -> None:
    var = Var(tmp_path).create()
    given = "g" * 50
    assert secret_key(var, given) == given
    assert not var.secret.exists()


def test_every_setting_of_the_contract_reaches_the_processes(tmp_path: Path) -> None:
    var = Var(tmp_path).create()
    environment = process_environment(
        var, database_url="postgresql://a", redis_url="redis://b", secret="s" * 50, public_url="http://127.0.0.1:8000"
    )
    wanted = {
        "DATABASE_URL": "postgresql://a",
        "REDIS_URL": "redis://b",
        "SECRET_KEY": "s" * 50,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "VAR_DIR": str(tmp_path),
    }
    assert {name: environment[name] for name in wanted} == wanted


def test_a_second_start_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(lock)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with (
            pytest.raises(LaunchError, match=f"already running at http://127.0.0.1:8000 .process {first.pid}"),
            held(lock),
        ):
            pass
        var = Var(tmp_path)
        with pytest.raises(LaunchError, match="already running"):
            reset(var)
        first.kill()
    assert holder(lock) is None
    with held(lock):
        note(lock)


def test_reset_empties_its_folder(tmp_path: Path) -> None:
    var = Var(tmp_path / "var").create()
    secret_key(var, None)
    assert reset(var) == 0
    assert list(var.root.iterdir()) == []


def test_reset_leaves_a_folder_alone_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LaunchError, match="left alone"):
        reset(Var(tmp_path))
    assert (tmp_path / "thesis.txt").exists()
