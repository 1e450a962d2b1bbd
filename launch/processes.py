"""The processes of the product: what `make run` starts here and docker-compose.yml starts in containers."""

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launch.binaries import caddy_program
from launch.child import Spec, always_ready
from launch.paths import ROOT, Var
from launch.ports import LOOPBACK

WEB_WORKERS = 2
WEB_THREADS = 4
WORKER_THREADS = 4
# Enough that whoever looks sees something happen within two minutes, and few enough for the city's dozen teams.
SIMULATED_CALLS_AN_HOUR = 30


@dataclass(frozen=True)
class Ports:
    """The loopback ports of one start. `front` is the only one that a person needs."""

    front: int
    web: int
    live: int


def web_command(host: str, port: int) -> tuple[str, ...]:
    """Pages and REST API: WSGI with threads."""
    return (
        *_module("granian"),
        *("--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"),
        *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "config.wsgi:application"),
    )


def live_command(host: str, port: int) -> tuple[str, ...]:
    """Event streams: ASGI, one process."""
    return (
        *_module("granian"),
        *("--interface", "asgi", "--host", host, "--port", str(port), "--no-ws", "--workers", "1"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "2", "config.asgi:application"),
    )


def worker_command() -> tuple[str, ...]:
    """Celery worker on threads: its tasks wait for PostgreSQL and HTTP, not for a core."""
    return (
        *_module("celery"),
        *("-A", "config", "worker", "--pool", "threads", "--concurrency", str(WORKER_THREADS)),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    )


def beat_command(schedule: Path) -> tuple[str, ...]:
    """Celery beat: the periodic jobs."""
    return (*_module("celery"), "-A", "config", "beat", "--loglevel", "INFO", "--pidfile", "", "-s", str(schedule))


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


def healthy(port: int, path: str = "/healthz") -> bool:
    """True when the process on `port` answers `path` with 200."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def product_specs(var: Var, ports: Ports, environment: Mapping[str, str]) -> tuple[list[Spec], list[Spec]]:
    """First what a person needs to begin (web, live, sweeper, proxy), then worker and beat.

    All import the same libraries, and two cores do so faster for those that somebody waits for when those go first.
    """

    def spec(name: str, command: tuple[str, ...], ready: Callable[[], bool] = always_ready) -> Spec:
        return Spec(name, command, environment, var.logs / f"{name}.log", tier=2, cwd=ROOT, ready=ready)

    proxy = Spec(
        name="caddy",
        command=(str(caddy_program()), "run", "--config", str(ROOT / "Caddyfile"), "--adapter", "caddyfile"),
        environment=proxy_environment(var, ports, environment),
        log=var.logs / "caddy.log",
        tier=3,
        cwd=ROOT,
        ready=lambda: healthy(ports.front),
    )
    first = [
        spec("web", web_command(LOOPBACK, ports.web), lambda: healthy(ports.web)),
        spec("live", live_command(LOOPBACK, ports.live), lambda: healthy(ports.live, "/live/healthz")),
        spec("sweeper", (sys.executable, "manage.py", "sweeper")),
        proxy,
    ]
    return first, [spec("worker", worker_command()), spec("beat", beat_command(var.run / "celerybeat-schedule"))]


def simulator_spec(var: Var, ports: Ports, environment: Mapping[str, str]) -> Spec:
    """The city simulator. It speaks HTTP to the one address, as people do, and gets no secret of the product."""
    hidden = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    return Spec(
        name="simulator",
        command=(
            *_module("demo.simulator"),
            *(
                "--url",
                f"http://{LOOPBACK}:{ports.front}",
                "--credentials",
                str(var.centre),
                "--rate",
                str(SIMULATED_CALLS_AN_HOUR),
            ),
        ),
        environment={name: value for name, value in environment.items() if name not in hidden},
        log=var.logs / "simulator.log",
        tier=4,
        cwd=ROOT,
    )


def proxy_environment(var: Var, ports: Ports, environment: Mapping[str, str]) -> dict[str, str]:
    """The Caddyfile's variables, and folders below `var/` for what Caddy keeps."""
    return {
        "PATH": environment.get("PATH", "/usr/bin:/bin"),
        "HOME": str(var.run),
        "XDG_DATA_HOME": str(var.run),
        "XDG_CONFIG_HOME": str(var.run),
        "DESK_SITE": f"http://:{ports.front}",
        "DESK_BIND": LOOPBACK,
        "DESK_WEB": f"{LOOPBACK}:{ports.web}",
        "DESK_LIVE": f"{LOOPBACK}:{ports.live}",
    }
