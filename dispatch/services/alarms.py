"""Alarms: raised once per subject, taken by a person, ended by a person or by their cause."""

import logging
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from accounts.models import Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Incident
from dispatch.models.alarm import ENDS_WHEN_HEARD
from dispatch.services.brief_locks import RowHeld, waiting_at_most
from dispatch.services.journal import alarm_event
from responders.models import Unit

logger = logging.getLogger(__name__)


def alarm_raise(
    *,
    centre: Centre,
    kind: str,
    subject: str,
    at: datetime,
    owner_role: str = Role.DISPATCHER,
    owner: User | None = None,
    incident: Incident | None = None,
    unit: Unit | None = None,
    urgent: bool = False,
    detail: dict[str, Any] | None = None,
) -> Alarm:
    """Raise an alarm in the caller's transaction; the one already standing for the subject is returned unchanged."""
    standing = Alarm.objects.filter(kind=kind, subject=subject, ended_at__isnull=True).first()
    if standing is not None:
        return standing
    try:
        with transaction.atomic():
            alarm = Alarm.objects.create(
                centre=centre,
                kind=kind,
                subject=subject,
                opened_at=at,
                owner_role=owner_role,
                owner=owner,
                incident=incident,
                unit=unit,
                urgent=urgent,
                detail=detail or {},
            )
    except IntegrityError:
        return Alarm.objects.get(kind=kind, subject=subject, ended_at__isnull=True)
    alarm_event(alarm, "raised", at)
    return alarm


def alarms_end(*kinds: str, subject: str, at: datetime, by: User | None = None, note: str = "") -> None:
    """End the alarms of a subject because their cause has gone."""
    # By hand and in one statement: nearly every change asks, and mostly there is none.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dispatch_alarm SET ended_at = %s, ended_by_id = %s, end_note = %s, version = version + 1"
            " WHERE kind = ANY(%s) AND subject = %s AND ended_at IS NULL RETURNING id, centre_id, version",
            [at, by.pk if by else None, note, [str(kind) for kind in kinds], subject],
        )
        ended = cursor.fetchall()
    for key, centre_id, version in ended:
        alarm_event(Alarm(pk=key, centre_id=centre_id, version=version), "ended", at)


@transaction.atomic
def alarm_escalate(*, alarm: Alarm, at: datetime) -> bool:
    """Give an alarm to the supervisor as well, once. Returns whether this call did it."""
    alarm = Alarm.objects.select_for_update().get(pk=alarm.pk)
    if alarm.escalated_at is not None or alarm.ended_at is not None:
        return False
    alarm.escalated_at, alarm.owner_role, alarm.version = at, Role.SUPERVISOR, alarm.version + 1
    alarm.save(update_fields=["escalated_at", "owner_role", "version"])
    alarm_event(alarm, "escalated", at)
    return True


_WAIT_MS = 300
"""How long words wait for an alarm that somebody changes at this moment: many times such a change."""


def _held_briefly(alarm: Alarm) -> Alarm | None:
    """The alarm, locked; None where somebody has it for longer than _WAIT_MS."""
    try:
        with waiting_at_most(_WAIT_MS):
            return Alarm.objects.select_for_update().get(pk=alarm.pk)
    except RowHeld:
        logger.warning("alarm is held: not said", extra={"alarm": str(alarm.pk)})
        return None


@transaction.atomic
def alarm_say(*, alarm: Alarm, detail: dict[str, Any], at: datetime, urgent: bool = False) -> bool:
    """Add to what a standing alarm says; `urgent` makes it so. Returns whether it could be said: not where it has
    ended, nor where a stopped process has it. What it is about, a danger for example, never waits for that.
    """
    held = _held_briefly(alarm)
    if held is None or held.ended_at is not None:
        return False
    alarm = held
    alarm.detail, alarm.version, alarm.urgent = {**alarm.detail, **detail}, alarm.version + 1, alarm.urgent or urgent
    alarm.save(update_fields=["detail", "version", "urgent"])
    alarm_event(alarm, "said", at)
    return True


@transaction.atomic
def alarm_take(*, alarm: Alarm, by: User, at: datetime) -> Alarm:
    """A person says: mine."""
    alarm = Alarm.objects.select_for_update(of=("self",)).select_related("centre").get(pk=alarm.pk)
    if alarm.ended_at is None and alarm.owner_id != by.pk:
        alarm.owner, alarm.version = by, alarm.version + 1
        alarm.save(update_fields=["owner", "version"])
        alarm_event(alarm, "taken", at)
        audit(action="alarm.take", at=at, by=by, centre=alarm.centre, entity="alarm", entity_id=alarm.pk)
    return alarm


@transaction.atomic
def alarm_end(*, alarm: Alarm, by: User, at: datetime, note: str, heard: bool = False) -> Alarm:
    """A person ends an alarm and says what was done. Raises Refused without a note.

    A stage order's alarm ends only with the crew's acknowledgement, a hand-off's with the receiver's, and a crew's call
    for help only when somebody has `heard` the crew (crew_safety.crew_heard).
    """
    alarm = Alarm.objects.select_for_update(of=("self",)).select_related("centre").get(pk=alarm.pk)
    if alarm.ended_at is not None:
        return alarm
    if alarm.kind in {Alarm.Kind.STAGE_UNACKNOWLEDGED, Alarm.Kind.HANDOFF_UNACKNOWLEDGED, Alarm.Kind.WORD_OWED}:
        raise Refused(
            "alarm_ends_by_acknowledgement", "This alarm ends when the other side has acknowledged.", status=409
        )
    if alarm.kind in ENDS_WHEN_HEARD and not heard:
        raise Refused("alarm_ends_when_heard", "This alarm ends only when the crew was heard.", status=409)
    if not note.strip():
        raise Refused("note_needed", "Say what was done.", field="note")
    alarm.ended_at, alarm.ended_by, alarm.end_note, alarm.version = at, by, note.strip()[:160], alarm.version + 1
    alarm.save(update_fields=["ended_at", "ended_by", "end_note", "version"])
    alarm_event(alarm, "ended", at)
    audit(action="alarm.end", at=at, by=by, centre=alarm.centre, entity="alarm", entity_id=alarm.pk)
    return alarm
