"""`make run`: from a fresh checkout to one address, and everything stopped again at the end."""

import hashlib
import os
import shutil
import time
from urllib.parse import urlsplit

from launch.centre import announce, load_demo_centre, migrate
from launch.environment import process_environment, read_wishes, secret_key
from launch.install import RUN_LOCKS, ensure_front_end, ensure_python_packages
from launch.paths import Var
from launch.ports import LOOPBACK, free_ports, front_port
from launch.processes import Ports, product_specs, simulator_spec
from launch.runlock import already_running, held, holder, note
from launch.say import LaunchError, say
from launch.servers import start_servers
from launch.supervisor import Supervisor
from launch.unprivileged import refuge_of


def run(var: Var) -> int:
    """Set up, start, watch until Ctrl-C, stop. Returns the exit code."""
    began = time.monotonic()
    wishes = read_wishes(os.environ)
    with held(var.create().lock):
        front_port(wishes.port)  # a taken port is said before the set-up, not after it
        ensure_python_packages(RUN_LOCKS, var)
        ensure_front_end(var)
        web, live = free_ports(2)
        ports = Ports(front_port(wishes.port), web, live)
        address = f"http://{LOOPBACK}:{ports.front}"
        supervisor = Supervisor()
        supervisor.listen()
        try:
            say("- Starting the servers")
            servers = start_servers(supervisor, var, database_url=wishes.database_url, redis_url=wishes.redis_url)
            environment = process_environment(
                var,
                database_url=servers.database_url,
                redis_url=servers.redis_url,
                secret=secret_key(var, wishes.secret_key),
                public_url=os.environ.get("PUBLIC_URL") or address,
            )
            identity = _identity(servers.database_url, embedded=wishes.database_url is None)
            migrate(var, environment, None if wishes.database_url else identity)
            if wishes.demo:
                load_demo_centre(var, environment, identity)
            first, then = product_specs(var, ports, environment)
            if wishes.simulator:
                then.append(simulator_spec(var, ports, environment))
            say("- Starting the processes: " + ", ".join(spec.name for spec in [*first, *then]))
            supervisor.begin(first)
            supervisor.wait_ready(spec.name for spec in first)
            supervisor.begin(then)
            note(var.lock, address=address)
            seconds = time.monotonic() - began
            announce(var, address, demo=wishes.demo, simulator=wishes.simulator, seconds=seconds)
            supervisor.watch()
        except KeyboardInterrupt:
            pass
        finally:
            say("- Stopping")
            supervisor.stop()
            say("  everything has stopped")
    return 0


def _identity(database_url: str, *, embedded: bool) -> str:
    """Tells databases apart in the stamps below `var/`, without writing an address down: it holds a password.

    An embedded one changes its port with each start, and gets a new password only when it is made anew.
    """
    telling = urlsplit(database_url).password or "" if embedded else database_url
    return hashlib.sha256(telling.encode()).hexdigest()


def reset(var: Var) -> int:
    """Empty `var/`, and the refuge of the servers' files if there is one. Refuses while the product runs."""
    if holder(var.lock) is not None:
        raise already_running(var.lock)
    if var.root.exists() and any(var.root.iterdir()) and not var.marker.exists():
        raise LaunchError(
            f"{var.root} was not made by `make run`, so it is left alone.",
            "Set VAR_DIR to the right folder, or leave it out.",
        )
    refuge = refuge_of(var.root)
    for folder in (var.root, refuge):
        if folder.exists():
            _empty(folder)
            say(f"- Emptied {folder}")
    if refuge.exists():
        refuge.rmdir()
    return 0


def _empty(folder: os.PathLike[str]) -> None:
    for entry in os.scandir(folder):
        try:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        except PermissionError as error:
            raise LaunchError(
                f"{entry.path} cannot be deleted: it belongs to another account.",
                "It was made by root: run `make reset` as root once.",
            ) from error
