"""DATABASE_URL to Django's connection settings."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PREPARED_FROM = 3
"""So many uses on one connection and a statement is prepared."""


def database_from_url(url: str, *, pool_size: int) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?option=value`.

    Statement and lock time-outs and TCP keep-alives are set here because a process that hangs in PostgreSQL
    while it holds a centre's lock would stop offers. Statements are prepared from their third use on: planning was half
    of what PostgreSQL did for a request (9.8 ms became 4.4 for a decision). A transaction pooler that cannot carry
    prepared statements needs `?prepare_threshold=none` in the address. Raises ImproperlyConfigured for any other kind
    of address, and for a threshold that is not a number.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    try:
        port = parts.port or 5432
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL has a port that is not a number.") from error
    options: dict[str, Any] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
        "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
        # Parameters travel apart from the statement: only then can it be prepared.
        "server_side_binding": True,
        "prepare_threshold": PREPARED_FROM,
    }
    options.update(parse_qsl(parts.query))
    threshold = str(options["prepare_threshold"])
    if threshold != "none" and not threshold.isdecimal():
        raise ImproperlyConfigured("prepare_threshold in DATABASE_URL is a whole number, or none.")
    options["prepare_threshold"] = None if threshold == "none" else int(threshold)
    if pool_size > 0:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 5}
    return {
        "ENGINE": "config.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
