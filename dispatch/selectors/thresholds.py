"""When a centre's clocks begin to matter."""

from accounts.models import Centre, CentreThresholds


def thresholds_of(centre: Centre) -> CentreThresholds:
    """The centre's own thresholds, or the defaults (not stored)."""
    return CentreThresholds.objects.filter(centre=centre).first() or CentreThresholds(centre=centre)
