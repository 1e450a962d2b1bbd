"""Units beside their board rows: where they are, whether a person is using them, whether their phone is heard."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Centre, Presence
from responders.models import Unit
from responders.selectors import PHONE_SILENT_S, heard_at

IN_USE_S = 5 * 60
"""A unit counts as used by a person this long after a crew member's last request that was not the simulator's."""


def units_in_use(*, centre: Centre, at: datetime) -> set[UUID]:
    """Units of which a crew member has given a sign of life lately. The simulator leaves them alone."""
    return set(
        Presence.objects.filter(
            at__gte=at - timedelta(seconds=IN_USE_S), user__crews__until__isnull=True, user__crews__unit__centre=centre
        ).values_list("user__crews__unit", flat=True)
    )


def unit_points(
    *, centre: Centre, ids: Collection[UUID] | None = None
) -> dict[UUID, tuple[float | None, float | None]]:
    """Last known positions, degrees."""
    units = Unit.objects.filter(centre=centre)
    if ids is not None:
        units = units.filter(pk__in=ids)
    return {pk: (lat, lon) for pk, lat, lon in units.values_list("pk", "lat", "lon")}


def silence_said(unit: Unit, centre: Centre, at: datetime) -> dict[str, Any]:
    """Detail for the alarm about something that a crew must read: what to do when its phone was not heard for 60 s.

    Empty while the phone is heard.
    """
    heard = heard_at(unit)
    if heard is not None and (at - heard).total_seconds() < PHONE_SILENT_S:
        return {}
    since = f"since {heard.astimezone(centre.zone):%H:%M}" if heard is not None else "at all"
    return {
        "words": f"Phone not heard {since}: radio",
        "phone_heard_at": heard.isoformat() if heard is not None else "",
    }
