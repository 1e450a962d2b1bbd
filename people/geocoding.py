"""Where an address is, asked of a service outside: an interface, and two adapters.

The gazetteer answers first and nothing on the console waits for a geocoder; a centre names one in its settings
(`GEOCODER_URL`) only where its own address points are not enough. Addresses leave the house then: the service should
stand in the centre's own network. What was asked is kept in memory for a while, and never written anywhere.
"""

import http.client
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any, Protocol

logger = logging.getLogger(__name__)
ASKING_S = 1.0
"""The longest that one search waits."""
RESTING_S = 10.0
"""After a failure nothing is asked for so long: a service that is away costs one wait, not each of them."""
KEPT_S = 600.0
MOST_KEPT = 512
AT_ONCE = 2
"""Searches of one process that may wait for the service at the same time; more find nothing, and block nobody."""
_MOST_BYTES = 500_000


@dataclass(frozen=True)
class Found:
    """One match: never better than unverified until a person picks it. Degrees, WGS 84."""

    label: str
    lat: float
    lon: float


class Geocoder(Protocol):
    """Finds places for typed words. Never raises: a service that is away finds nothing."""

    def find(self, text: str, *, limit: int) -> list[Found]:
        """Matches, best first."""


class NoGeocoder:
    """The default: the gazetteer is all there is."""

    def find(self, text: str, *, limit: int) -> list[Found]:
        """Nothing."""
        return []


class ServiceGeocoder(ABC):
    """What both adapters share: the address, the time limit, a rest after a failure, and what was found lately."""

    def __init__(self, url: str) -> None:
        """`url`: the service's root, https or http. Raises ValueError for anything else."""
        if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("A geocoder is reached by http or https.")
        self._url = url.rstrip("/")
        self._kept: OrderedDict[tuple[str, int], tuple[float, list[Found]]] = OrderedDict()
        self._lock = Lock()
        self._asking = BoundedSemaphore(AT_ONCE)
        self._rests_until = 0.0

    def find(self, text: str, *, limit: int) -> list[Found]:
        """Matches of the service, best first; nothing when it is slow, away, busy or answers in another way."""
        asked, now = (" ".join(text.lower().split()), limit), monotonic()
        with self._lock:
            known = self._kept.get(asked)
        if known is not None and now - known[0] < KEPT_S:
            return known[1]
        if now < self._rests_until or not self._asking.acquire(blocking=False):
            return []
        try:
            found = self._ask(text, limit)
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError, KeyError, TypeError, IndexError):
            # Without the words that were asked: an address does not belong in a log.
            logger.warning("geocoder failed")
            self._rests_until = monotonic() + RESTING_S
            return []
        finally:
            self._asking.release()
        with self._lock:
            self._kept[asked] = (now, found)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _ask(self, text: str, limit: int) -> list[Found]:
        with urllib.request.urlopen(f"{self._url}{self._path(text, limit)}", timeout=ASKING_S) as answer:  # noqa: S310 - http(s) only, checked above
            body = json.loads(answer.read(_MOST_BYTES))
        return [found for row in self._rows(body) if -90 <= (found := self._found(row)).lat <= 90][:limit]

    @abstractmethod
    def _path(self, text: str, limit: int) -> str:
        """The path and query that ask for these words."""

    @abstractmethod
    def _rows(self, body: Any) -> list[Any]:
        """The matches within an answer."""

    @abstractmethod
    def _found(self, row: Any) -> Found:
        """One match as ours. Raises KeyError, TypeError or ValueError for what is none."""


class NominatimGeocoder(ServiceGeocoder):
    """A service that answers as Nominatim's `/search?format=jsonv2` does."""

    def _path(self, text: str, limit: int) -> str:
        return f"/search?{urllib.parse.urlencode({'q': text, 'format': 'jsonv2', 'limit': limit})}"

    def _rows(self, body: Any) -> list[Any]:
        return list(body)

    def _found(self, row: Any) -> Found:
        return Found(str(row["display_name"])[:200], float(row["lat"]), float(row["lon"]))


class PhotonGeocoder(ServiceGeocoder):
    """A service that answers as Photon's `/api` does: GeoJSON, longitude first."""

    def _path(self, text: str, limit: int) -> str:
        return f"/api?{urllib.parse.urlencode({'q': text, 'limit': limit})}"

    def _rows(self, body: Any) -> list[Any]:
        return list(body["features"])

    def _found(self, row: Any) -> Found:
        said, (lon, lat) = row["properties"], row["geometry"]["coordinates"][:2]
        street = " ".join(str(said[key]) for key in ("housenumber", "street") if said.get(key))
        parts = [str(said.get("name") or ""), street, str(said.get("city") or said.get("county") or "")]
        return Found(", ".join(dict.fromkeys(part for part in parts if part))[:200], float(lat), float(lon))


_KINDS: dict[str, type[ServiceGeocoder]] = {"nominatim": NominatimGeocoder, "photon": PhotonGeocoder}


@lru_cache(maxsize=4)
def geocoder_at(address: str) -> Geocoder:
    """The adapter for the configured address, ``nominatim:http://…`` or ``photon:http://…``; without one, none.

    The same address is the same adapter, with what it has found. Raises ValueError for another kind or scheme.
    """
    if not address:
        return NoGeocoder()
    kind, _, url = address.partition(":")
    if kind not in _KINDS:
        raise ValueError(f"GEOCODER_URL begins with one of: {', '.join(f'{one}:' for one in _KINDS)}.")
    return _KINDS[kind](url)
