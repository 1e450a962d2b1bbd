import contextlib
import gc
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dispatch.sweeper import Sweeper
from live import renderer

DRAWING_NICE = 5


class Command(BaseCommand):
    """`manage.py sweeper`: the due loop and the live renderer, until SIGTERM."""

    help = "Runs whatever is due each second, and renders live boards. Needs PostgreSQL only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--clock-off",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="Act as if this machine's clock was wrong by so much: for chaos runs.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        drawing = threading.Thread(target=_draw, args=(stop,), name="renderer", daemon=True)
        drawing.start()
        # What is loaded by now stays: the collector need not walk it each time.
        gc.collect()
        gc.freeze()
        self.stdout.write("sweeper started")
        Sweeper(clock_off_s=options["clock_off"]).run(stop)
        drawing.join(timeout=5)


def _draw(stop: threading.Event) -> None:
    """Boards give way to claims and requests when there is not enough of the machine for all of them."""
    if sys.platform == "linux":  # elsewhere the number of a thread is not one that can be niced
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), DRAWING_NICE)
        # Where the kernel groups by session, a thread's nice value counts among those of its own session only, and the
        # group's decides: boards are nearly all that this process does.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(DRAWING_NICE), encoding="ascii")
    renderer.run(stop)
