"""The embedded servers: started, secured, killed and started again."""

import multiprocessing
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from launch.binaries import postgres_programs
from launch.paths import Var
from launch.ports import free_ports
from launch.postgres import FORGETFUL, Postgres, embedded_postgres
from launch.say import LaunchError
from launch.supervisor import Supervisor
from launch.unprivileged import Account, reachable_copy, server_account, server_home
from launch.valkey import Valkey, embedded_valkey
from tests.launch.conftest import until


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    owner = Supervisor()
    yield owner
    owner.stop(quiet=True)


@pytest.fixture(scope="module")
def postgres(var: Var, supervisor: Supervisor) -> Postgres:
    server = embedded_postgres(
        var.root,
        port=free_ports(1)[0],
        account=server_account(),
        log=var.logs / "postgres.log",
        options=FORGETFUL,
    )
    # What a start that was interrupted during initdb leaves behind must not be in the way.
    (server.home / "data.new" / "half").mkdir(parents=True)
    server.initialise()
    supervisor.begin([server.spec()])
    supervisor.wait_ready(["postgres"])
    return server


@pytest.fixture(scope="module")
def valkey(var: Var, supervisor: Supervisor) -> Valkey:
    server = embedded_valkey(var.root, port=free_ports(1)[0], account=server_account(), log=var.logs / "valkey.log")
    server.initialise()
    supervisor.begin([server.spec()])
    supervisor.wait_ready(["valkey"])
    return server


def test_postgres_takes_the_generated_password_and_no_other(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'desk'"
        ).fetchone()
    assert row == ("desk", False, True)
    wrong = postgres.url.replace(postgres.password_file.read_text(), "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_postgres_sorts_and_stores_unicode(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT upper('é'), pg_encoding_to_char(encoding) FROM pg_database").fetchone() == (
            "É",
            "UTF8",
        )


def test_the_extensions_the_product_may_use_need_no_superuser(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert connection.execute("SELECT 'abc' % 'abd'").fetchone() == (True,)


def test_servers_listen_on_loopback_only(postgres: Postgres, valkey: Valkey) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_secrets_are_private_files(postgres: Postgres, valkey: Valkey) -> None:
    for secret in (postgres.password_file, valkey.home / "valkey.conf"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_no_password_is_on_a_command_line(postgres: Postgres, valkey: Valkey, supervisor: Supervisor) -> None:
    for child in supervisor.children.values():
        line = " ".join(child.spec.command)
        assert postgres.password_file.read_text() not in line
        assert valkey.password not in line


def test_servers_started_by_root_run_as_nobody(postgres: Postgres, valkey: Valkey, supervisor: Supervisor) -> None:
    for child in supervisor.children.values():
        owner = Path(f"/proc/{child.process.pid}").stat().st_uid
        assert owner == server_account().uid
        assert owner != 0


def test_valkey_wants_its_password(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping() is True
    with (
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_postgres_comes_back_after_kill_9_with_its_data(postgres: Postgres, supervisor: Supervisor) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    child = supervisor.children["postgres"]
    killed = child.process.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: child.process.pid != killed, each=supervisor.tick)
    supervisor.wait_ready(["postgres"])
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_pid_file_whose_number_now_belongs_to_a_stranger_is_removed(
    postgres: Postgres, supervisor: Supervisor
) -> None:
    pid_file = postgres.data / "postmaster.pid"
    content = pid_file.read_text().splitlines()
    idle = replace(postgres, home=postgres.home.with_name("idle"))
    idle.data.mkdir(parents=True)
    (idle.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *content[1:]]))
    idle.clear_stale_pid()
    assert not (idle.data / "postmaster.pid").exists()


def test_data_of_another_major_version_are_left_alone(var: Var, postgres: Postgres) -> None:
    old = replace(postgres, home=var.root / "old")
    old.data.mkdir(parents=True)
    (old.data / "PG_VERSION").write_text("14\n")
    with pytest.raises(LaunchError, match="written by PostgreSQL 14") as caught:
        old.initialise()
    assert "make reset" in caught.value.remedy


def test_a_server_that_outlived_its_supervisor_is_stopped_before_the_next_start(var: Var) -> None:
    first, second = free_ports(2)
    account, log = server_account(), var.logs / "orphan.log"
    server = embedded_postgres(var.root / "orphan", port=first, account=account, log=log, options=FORGETFUL)
    server.initialise()
    forgetful, careful = Supervisor(), Supervisor()
    forgetful.begin([server.spec()])
    forgetful.wait_ready(["postgres"])
    again = replace(server, port=second)
    careful.begin([again.spec()])
    careful.wait_ready(["postgres"])
    psycopg.connect(again.url).close()
    assert forgetful.children["postgres"].process.wait() == 0
    careful.stop(quiet=True)


def test_an_ordinary_user_gets_the_same_servers(var: Var) -> None:
    """As root this is tried in a forked process that gives up its rights; otherwise every test here is this one."""
    nobody = server_account()
    home = var.root / "ordinary"
    home.mkdir()
    nobody.own(home, 0o700)
    programs = postgres_programs()
    tree = reachable_copy(programs.tree, f"{programs.bin_below}/postgres", server_home(var.root, nobody), nobody)
    user = Account(nobody.uid, nobody.gid, drop=False)
    server = Postgres(
        home / "postgres", tree / programs.bin_below, programs.major, free_ports(1)[0], user, home / "log", FORGETFUL
    )
    child = multiprocessing.get_context("fork").Process(target=_start_and_stop, args=(server, nobody))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert server.data.stat().st_uid == nobody.uid


def _start_and_stop(server: Postgres, account: Account) -> None:
    if account.drop:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
    server.initialise()
    owner = Supervisor()
    owner.begin([server.spec()])
    owner.wait_ready(["postgres"])
    owner.stop(quiet=True)


def test_programs_that_the_account_cannot_reach_are_copied_and_no_parent_is_opened(var: Var) -> None:
    account = server_account()
    locked = var.root / "locked"
    (locked / "package" / "bin").mkdir(parents=True)
    program = locked / "package" / "bin" / "server"
    shutil.copy("/bin/true", program)
    locked.chmod(0o700)
    found = reachable_copy(locked / "package", "bin/server", server_home(var.root, account), account)
    assert account.run([str(found / "bin" / "server")], cwd=Path("/"), env={}).returncode == 0
    assert stat.S_IMODE(locked.stat().st_mode) == 0o700
    assert (found == locked / "package") is not account.drop
