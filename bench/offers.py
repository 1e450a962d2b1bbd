"""Submit to offer through the real doors, at the rates of one town, the country's average and three times that.

    python -m bench offers [--rates 1 7.6 23 76] [--seconds 15]

Starts the whole product as `make run` does (proxy, web, live, worker, beat, sweeper, durable PostgreSQL, Valkey) and
sends decisions by HTTP from several signed-in sessions, arriving at random (Poisson). A call's time runs from when its
decision is due to be posted until PostgreSQL committed the offer's row (track_commit_timestamp), so it holds the
request, the nudge through Celery and the claim. The calls before it, with place, nature and answers and a call taker
on the line, are put there beforehand; units are freed by hand twice a second, so there is always one. The load client
runs on the same cores and is counted; `others_percent` is what the machine did besides.
At 76 a second (ten times the country) nothing is promised but that no call is lost: it shows what is saturated first,
the whole machine or a part that has used up the cores that it can use.
Targets: p95 below 50 ms at 7.6 a second and below 250 ms at 23; nothing lost, nothing booked twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import psycopg

from bench.claims import double_booked
from bench.ground import crews_add, incidents_wait, machine, percentiles
from demo.client import Door
from launch.processes import WEB_WORKERS
from launch.stack import PrivateStack

TARGETS_MS = {7.6: 50.0, 23.0: 250.0}
SESSIONS = (*("calltaker1", "calltaker2", "dispatcher1", "supervisor1") * 3,)
CREWS = 60
FREED_EVERY_S = 0.5
PATIENCE_S = 30.0
FAST, FEW_SECONDS = 50.0, 8.0
"""From such a rate on a short while is enough to saturate what will be."""
FULL_SHARE = 0.9
"""Of the cores that it can use: a resource that is busier is saturated."""


class Crews:
    """Notes when each offer was committed, and frees its unit as a crew that is done at once would."""

    def __init__(self, database_url: str) -> None:
        self.offered: dict[str, datetime] = {}
        self.twice = 0
        self.double_booked = 0
        self._url = database_url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Crews:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(FREED_EVERY_S):
                self._free(connection)

    def _free(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(
            "SELECT id, incident_id, pg_xact_commit_timestamp(xmin) FROM dispatch_assignment WHERE state = 'offered'"
        ).fetchall()
        if not rows:
            return
        self.double_booked += double_booked(connection)
        with connection.transaction():
            connection.execute(
                "UPDATE dispatch_incident SET offer_wanted = false, state = 'closed', closed_at = now(),"
                " outcome = 'resolved_on_scene', version = version + 1 WHERE id = ANY(%s)",
                [[incident for _, incident, _ in rows]],
            )
            connection.execute(
                "UPDATE dispatch_call SET state = 'ended', ended_as = 'completed', ended_at = now()"
                " WHERE incident_id = ANY(%s)",
                [[incident for _, incident, _ in rows]],
            )
            connection.execute(
                "UPDATE dispatch_assignment SET state = 'cancelled', ended_at = now(), end_reason = 'bench'"
                " WHERE id = ANY(%s)",
                [[one for one, _, _ in rows]],
            )
        for _, incident, at in rows:
            self.twice += str(incident) in self.offered
            self.offered[str(incident)] = at


def cpu_seconds(stack: PrivateStack) -> dict[str, float]:
    """CPU seconds used so far by each part with its children, by the load client, and by the whole machine."""
    tick = os.sysconf("SC_CLK_TCK")
    used: dict[int, float] = {}
    parent: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used[int(path.name)] = (int(fields[11]) + int(fields[12])) / tick
        parent[int(path.name)] = int(fields[1])
    parts = {child.process.pid: name for name, child in stack.supervisor.children.items()}
    total = dict.fromkeys(parts.values(), 0.0)
    total["load client"] = used[os.getpid()]
    for pid, seconds in used.items():
        while pid > 1 and pid not in parts:
            pid = parent.get(pid, 0)
        if pid in parts:
            total[parts[pid]] += seconds
    first = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    total["machine"] = (sum(map(int, first)) - int(first[3]) - int(first[4])) / tick
    return total


def saturated(cpu: Mapping[str, float], cores: int) -> str:
    """The resource that has no more to give, with its percent of a core; empty while none is at its limit.

    A Python process runs one thread at a time, so it can use one core, web as many as it has workers; the servers that
    are not Python can use all.
    """
    most = {"machine": cores, "postgres": cores, "caddy": cores, "valkey": 1, "web": min(WEB_WORKERS, cores)}
    shares = {name: percent / (100 * most.get(name, 1)) for name, percent in cpu.items()}
    fullest = max(shares, key=lambda name: shares[name])
    return f"{fullest} ({cpu[fullest]:.0f} of {100 * most.get(fullest, 1)} %)" if shares[fullest] >= FULL_SHARE else ""


def at_rate(stack: PrivateStack, doors: Sequence[Door], rate: float, seconds: float) -> dict[str, Any]:
    """One rate: decisions at random moments, each by whichever session is free."""
    draw = random.Random(rate)
    moments: list[float] = []
    moment = draw.expovariate(rate)
    while moment < seconds:
        moments.append(moment)
        moment += draw.expovariate(rate)
    incidents = incidents_wait(stack.city, len(moments), at=datetime.now(UTC), sent=False)
    submitted: dict[str, datetime] = {}
    answered: list[float] = []
    free, lock = list(doors), threading.Lock()

    def decide(incident: uuid.UUID, due: float) -> None:
        # The clock starts when the call is due: waiting for a free session is part of what its caller waits.
        submitted[str(incident)] = clock + timedelta(seconds=due)
        began = time.perf_counter()
        with lock:
            door = free.pop()
        try:
            door.decide(str(incident), {"action": "accept"})
        finally:
            free.append(door)
        answered.append(time.perf_counter() - began)

    before, started, clock = cpu_seconds(stack), time.perf_counter(), datetime.now(UTC)
    with Crews(stack.database_url) as crews, ThreadPoolExecutor(len(doors)) as pool:
        waits = []
        for incident, due in zip(incidents, moments, strict=True):
            time.sleep(max(0.0, started + due - time.perf_counter()))
            waits.append(pool.submit(decide, incident, due))
        for wait in waits:
            wait.result()
        after, wall = cpu_seconds(stack), time.perf_counter() - started
        until = time.monotonic() + PATIENCE_S
        while len(crews.offered) < len(incidents) and time.monotonic() < until:
            time.sleep(0.1)
    took = [(crews.offered[key] - at).total_seconds() for key, at in submitted.items() if key in crews.offered]
    cpu = {name: round(100 * (after[name] - before[name]) / wall) for name in sorted(after)}
    parts = {name: share for name, share in cpu.items() if name != "machine"}
    busiest, ours = max(parts, key=lambda name: parts[name]), sum(parts.values())
    target, cores = TARGETS_MS.get(rate), os.cpu_count() or 1
    figures = percentiles(took)
    return {
        "calls_per_s": rate,
        "calls": len(incidents),
        "offered": len(took),
        "lost": len(incidents) - len(took),
        "offered_twice": crews.twice,
        "double_booked": crews.double_booked,
        **figures,
        "request_p95_ms": percentiles(answered)["p95_ms"],
        "target_p95_ms": target,
        "met": target is None or (figures["p95_ms"] is not None and figures["p95_ms"] < target),
        "busiest": f"{busiest} {parts[busiest]} %, product {ours} %, machine {cpu['machine']} of {100 * cores} %",
        "saturated": saturated(cpu, cores),
        "others_percent": max(0, cpu["machine"] - ours),
        "cpu_percent": cpu,
    }


def measure(rates: Sequence[float], seconds: float) -> dict[str, Any]:
    """All rates on one stack."""
    with PrivateStack(options={"track_commit_timestamp": "on"}) as stack:
        os.environ.update(stack.environment)
        django.setup()
        crews_add(stack.city, CREWS, at=datetime.now(UTC))
        doors = [Door(stack.address, name, stack.password(name), time.sleep) for name in SESSIONS]
        for door in doors:
            door.sign_in()
        at_rate(stack, doors, 5.0, 3.0)  # warms every process up
        rows = [at_rate(stack, doors, rate, min(seconds, FEW_SECONDS) if rate >= FAST else seconds) for rate in rates]
        first = next((row for row in rows if row["saturated"]), None)
        return {
            "bench": "offers",
            "sessions": len(doors),
            "units": CREWS,
            "double_booked": sum(row["double_booked"] for row in rows),
            "met": all(row["met"] and not row["lost"] and not row["double_booked"] for row in rows),
            "first_saturated": first and {"calls_per_s": first["calls_per_s"], "resource": first["saturated"]},
            "rates": rows,
        }


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [f"{'calls/s':>8}{'calls':>7}{'lost':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'target':>8}  busiest"]
    lines += [
        f"{r['calls_per_s']:>8}{r['calls']:>7}{r['lost']:>6}{r['p50_ms']:>9}{r['p95_ms']:>9}{r['p99_ms']:>9}"
        f"{r['target_p95_ms'] or '':>8}  {r['busiest']}"
        for r in figures["rates"]
    ]
    first = figures["first_saturated"]
    said = f"{first['resource']} at {first['calls_per_s']:g} calls a second" if first else "nothing yet"
    lines.append(f"first to saturate: {said}")
    lines.append(f"targets {'met' if figures['met'] else 'missed'}; double-booked {figures['double_booked']}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench offers", description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[1.0, 7.6, 23.0, 76.0])
    parser.add_argument("--seconds", type=float, default=15.0)
    chosen = parser.parse_args(arguments)
    load = machine()
    return {**measure(chosen.rates, chosen.seconds), "machine_before": load, "machine": machine()}


if __name__ == "__main__":
    print(json.dumps(figures := main()))
    print(table(figures))
