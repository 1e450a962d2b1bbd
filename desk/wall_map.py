"""The wall's map: a list of calls and units, and beside it the marks that the browser puts on the ground.

The marks come inside the board that everybody gets: the map needs no address of its own for what changes, shows what
the list shows, and goes when the board goes. Their places are those of a shared screen (desk/map_data.py); a mark
holds a number or a call sign, a level and a place, and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Centre
from desk.map_data import map_spots
from desk.wall_rows import WallCall, WallUnit, cut, units_on_duty, wall_call, wall_unit
from desk.wall_views import WallView
from dispatch.due.alarms import POSITION_STALE_S
from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.unit_rows import UnitRow

HOT_HOURS = 7 * 24
"""Of the hexagons on a wall: long enough that five calls in one are a pattern."""
_CALL = ("name", "level", "waiting", "lat", "lon")
_UNIT = ("name", "level", "since", "heading", "lat", "lon")


@dataclass(frozen=True)
class MapBody:
    """All calls, waiting ones first, and all units on duty, worst first, as far as they fit; `spots` are the marks."""

    calls: list[WallCall]
    calls_more: int
    calls_count: int
    units: list[WallUnit]
    units_more: int
    units_free: int
    units_count: int
    spots: dict[str, Any]


def map_body(
    centre: Centre, at: datetime, incidents: Sequence[IncidentRow], units: Sequence[UnitRow], view: WallView
) -> MapBody:
    """Two queries. The two lists give way to each other: a short one leaves its room to the other."""
    on_duty = units_on_duty(units)
    kept = min((view.calls + 1) // 2, max(1, len(on_duty)))
    ordered = sorted(incidents, key=lambda row: (not row.waiting, row.key))
    calls, calls_more = cut([wall_call(row) for row in ordered], view.calls - kept)
    shown, units_more = cut([wall_unit(row) for row in on_duty], view.calls - max(1, len(calls)))
    marks = map_spots(centre, incidents, on_duty, at, shared=True)
    return MapBody(
        calls=calls,
        calls_more=calls_more,
        calls_count=len(incidents),
        units=shown,
        units_more=units_more,
        units_free=sum(unit.status == "available" for unit in units),
        units_count=len(on_duty),
        spots={
            "at": at.isoformat(),
            "stale_s": POSITION_STALE_S,
            "calls": _marks(marks["calls"], _CALL),
            "units": _marks(marks["units"], _UNIT),
        },
    )


def _marks(spots: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Known only to this screen by what is read on it: no ids."""
    return [{"id": one["name"], **{name: one[name] for name in names}} for one in spots if one["lat"] is not None]
