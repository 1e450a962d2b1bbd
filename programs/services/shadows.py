"""Writes of shadow runs: start, count on, stop. No call is touched: decisions are read after they were taken."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from programs.models import ProgramVersion, ShadowRun, VersionState
from programs.selectors.backtests import protocol_for_tests, side_of

MOST_DAYS = 90
_NEVER_LIVE = (VersionState.DRAFT, VersionState.IN_REVIEW, VersionState.SCHEDULED)


@transaction.atomic
def shadow_start(*, version: ProgramVersion, days: int, units: int, minutes: int, by: User, at: datetime) -> ShadowRun:
    """Let a version that is not live decide on the side from now on, for so many days. Nobody is sent.

    Raises Refused: for a version that is or was live, is in shadow already (409), or has rules that cannot be read.
    """
    require(by, Role.PROGRAM_ADMINISTRATOR)
    if version.state not in _NEVER_LIVE:
        raise Refused("shadow_of_live", "Only a version that is not live yet can run in shadow.", status=409)
    if not 1 <= days <= MOST_DAYS:
        raise Refused("days_impossible", f"Choose 1 to {MOST_DAYS} days.", field="days")
    centre = version.program.centre
    protocol = protocol_for_tests(centre)
    if protocol is None:
        raise Refused("no_protocol", "No protocol is published: there is nothing to judge calls under.", status=409)
    try:
        side_of(version.spec, version.area, centre)
    except (KeyError, ValueError) as error:
        raise Refused("rules_unreadable", f"Mend the draft's rules first: {error}", status=409) from error
    try:
        with transaction.atomic():
            run = ShadowRun.objects.create(
                version=version,
                protocol=protocol,
                spec=version.spec,
                area=version.area,
                from_at=at,
                until_at=at + timedelta(days=days),
                units=units,
                minutes=minutes,
                requested_by=by,
                requested_at=at,
            )
    except IntegrityError as error:
        raise Refused("shadow_open", "This version runs in shadow already.", status=409) from error
    audit(
        action="shadow.start",
        at=at,
        by=by,
        centre=centre,
        entity="shadow",
        entity_id=run.pk,
        detail={"version": str(version.pk), "days": days},
    )
    return run


@transaction.atomic
def shadow_stop(*, run: ShadowRun, by: User, at: datetime) -> ShadowRun:
    """Stop before the end; what was counted stays. A run that has ended stays as it is."""
    require(by, Role.PROGRAM_ADMINISTRATOR)
    run = ShadowRun.objects.select_for_update().get(pk=run.pk)
    if run.state == "running":
        run.state, run.ended_at = ShadowRun.State.STOPPED, at
        run.save(update_fields=["state", "ended_at"])
        audit(action="shadow.stop", at=at, by=by, centre=run.version.program.centre, entity="shadow", entity_id=run.pk)
    return run


@transaction.atomic
def shadow_advance(
    *, run: ShadowRun, before: str, tally: dict[str, Any], cursor: str, counted_to: datetime, at: datetime
) -> bool:
    """Keep a further batch, and end the run when everything up to its end is counted.

    `before` is the cursor that the batch began at: False when somebody else has counted on from there, or the run was
    stopped. Nothing is counted twice.
    """
    held = ShadowRun.objects.select_for_update().filter(pk=run.pk, state="running", cursor=before).first()
    if held is None:
        return False
    held.tally, held.cursor, held.counted_to = tally, cursor, counted_to
    if counted_to >= held.until_at:
        held.state, held.ended_at = ShadowRun.State.ENDED, at
        audit(action="shadow.end", at=at, centre=held.version.program.centre, entity="shadow", entity_id=held.pk)
    held.save(update_fields=["tally", "cursor", "counted_to", "state", "ended_at"])
    run.tally, run.cursor, run.counted_to, run.state = held.tally, held.cursor, held.counted_to, held.state
    return True
