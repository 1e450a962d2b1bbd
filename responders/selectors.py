"""Reads: who is on shift, the unit a person is on."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from responders.models import Shift, Unit


def shift_end(shifts: list[Shift], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When the shift that is running at `at` ends (UTC instants, local pattern); None when off shift.

    Shifts that follow each other without a gap are one; the search ends a day ahead, so a unit that is on around the
    clock is never about to go off.
    """
    end = _running_end(shifts, at, zone)
    while end is not None and end - at < timedelta(days=1):
        further = _running_end(shifts, end, zone)
        if further is None:
            break
        end = further
    return end


def _running_end(shifts: list[Shift], at: datetime, zone: ZoneInfo) -> datetime | None:
    """The latest end of the shifts that run at an instant."""
    local = at.astimezone(zone)
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
                ends.append(end)
    return max(ends) if ends else None


def unit_of(user: User) -> Unit | None:
    """The unit whose crew the person is on now."""
    return Unit.objects.filter(crew__user=user, crew__until__isnull=True).select_related("centre", "team").first()
