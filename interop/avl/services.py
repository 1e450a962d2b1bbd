"""Writes: trackers and their tokens, and the positions that they send."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import Centre, User
from accounts.services import audit
from dispatch.services.positions import position_report
from interop.avl.access import token_hash
from interop.avl.formats import Fix
from interop.avl.models import AvlDevice, AvlServer
from responders.models import Unit

SOONEST = timedelta(seconds=1)
"""Positions of one tracker are taken this far apart; what comes in between is dropped and answered as if taken."""
OLD = timedelta(seconds=10)
"""A position this old is from a backlog that a tracker sends when it is back in coverage."""
WORST_M = 500.0
"""A less accurate position is of a mast, not of the vehicle: it would move the unit across the map."""


@transaction.atomic
def device_create(
    *,
    centre: Centre,
    unit: Unit,
    name: str,
    by: User,
    at: datetime,
    server: AvlServer | None = None,
    identifier: str = "",
    speed_unit: str = AvlDevice.SpeedUnit.KNOTS,
) -> tuple[AvlDevice, str]:
    """A tracker on a unit, and its token, which is shown once; empty for one behind a server."""
    token = "" if server is not None else secrets.token_urlsafe(24)
    device = AvlDevice.objects.create(
        centre=centre,
        unit=unit,
        name=name,
        token_hash=token_hash(token) if token else None,
        server=server,
        identifier=identifier,
        speed_unit=speed_unit,
        created_by=by,
        created_at=at,
    )
    audit(
        action="tracker.create", at=at, by=by, centre=centre, entity="tracker", entity_id=device.pk,
        detail={"unit": str(unit.pk)},
    )  # fmt: skip
    return device, token


@transaction.atomic
def device_revoke(*, device: AvlDevice, by: User, at: datetime) -> None:
    """Nothing that it sends is taken any more."""
    if AvlDevice.objects.filter(pk=device.pk, revoked_at__isnull=True).update(revoked_at=at):
        audit(
            action="tracker.revoke", at=at, by=by, centre=device.centre, entity="tracker", entity_id=device.pk
        )  # fmt: skip


@transaction.atomic
def server_create(*, centre: Centre, name: str, by: User, at: datetime) -> tuple[AvlServer, str]:
    """A Traccar server that forwards, and its token, which is shown once."""
    token = secrets.token_urlsafe(24)
    server = AvlServer.objects.create(
        centre=centre, name=name, token_hash=token_hash(token), created_by=by, created_at=at
    )
    audit(action="position_server.create", at=at, by=by, centre=centre, entity="position_server", entity_id=server.pk)
    return server, token


@transaction.atomic
def server_revoke(*, server: AvlServer, by: User, at: datetime) -> None:
    """Nothing that it forwards is taken any more, whichever device it is of."""
    if AvlServer.objects.filter(pk=server.pk, revoked_at__isnull=True).update(revoked_at=at):
        audit(
            action="position_server.revoke",
            at=at,
            by=by,
            centre=server.centre,
            entity="position_server",
            entity_id=server.pk,
        )


def fix_take(*, device: AvlDevice, fix: Fix, at: datetime) -> bool:
    """Move the tracker's unit, unless the position is older than the last one, too soon after it, or too inaccurate.

    The unit keeps the device's time, so that its age on every screen is the age of the measurement; a clock that runs
    ahead counts as `at`. One transaction claims the position, a second one moves the unit: locks are never held across.
    """
    if fix.accuracy_m is not None and fix.accuracy_m > WORST_M:
        return False
    measured = min(fix.at, at)
    free = Q(fix_at__isnull=True) | Q(fix_at__lte=measured - SOONEST)
    if at - measured > OLD:
        free &= Q(heard_at__isnull=True) | Q(heard_at__lte=at - SOONEST)
    claimed = AvlDevice.objects.filter(free, pk=device.pk, revoked_at__isnull=True)
    if not claimed.update(fix_at=measured, heard_at=at):
        return False
    position_report(
        unit=device.unit,
        lat=fix.lat,
        lon=fix.lon,
        by=None,
        at=measured,
        heading_deg=fix.heading_deg,
        speed_mps=fix.speed_mps,
        tracker=True,
    )
    return True
