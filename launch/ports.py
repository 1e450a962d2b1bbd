"""Choice of local TCP ports."""

import socket
from contextlib import ExitStack

from launch.say import LaunchError

LOOPBACK = "127.0.0.1"
PREFERRED = 8000


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """True when a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port: int, host: str = LOOPBACK, timeout: float = 0.5) -> bool:
    """True when something accepts connections on `port`."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """`count` different ports that nothing listens on. All are held until the last is known, so none repeats."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]


def front_port(wanted: int | None) -> int:
    """The port of the one address: `wanted` if given, else 8000, else any free one.

    Raises LaunchError when `wanted` is taken.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise LaunchError(
                f"Port {wanted} cannot be used: another program listens on it, or it needs more rights.",
                "Choose another one, for example `make run PORT=8123`, or leave PORT out and a free one is picked.",
            )
        return wanted
    return PREFERRED if is_free(PREFERRED) else free_ports(1)[0]
