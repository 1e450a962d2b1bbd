"""Who acts for a unit."""

from accounts.models import User
from dispatch.models import Assignment


def crew_of(assignment: Assignment) -> User:
    """The person on the unit of an assignment."""
    return assignment.unit.crew.select_related("user").get(until__isnull=True).user
