import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """`manage.py chaos --minutes 1 --seed 7`: a private stack under load whose parts are killed, frozen and restarted.

    Touches nothing but its own processes and its own servers. The same as `make chaos`.
    """

    help = "Kills and freezes parts of a private stack under load, then counts what was lost or booked twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=1.0)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        command = [sys.executable, "-m", "launch", "chaos"]
        command += ["--minutes", str(options["minutes"]), "--seed", str(options["seed"])]
        done = subprocess.run(command, cwd=settings.BASE_DIR, check=False)
        if done.returncode:
            raise CommandError("Chaos failed: see above.", returncode=done.returncode)
