"""Which travel times a centre has: a routing service, its own street network, or the straight line."""

import logging
import time
from dataclasses import dataclass

from django.conf import settings

from accounts.models import Centre
from dispatch.travel import TravelTimes
from dispatch.travel.router import RoutingService
from dispatch.travel.straight import StraightLine
from dispatch.travel.streets import Street, StreetNetwork
from people.models import StreetNetwork as StoredNetwork
from people.models import StreetPiece

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 60.0
"""How long a process goes on with its streets before it asks whether they have changed."""


@dataclass
class _Held:
    looked: float
    digest: str
    travel: TravelTimes


_held: dict[int, _Held] = {}
_services: dict[str, TravelTimes] = {}


def travel_for(centre: Centre) -> TravelTimes:
    """Kept per process and centre; read again when the centre's streets were loaded anew."""
    if settings.ROUTING_URL:
        if settings.ROUTING_URL not in _services:
            _services[settings.ROUTING_URL] = _service(settings.ROUTING_URL)
        return _services[settings.ROUTING_URL]
    held, now = _held.get(centre.pk), time.monotonic()
    if held is not None and now - held.looked < LOOK_AGAIN_S:
        return held.travel
    digest = StoredNetwork.objects.filter(centre=centre).values_list("digest", flat=True).first() or ""
    if held is None or held.digest != digest:
        held = _Held(now, digest, network_of(centre) if digest else StraightLine())
    held.looked = now
    _held[centre.pk] = held
    return held.travel


def _service(address: str) -> TravelTimes:
    """The routing service at an address. One that cannot be read stops no engine: the straight line stands in, and each
    reason says so."""
    try:
        return RoutingService(address)
    except ValueError as error:
        logger.error("routing service not set up", extra={"cause": str(error)})
        return StraightLine("the routing service is not set up right")


def network_of(centre: Centre) -> TravelTimes:
    """The centre's streets as a network, freshly read; the straight line for a centre without streets."""
    rows = StreetPiece.objects.filter(network__centre=centre).order_by("pk")
    streets = [
        Street(start, end, (start_lat, start_lon), (end_lat, end_lon), metres, speed, one_way)
        for start, end, start_lat, start_lon, end_lat, end_lon, metres, speed, one_way in rows.values_list(
            "start", "end", "start_lat", "start_lon", "end_lat", "end_lon", "metres", "speed_mps", "one_way"
        )
    ]
    return StreetNetwork(streets) if streets else StraightLine()
