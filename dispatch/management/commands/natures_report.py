import csv
import json
from argparse import FileType
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from triage import natures


class Command(BaseCommand):
    """`manage.py natures_report FILE --column C`: maps a centre's own call types to the natures of triage.

    What is not certain is not mapped but listed, most frequent first. Exit code 0, also with unmapped call types.
    """

    help = "Maps local call types (one column of a CSV file, - for standard input) to natures and registry codes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=FileType("r", encoding="utf-8", errors="replace"))
        parser.add_argument("--column", required=True, help="the column with the call type")
        parser.add_argument("--json", action="store_true", help="all rows, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with options["file"] as lines:
            reader = csv.DictReader(lines)
            if options["column"] not in (reader.fieldnames or ()):
                raise CommandError(f"There is no column {options['column']!r}: {', '.join(reader.fieldnames or ())}.")
            counted = Counter((row[options["column"]] or "").strip() for row in reader)
        counted.pop("", None)
        found = [(natures.resolve(text), count) for text, count in counted.most_common()]
        mapped = [(one, count) for one, count in found if one.nature is not None]
        unmapped = [(one, count) for one, count in found if one.nature is None]
        rows = [
            {
                "local": one.text,
                "calls": count,
                "nature": one.nature.slug if one.nature else None,
                "registry_code": one.nature.registry_code if one.nature else None,
                "dangerous": one.dangerous,
                "near": [near.slug for near in one.near],
            }
            for one, count in found
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=1))
            return
        for one, count in mapped:
            if one.nature is not None:
                danger = "  never a program's call" if one.nature.dangerous else ""
                code = one.nature.registry_code
                self.stdout.write(f"{count:>8}  {one.text:<44} {one.nature.slug:<26} {code:<9}{danger}".rstrip())
        self.stdout.write(f"\nNot mapped, {len(unmapped)} of {len(found)} call types:")
        for one, count in unmapped:
            near = f"perhaps {', '.join(n.slug for n in one.near)}" if one.near else ""
            self.stdout.write(f"{count:>8}  {one.text:<44} {near}".rstrip())
        calls = sum(counted.values())
        share = sum(count for _, count in mapped)
        self.stdout.write(f"\n{len(mapped)} of {len(found)} call types are mapped, {share} of {calls} rows.")
