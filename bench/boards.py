"""Server time of a board's first load with 1,000 active incidents: queue, wall, overview and map, in process.

    python -m bench boards [--incidents 1000] [--loads 20]

The demo city with 100 crews, the real views, middleware and templates, through Django's own test client; no network and
no server processes. CPU time stands beside the time, since other work on the machine lengthens only the latter. Nine in
ten incidents were sent and wait or are offered, the others are not decided yet. Targets: 200 ms of server time at the
median, and as many queries for all incidents as for a twentieth of them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import django

from bench.ground import crews_add, incidents_wait, machine, percentiles, prepare

TARGET_MS = 200.0
CREWS = 100
BOARDS = {
    "queue": ("dispatcher1", "/queue/"),
    "wall": ("dispatcher1", "/wall/"),
    "overview": ("supervisor1", "/overview/"),
    "map": ("dispatcher1", "/map/"),
}
"""Who opens what."""


class Reader:
    """Signed-in people who load pages, timed, with their number of queries."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.test import Client

        from accounts.models import User

        settings.ALLOWED_HOSTS = ["testserver"]
        self._clients = {}
        for who, _ in BOARDS.values():
            self._clients[who] = Client()
            self._clients[who].force_login(User.objects.get(username=who))
        self.queries = 0
        self.size = 0

    def _count(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def load(self, board: str) -> float:
        """Load a board; returns the seconds that it took. Raises RuntimeError where it was refused."""
        from django.db import connection

        who, path = BOARDS[board]
        self.queries = 0
        with connection.execute_wrapper(self._count):
            began = time.perf_counter()
            response = self._clients[who].get(path, secure=True)
            took = time.perf_counter() - began
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code}")
        self.size = len(response.content)
        return took


def measure(incidents: int, loads: int) -> dict[str, Any]:
    """All figures, on the database of the environment."""
    city = prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import connection

    import config.wsgi  # noqa: F401 - the web process's own settings of the garbage collector
    from accounts.models import Centre
    from dispatch.services.offers import offers_run

    at = datetime.now(UTC)
    crews_add(city, CREWS, at=at)
    centre = Centre.objects.get(slug=city["centre"]["slug"])
    reader = Reader()
    few = max(1, incidents // 20)
    queries: dict[str, dict[str, int]] = {board: {} for board in BOARDS}
    there = 0
    for whole in (few, incidents):
        undecided = (whole - there) // 10
        incidents_wait(city, whole - there - undecided, at=at)
        incidents_wait(city, undecided, at=at, sent=False)
        offers_run(centre=centre, at=at)
        there = whole
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for board in BOARDS:
            reader.load(board)
            reader.load(board)
            queries[board][str(whole)] = reader.queries
    rows: dict[str, dict[str, Any]] = {}
    for board in BOARDS:
        began = time.process_time()
        took = [reader.load(board) for _ in range(loads)]
        cpu = round(1000 * (time.process_time() - began) / loads)
        sizes = {"cpu_ms": cpu, "queries": queries[board], "kilobytes": reader.size // 1000}
        rows[board] = {**percentiles(took, at=(50, 95)), **sizes}
    return {
        "bench": "boards",
        "incidents": incidents,
        "rows": rows,
        "target_ms": TARGET_MS,
        "met": all(row["p50_ms"] < TARGET_MS and len(set(row["queries"].values())) == 1 for row in rows.values()),
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [f"{figures['incidents']} incidents", f"{'':<10}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>8}{'kB':>7}  queries"]
    lines += [
        f"{name:<10}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['cpu_ms']:>8}{row['kilobytes']:>7}"
        f"  {', '.join(f'{queries} for {number}' for number, queries in row['queries'].items())}"
        for name, row in figures["rows"].items()
    ]
    lines.append(f"targets {'met' if figures['met'] else 'missed'}, load {figures['machine']['load_1_min']}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench boards", description=__doc__)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--loads", type=int, default=20)
    chosen = parser.parse_args(arguments)
    return {**measure(chosen.incidents, chosen.loads), "machine": machine()}


if __name__ == "__main__":
    print(json.dumps(figures := main()))
    print(table(figures))
