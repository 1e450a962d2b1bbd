"""Where an address is, asked of a service outside: an interface, and one adapter.

The gazetteer answers first and nothing on the console waits for a geocoder; a centre names one in its settings
(`GEOCODER_URL`) only where its own address points are not enough. Addresses leave the house then: the service should
stand in the centre's own network.
"""

import http.client
import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Protocol

logger = logging.getLogger(__name__)
ASKING_S = 1.0
"""The longest that one search waits."""
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
        ...


class NoGeocoder:
    """The default: the gazetteer is all there is."""

    def find(self, text: str, *, limit: int) -> list[Found]:
        """Nothing."""
        return []


class NominatimGeocoder:
    """A service that answers as Nominatim's `/search?format=jsonv2` does."""

    def __init__(self, url: str) -> None:
        """`url`: the service's root, https or http. Raises ValueError for anything else."""
        if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
            raise ValueError("A geocoder is reached by http or https.")
        self._url = url.rstrip("/")

    def find(self, text: str, *, limit: int) -> list[Found]:
        """Matches of the service, best first; nothing when it is slow, away or answers otherwise than expected."""
        query = urllib.parse.urlencode({"q": text, "format": "jsonv2", "limit": limit})
        try:
            with urllib.request.urlopen(f"{self._url}/search?{query}", timeout=ASKING_S) as answer:  # noqa: S310 - http(s) only, checked above
                rows = json.loads(answer.read(_MOST_BYTES))
            return [Found(str(row["display_name"]), float(row["lat"]), float(row["lon"])) for row in rows][:limit]
        except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError, KeyError, TypeError):
            # Without the words that were asked: an address does not belong in a log.
            logger.warning("geocoder failed")
            return []


def geocoder_at(url: str) -> Geocoder:
    """The adapter for the configured address; without one, none."""
    return NominatimGeocoder(url) if url else NoGeocoder()
