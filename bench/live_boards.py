"""Change on one screen to arrival on all others: latency, CPU and memory of the live process.

    DATABASE_URL=... REDIS_URL=... SECRET_KEY=... python -m bench.live_boards --streams 1 100 500 1000 [--chain]

One granian worker runs the hub; a second process holds the streams on raw sockets; a third publishes. Without --chain a
message of a 500-byte row goes to Redis just as the renderer sends it, 20 a second. With --chain each change is an event
row committed to PostgreSQL, numbered and drawn by the real renderer (centre 999999; the rows stay). Latency runs from
before the publish or commit until the client has read the whole message. Limit: p95 below 30 ms with 500 streams.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import quote

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

CENTRE = 999_999
RATE = 20
WARM_UP = 2.0
STAMP = re.compile(rb"t=(\d+\.\d+)")


def row(stamp: float) -> str:
    cell = "<td class='cell'>WELFARE CHECK, 1200 N MAIN</td>"
    return f"<tr id='bench' data-v='1' data-live-key='1'><td>t={stamp:.6f}</td>{cell * 8}</tr>"


class Reader(asyncio.Protocol):
    """One stream, read as cheaply as Python can: the client must not be what is measured."""

    def __init__(self, request: bytes, got: list[float], after: float) -> None:
        self._request, self._got, self._after = request, got, after
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        whole, _, self._rest = (self._rest + data).rpartition(b"\n\n")
        for stamp in STAMP.findall(whole):
            if float(stamp) >= self._after:
                self._got.append((now - float(stamp)) * 1000)


async def clients(port: int, streams: int, seconds: float) -> None:
    """The process that holds the streams: prints READY, then one line of JSON."""
    from live.tickets import Ticket, session_hash, ticket_sign

    until = int(time.time()) + 280
    words = [ticket_sign(Ticket(CENTRE, ("wall",), session_hash(str(n // 20)), until)) for n in range(streams)]
    got: list[float] = []
    after = time.time() + WARM_UP + streams / 500
    loop = asyncio.get_running_loop()
    for word in words:
        request = f"GET /live/stream?ticket={quote(word)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
        # mypy does not infer a lambda that binds its argument by a default.
        await loop.create_connection(lambda request=request: Reader(request, got, after), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(0.5)
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    await asyncio.sleep(seconds + WARM_UP + 1.0)
    got.sort()
    at = {f"p{p}": round(got[min(len(got) - 1, len(got) * p // 100)], 1) if got else None for p in (50, 95, 99)}
    sys.stdout.write(json.dumps({"samples": len(got), **at}) + "\n")


def publish_directly() -> Callable[[int], None]:
    from live.broker import audience_channel, shared_publisher

    def send(number: int) -> None:
        message = {
            "audience": "wall",
            "epoch": "bench",
            "number": number,
            "prev": number - 1,
            "html": row(time.time()),
        }
        shared_publisher().publish([(audience_channel(CENTRE, "wall"), json.dumps(message).encode())])

    return send


def publish_through_the_chain(stop: threading.Event) -> Callable[[int], None]:
    from django.db import transaction

    from live.registry import Frame, register
    from live.renderer import run
    from live.services import event_record

    stamps: dict[uuid.UUID, float] = {}
    register(lambda centre, changed: [Frame("wall", row(stamps.pop(one))) for one in changed["bench"]], "bench")
    threading.Thread(target=run, args=(stop,), kwargs={"centre_id": CENTRE}, daemon=True).start()
    time.sleep(1.0)

    def send(number: int) -> None:
        entity = uuid.uuid4()
        stamps[entity] = time.time()
        with transaction.atomic():
            event_record(
                centre_id=CENTRE,
                entity="bench",
                entity_id=entity,
                version=number,
                kind="bench.changed",
                at=datetime.now(UTC),
            )

    return send


def cpu_and_memory(parent: int) -> tuple[float, float]:
    """CPU seconds and resident megabytes of the worker of a granian process."""
    worker = next(
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit()
        and f"PPid:\t{parent}\n" in (path / "status").read_text()
        # Python's resource tracker is a child as well; it is tiny.
        and "resource_tracker" not in (path / "cmdline").read_text()
    )
    fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{worker}/status").read_text())
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(resident[1]) / 1024 if resident else 0.0


def measure(streams: int, seconds: float, send: Callable[[int], None], first: int) -> dict[str, object]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--workers-kill-timeout", "3", "config.asgi:application"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.1)
        time.sleep(1.0)
        _, empty = cpu_and_memory(server.pid)
        holder = subprocess.Popen(
            [sys.executable, "-m", "bench.live_boards", "--client", str(port), str(streams), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "READY\n"
        begin, cpu, _ = time.time(), *cpu_and_memory(server.pid)
        count = int((seconds + WARM_UP) * RATE)
        for step in range(count):
            time.sleep(max(0.0, begin + step / RATE - time.time()))
            send(first + step)
        used, memory = cpu_and_memory(server.pid)
        share = 100 * (used - cpu) / (time.time() - begin)
        result = json.loads(holder.stdout.readline())
        holder.wait()
        return {
            "streams": streams,
            **result,
            "cpu_percent": round(share, 1),
            "cpu_us_per_message_and_stream": round(1e6 * (used - cpu) / (count * streams), 1),
            "rss_mb": round(memory),
            "kb_per_stream": round(1024 * (memory - empty) / streams),
        }
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 100, 500, 1000])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--chain", action="store_true", help="commit each change to PostgreSQL and use the renderer")
    parser.add_argument("--client", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        port, streams, seconds = asked.client
        uvloop.run(clients(int(port), int(streams), float(seconds)))
        return
    django.setup()
    stop = threading.Event()
    send = publish_through_the_chain(stop) if asked.chain else publish_directly()
    number = 1
    for streams in asked.streams:
        print(json.dumps(measure(streams, asked.seconds, send, number)), flush=True)
        number += 10_000
    stop.set()


if __name__ == "__main__":
    main()
