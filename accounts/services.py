"""Writes of this app: audit rows and their seal, display devices, sign-in records."""

import hashlib
import json
import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from accounts.models import Agency, AuditRow, Centre, CrewLine, DisplayDevice, DisplayLayout, Presence, RoleGrant, User
from accounts.problems import Refused

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
) -> None:
    """Insert one audit row in the caller's transaction. `detail` carries codes and ids, never personal text."""
    values = audit_values(
        action=action,
        at=at,
        by_id=by.pk if by else None,
        centre_id=centre.pk if centre else None,
        actor=actor,
        entity=entity,
        entity_id=entity_id,
        detail=detail,
    )
    with connection.cursor() as cursor:
        cursor.execute(AUDIT_INSERT, values)


# By hand, because every change in the product pays for it (a third of what the model's own insert costs).
AUDIT_INSERT = (
    "INSERT INTO accounts_auditrow (at, centre_id, by_id, actor, action, entity, entity_id, detail)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
"""For services that write the audit row in the statement of its change."""


def audit_values(
    *,
    action: str,
    at: datetime,
    by_id: int | None,
    centre_id: int | None,
    actor: str = "",
    entity: str = "",
    entity_id: object = "",
    detail: dict[str, Any] | None = None,
) -> list[Any]:
    """The parameters of AUDIT_INSERT."""
    who = actor or ("user" if by_id else "engine")
    return [at, centre_id, by_id, who, action, entity, str(entity_id), json.dumps(detail or {})]


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
        seals = []
        for row in rows:
            previous = _link(previous, row)
            seals.append(previous)
        if rows:
            cursor.execute(
                "WITH chain AS (SELECT * FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS c (id, seal, place)),"
                " marked AS (UPDATE accounts_auditrow r SET seal = c.seal FROM chain c WHERE r.id = c.id)"
                # In this order, since the order of the seals' own ids is the chain.
                " INSERT INTO accounts_auditseal (row_id, seal) SELECT id, seal FROM chain ORDER BY place",
                [[row.pk for row in rows], seals],
            )
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
def display_configure(
    *,
    device: DisplayDevice,
    name: str,
    inches: int,
    width: int,
    height: int,
    distance_cm: int,
    theme: str,
    layouts: list[tuple[str, str, int]],
    by: User,
    at: datetime,
) -> DisplayDevice:
    """The room of a display and what it shows in turn: (layout, program slug or "", seconds). The database refuses
    what no room can be. The caller tells the display (an event of entity `display`)."""
    device = DisplayDevice.objects.select_for_update().select_related("centre").get(pk=device.pk)
    device.name, device.panel_inches, device.theme = name, inches, theme
    device.width_px, device.height_px, device.distance_cm = width, height, distance_cm
    device.save(update_fields=["name", "panel_inches", "theme", "width_px", "height_px", "distance_cm"])
    device.layouts.all().delete()
    DisplayLayout.objects.bulk_create(
        [
            DisplayLayout(display=device, place=place, layout=layout, program=program, seconds=seconds)
            for place, (layout, program, seconds) in enumerate(layouts)
        ]
    )
    audit(
        action="display.configure",
        at=at,
        by=by,
        centre=device.centre,
        entity="display",
        entity_id=device.pk,
        detail={"room": [inches, width, height, distance_cm], "theme": theme, "layouts": layouts},
    )
    return device


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


def queue_map_set(*, user: User, shown: bool) -> None:
    """Whether a map stands beside the person's queue. A choice about one's own screen leaves no audit row."""
    user.queue_map = shown
    user.save(update_fields=["queue_map"])


def zone_named(text: str) -> str:
    """The name of a time zone if there is one. Raises Refused otherwise."""
    try:
        return ZoneInfo(text.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            "zone_unknown", f"There is no time zone {text!r}; write for example America/Chicago.", field="time_zone"
        ) from None


@transaction.atomic
def centre_create(*, slug: str, name: str, time_zone: str, at: datetime) -> Centre:
    """A new centre, not simulated and not live, with one agency of its own. Raises Refused when the slug is taken."""
    if Centre.objects.filter(slug=slug).exists():
        raise Refused("centre_taken", f"There is a centre {slug} already.", field="slug", status=409)
    centre = Centre.objects.create(slug=slug, name=name, time_zone=zone_named(time_zone), created_at=at)
    Agency.objects.create(centre=centre, slug=slug, name=name, kind=Agency.Kind.CENTRE)
    audit(action="centre.create", at=at, centre=centre, entity="centre", entity_id=centre.pk)
    return centre


@transaction.atomic
def person_create(
    *, centre: Centre, username: str, display_name: str, password: str, roles: tuple[str, ...], at: datetime
) -> User:
    """A person of the centre's own agency. Raises Refused for a name that is taken or a password that is too weak."""
    if User.objects.filter(username=username).exists():
        raise Refused("username_taken", f"There is somebody called {username} already.", field="username", status=409)
    user = User(
        username=username, display_name=display_name, centre=centre, agency=centre.agencies.order_by("pk").first()
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused("password_weak", " ".join(error.messages), field="password") from None
    user.set_password(password)
    user.save()
    RoleGrant.objects.bulk_create([RoleGrant(user=user, role=role) for role in roles])
    audit(
        action="person.create", at=at, centre=centre, entity="user", entity_id=user.pk, detail={"roles": sorted(roles)}
    )
    return user


def crew_line_of(centre: Centre) -> CrewLine:
    """The centre's emergency line for crews; one that is not saved, with empty fields, where none is set."""
    return CrewLine.objects.filter(centre=centre).first() or CrewLine(centre=centre)


@transaction.atomic
def crew_line_set(*, line: CrewLine, by: User, at: datetime) -> CrewLine:
    """Keep the emergency line. The audit row says that it changed and whether texts are read, not the numbers."""
    line.save()
    audit(
        action="crew_line.set",
        at=at,
        by=by,
        centre=line.centre,
        entity="centre",
        entity_id=line.centre_id,
        detail={"texts": bool(line.text_number)},
    )
    return line
