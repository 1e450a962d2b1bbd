"""The list for review."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Centre, User
from dispatch.models import Decision, ReviewItem

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


def own_acts(items: Collection[ReviewItem], user: User) -> set[UUID]:
    """Which of these the person did themselves, or agreed to as the second person: somebody else looks at them."""
    choices = [one.subject for one in items if one.kind == ReviewItem.Kind.OVERRIDE]
    agreed = Decision.objects.filter(pk__in=choices, second_by=user).values_list("pk", flat=True) if choices else ()
    return {one.pk for one in items if one.by_id == user.pk} | {
        one.pk for one in items if one.kind == ReviewItem.Kind.OVERRIDE and one.subject in set(agreed)
    }
