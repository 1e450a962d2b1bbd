"""Who sends a position: the tracker or server of a token. Revoked or unknown is nobody."""

import base64
import binascii
import hashlib

from django.http import HttpRequest

from interop.avl.models import AvlDevice, AvlServer

_LONGEST = 200


def token_hash(token: str) -> str:
    """What is kept of a token. It is random and long, so a plain hash tells nothing about it."""
    return hashlib.sha256(token.encode()).hexdigest()


def header_token(request: HttpRequest) -> str:
    """The token of the Authorization header: `Bearer TOKEN`, or the password of `Basic`; empty without one."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    given = given.strip()
    if kind.lower() == "bearer":
        return given[:_LONGEST]
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2][:_LONGEST]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def device_of(token: str) -> AvlDevice | None:
    """The standing tracker that has this token."""
    if not token or len(token) > _LONGEST:
        return None
    return (
        AvlDevice.objects.filter(token_hash=token_hash(token), revoked_at__isnull=True).select_related("unit").first()
    )


def server_of(token: str) -> AvlServer | None:
    """The standing server that has this token."""
    if not token or len(token) > _LONGEST:
        return None
    return AvlServer.objects.filter(token_hash=token_hash(token), revoked_at__isnull=True).first()


def device_behind(server: AvlServer, identifier: str) -> AvlDevice | None:
    """The standing tracker that a server calls by this name."""
    return (
        AvlDevice.objects.filter(server=server, identifier=identifier, revoked_at__isnull=True)
        .select_related("unit")
        .first()
    )
