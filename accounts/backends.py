"""Who a session belongs to: the person with their centre and roles, in one query, since every request asks."""

from django.contrib.auth.backends import ModelBackend

from accounts.models import User
from accounts.row_read import row_read

_ROLES = (("granted", "(SELECT array_agg(role) FROM accounts_rolegrant WHERE user_id = one.id)"),)


class PeopleBackend(ModelBackend):
    """Django's own sign-in; the person of a session comes with what accounts.access asks of them."""

    def get_user(self, user_id: int) -> User | None:
        """The active person of a session, or None."""
        user = row_read(User, "one.id = %s", [user_id], joined=("centre",), more=_ROLES)
        if user is None or not self.user_can_authenticate(user):
            return None
        user._roles = frozenset(user.granted or ())  # type: ignore[attr-defined]  # what accounts.access.roles_of keeps
        return user
