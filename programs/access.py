"""The only way a view or an API class gets a stop key."""

from uuid import UUID

from django.http import Http404

from accounts.access import centre_of, require
from accounts.models import Role, User
from programs.models import Suspension


def suspension_for(user: User, id: UUID) -> Suspension:
    """A stop key of the user's own centre, for those who may resume. Raises Http404, PermissionDenied."""
    require(user, Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR, Role.DISPATCHER)
    found = Suspension.objects.select_related("set_by", "centre").filter(pk=id, centre=centre_of(user)).first()
    if found is None:
        raise Http404
    return found
