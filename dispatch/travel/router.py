"""Travel times of a routing service in the centre's own network: OSRM (`/table`) or Valhalla (`/sources_to_targets`).

`ahead` asks, before any row is locked; `times` only looks up what is known. A service that is slow, wrong or away costs
at most ASKING_S, is then left alone for PAUSE_S, and the straight line stands in, which the reason says.
"""

import http.client
import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from dispatch.travel import Journey, Point, Reach, Seconds
from dispatch.travel.straight import WORDS, straight_reach, straight_s

logger = logging.getLogger(__name__)

ASKING_S = 0.3
"""The longest that one round waits for the service."""
PAUSE_S = 10.0
"""How long a service that failed is not asked."""
KEPT_S = 120.0
"""How long an answer is used: streets do not move, traffic does."""
_MOST_KEPT = 50_000
_MOST_BYTES = 4_000_000
MOST_POINTS = 100
"""OSRM's usual limit of points in one table (`--max-table-size`); Valhalla's is higher."""

Table: TypeAlias = list[list[float | None]]
"""Seconds from each origin (row) to each target (column); None where there is no way."""
Ask: TypeAlias = Callable[[str, Sequence[Point], Sequence[Point], float], Table]


class RouterFailed(Exception):
    """The service did not give a whole and sensible table in time."""


def osrm(base: str, origins: Sequence[Point], targets: Sequence[Point], timeout_s: float) -> Table:
    """One call of OSRM's table service, profile `driving`. Points go as longitude,latitude. Raises RouterFailed."""
    points = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in (*origins, *targets))
    sources = ";".join(str(nth) for nth in range(len(origins)))
    destinations = ";".join(str(nth) for nth in range(len(origins), len(origins) + len(targets)))
    address = f"{base}/table/v1/driving/{points}?sources={sources}&destinations={destinations}&annotations=duration"
    said = _fetched(urllib.request.Request(address), timeout_s)  # noqa: S310 - the scheme is checked in RoutingService
    if said.get("code") != "Ok":
        raise RouterFailed(str(said.get("code")))
    return _table(said.get("durations"), len(origins), len(targets))


def valhalla(base: str, origins: Sequence[Point], targets: Sequence[Point], timeout_s: float) -> Table:
    """One call of Valhalla's matrix service, costing `auto`; its long and its short answer. Raises RouterFailed."""
    asked = {
        "sources": [{"lat": lat, "lon": lon} for lat, lon in origins],
        "targets": [{"lat": lat, "lon": lon} for lat, lon in targets],
        "costing": "auto",
    }
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked in RoutingService
        f"{base}/sources_to_targets",
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json"},
    )
    said = _fetched(request, timeout_s)
    rows = said.get("sources_to_targets")
    if isinstance(rows, dict):
        return _table(rows.get("durations"), len(origins), len(targets))
    if not isinstance(rows, list):
        raise RouterFailed("no matrix")
    found: Table = [[None] * len(targets) for _ in origins]
    for cell in (cell for row in rows if isinstance(row, list) for cell in row):
        try:
            found[cell["from_index"]][cell["to_index"]] = cell["time"]
        except (KeyError, IndexError, TypeError) as error:
            raise RouterFailed("a cell of the matrix") from error
    return _table(found, len(origins), len(targets))


SERVICES: dict[str, Ask] = {"osrm": osrm, "valhalla": valhalla}


def _fetched(request: urllib.request.Request, timeout_s: float) -> dict[str, Any]:
    until = time.monotonic() + timeout_s
    body = b""
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - see above
            while part := answer.read1(65_536):
                body += part
                if time.monotonic() > until or len(body) > _MOST_BYTES:
                    raise RouterFailed("too slow or too long")
        said = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RouterFailed(type(error).__name__) from error
    if not isinstance(said, dict):
        raise RouterFailed("no object")
    return said


