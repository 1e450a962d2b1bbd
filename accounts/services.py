"""Writes of this app: audit rows and their seal, display devices, sign-in records."""

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import AuditRow, Centre, DisplayDevice, Presence, User

_SEAL_LOCK = 7_411_001
_SEAL_START = "0" * 64


def audit(
    *,
    action: str,
    at: datetime,
    by: User | None = None,
    centre: Centre | None = None,
    actor: str = "",
    entity: str = "",
    entity_id: object = "",
    detail: dict[str, Any] | None = None,
) -> AuditRow:
    """Insert one audit row in the caller's transaction. `detail` carries codes and ids, never personal text."""
    row = AuditRow(
        at=at,
        centre=centre,
        by=by,
        actor=actor or ("user" if by else "engine"),
        action=action,
        entity=entity,
        entity_id=str(entity_id),
        detail=detail or {},
    )
    with connection.cursor() as cursor:
        # By hand, because every change in the product pays for it (a third of what the model's own insert costs).
        cursor.execute(
            "INSERT INTO accounts_auditrow (at, centre_id, by_id, actor, action, entity, entity_id, detail)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [
                row.at,
                row.centre_id,
                row.by_id,
                row.actor,
                row.action,
                row.entity,
                row.entity_id,
                json.dumps(row.detail),
            ],
        )
        row.pk = cursor.fetchone()[0]
    return row


def _link(previous: str, row: AuditRow) -> str:
    body = json.dumps(
        [
            row.pk,
            row.at.isoformat(),
            row.centre_id,
            row.by_id,
            row.actor,
            row.action,
            row.entity,
            row.entity_id,
            row.detail,
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(f"{previous}{body}".encode()).hexdigest()


def audit_seal(*, limit: int = 5000) -> int:
    """Chain the oldest unsealed rows, in id order, and return how many. One sealer at a time (advisory lock).

    A row whose transaction commits after a younger one was sealed is chained later: the chain is over seal order,
    which the verifier follows through `seal` of the last sealed row.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SEAL_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT seal FROM accounts_auditseal ORDER BY id DESC LIMIT 1")
        found = cursor.fetchone()
        previous = found[0] if found else _SEAL_START
        rows = list(AuditRow.objects.filter(seal__isnull=True).order_by("id")[:limit])
        for row in rows:
            previous = _link(previous, row)
            cursor.execute("UPDATE accounts_auditrow SET seal = %s WHERE id = %s", [previous, row.pk])
            cursor.execute("INSERT INTO accounts_auditseal (row_id, seal) VALUES (%s, %s)", [row.pk, previous])
    return len(rows)


def audit_verify() -> tuple[int, int, int | None]:
    """(sealed and right, not yet sealed, id of the first broken row or None)."""
    previous, good = _SEAL_START, 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_id, seal FROM accounts_auditseal ORDER BY id")
        sealed = cursor.fetchall()
    for start in range(0, len(sealed), 1000):
        batch = sealed[start : start + 1000]
        rows = AuditRow.objects.in_bulk([row_id for row_id, _ in batch])
        for row_id, seal in batch:
            row = rows.get(row_id)
            if row is None or row.seal != seal or _link(previous, row) != seal:
                return good, AuditRow.objects.filter(seal__isnull=True).count(), row_id
            previous, good = seal, good + 1
    return good, AuditRow.objects.filter(seal__isnull=True).count(), None


def display_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def display_create(*, centre: Centre, name: str, by: User, at: datetime) -> tuple[DisplayDevice, str]:
    """A new wall display and its token. The token is shown once; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    device = DisplayDevice.objects.create(
        centre=centre, name=name, token_hash=display_hash(token), created_by=by, created_at=at
    )
    audit(action="display.create", at=at, by=by, centre=centre, entity="display", entity_id=device.pk)
    return device, token


@transaction.atomic
def display_revoke(*, device: DisplayDevice, by: User, at: datetime) -> DisplayDevice:
    """Revoke a display's token. The caller closes its open stream (live.services.revoke_after_commit)."""
    device = DisplayDevice.objects.select_for_update().get(pk=device.pk)
    if device.revoked_at is None:
        device.revoked_at = at
        device.save(update_fields=["revoked_at"])
        audit(action="display.revoke", at=at, by=by, centre=device.centre, entity="display", entity_id=device.pk)
    return device


def presence_note(*, user: User, page: str, at: datetime) -> None:
    """A console says that it is alive."""
    Presence.objects.update_or_create(user=user, defaults={"at": at, "page": page[:20]})
