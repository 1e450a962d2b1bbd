import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.problems import Refused
from interop.centre_file.load import centre_load


class Command(BaseCommand):
    """`manage.py load_centre FILE`: load a simulated centre from a centre file. Repeating it changes nothing."""

    help = "Loads a centre file (centre/1), for example the demo city's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{path.name} cannot be read as JSON: {type(error).__name__}.") from error
        try:
            centre = centre_load(data=data, at=timezone.now())
        except Refused as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{centre.name} is loaded.")
