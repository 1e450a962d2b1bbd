"""Whom to telephone."""

from accounts.models import Centre
from dispatch.models import HandoffTarget


def targets_of(centre: Centre, *kinds: str) -> list[HandoffTarget]:
    """Active targets, by kind and name; of all kinds where none is named."""
    targets = HandoffTarget.objects.filter(centre=centre, active=True).select_related("tested_by")
    return list(targets.filter(kind__in=kinds) if kinds else targets)


def service_phones(centre: Centre) -> dict[str, str]:
    """The first number of each service that is asked by hand-off: “phone them”."""
    found: dict[str, str] = {}
    for target in targets_of(centre, "police", "ems", "fire"):
        found.setdefault(target.kind, target.phone)
    return found
