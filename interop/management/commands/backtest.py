"""`manage.py backtest PROGRAM [--draft] FILE --map MAP`: what a program would have done with the calls of a log."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Centre
from dispatch.models.call import Channel
from interop.call_log.cases import cases
from interop.call_log.mapping import LogMap, MapError, load_map
from interop.call_log.reader import BadRow
from programs.backtest.plan import Plan, Side
from programs.backtest.report import lines, report
from programs.backtest.tally import LISTED
from programs.models import Program, VersionState
from programs.preset_schema import Preset, all_presets, load_preset
from programs.selectors import protocol_of
from programs.selectors.backtests import DEFAULT_MINUTES, protocol_for_tests, side_of, units_of
from triage import natures
from triage.programs import ProgramRules
from triage.protocol import load_reference

BATCH = 20_000


class Command(BaseCommand):
    help = (
        "Count what a program would have done with the calls of a log (CSV): eligible, excluded by rule, would ask, in"
        " hours and covered, what cannot be tested, unit hours and overflow. With --draft, the open draft beside the"
        " live version and what changes. With --preset, a preset as it ships, without a centre. Writes nothing."
    )

    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("program", help="slug of a program; with --preset a shipped preset or a preset file")
        parser.add_argument("file", type=Path, help="the log, CSV with a header line")
        parser.add_argument("--map", required=True, help="mapping file, or the name of a shipped one (burlington_2022)")
        parser.add_argument("--draft", action="store_true", help="the open draft, beside the live version")
        parser.add_argument("--preset", action="store_true", help="a preset under the reference protocol, no database")
        parser.add_argument("--centre", help="slug (default: the only centre with such a program)")
        parser.add_argument("--units", type=int, help="units at a time (default: the program's own)")
        parser.add_argument("--minutes", type=int, default=DEFAULT_MINUTES, help="minutes that a call holds a unit")
        parser.add_argument("--seed", type=int, default=1, help="of the random sample")
        parser.add_argument("--json", action="store_true", help="the whole result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            log_map = load_map(
                options["map"],
                natures=frozenset(nature.slug for nature in natures.load().natures),
                channels=frozenset(Channel.values),
            )
            plan = _of_preset(options, log_map.zone) if options["preset"] else _of_centre(options)
            result, bad = _count(plan, options["file"], log_map)
        except OSError as problem:
            raise CommandError(f"{options['file']}: cannot be read ({problem.strerror}).") from problem
        except (MapError, UnicodeDecodeError, ValueError) as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            self.stdout.write(json.dumps({**result, "bad_rows": len(bad)}))
            return
        for row in bad[:LISTED]:
            self.stderr.write(f"line {row.line}: {row.reason}")
        self.stdout.write("\n".join(lines(result)))
        if bad:
            self.stdout.write(f"{len(bad)} rows could not be read and are in no figure.")


def _count(plan: Plan, file: Path, log_map: LogMap) -> tuple[dict[str, Any], list[BadRow]]:
    from programs.backtest.counting import Counting  # numpy, for this command alone

    counting = Counting(plan)
    tally = counting.start()
    bad: list[BadRow] = []
    with file.open(encoding=log_map.encoding, newline="") as text:
        rows = cases(text, log_map)
        while batch := list(islice(rows, BATCH)):
            bad += [row for row in batch if isinstance(row, BadRow)]
            counting.add(tally, [row for row in batch if not isinstance(row, BadRow)])
    return report(tally, plan), bad


def _of_preset(options: dict[str, Any], zone: ZoneInfo) -> Plan:
    name = options["program"]
    shipped = all_presets()
    preset = shipped[name] if name in shipped else load_preset(name) if Path(name).is_file() else None
    if preset is None:
        raise CommandError(f"“{name}” is neither a file nor a preset. Presets: {', '.join(shipped)}.")
    units = options["units"] or 1
    return Plan(load_reference(), _side(preset, zone), None, units, options["minutes"], options["seed"])


def _side(preset: Preset, zone: ZoneInfo) -> Side:
    """A preset as it would run where the log comes from: its hours by that place's clock, its area not drawn yet."""
    return Side(ProgramRules.from_dict(preset.rules), preset.hours.value, zone)


def _of_centre(options: dict[str, Any]) -> Plan:
    found = Program.objects.filter(slug=options["program"]).select_related("centre")
    if options["centre"]:
        found = found.filter(centre__slug=options["centre"])
    programs = list(found[:2])
    if not programs:
        known = Program.objects.order_by("slug").values_list("slug", flat=True).distinct()
        raise CommandError(f"There is no program “{options['program']}”. Programs: {', '.join(known) or 'none'}.")
    if len(programs) > 1:
        raise CommandError("More than one centre has such a program: name the centre with --centre.")
    program = programs[0]
    centre: Centre = program.centre
    protocol = protocol_for_tests(centre)
    if protocol is None:
        raise CommandError(f"“{centre.slug}” has no published protocol: there is nothing to judge calls under.")
    live = program.versions.filter(state=VersionState.PUBLISHED).first()
    draft = live
    if options["draft"]:
        draft = program.versions.filter(state__in=[VersionState.DRAFT, VersionState.IN_REVIEW]).last()
    if draft is None:
        raise CommandError(f"{program.name} has no {'open draft' if options['draft'] else 'live version'}.")
    beside = side_of(live.spec, live.area, centre) if options["draft"] and live is not None else None
    return Plan(
        protocol_of(protocol),
        side_of(draft.spec, draft.area, centre),
        beside,
        options["units"] or units_of(draft),
        options["minutes"],
        options["seed"],
    )
