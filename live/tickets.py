"""Stream tickets: a short-lived signed statement of what a page may watch.

The web process signs one after asking the access rules; the live process verifies it with the secret key alone and
needs no database. Knows nothing of models, so that the live process can import it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import salted_hmac

LIFETIME = 240
"""Seconds after which a stream ends and its page has to ask again."""
MOST_AUDIENCES = 40

_SALT = "live.ticket"


class TicketRefused(Exception):
    """The ticket is forged, damaged or expired. The message is one of those words, safe to show and log."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a page may watch: audiences of one centre, for one session (by its hash), until the ticket expires."""

    centre_id: int
    audiences: tuple[str, ...]
    session: str
    expires_at: int
    """Unix time in seconds."""


def session_hash(session_key: str) -> str:
    """The name under which a session's streams can be closed; does not reveal the session key."""
    return salted_hmac("live.session", session_key, algorithm="sha256").hexdigest()[:32]


def ticket_sign(ticket: Ticket) -> str:
    """The ticket as a word that fits into an address."""
    return signing.dumps([ticket.centre_id, list(ticket.audiences), ticket.session, ticket.expires_at], salt=_SALT)


def ticket_read(word: str, *, now: float) -> Ticket:
    """The ticket behind a word. ``now`` is Unix time. Raises TicketRefused if it is not ours or no longer valid."""
    try:
        centre_id, audiences, session, expires_at = signing.loads(word, salt=_SALT)
        ticket = Ticket(int(centre_id), tuple(str(name) for name in audiences), str(session), int(expires_at))
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise TicketRefused("forged") from error
    if now >= ticket.expires_at:
        raise TicketRefused("expired")
    return ticket
