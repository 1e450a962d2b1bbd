"""Writes of the stop key."""

from datetime import datetime

from django.db import transaction

from accounts.access import require
from accounts.models import Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from programs.models import Suspension


def _told(suspension: Suspension, kind: str, at: datetime) -> None:
    event_record(
        centre_id=suspension.centre_id,
        entity="suspension",
        entity_id=suspension.pk,
        version=1 + bool(suspension.resume_asked_at) + bool(suspension.lifted_at),
        kind=f"suspension.{kind}",
        at=at,
    )


@transaction.atomic
def suspension_set(*, centre: Centre, scope: str, subject: str, reason: str, by: User, at: datetime) -> Suspension:
    """Press the stop key: diversion off at once for the scope. It only raises care, so one supervisor is enough."""
    require(by, Role.SUPERVISOR)
    if scope not in Suspension.Scope.values:
        raise Refused("scope_unknown", "Choose all, program, beat or nature.", field="scope")
    if scope != Suspension.Scope.ALL and not subject.strip():
        raise Refused("subject_needed", f"Say which {scope}.", field="subject")
    if not reason.strip():
        raise Refused("reason_needed", "Say why diversion stops.", field="reason")
    subject = "" if scope == Suspension.Scope.ALL else subject.strip()
    suspension, made = Suspension.objects.get_or_create(
        centre=centre,
        scope=scope,
        subject=subject,
        lifted_at=None,
        defaults={"reason": reason.strip()[:200], "set_by": by, "set_at": at},
    )
    if made:
        audit(
            action="suspension.set",
            at=at,
            by=by,
            centre=centre,
            entity="suspension",
            entity_id=suspension.pk,
            detail={"scope": scope, "subject": subject},
        )
        _told(suspension, "set", at)
    return suspension


@transaction.atomic
def suspension_ask_resume(*, suspension: Suspension, by: User, at: datetime) -> Suspension:
    """The first of the two people who resume diversion."""
    require(by, Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR)
    suspension = Suspension.objects.select_for_update().get(pk=suspension.pk)
    if suspension.lifted_at is None:
        suspension.resume_asked_by, suspension.resume_asked_at = by, at
        suspension.save(update_fields=["resume_asked_by", "resume_asked_at"])
        audit(
            action="suspension.ask_resume",
            at=at,
            by=by,
            centre=suspension.centre,
            entity="suspension",
            entity_id=suspension.pk,
        )
        _told(suspension, "ask_resume", at)
    return suspension


@transaction.atomic
def suspension_resume(*, suspension: Suspension, by: User, at: datetime) -> Suspension:
    """The second person resumes diversion. Raises Refused when nobody asked, or for the one who asked."""
    require(by, Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR, Role.DISPATCHER)
    suspension = Suspension.objects.select_for_update().get(pk=suspension.pk)
    if suspension.lifted_at is not None:
        return suspension
    if suspension.resume_asked_by_id is None:
        raise Refused(
            "resume_not_asked", "Somebody must ask to resume first; a second person then confirms.", status=409
        )
    if suspension.resume_asked_by_id == by.pk:
        raise Refused("resume_takes_two", "You asked to resume: another person must confirm.", status=409)
    suspension.lifted_by, suspension.lifted_at = by, at
    suspension.save(update_fields=["lifted_by", "lifted_at"])
    audit(
        action="suspension.resume", at=at, by=by, centre=suspension.centre, entity="suspension", entity_id=suspension.pk
    )
    _told(suspension, "resume", at)
    return suspension
