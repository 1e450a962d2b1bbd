"""The list for review."""

from dataclasses import dataclass

from accounts.models import Centre
from dispatch.models import ReviewItem

SHOWN = 50
"""So many at once: whoever reviews a day works through them, oldest first."""


@dataclass(frozen=True)
class Reviews:
    """The oldest open items, and how many more there are."""

    items: tuple[ReviewItem, ...]
    more: int


def reviews_open(*, centre: Centre, kind: str = "") -> Reviews:
    """What nobody has reviewed yet, oldest first; of one kind if given. Two queries."""
    wanted = ReviewItem.objects.filter(centre=centre, reviewed_at__isnull=True)
    if kind:
        wanted = wanted.filter(kind=kind)
    items = tuple(wanted.select_related("incident", "unit", "by").order_by("at", "id")[:SHOWN])
    count = wanted.count() if len(items) == SHOWN else len(items)
    return Reviews(items, count - len(items))


def reviews_count(*, centre: Centre) -> int:
    """How many wait."""
    return ReviewItem.objects.filter(centre=centre, reviewed_at__isnull=True).count()