def _table(rows: Any, height: int, width: int) -> Table:
    """The rows when they are a whole table of times that can be. Raises RouterFailed."""
    sound = isinstance(rows, list) and len(rows) == height
    sound = sound and all(isinstance(row, list) and len(row) == width for row in rows)
    if not sound or any(
        not (cell is None or (isinstance(cell, int | float) and 0 <= cell < 1e6)) for row in rows for cell in row
    ):
        raise RouterFailed("not a table of times")
    return list(rows)


class RoutingService:
    """What a process knows from its routing service. Safe from several threads."""

    def __init__(self, address: str, *, pause_s: float = PAUSE_S) -> None:
        """`address`: `osrm:http://host:5000` or `valhalla:http://host:8002`. Raises ValueError for anything else."""
        kind, _, base = address.partition(":")
        if kind not in SERVICES or urlsplit(base).scheme not in {"http", "https"}:
            raise ValueError("ROUTING_URL begins with osrm:http:// or valhalla:http:// (or https)")
        self._ask, self._base, self._pause_s = SERVICES[kind], base.rstrip("/"), pause_s
        self._lock = threading.Lock()
        self._known: dict[tuple[Point, Point], tuple[float, float | None]] = {}
        self._closed_until = 0.0

    def ahead(self, targets: Iterable[Point], origins: Iterable[Point]) -> None:
        """Ask for what is not known yet, within ASKING_S in all."""
        until = time.monotonic() + ASKING_S
        wanted, starts = [_rounded(one) for one in targets], [_rounded(one) for one in origins]
        wanted = [one for one in dict.fromkeys(wanted) if any(self._look(start, one) is None for start in starts)]
        starts = list(dict.fromkeys(starts))
        half = MOST_POINTS // 2
        for first in range(0, len(wanted), half):
            for start in range(0, len(starts), half):
                self._fetch(starts[start : start + half], wanted[first : first + half], until)

    def _fetch(self, origins: Sequence[Point], targets: Sequence[Point], until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or time.monotonic() < self._closed_until:
            return
        try:
            table = self._ask(self._base, origins, targets, left)
        except RouterFailed as error:
            self._closed_until = time.monotonic() + self._pause_s
            # The address holds callers' places: it is not logged.
            logger.warning("routing service failed", extra={"cause": str(error), "pause_s": self._pause_s})
            return
        now = time.monotonic()
        with self._lock:
            if len(self._known) > _MOST_KEPT:
                self._known.clear()
            for origin, row in zip(origins, table, strict=True):
                for target, seconds in zip(targets, row, strict=True):
                    self._known[origin, target] = (now, seconds)

    def _look(self, origin: Point, target: Point) -> tuple[float, float | None] | None:
        known = self._known.get((origin, target))
        return known if known is not None and time.monotonic() - known[0] < KEPT_S else None

    def times(self, target: Point, origins: Sequence[Point]) -> list[Journey]:
        """From the last answers; the straight line where there is none, or no way."""
        return [self._journey(_rounded(origin), _rounded(target)) for origin in origins]

    def _journey(self, origin: Point, target: Point) -> Journey:
        known = self._look(origin, target)
        if known is None:
            return Journey(round(straight_s(origin, target)), f"{WORDS}, routing service did not answer")
        if known[1] is None:
            return Journey(round(straight_s(origin, target)), f"{WORDS}, no road known")
        return Journey(round(known[1]))

    def reach(self, origins: Sequence[Point]) -> Reach:
        """From the last answers; the straight line where there is none, or no way."""
        starts = [_rounded(one) for one in origins]
        straight = straight_reach(starts)

        def seconds(target: Point) -> Seconds:
            there, youngest = _rounded(target), time.monotonic() - KEPT_S
            known = [self._known.get((start, there)) for start in starts]
            found = straight(there)
            for nth, one in enumerate(known):
                if one is not None and one[0] > youngest and one[1] is not None:
                    found[nth] = one[1]
            return found

        return seconds


def _rounded(point: Point) -> Point:
    """To about 10 m: a unit that stands still is asked about once."""
    return round(point[0], 4), round(point[1], 4)
