from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Centre
from interop.address_points.reader import FileRefused, read
from interop.address_points.services import address_points_import


class Command(BaseCommand):
    """`manage.py import_places FILE [--centre SLUG]`: address points (CSV or GeoJSON, WGS84) into the gazetteer."""

    help = "Imports address points into the gazetteer. Repeating it changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--centre", default="", help="slug; may be left out where there is one centre")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        centres = Centre.objects.filter(slug=options["centre"]) if options["centre"] else Centre.objects.all()
        found = list(centres[:2])
        if len(found) != 1:
            names = (
                ", ".join(Centre.objects.order_by("slug").values_list("slug", flat=True)) or "none yet: manage.py setup"
            )
            raise CommandError(f"Say which centre: --centre SLUG. Centres: {names}.")
        try:
            said = address_points_import(centre=found[0], points=read(path), by=None, at=timezone.now())
        except FileRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{said.made} new, {said.moved} moved, {said.same} as before, {said.rejected} rejected; "
            f"{said.outside} of the new and moved lie in no beat."
        )
        for one in said.bad:
            self.stdout.write(f"  line {one.line}: {one.reason}")
