"""Writes: installing presets, the stop key."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.access import require
from accounts.models import Agency, Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from programs.models import Program, ProgramVersion, ProtocolVersion, Suspension, VersionState


@transaction.atomic
def program_install(
    *, centre: Centre, agency: Agency, spec: dict[str, Any], area: dict[str, Any], by: User | None, at: datetime
) -> ProgramVersion:
    """Install a preset as a draft of a program of the agency; a further version when the program exists."""
    program, _ = Program.objects.get_or_create(
        centre=centre, slug=spec["rules"]["slug"], defaults={"name": spec["name"], "agency": agency}
    )
    last = program.versions.aggregate(last=Max("number"))["last"] or 0
    version = ProgramVersion.objects.create(
        program=program, number=last + 1, spec=spec, area=area, author=by, created_at=at
    )
    audit(action="program.install", at=at, by=by, centre=centre, entity="program_version", entity_id=version.pk)
    return version


@transaction.atomic
def version_publish_simulated(*, version: ProgramVersion, at: datetime) -> ProgramVersion:
    """Publish a version in a simulated centre, where no second person and no medical director is needed.

    Raises Refused elsewhere: there a version goes through review by two people.
    """
    if not version.program.centre.simulated:
        raise Refused(
            "needs_two_people", "Outside a simulated centre a program is published by two people.", status=409
        )
    ProgramVersion.objects.filter(program=version.program, state=VersionState.PUBLISHED).update(
        state=VersionState.SUPERSEDED
    )
    version.state, version.published_at, version.effective_from = VersionState.PUBLISHED, at, at
    version.save(update_fields=["state", "published_at", "effective_from"])
    audit(
        action="program.publish", at=at, centre=version.program.centre, entity="program_version", entity_id=version.pk
    )
    return version


@transaction.atomic
def protocol_publish_simulated(*, centre: Centre, data: dict[str, Any], at: datetime) -> ProtocolVersion:
    """Publish a protocol in a simulated centre. Raises Refused elsewhere."""
    if not centre.simulated:
        raise Refused(
            "needs_medical_director",
            "A protocol goes live with a named medical director and a review date.",
            status=409,
        )
    last = ProtocolVersion.objects.filter(centre=centre).aggregate(last=Max("number"))["last"] or 0
    ProtocolVersion.objects.filter(centre=centre, state=VersionState.PUBLISHED).update(state=VersionState.SUPERSEDED)
    version = ProtocolVersion.objects.create(
        centre=centre, number=last + 1, state=VersionState.PUBLISHED, data=data, created_at=at, published_at=at
    )
    audit(action="protocol.publish", at=at, centre=centre, entity="protocol_version", entity_id=version.pk)
    return version


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
