"""Reads: who is on shift, the unit a person is on, when a unit's phone was last heard."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max

from accounts.models import Centre, Presence, User
from responders.models import LATE_SERVICE, Shift, StatusRules, Unit, UnitHistory

PHONE_SILENT_S = 60
"""A phone of which nothing was heard for this long may not show what it is sent."""


class ShiftHours(NamedTuple):
    """A weekly pattern as a plain row: equal where the patterns are. Hours and days as those of Shift."""

    starts_hour: int
    ends_hour: int
    days: tuple[int, ...]


def on_shift(shifts: Sequence[Shift | ShiftHours], at: datetime, zone: ZoneInfo) -> bool:
    """Whether a shift is running: a fraction of the work of `shift_end`, which also follows those after it."""
    return _running(shifts, at, zone)[1] is not None


def shift_end(shifts: Sequence[Shift | ShiftHours], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the shift that is running at `at` ends (UTC instants, local pattern); None when off shift.

    Shifts that follow each other without a gap are one; the search ends a day ahead, so a unit that is on around the
    clock is never about to go off.
    """
    end = _running(shifts, at, zone)[1]
    while end is not None and end - at < timedelta(days=1):
        further = _running(shifts, end, zone)[1]
        if further is None:
            break
        end = further
    return end


def shift_start(shifts: Sequence[Shift | ShiftHours], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the shift that is running at `at` began; None when off shift. A shift before it is another one."""
    return _running(shifts, at, zone)[0]


def _running(
    shifts: Sequence[Shift | ShiftHours], at: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """The latest beginning and the latest end of the shifts that run at an instant."""
    local = at.astimezone(zone)
    begins: list[datetime] = []
    ends: list[datetime] = []
    for shift in shifts:
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            if day.weekday() not in shift.days:
                continue
            begin = datetime(day.year, day.month, day.day, shift.starts_hour, tzinfo=zone)
            over = shift.ends_hour <= shift.starts_hour
            last = day + timedelta(days=1) if over or shift.ends_hour == 24 else day
            end = datetime(last.year, last.month, last.day, shift.ends_hour % 24, tzinfo=zone)
            if begin <= at < end:
                begins.append(begin)
                ends.append(end)
    return (max(begins), max(ends)) if ends else (None, None)


def unit_of(user: User) -> Unit | None:
    """The unit whose crew the person is on now."""
    return Unit.objects.filter(crew__user=user, crew__until__isnull=True).select_related("centre", "team").first()


def heard_at(unit: Unit) -> datetime | None:
    """The last sign of life of a unit: a position that its tracker did not send by itself, or any request of somebody
    of its crew; None for none yet."""
    seen = Presence.objects.filter(user__crews__unit=unit, user__crews__until__isnull=True).aggregate(at=Max("at"))[
        "at"
    ]
    position = None if unit.position_by_tracker else unit.position_at
    known = [one for one in (seen, position) if one is not None]
    return max(known) if known else None


def status_mode(centre: Centre) -> str:
    """How the centre takes statuses out of order: off, warn (without a row) or enforce."""
    mode = StatusRules.objects.filter(centre=centre).values_list("status_transitions", flat=True).first()
    return mode or StatusRules.Mode.WARN.value


def service_reported(unit: Unit, service: str, device_at: datetime) -> str:
    """What became of this very press, known by the phone's own time: the history's action, empty for a new one."""
    same = UnitHistory.objects.filter(unit=unit, device_at=device_at, to_state=service)
    return same.filter(action__in=["service", LATE_SERVICE]).values_list("action", flat=True).first() or ""
