import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from dispatch.sweeper import Sweeper
from live import renderer


class Command(BaseCommand):
    """`manage.py sweeper`: the due loop and the live renderer, until SIGTERM."""

    help = "Runs whatever is due each second, and renders live boards. Needs PostgreSQL only."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        drawing = threading.Thread(target=renderer.run, args=(stop,), name="renderer", daemon=True)
        drawing.start()
        self.stdout.write("sweeper started")
        Sweeper().run(stop)
        drawing.join(timeout=5)
