"""Sessions in the database, as Django keeps them; read by a statement that is written once, since every request reads
one."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.row_read import row_read


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        key, found = self.session_key or "", None
        # A cookie may hold anything; only letters and digits were ever given out.
        if key.isascii() and key.isalnum():
            found = row_read(Session, "one.session_key = %s AND one.expire_date > %s", [key, timezone.now()])
        if found is None:
            self._session_key = None
        return found
