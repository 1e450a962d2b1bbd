"""``manage.py program_install SLUG|FILE``: install a preset, or a program's file, as a draft."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Agency, Centre
from accounts.problems import Refused
from programs.exchange import program_read
from programs.preset_schema import all_presets
from programs.services.starting import preset_install


class Command(BaseCommand):
    """Install as a draft; two people publish it on the screen."""

    help = "Install a preset (by slug) or a program's YAML file as a draft of an agency."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, where, for whom."""
        parser.add_argument("program", help="a preset's slug, or a file")
        parser.add_argument("--centre", help="slug; needed where there is more than one")
        parser.add_argument("--agency", help="slug; needed where the centre has more than one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the draft. Raises CommandError saying what names there are, or what is wrong with the file."""
        name = options["program"]
        presets = all_presets()
        try:
            if name in presets:
                preset = presets[name]
            elif Path(name).is_file():
                preset = program_read(Path(name).read_text(encoding="utf-8"))
            else:
                raise CommandError(f"{name!r} is neither a file nor a preset. Presets: {', '.join(presets)}.")
            centre = _one("centre", Centre.objects.all(), options["centre"])
            agency = _one("agency", Agency.objects.filter(centre=centre), options["agency"])
            version = preset_install(centre=centre, agency=agency, preset=preset, by=None, at=timezone.now())
        except (Refused, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{version} installed as a draft of {agency}. Open it under Programs; two people publish it.")


def _one(noun: str, rows: Any, slug: str | None) -> Any:
    found = list(rows.filter(slug=slug) if slug else rows)
    if len(found) != 1:
        names = ", ".join(rows.values_list("slug", flat=True)) or "none"
        raise CommandError(f"Name the {noun} with --{noun}; there is: {names}.")
    return found[0]
