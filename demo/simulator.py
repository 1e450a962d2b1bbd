"""City life for the demo: `python -m demo.simulator --url http://127.0.0.1:PORT [--rate 12] [--speed 1] ...`.

Drives the same HTTP doors that people use, as the people of the centre file who are marked as played by the simulator
and as the crews that nobody has signed in as. Servers that restart are waited for; Ctrl-C and SIGTERM end it at once.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demo import city
from demo.agenda import Agenda, Stopped
from demo.client import Door
from demo.crews import Crews
from demo.desks import Desks
from demo.intake import CallTaker

CALL_TAKER, DISPATCHER = "sim-calltaker", "sim-dispatcher"
SAME_LINE_AGAIN_S = 30.0


def _teller() -> Callable[[str], None]:
    """Print a line, but not the same one again within half a minute: a server that is away is said once."""
    said: dict[str, float] = {}

    def say(line: str) -> None:
        now = time.monotonic()
        if now - said.get(line, -SAME_LINE_AGAIN_S) >= SAME_LINE_AGAIN_S:
            said[line] = now
            print(f"simulator: {line}", flush=True)

    return say


def simulate(
    url: str, centre: Mapping[str, Any], agenda: Agenda, *, rate: float, speed: float, seed: int | None
) -> None:
    """Put the whole demo's life on the agenda; `agenda.run()` makes it happen.

    Raises ValueError for a centre that is not marked simulated. The course of calls depends on the seed alone; what
    crews and desks do depends on what the server offers them as well.
    """
    if not centre["centre"]["simulated"]:
        raise ValueError("This centre is not marked simulated: the simulator works in simulated centres only.")
    passwords = {person["username"]: person["password"] for person in centre["people"]}
    say = _teller()

    def door(username: str) -> Door:
        return Door(url, username, passwords[username], agenda.pause)

    dispatcher = door(DISPATCHER)
    others = random.Random(seed)
    Crews(dispatcher, door, agenda, others, centre, speed=speed, say=say).start()
    Desks(dispatcher, agenda, others, say).start()
    calls = random.Random(seed)
    CallTaker(door(CALL_TAKER), dispatcher, agenda, calls, centre, rate=rate, speed=speed, say=say).start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the duration is over or somebody ends it."""
    parser = argparse.ArgumentParser(prog="python -m demo.simulator", description=__doc__)
    parser.add_argument(
        "--url", required=True, help="address of the running product, for example http://127.0.0.1:8000"
    )
    parser.add_argument("--rate", type=float, default=12.0, help="mean calls an hour over the day (default 12)")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than life (default 1)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the same course of calls")
    parser.add_argument("--credentials", type=Path, default=None, help="centre file (default: the demo city of seed 7)")
    parser.add_argument("--duration", type=float, default=None, help="end after so many seconds")
    chosen = parser.parse_args(arguments)
    if chosen.rate <= 0 or chosen.speed <= 0:
        parser.error("--rate and --speed must be above zero")
    centre: Mapping[str, Any] = (
        json.loads(chosen.credentials.read_text(encoding="utf-8")) if chosen.credentials else city.build()
    )
    agenda = Agenda()
    try:
        simulate(chosen.url, centre, agenda, rate=chosen.rate, speed=chosen.speed, seed=chosen.seed)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _end)
        agenda.run(chosen.duration)
    except ValueError as problem:
        print(f"simulator: {problem}", file=sys.stderr)
        return 2
    except Stopped:
        # The signal came between two entries of the agenda.
        pass
    return 0


def _end(*_: object) -> None:
    # Raised in the main thread, so that it also breaks off a request to a server that has frozen.
    raise Stopped


if __name__ == "__main__":
    raise SystemExit(main())
