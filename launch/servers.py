"""PostgreSQL and the Redis-compatible server: the given ones, or embedded ones started here."""

from collections.abc import Mapping
from dataclasses import dataclass

from launch.child import Spec
from launch.paths import Var
from launch.ports import free_ports
from launch.postgres import embedded_postgres
from launch.supervisor import Supervisor
from launch.unprivileged import server_account
from launch.valkey import embedded_valkey


@dataclass(frozen=True)
class Addresses:
    """What the product needs to know of its two servers."""

    database_url: str
    redis_url: str


def start_servers(
    supervisor: Supervisor,
    var: Var,
    *,
    database_url: str | None,
    redis_url: str | None,
    options: Mapping[str, str] | None = None,
) -> Addresses:
    """Start whatever was not given, wait until it serves, and say where both are."""
    account = server_account()
    postgres_port, valkey_port = free_ports(2)
    specs: list[Spec] = []
    if redis_url is None:
        valkey = embedded_valkey(var.root, port=valkey_port, account=account, log=var.logs / "valkey.log")
        valkey.initialise()
        specs.append(valkey.spec())
        redis_url = valkey.url
    if database_url is None:
        postgres = embedded_postgres(
            var.root, port=postgres_port, account=account, log=var.logs / "postgres.log", options=options
        )
        postgres.initialise()
        specs.append(postgres.spec())
        database_url = postgres.url
    supervisor.begin(specs)
    supervisor.wait_ready(spec.name for spec in specs)
    return Addresses(database_url, redis_url)
