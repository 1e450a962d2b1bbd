"""What one claim costs: the product's offer of one waiting incident, against bare SQL that writes the same rows.

    python -m bench claims [--units 12 200 2000 20000] [--workers 1 4 16]

A claim is dispatch.services.offers: lock the centre's order and the incident, look at stop keys, place and refusals,
choose among the units, lock the unit, write the assignment, the incident, and the history, event and audit rows.
The floor is written by hand with psycopg on the same tables, in the same run: the same locks and the same writes in one
transaction, the unit given to it, nothing looked up and nothing chosen. Workers are processes; all claim in one centre,
so the centre's lock lets one through at a time. A round has read its units before its first claim, as in the product;
where it reads again because it lasts, that is in its claims' times. A claim whose unit another worker took, or that
waited too long for the centre's order, is tried again at once (the product's next round does): its time is the whole,
and `tried_again` counts them. The "nudge" row is the whole of what a Celery nudge does for one new incident: find what
waits, load the units, claim. Target: a claim costs at most twice its floor.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any

import django
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from bench.ground import crews_add, incidents_wait, machine, percentiles, prepare, units_free

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TARGET = 2.0
MOST_CLAIMS, TURNS, MOST_TURNS = 400, 3, 12
LARGE, HUGE, FEW_CLAIMS, FEW_NUDGES = 2_000, 20_000, 64, 6
"""From so many units on a short sample is enough: each nudge reads them all."""
MOST_TRIES = 40
PATIENCE_S = 120.0


@dataclass
class Took:
    """Seconds of each claim, and how many tries beyond the first they needed."""

    claims: list[float] = field(default_factory=list)
    again: int = 0


Work = Callable[[], Took]


def by_product(incidents: Sequence[uuid.UUID], units: Sequence[uuid.UUID]) -> Work:
    """The claims of a round over the given incidents."""
    from accounts.models import Centre
    from dispatch.selectors.rounds import Round, queue_of
    from dispatch.services.offers import OrderHeld, incident_offer

    centre, at = Centre.objects.get(), datetime.now(UTC)
    seen = Round(centre, at)
    # One call alone: the units are read and nothing is matched.
    seen.plan([one for one in queue_of(centre, at) if one.id in incidents[:1]])

    def work() -> Took:
        took = Took()
        for incident in incidents:
            began = time.perf_counter()
            for _ in range(MOST_TRIES):
                try:
                    if incident_offer(incident, seen) is not None:
                        took.claims.append(time.perf_counter() - began)
                        break
                except OrderHeld:
                    pass
                took.again += 1
        return took

    return work


def by_nudge(incidents: Sequence[uuid.UUID], units: Sequence[uuid.UUID]) -> Work:
    """offers_run for one incident that waits alone. The others are held back by their late mark."""
    from accounts.models import Centre
    from dispatch.models import Incident
    from dispatch.services.offers import offers_run

    centre = Centre.objects.get()
    Incident.objects.filter(pk__in=incidents).update(late=True)

    def work() -> Took:
        took = Took()
        for incident in incidents:
            Incident.objects.filter(pk=incident).update(late=False)
            began = time.perf_counter()
            made = offers_run(centre=centre, at=datetime.now(UTC))
            took.claims += [time.perf_counter() - began] * len(made)
        return took

    return work


def by_hand(incidents: Sequence[uuid.UUID], units: Sequence[uuid.UUID]) -> Work:
    """The floor. Reads one claim of the product as its pattern, so that the rows are of the same size."""
    with psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row) as pattern:
        row = pattern.execute("SELECT * FROM dispatch_assignment WHERE why <> '{}' LIMIT 1").fetchone()
        place = pattern.execute("SELECT id FROM accounts_centre").fetchone()
    assert row is not None
    assert place is not None
    centre, why = place["id"], Jsonb(row["why"])
    same = {name: None for name in row if name.endswith(("_at", "_since"))}
    insert = f"INSERT INTO dispatch_assignment ({', '.join(row)}) VALUES ({', '.join(f'%({name})s' for name in row)})"
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()

    def work() -> Took:
        took = Took()
        for incident, unit in zip(incidents, units, strict=False):
            began = time.perf_counter()
            at = datetime.now(UTC)
            key = uuid.uuid4()
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [7_411_000, centre])
            cursor.execute("SELECT version FROM dispatch_incident WHERE id = %s FOR UPDATE", [incident])
            cursor.execute("SELECT id FROM responders_unit WHERE id = %s FOR UPDATE SKIP LOCKED", [unit])
            new = {"id": key, "incident_id": incident, "unit_id": unit, "why": why, "state": "offered", "version": 1}
            until = {"offered_at": at, "offer_expires_at": at + timedelta(seconds=60)}
            ends = {"end_reason": "", "disposition": "", "pair": None}
            cursor.execute(insert, {**row, **same, **ends, **new, **until})
            cursor.execute(
                "UPDATE dispatch_incident SET no_unit_reason = '', no_unit_detail = '[]', version = version + 1"
                " WHERE id = %s",
                [incident],
            )
            cursor.execute(
                "INSERT INTO dispatch_historyrow (centre_id, incident_id, entity, entity_id, action, from_state,"
                " to_state, at, reason, detail)"
                " VALUES (%s, %s, 'assignment', %s, 'offer', '', 'offered', %s, '', '{}')",
                [centre, incident, key, at],
            )
            cursor.execute(
                "INSERT INTO live_event (centre_id, entity, entity_id, version, kind, ids, at)"
                " VALUES (%s, 'incident', %s, 2, 'assignment.offer', %s, %s)",
                [centre, incident, Jsonb({"assignment": str(key), "unit": str(unit)}), at],
            )
            cursor.execute("SELECT pg_notify('live', '')")
            cursor.execute(
                "INSERT INTO accounts_auditrow (at, centre_id, actor, action, entity, entity_id, detail)"
                " VALUES (%s, %s, 'engine', 'assignment.offer', 'assignment', %s, %s)",
                [at, centre, str(key), Jsonb({"unit": str(unit)})],
            )
            connection.commit()
            took.claims.append(time.perf_counter() - began)
        connection.close()
        return took

    return work


WAYS: dict[str, Callable[[Sequence[uuid.UUID], Sequence[uuid.UUID]], Work]] = {
    "floor": by_hand,
    "claim": by_product,
    "nudge": by_nudge,
}


class Workers:
    """Processes that are kept from cell to cell: starting them takes longer than their claims."""

    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._gate, self._out = context.Barrier(number), context.Queue()
        self._in = [context.Queue() for _ in range(number)]
        self._running = [context.Process(target=_worker, args=(one, self._gate, self._out)) for one in self._in]

    def __enter__(self) -> Workers:
        for one in self._running:
            one.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for door in self._in:
            door.put(None)
        for one in self._running:
            one.join(timeout=10)
            if one.is_alive():
                one.terminate()

    def claim(self, way: str, incidents: list[uuid.UUID], units: list[uuid.UUID]) -> tuple[Took, float]:
        """A block shared among all of them, and the wall time from the first's beginning to the last's end."""
        number = len(self._in)
        for nth, door in enumerate(self._in):
            door.put((way, incidents[nth::number], units[nth::number]))
        parts: list[tuple[float, Took, float]] = [self._out.get(timeout=PATIENCE_S) for _ in self._in]
        took = Took([one for _, part, _ in parts for one in part.claims], sum(part.again for _, part, _ in parts))
        return took, max(end for _, _, end in parts) - min(begun for begun, _, _ in parts)


def _worker(door: Any, gate: Barrier, out: Any) -> None:
    """One process: gets ready, waits for the others, works through its share of each block."""
    django.setup()
    while (given := door.get()) is not None:
        way, incidents, units = given
        work = WAYS[way](incidents, units) if incidents else Took
        gate.wait(PATIENCE_S)
        began = time.time()
        out.put((began, work(), time.time()))


@dataclass
class Block:
    """One block of claims: what each took, the wall time, how many were asked for, and units booked twice."""

    took: Took
    wall: float
    asked: int
    twice: int


def block(city: dict[str, Any], way: str, *, units: list[uuid.UUID], workers: Workers | None) -> Block:
    """One way's turn. Without workers in this process."""
    few = FEW_NUDGES if way == "nudge" else FEW_CLAIMS
    number = min(few if len(units) >= LARGE else MOST_CLAIMS, max(len(units) * 3 // 4, 1))
    incidents = incidents_wait(city, number, at=datetime.now(UTC))
    if workers is None:
        work = WAYS[way](incidents, units)
        began = time.perf_counter()
        took, wall = work(), 0.0
        wall = time.perf_counter() - began
    else:
        took, wall = workers.claim(way, incidents, units)
    with psycopg.connect(os.environ["DATABASE_URL"]) as look:
        twice = double_booked(look)
    units_free(at=datetime.now(UTC))
    return Block(took, wall, number, twice)


def cells(
    city: dict[str, Any], ways: Sequence[str], *, units: list[uuid.UUID], number: int, workers: Workers | None
) -> list[dict[str, Any]]:
    """Claims a second over all workers, and the time of the single claim, of each way.

    The ways take turns block by block, so that whatever else the machine does falls on all of them alike.
    """
    blocks: dict[str, list[Block]] = {way: [] for way in ways}
    turns = MOST_TURNS if len(units) * MOST_TURNS < MOST_CLAIMS else TURNS - (len(units) >= HUGE)
    for _ in range(turns):
        for way in ways:
            blocks[way].append(block(city, way, units=units, workers=workers))
    found = []
    for way in ways:
        claims = [seconds for one in blocks[way] for seconds in one.took.claims]
        found.append(
            {
                "way": way,
                "units": len(units),
                "workers": number,
                "asked": sum(one.asked for one in blocks[way]),
                "claims": len(claims),
                "tried_again": sum(one.took.again for one in blocks[way]),
                "double_booked": sum(one.twice for one in blocks[way]),
                "claims_per_s": round(len(claims) / sum(one.wall for one in blocks[way])),
                **percentiles(claims, at=(50, 95)),
            }
        )
    return found


def double_booked(connection: psycopg.Connection[Any]) -> int:
    """Units that hold two live exclusive assignments at this moment."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT unit_id FROM dispatch_assignment WHERE ended_at IS NULL AND exclusive"
        " GROUP BY unit_id HAVING count(*) > 1) twice"
    ).fetchone()
    return int(row[0]) if row else 0


def measure(sizes: Sequence[int], workers: Sequence[int]) -> dict[str, Any]:
    """All cells, each floor beside its claim."""
    city = prepare()
    django.setup()
    began, found = time.monotonic(), list[dict[str, Any]]()
    with ExitStack() as stack:
        crowds = {number: stack.enter_context(Workers(number)) if number > 1 else None for number in workers}
        for size in sizes:
            units = crews_add(city, size, at=datetime.now(UTC))
            block(city, "claim", units=units, workers=None)  # warms up, and gives the floor its pattern
            for number, crowd in crowds.items():
                ways = ("floor", "claim", "nudge") if crowd is None else ("floor", "claim")
                made = cells(city, ways, units=units, number=number, workers=crowd)
                made[1]["ratio"] = round(made[1]["p50_ms"] / made[0]["p50_ms"], 2)
                found += made
    ratios = [one["ratio"] for one in found if "ratio" in one]
    return {
        "bench": "claims",
        "target_ratio": TARGET,
        "worst_ratio": max(ratios),
        "double_booked": sum(one["double_booked"] for one in found),
        "met": max(ratios) <= TARGET,
        "seconds": round(time.monotonic() - began),
        "cells": found,
    }


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [
        f"{'way':<8}{'units':>7}{'workers':>9}{'claims/s':>10}{'p50 ms':>9}{'p95 ms':>9}{'again':>7}{'x floor':>9}"
    ]
    lines += [
        f"{c['way']:<8}{c['units']:>7}{c['workers']:>9}{c['claims_per_s']:>10}{c['p50_ms']:>9}{c['p95_ms']:>9}"
        f"{c['tried_again']:>7}{c.get('ratio', ''):>9}"
        for c in figures["cells"]
    ]
    said = "met" if figures["met"] else "missed"
    lines.append(
        f"target: at most {figures['target_ratio']} x floor: {said} (worst {figures['worst_ratio']});"
        f" double-booked {figures['double_booked']}"
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench claims", description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[12, 200, 2_000, 20_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4, 16])
    chosen = parser.parse_args(arguments)
    return {**measure(chosen.units, chosen.workers), "machine": machine()}


if __name__ == "__main__":
    figures = main()
    print(json.dumps(figures))
    print(table(figures))
