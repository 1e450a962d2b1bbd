"""Writes of the stop key."""

from datetime import datetime

from django.db import transaction

from accounts.access import require
from accounts.models import Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from people.models import Area
from programs.models import Program, Suspension
from triage import natures

_MOST_NAMED = 12
"""Names in the words for one that is not known."""


def _told(suspension: Suspension, kind: str, at: datetime) -> None:
    event_record(
        centre_id=suspension.centre_id,
        entity="suspension",
        entity_id=suspension.pk,
        version=1 + bool(suspension.resume_asked_at) + bool(suspension.lifted_at),
        kind=f"suspension.{kind}",
        at=at,
    )


def _subject(centre: Centre, scope: str, said: str) -> str:
    """What was said, in the form in which calls carry it: a program's slug, a beat's name, a nature's slug."""
    if scope == Suspension.Scope.ALL:
        return ""
    known: list[tuple[str, str]]
    if scope == Suspension.Scope.PROGRAM:
        known = list(Program.objects.filter(centre=centre).order_by("slug").values_list("slug", "name"))
    elif scope == Suspension.Scope.BEAT:
        beats = Area.objects.filter(centre=centre, kind=Area.Kind.BEAT).order_by("name")
        known = [(name, name) for name in beats.values_list("name", flat=True)]
    else:
        known = [(one.slug, one.name) for one in natures.load().natures]
    wanted = said.casefold().replace(" ", "_")
    for code, name in known:
        if wanted in (code.casefold().replace(" ", "_"), name.casefold().replace(" ", "_")):
            return code
    names = ", ".join(name for _, name in known[:_MOST_NAMED])
    more = " …" if len(known) > _MOST_NAMED else ""
    raise Refused(
        "subject_unknown", f"Nothing is stopped: no {scope} is called that. Known: {names or 'none'}{more}.",
        field="subject",
    )  # fmt: skip


@transaction.atomic
def suspension_set(*, centre: Centre, scope: str, subject: str, reason: str, by: User, at: datetime) -> Suspension:
    """Press the stop key: diversion off at once for the scope. It only raises care, so one supervisor is enough.

    Raises Refused at the field, also for a subject that no call could have: a misspelt name would stop nothing.
    """
    require(by, Role.SUPERVISOR)
    if scope not in Suspension.Scope.values:
        raise Refused("scope_unknown", "Choose all, program, beat or nature.", field="scope")
    if scope != Suspension.Scope.ALL and not subject.strip():
        raise Refused("subject_needed", f"Say which {scope}.", field="subject")
    if not reason.strip():
        raise Refused("reason_needed", "Say why diversion stops.", field="reason")
    subject = _subject(centre, scope, subject.strip())
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
