import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """`manage.py chaos --minutes N --seed S`: the same as `make chaos`, on private servers; no database is needed."""

    help = "Kills and freezes parts of a private stack under load, then checks that nothing acknowledged was lost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=1.0)
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        command = [sys.executable, "-m", "launch", "chaos"]
        command += ["--minutes", str(options["minutes"]), "--seed", str(options["seed"])]
        if subprocess.run(command, cwd=settings.BASE_DIR, check=False).returncode != 0:
            raise CommandError("Chaos failed: see the summary above.")
