"""What trackers send, read into one form. Pure: nothing here knows a database.

Units differ, and nothing in the messages says which: Traccar's own JSON and the OsmAnd protocol's parameters have knots
(the OsmAnd app itself sends metres a second), Traccar Client's JSON has metres a second, OwnTracks kilometres an hour.
Sources: the protocol pages of Traccar ("OsmAnd", "Position forwarding") and of OwnTracks ("JSON"), 2025.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.problems import Refused

TO_MPS = {"kn": 1852 / 3600, "kmh": 1 / 3.6, "mps": 1.0}
_NO = frozenset({"false", "0"})
_MILLISECONDS = 1e11
"""Seconds reach this in the year 5138; milliseconds have passed it since 1973."""


@dataclass(frozen=True)
class Fix:
    """One measured position: degrees (WGS84), the device's own time, metres, metres a second, degrees from north."""

    lat: float
    lon: float
    at: datetime
    accuracy_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None


def osmand_query(values: Mapping[str, str], *, speed_unit: str, now: datetime) -> Fix | None:
    """The OsmAnd protocol's parameters. None where the device itself says that the position is not valid.

    Without a timestamp it is `now`. Raises Refused for what cannot be read.
    """
    if values.get("valid", "true").lower() in _NO:
        return None
    lat, lon = values.get("lat"), values.get("lon")
    if "location" in values:
        lat, _, lon = values["location"].partition(",")
    return Fix(
        lat=_degrees(lat, 90, "lat"),
        lon=_degrees(lon, 180, "lon"),
        at=_when(values.get("timestamp", now)),
        accuracy_m=_positive(values.get("accuracy")),
        speed_mps=_speed(values.get("speed"), speed_unit),
        heading_deg=_heading(values.get("bearing", values.get("heading"))),
    )


def osmand_json(body: Any) -> list[Fix]:
    """What Traccar Client sends since 9.0: one location or a list of them. Raises Refused for what cannot be read."""
    given = _mapping(body).get("location")
    return [_client_location(_mapping(one)) for one in (given if isinstance(given, list) else [given])]


def _client_location(location: Mapping[str, Any]) -> Fix:
    coords = _mapping(location.get("coords"))
    return Fix(
        lat=_degrees(coords.get("latitude"), 90, "latitude"),
        lon=_degrees(coords.get("longitude"), 180, "longitude"),
        at=_when(location.get("timestamp")),
        accuracy_m=_positive(coords.get("accuracy")),
        speed_mps=_speed(coords.get("speed"), "mps"),
        heading_deg=_heading(coords.get("heading")),
    )


def traccar(body: Any) -> tuple[str, Fix | None]:
    """What a Traccar server forwards (`forward.type` json): the device's identifier and its position.

    No position where Traccar says that it is not valid or a repetition. Raises Refused for what cannot be read.
    """
    message = _mapping(body)
    identifier = str(_mapping(message.get("device")).get("uniqueId") or "")
    position = _mapping(message.get("position"))
    if not identifier:
        raise Refused("avl_unreadable", "The device's uniqueId is missing.", field="device", status=400)
    if position.get("valid") is False or position.get("outdated") is True:
        return identifier, None
    return identifier, Fix(
        lat=_degrees(position.get("latitude"), 90, "latitude"),
        lon=_degrees(position.get("longitude"), 180, "longitude"),
        at=_when(position.get("fixTime")),
        accuracy_m=_positive(position.get("accuracy")) or None,  # Traccar writes 0 where it is not known
        speed_mps=_speed(position.get("speed"), "kn"),
        heading_deg=_heading(position.get("course")),
    )


def owntracks(body: Any) -> Fix | None:
    """What OwnTracks posts in HTTP mode. None for its other messages (steps, waypoints, transitions, last will).

    Raises Refused for what cannot be read.
    """
    message = _mapping(body)
    if message.get("_type") == "encrypted":
        raise Refused("avl_encrypted", "Switch off OwnTracks' own encryption: HTTPS protects it.", status=400)
    if message.get("_type") != "location":
        return None
    return Fix(
        lat=_degrees(message.get("lat"), 90, "lat"),
        lon=_degrees(message.get("lon"), 180, "lon"),
        at=_when(message.get("tst")),
        accuracy_m=_positive(message.get("acc")),
        speed_mps=_speed(message.get("vel"), "kmh"),
        heading_deg=_heading(message.get("cog")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused("avl_unreadable", "This is not a position message of the kind that is read here.", status=400)
    return value


def _number(value: Any) -> float | None:
    """A finite number, from a number or its text; None for anything else."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _degrees(value: Any, most: float, field: str) -> float:
    number = _number(value)
    if number is None or abs(number) > most:
        raise Refused(
            "avl_unreadable", f"{field} must be a number from -{most:g} to {most:g}.", field=field, status=400
        )
    return number


def _positive(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _speed(value: Any, unit: str) -> float | None:
    """Metres a second. Phones write a negative number for “not known”."""
    number = _positive(value)
    return None if number is None else number * TO_MPS[unit]


def _heading(value: Any) -> float | None:
    number = _positive(value)
    return None if number is None else number % 360


def _when(value: Any) -> datetime:
    """The device's time: seconds or milliseconds since 1970, or ISO 8601 (UTC where no zone is named)."""
    if isinstance(value, datetime):
        return value
    number = _number(value)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
        read = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise Refused(
            "avl_unreadable", "The time of the position cannot be read.", field="timestamp", status=400
        ) from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
