"""What a wall shows. Built from codes only: number, type group, beat, unit, status, ages. Nothing else gets in.

A wall is read from across a room by whoever stands there, so names, phones, places and notes are not left out by the
template: they are not in these rows at all.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Centre
from desk.wall_layouts import CountyBody, MeasuresBody, ProgramBody, county_body, measures_body, program_body
from desk.wall_map import MapBody, map_body
from desk.wall_rows import WallCall, WallUnit, cut, units_on_duty, wall_call, wall_unit
from desk.wall_views import USUAL_VIEW, Layout, WallView
from dispatch.selectors.alarms import Headline, wall_headline
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.unit_rows import UnitRow, unit_rows
from programs.selectors import suspensions_standing

_KEPT = timedelta(seconds=5)
Floor = tuple[list[IncidentRow], list[UnitRow]]


@dataclass(frozen=True)
class QueueBody:
    """Calls and units, worst first, with how many rows did not fit."""

    pending: list[WallCall]
    pending_more: int
    pending_count: int
    active: list[WallCall]
    active_more: int
    active_count: int
    units: list[WallUnit]
    units_more: int
    units_free: int
    units_count: int


@dataclass(frozen=True)
class WallBoard:
    """A whole board: the first line in words, and the body of its layout."""

    view: WallView
    headline: Headline
    stopped: bool
    body: QueueBody | MeasuresBody | ProgramBody | CountyBody | MapBody


class WallRows:
    """The rows that walls are drawn from, kept by the renderer: a change reads its own rows, not the whole floor's.

    Read anew every few seconds, since a row may also change by time alone, and whenever it is not sure to be whole.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[datetime, dict[str, IncidentRow], dict[str, UnitRow]]] = {}

    def changed(
        self, centre: Centre, incidents: Collection[IncidentRow], units: Collection[UnitRow], at: datetime
    ) -> Floor:
        """All rows of the centre, of which these have just been read."""
        # Taken out while it changes: should anything fail, the next board is read whole.
        read_at, calls, crews = self._kept.pop(centre.pk, (None, {}, {}))
        if read_at is None or not timedelta(0) <= at - read_at < _KEPT:
            read_at = at
            calls = {row.id: row for row in incident_rows(centre=centre, at=at)}
            crews = {row.id: row for row in unit_rows(centre=centre, at=at)}
        for row in incidents:
            if row.gone:
                calls.pop(row.id, None)
            else:
                calls[row.id] = row
        crews.update((row.id, row) for row in units)
        self._kept[centre.pk] = (read_at, calls, crews)
        return sorted(calls.values(), key=lambda row: row.key), sorted(crews.values(), key=lambda row: row.key)


def whole_floor(centre: Centre, at: datetime) -> Floor:
    """All rows of the centre, read now."""
    return incident_rows(centre=centre, at=at), unit_rows(centre=centre, at=at)


def queue_body(rows: Floor, view: WallView) -> QueueBody:
    """Calls and units. The two lists of calls give way to each other: an empty one leaves its room to the other."""
    incidents, units = rows
    pending = [wall_call(row) for row in incidents if row.waiting]
    active = [wall_call(row) for row in incidents if not row.waiting]
    kept = min(view.calls // 3, max(1, len(active)))
    shown, more = cut(pending, view.calls - kept)
    shown_active, more_active = cut(active, view.calls - max(1, len(shown)))
    on_duty = units_on_duty(units)
    shown_units, more_units = cut(on_duty, view.units)
    return QueueBody(
        pending=shown,
        pending_more=more,
        pending_count=len(pending),
        active=shown_active,
        active_more=more_active,
        active_count=len(active),
        units=[wall_unit(unit) for unit in shown_units],
        units_more=more_units,
        units_free=sum(unit.status == "available" for unit in units),
        units_count=len(on_duty),
    )


def wall_boards(centre: Centre, at: datetime, rows: Floor, views: Collection[WallView]) -> list[WallBoard]:
    """The boards of a centre, one for each view; headline and rows are read once for all."""
    stops = suspensions_standing(centre)
    headline = wall_headline(centre=centre, at=at, stops=stops)
    # Beside the headline, since something worse may hold the first line while diversion is stopped.
    return [WallBoard(view, headline, bool(stops), _body(centre, at, rows, view)) for view in views]


def _body(
    centre: Centre, at: datetime, rows: Floor, view: WallView
) -> QueueBody | MeasuresBody | ProgramBody | CountyBody | MapBody:
    if view.layout == Layout.MEASURES:
        return measures_body(centre, at, rows[0], rows[1])
    if view.layout == Layout.PROGRAM:
        return program_body(centre, at, rows[0], rows[1], view)
    if view.layout == Layout.COUNTY:
        return county_body(centre, rows[0], rows[1], view)
    if view.layout == Layout.MAP:
        return map_body(centre, at, rows[0], rows[1], view)
    return queue_body(rows, view)


def wall_board(centre: Centre, at: datetime, rows: Floor, view: WallView = USUAL_VIEW) -> WallBoard:
    """One board of a centre."""
    return wall_boards(centre, at, rows, [view])[0]
