"""What decision tests look at."""

from dispatch.models import Incident


def now_of(incident: Incident) -> Incident:
    """The incident as it stands in the database now."""
    return Incident.objects.get(pk=incident.pk)
