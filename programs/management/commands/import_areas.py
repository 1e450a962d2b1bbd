"""``manage.py import_areas FILE --kind beat``: beats, districts or the boundary of a centre from GeoJSON."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Centre
from accounts.problems import Refused
from accounts.services import audit
from people.models import Area
from programs.areas import parts_read


class Command(BaseCommand):
    """Each feature needs a `name`; a beat may have a `district`. Loading it again replaces outlines, names stay."""

    help = "Load beats, districts or the boundary from a GeoJSON FeatureCollection with name (and district)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file and what it holds."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=Area.Kind.values, default=Area.Kind.BEAT)
        parser.add_argument("--centre", default="", help="slug; may be left out where there is one centre")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many. Raises CommandError with the place of what cannot be read; then nothing is loaded."""
        path, kind = options["file"], options["kind"]
        centres = Centre.objects.filter(slug=options["centre"]) if options["centre"] else Centre.objects.all()
        if centres.count() != 1:
            raise CommandError("Name the centre with --centre.")
        try:
            features = json.loads(path.read_text(encoding="utf-8"))["features"]
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
            raise CommandError(f"{path.name} is no readable GeoJSON FeatureCollection: {error}") from None
        centre, count = centres.get(), 0
        with transaction.atomic():
            for nth, feature in enumerate(features, 1):
                properties = feature.get("properties") or {}
                name = str(properties.get("name") or "").strip()[:80]
                try:
                    if not name:
                        raise CommandError(f"Feature {nth} has no name.")
                    (part,) = parts_read(json.dumps(feature))
                except Refused as refused:
                    raise CommandError(f"Feature {nth}: {refused.detail}") from None
                except ValueError:
                    raise CommandError(f"Feature {nth} ({name}) holds more than one polygon: make it one.") from None
                district = str(properties.get("district") or "")[:80]
                Area.objects.update_or_create(
                    centre=centre, kind=kind, name=name, defaults={"shape": part["geometry"], "district": district}
                )
                count += 1
            audit(action="areas.import", at=timezone.now(), centre=centre, detail={"kind": kind, "count": count})
        self.stdout.write(f"{count} of kind {kind} in {centre.name}.")
