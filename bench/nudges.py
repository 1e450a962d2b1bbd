"""From enqueue to start: a Celery task as the product runs it, against a bare Redis list in the same run.

    python -m bench nudges [--rate 50] [--seconds 6]

Messages go out at random moments (Poisson) to a Celery worker with the product's settings (threads, late
acknowledgement, prefetch 1) and, by turns, to a process that does nothing but BRPOP. Each says when it began; the
sender's and the starter's clock are the same machine's. `cpu_ms` is what the receiving process spent on one message.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from celery import Celery

from bench.ground import machine, percentiles
from launch.paths import ROOT
from launch.processes import WORKER_THREADS

QUEUE, STARTED, FLOOR = "bench-nudges", "bench-nudges-started", "bench-nudges-floor"
PATIENCE_S = 30.0

app = Celery("bench.nudges", broker=os.environ.get("REDIS_URL", ""))
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)
_broker: redis.Redis | None = None


def _client() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"])


@app.task(name="bench.started")
def started(sent: float) -> None:
    """Says how long ago it was sent."""
    global _broker
    _broker = _broker or _client()
    _broker.rpush(STARTED, time.time() - sent)


def bare() -> None:
    """The floor's receiver: the same answer from a plain list."""
    broker = _client()
    while True:
        found: Any = broker.brpop([FLOOR])
        broker.rpush(STARTED, time.time() - float(found[1]))


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _round(broker: redis.Redis, send: Callable[[], object], *, rate: float, seconds: float) -> list[float]:
    """Seconds from sending to starting of each message of one turn."""
    draw, number = random.Random(rate), 0
    broker.delete(STARTED)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(draw.expovariate(rate))
        send()
        number += 1
    patience = time.monotonic() + PATIENCE_S
    answered: Any = 0
    while answered < number and time.monotonic() < patience:
        time.sleep(0.05)
        answered = broker.llen(STARTED)
    times: Any = broker.lrange(STARTED, 0, -1)
    return [float(one) for one in times]


def measure(rate: float, seconds: float, turns: int = 3) -> dict[str, Any]:
    """Both ways by turns, so that whatever else the machine does falls on both."""
    broker = _client()
    broker.delete(QUEUE, FLOOR, STARTED)
    worker = [sys.executable, "-m", "celery", "-A", "bench.nudges", "worker", "-Q", QUEUE, "--pool", "threads"]
    worker += ["--concurrency", str(WORKER_THREADS), "--without-gossip", "--without-mingle", "-l", "WARNING"]
    commands = {"celery": worker, "floor": [sys.executable, "-c", "from bench.nudges import bare; bare()"]}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = {
        name: subprocess.Popen(command, cwd=ROOT, env=os.environ, **quiet)  # type: ignore[call-overload]  # two streams
        for name, command in commands.items()
    }
    sends: dict[str, Callable[[], object]] = {
        "celery": lambda: started.apply_async(args=(time.time(),)),
        "floor": lambda: broker.lpush(FLOOR, str(time.time())),
    }
    took: dict[str, list[float]] = {name: [] for name in commands}
    spent = dict.fromkeys(commands, 0.0)
    try:
        for send in sends.values():
            _round(broker, send, rate=rate, seconds=2.0)  # starts and warms up
        for _ in range(turns):
            for name, send in sends.items():
                before = cpu_seconds(running[name].pid)
                took[name] += _round(broker, send, rate=rate, seconds=seconds / turns)
                spent[name] += cpu_seconds(running[name].pid) - before
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(timeout=20)
        broker.delete(QUEUE, FLOOR, STARTED)
    rows = [
        {
            "way": name,
            "messages": len(took[name]),
            **percentiles(took[name]),
            "cpu_ms": round(1000 * spent[name] / max(1, len(took[name])), 2),
        }
        for name in took
    ]
    middle = {name: percentiles(times)["p50_ms"] for name, times in took.items()}
    ratio = round((middle["celery"] or 0.0) / (middle["floor"] or 1.0), 1)
    return {"bench": "nudges", "rate": rate, "rows": rows, "ratio": ratio}


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [f"{'way':<8}{'messages':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'cpu ms':>9}"]
    lines += [
        f"{r['way']:<8}{r['messages']:>9}{r['p50_ms']:>9}{r['p95_ms']:>9}{r['p99_ms']:>9}{r['cpu_ms']:>9}"
        for r in figures["rows"]
    ]
    lines.append(f"enqueue to start at {figures['rate']:g} a second: {figures['ratio']} x the bare list's median")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench nudges", description=__doc__)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=6.0)
    chosen = parser.parse_args(arguments)
    return {**measure(chosen.rate, chosen.seconds), "machine": machine()}
