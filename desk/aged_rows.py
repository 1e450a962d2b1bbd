"""Rows that time alone has changed: a shift that has ended, a hazard that has expired, a promise that is nearly over.

Nothing writes an event for these. Each few seconds the clock does (dispatch/due/clock.py), and the rows that are no
longer as the floor was last told are drawn anew, so that a quiet night's boards are those of a reload, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from accounts.models import Centre
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.unit_rows import UnitRow, unit_rows

R = TypeVar("R", IncidentRow, UnitRow)
MOST_UNTOLD = 50
"""Rows at a time of which nothing was told so far."""


class AgedRows:
    """Rows by centre as the floor was last told of them. Kept by the renderer."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, IncidentRow]] = {}
        self._crews: dict[int, dict[str, UnitRow]] = {}

    def told(self, centre: Centre, incidents: Iterable[IncidentRow], units: Iterable[UnitRow]) -> None:
        """These have just been drawn."""
        calls = self._calls.setdefault(centre.pk, {})
        for row in incidents:
            if row.gone:
                calls.pop(row.id, None)
            else:
                calls[row.id] = row
        self._crews.setdefault(centre.pk, {}).update((row.id, _without_age(row)) for row in units)

    def aged(self, centre: Centre, at: datetime) -> tuple[list[IncidentRow], list[UnitRow]]:
        """All rows read anew: those that differ from what was told, and of those of which nothing was told so far a few
        at a time. A renderer that has just begun knows of none, and a thousand at once would be a burst for all pages.
        """
        calls, crews = self._calls.get(centre.pk, {}), self._crews.get(centre.pk, {})
        incidents, units = incident_rows(centre=centre, at=at), unit_rows(centre=centre, at=at)
        return (
            [row for row in incidents if row.id in calls and calls[row.id] != row] + _untold(incidents, calls),
            [row for row in units if row.id in crews and crews[row.id] != _without_age(row)] + _untold(units, crews),
        )


def _untold(rows: Sequence[R], told: Mapping[str, R]) -> list[R]:
    return [row for row in rows if row.id not in told][:MOST_UNTOLD]


def _without_age(row: UnitRow) -> UnitRow:
    """The row without the one figure of it that is another each second, and that no list shows."""
    return replace(row, position_age_s=None)
