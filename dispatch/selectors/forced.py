"""Forced addresses that wait for somebody who keeps the gazetteer."""

from dataclasses import dataclass

from accounts.models import Centre
from dispatch.models import LocationEntry

_MOST = 100


@dataclass(frozen=True)
class ForcedAddresses:
    """The newest ones, and whether there are more."""

    rows: list[LocationEntry]
    more: bool


def forced_addresses(*, centre: Centre) -> ForcedAddresses:
    """Forced places of incidents that nobody has followed up, newest first."""
    waiting = LocationEntry.objects.filter(
        state=LocationEntry.State.FORCED,
        subject=LocationEntry.Subject.INCIDENT,
        incident__centre=centre,
        follow_up__isnull=True,
    )
    rows = list(waiting.select_related("incident", "by").order_by("-id")[: _MOST + 1])
    return ForcedAddresses(rows[:_MOST], len(rows) > _MOST)
