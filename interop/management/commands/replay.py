"""`manage.py replay FILE --map MAP [--speed N]`: a public call log through intake."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Centre, Role, User
from accounts.problems import Refused
from dispatch.models.call import Channel
from interop.call_log.mapping import LogMap, MapError, load_map
from interop.call_log.reader import BadRow, LogRow, as_csv, read
from interop.call_log.services import row_replay
from triage import natures


class Command(BaseCommand):
    help = (
        "Stream a public call log (CSV) through intake as if call takers typed it. Without --speed all rows are taken"
        " at once, at the times of the log, and closed under their own numbers. With --speed N they come in now,"
        " N times faster than life, and the floor has to deal with them. Rows taken before are passed over."
        " Simulated centres only."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the log, CSV with a header line")
        parser.add_argument("--map", required=True, help="mapping file, or the name of a shipped one (burlington_2022)")
        parser.add_argument("--speed", type=float, help="come in now, this many times faster than life")
        parser.add_argument("--centre", help="slug (default: the only simulated centre)")
        parser.add_argument("--as", dest="username", help="call taker who takes the calls (default: the first one)")
        parser.add_argument("--limit", type=int, help="take at most this many rows")
        parser.add_argument(
            "--rejects", type=Path, help="where rows that cannot be taken are kept (default: under VAR_DIR)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["speed"] is not None and options["speed"] <= 0:
            raise CommandError("--speed must be above zero.")
        centre = _centre(options["centre"])
        by = _call_taker(centre, options["username"])
        try:
            log_map = load_map(
                options["map"],
                natures=frozenset(nature.slug for nature in natures.load().natures),
                channels=frozenset(Channel.values),
            )
            with options["file"].open(encoding=log_map.encoding, newline="") as lines:
                found = list(read(lines, log_map))
        except (MapError, UnicodeDecodeError) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(f"{options['file']}: cannot be read ({problem.strerror}).") from problem
        rejects = options["rejects"] or Path(settings.VAR_DIR) / "replay" / f"{options['file'].stem}.rejects.csv"
        self._replay(found, log_map, centre, by, options["speed"], options["limit"], rejects)

    def _replay(
        self,
        found: list[LogRow | BadRow],
        log_map: LogMap,
        centre: Centre,
        by: User,
        speed: float | None,
        limit: int | None,
        rejects: Path,
    ) -> None:
        bad = [row for row in found if isinstance(row, BadRow)]
        rows = sorted((row for row in found if isinstance(row, LogRow)), key=lambda row: (row.at, row.line))[:limit]
        counts: Counter[str] = Counter()
        unmapped: Counter[str] = Counter()
        for row in _paced(rows, speed):
            at = row.at if speed is None else timezone.now()
            try:
                new = row_replay(centre=centre, log=log_map.name, row=row, by=by, at=at, finish=speed is None)
            except Refused as refusal:
                bad.append(BadRow(row.line, refusal.detail, (row.external_id,)))
                continue
            counts["taken" if new else "already there"] += 1
            if row.nature is None:
                unmapped[row.local_nature or "(none)"] += 1
        self._keep(bad, rejects)
        for line in bad:
            self.stdout.write(f"line {line.line}: {line.reason}")
        for local, times in unmapped.most_common():
            word = "has no counterpart" if local in log_map.natures else "is not in the mapping"
            self.stdout.write(f"nature “{local}” {word}: {times} rows came in without a nature")
        self.stdout.write(
            f"{len(found)} rows read: {counts['taken']} taken, {counts['already there']} already there,"
            f" {len(bad)} bad{f' (kept in {rejects})' if bad else ''};"
            f" {unmapped.total()} without a nature of ours."
        )

    def _keep(self, bad: list[BadRow], rejects: Path) -> None:
        if not bad:
            return
        rejects.parent.mkdir(parents=True, exist_ok=True)
        with rejects.open("w", encoding="utf-8", newline="") as kept:
            kept.write(as_csv(["line", "reason", "row as it stood"]))
            for line in sorted(bad, key=lambda row: row.line):
                kept.write(as_csv([line.line, line.reason, *line.cells]))


def _paced(rows: list[LogRow], speed: float | None) -> Iterator[LogRow]:
    """The rows, at once or with the log's own gaps shortened by `speed`."""
    started = time.monotonic()
    for row in rows:
        if speed is not None:
            due = (row.at - rows[0].at).total_seconds() / speed
            time.sleep(max(0.0, due - (time.monotonic() - started)))
        yield row


def _centre(slug: str | None) -> Centre:
    if slug:
        centre = Centre.objects.filter(slug=slug).first()
        if centre is None:
            raise CommandError(f"There is no centre “{slug}”.")
    else:
        simulated = list(Centre.objects.filter(simulated=True)[:2])
        if len(simulated) != 1:
            raise CommandError("Name the centre with --centre: there is not exactly one simulated centre.")
        centre = simulated[0]
    if not centre.simulated:
        raise CommandError(f"“{centre.slug}” is not marked simulated: replay acts in simulated centres only.")
    return centre


def _call_taker(centre: Centre, username: str | None) -> User:
    people = User.objects.filter(centre=centre, is_active=True, role_grants__role=Role.CALL_TAKER).order_by("username")
    person = people.filter(username=username).first() if username else people.first()
    if person is None:
        raise CommandError(f"No call taker {f'“{username}” ' if username else ''}in “{centre.slug}”.")
    return person
