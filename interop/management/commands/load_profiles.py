from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Centre
from accounts.problems import Refused
from interop.profiles.reader import read
from interop.profiles.services import RowsRefused, profiles_import

MOST_BYTES = 500_000_000
_MOST_NAMED = 50


class Command(BaseCommand):
    """`manage.py load_profiles FILE --source SLUG [--centre SLUG] [--dry-run]`: safety profiles of a registry."""

    help = "Loads residents' safety profiles from JSON lines, wholly or not at all. Repeating it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="the registry: small letters, digits and dashes")
        parser.add_argument("--centre", default="", help="slug; may be left out where there is one centre")
        parser.add_argument("--dry-run", action="store_true", help="checks and counts, and writes nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        path, at = options["file"], timezone.now()
        centres = Centre.objects.filter(slug=options["centre"]) if options["centre"] else Centre.objects.all()
        found = list(centres[:2])
        if len(found) != 1:
            raise CommandError("Say which centre: --centre SLUG.")
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CommandError(f"The file is larger than {MOST_BYTES // 1_000_000} MB: split it.")
            with path.open(encoding="utf-8-sig") as lines:
                rows = read(lines, zone=found[0].zone, at=at)
                said = profiles_import(
                    centre=found[0], source=options["source"], rows=rows, by=None, at=at, dry_run=options["dry_run"]
                )
        except RowsRefused as refused:
            for one in refused.bad[:_MOST_NAMED]:
                self.stderr.write(f"  line {one.line}, {one.field}: {one.reason}")
            raise CommandError(str(refused)) from None
        except Refused as error:
            raise CommandError(error.detail) from None
        except (OSError, UnicodeDecodeError) as error:
            # The name of the error only: a decoding error would print what stood there.
            raise CommandError(f"{path.name} cannot be read as UTF-8 text: {type(error).__name__}.") from None
        self.stdout.write(
            f"{said.made} new, {said.changed} changed, {said.same} as before, {said.older} older than on file,"
            f" {said.withdrawn} withdrawn and deleted, {said.unknown} withdrawn that were not here."
            + (" Nothing was written: dry run." if options["dry_run"] else "")
        )
