"""Server time of the gazetteer search with 100,000 places, with and without typing mistakes.

    python -m bench places [--places 100000] [--searches 300]

The floor is one indexed prefix query by bare SQL in the same run. Target: p95 under 30 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Sequence
from typing import Any

import django

from bench.ground import machine, percentiles, prepare

TARGET_MS = 30.0
_FILL = """
INSERT INTO people_place (id, centre_id, kind, label, search, lat, lon, beat, location_type)
SELECT gen_random_uuid(), %(centre)s, 'address', n || ' ' || initcap(street) || ' Street', n || ' ' || street || ' st',
       41.4, -100.2, 'A1', 'private_residence'
FROM (SELECT street, row_number() OVER () AS nth FROM unnest(%(streets)s::text[]) street) streets,
     generate_series(1, %(each)s) n
ON CONFLICT DO NOTHING
"""
_FIRST = ("ash", "birch", "cedar", "dove", "elm", "fern", "glen", "haw", "iris", "jade", "kelp", "larch", "maple",
    "north", "oak", "pine", "quartz", "rowan", "sage", "thorn")  # fmt: skip
_SECOND = ("bank", "brook", "crest", "dale", "field", "ford", "gate", "grove", "haven", "hill", "land", "mere", "mont",
    "more", "ridge", "side", "ton", "vale", "view", "wood")  # fmt: skip


def _mistake(text: str, draw: random.Random) -> str:
    """One letter left out, doubled or exchanged with the next, as fingers do."""
    at = draw.randrange(3, len(text) - 1)
    return draw.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )


def measure(places: int, searches: int) -> dict[str, Any]:
    """Fill the gazetteer and search it."""
    from django.db import connection

    from accounts.models import Centre
    from people.models import Place
    from people.selectors import normalise, places_search

    centre = Centre.objects.get()
    streets = [one + two for one in _FIRST for two in _SECOND]
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"centre": centre.pk, "streets": streets, "each": places // len(streets)})
        cursor.execute("ANALYZE people_place")
    draw = random.Random(1)
    took: dict[str, list[float]] = {"begun": [], "whole": [], "mistyped": [], "floor": []}
    found = 0
    for _ in range(searches):
        label = f"{draw.randint(1, places // len(streets))} {draw.choice(streets)} street"
        for name, text in (
            ("begun", label[: draw.randint(3, 6)]),
            ("whole", label),
            ("mistyped", _mistake(label, draw)),
        ):
            began = time.perf_counter()
            rows = places_search(centre=centre, text=text)
            took[name].append(time.perf_counter() - began)
            if name == "mistyped":
                found += any(row.label.lower() == label for row in rows)
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, label FROM people_place WHERE centre_id = %s AND search LIKE %s ORDER BY search LIMIT 8",
                [centre.pk, normalise(label) + "%"],
            )
            cursor.fetchall()
        took["floor"].append(time.perf_counter() - began)
    figures = {name: percentiles(times) for name, times in took.items()}
    worst = max(figures[name]["p95_ms"] or 0.0 for name in ("begun", "whole", "mistyped"))
    return {
        "bench": "places",
        "places": Place.objects.filter(centre=centre).count(),
        **figures,
        "mistyped_found": round(found / searches, 3),
        "times_floor": round(worst / (figures["floor"]["p95_ms"] or 1.0), 1),
        "target_p95_ms": TARGET_MS,
        "met": worst < TARGET_MS,
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        f"{figures['places']} places; a mistyped one is found in {100 * figures['mistyped_found']:.0f} % of searches"
    ]
    lines += [
        f"{name:>10}  p50 {figures[name]['p50_ms']:>7} ms  p95 {figures[name]['p95_ms']:>7} ms"
        for name in ("floor", "begun", "whole", "mistyped")
    ]
    return "\n".join([*lines, f"target {figures['target_p95_ms']} ms {'met' if figures['met'] else 'missed'}"])


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench places", description=__doc__)
    parser.add_argument("--places", type=int, default=100_000)
    parser.add_argument("--searches", type=int, default=300)
    chosen = parser.parse_args(arguments)
    load = machine()
    prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    return {**measure(chosen.places, chosen.searches), "machine_before": load}


if __name__ == "__main__":
    print(json.dumps(figures := main()))
    print(table(figures))
