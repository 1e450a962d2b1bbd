"""Visits: booked from an incident, moved, cancelled. What becomes of them when their time comes: visits_due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.access import FLOOR, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Answer, Incident, Visit
from dispatch.reasons import VISIT_CANCELLED, VISIT_MOVED, VISIT_PURPOSES
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.triage import UNKNOWN, dangerous
from dispatch.selectors.visits import answers_then, judged_then, nature_then, told_since
from dispatch.services.alarms import alarms_end
from dispatch.services.answers import answers_checked
from dispatch.services.journal import incident_locked, record
from dispatch.states import VISIT
from programs.models import ProgramVersion, VersionState
from responders.models import Unit
from triage.answers import is_lowering
from triage.results import FitResult

MOST_AHEAD = timedelta(days=92)
"""A visit is booked at most a quarter ahead: later ones belong on somebody's caseload."""
LONGEST_WINDOW = timedelta(hours=12)
CALM_AFTER = timedelta(hours=12)
"""A danger that was told less than so long before a visit cannot be taken back by booking it: sending less than the
answers say is a choice of two people. Our own figure: overnight."""


def _window(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    if not at < starts_at <= at + MOST_AHEAD:
        raise Refused("visit_time", "Give a time from now on, at most three months ahead.", field="starts_at")
    if not starts_at < ends_at <= starts_at + LONGEST_WINDOW:
        raise Refused("visit_window", "The visit is within the twelve hours after its beginning.", field="ends_at")


def _unit(unit: Unit | None, version: ProgramVersion) -> Unit | None:
    if unit is not None and (unit.team is None or not version.program.teams.filter(pk=unit.team.pk).exists()):
        raise Refused("unit_program", f"{unit.call_sign} does not serve this program.", field="unit")
    return unit


def version_live(source: Incident, slug: str) -> ProgramVersion:
    """The published version of a program of the incident's centre. Raises Refused where there is none."""
    live = ProgramVersion.objects.filter(program__centre=source.centre_id, state=VersionState.PUBLISHED)
    version = live.select_related("program").filter(program__slug=slug).first()
    if version is None:
        raise Refused("program_unknown", "This program is not published here.", field="program")
    return version


@transaction.atomic
def visit_book(
    *,
    id: UUID,
    source: Incident,
    program: str,
    starts_at: datetime,
    ends_at: datetime,
    purpose: str,
    by: User,
    at: datetime,
    unit: Unit | None = None,
    answers: Mapping[str, Any] | None = None,
) -> Visit:
    """Book a visit for the place and person of an incident, open or closed. The same id twice is one visit.

    Nobody is occupied: a named `unit` is preferred when it falls due. The program must take it by the answers as they
    stand, with those of `answers` given anew, at the booked time; it is asked again when it falls due. Raises Refused
    at the field.
    """
    require(by, *FLOOR)
    if purpose not in VISIT_PURPOSES:
        raise Refused("purpose_unknown", "Choose what the visit is for.", field="purpose")
    _window(starts_at, ends_at, at)
    source = incident_locked(source.pk)
    known = Visit.objects.filter(pk=id).first()
    if known is not None:
        return _same(known, source)
    if source.state == "joined":
        raise Refused("incident_joined", "This incident was joined to another: book it there.", status=409)
    version = version_live(source, program)
    _unit(unit, version)
    nature = nature_then(source, version)
    given = answers_checked(answers or {})
    _not_lowered(source, given, starts_at)
    told = answers_then(source, given, at=at, starts_at=starts_at)
    _taken(source, version, nature, told, at, starts_at)
    try:
        with transaction.atomic():
            visit = Visit.objects.create(
                id=id,
                centre=source.centre,
                source=source,
                program=version.program,
                unit=unit,
                purpose=purpose,
                nature=nature,
                answers=told,
                starts_at=starts_at,
                ends_at=ends_at,
                booked_at=at,
                booked_by=by,
            )
    except IntegrityError:
        # The same id arrived for another incident at once, whose lock is another one; that one was first.
        known = Visit.objects.filter(pk=id).first()
        if known is None:
            raise
        return _same(known, source)
    visit_told(source, visit, "book", by, at, to_state="booked", reason=purpose)
    return visit


def _same(known: Visit, source: Incident) -> Visit:
    """The visit that has the id already. Raises Refused where it was booked from another incident."""
    if known.source_id != source.pk:
        raise Refused(
            "id_taken", "This visit id is already in use by another booking: book it anew.", field="id", status=409
        )
    return known


def _not_lowered(source: Incident, given: Mapping[str, Any], starts_at: datetime) -> None:
    """Raises Refused at the question where one person would take back a danger that was told a short while before."""
    told = Answer.objects.filter(incident=source, key__in=given, at__gt=starts_at - CALM_AFTER).exclude(value=UNKNOWN)
    for row in told:
        new = given[row.key]
        if dangerous(row.key, row.value) and is_lowering(row.key, row.value, None if new == UNKNOWN else new):
            raise Refused(
                "danger_stands",
                "This danger was told a short while before: decide the call with a second person, or book it later.",
                field=row.key,
                status=409,
            )


def _taken(
    source: Incident,
    version: ProgramVersion,
    nature: str,
    answers: Mapping[str, Any],
    at: datetime,
    starts_at: datetime,
) -> None:
    """Raises Refused where the program would not take the visit, or where nobody has looked at words of danger."""
    judged = judged_then(source, nature, answers, at=at, when=starts_at)
    if judged.facts.place is None:
        raise Refused("where_needed", "Say where first: nobody can go without a place.", field="where", status=409)
    if judged.suggestion is None or not judged.suggestion.triaged:
        raise Refused("not_triaged", "Nobody has answered a safety question for this person yet.", field="answers")
    response_class = version.spec["rules"].get("response_class") or ""
    holding = proposals_of(source).hold(response_class, judged.answers) if response_class else []
    if holding:
        raise Refused("cue_unconfirmed", proposals_of(source).sentence(holding), field="answers", status=409)
    fit = next((one for one in judged.suggestion.fits if one.slug == version.program.slug), None)
    if fit is None:
        raise Refused("program_unknown", "This program is not live at that time.", field="program")
    if fit.result is not FitResult.ELIGIBLE or fit.effective_class.value != response_class:
        said = " ".join(reason.text for reason in (*fit.reasons, *fit.notes) if reason.code != "criteria_met")
        raise Refused("program_shut", f"{version.program.name} would not take it then. {said}", field="program")


def visit_told(
    incident: Incident,
    visit: Visit,
    action: str,
    by: User | None,
    at: datetime,
    *,
    to_state: str,
    reason: str = "",
    from_state: str = "",
    fields: list[str] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """The history row, the event row and the audit row of a change of a visit."""
    record(
        incident=incident,
        entity="visit",
        row=visit,
        action=action,
        by=by,
        at=at,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        fields=fields,
        detail=detail,
    )
    audit(
        action=f"visit.{action}",
        at=at,
        by=by,
        centre=visit.centre,
        entity="visit",
        entity_id=visit.pk,
        detail={"incident": str(incident.pk), "reason": reason},
    )


def visit_locked(visit: Visit) -> tuple[Incident, Visit]:
    """The incident that it was booked from, then the visit: in that order everywhere."""
    source = incident_locked(visit.source_id)
    return source, Visit.objects.select_for_update(of=("self",)).select_related("program", "centre").get(pk=visit.pk)


@transaction.atomic
def visit_move(
    *,
    visit: Visit,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: User,
    at: datetime,
    unit: Unit | None = None,
) -> Visit:
    """Another time, and another preferred unit or none, with a coded reason. The same twice is once. Raises Refused;
    TransitionRefused once it is due or cancelled."""
    require(by, *FLOOR)
    if reason not in VISIT_MOVED:
        raise Refused("reason_needed", "Choose why it is moved.", field="reason")
    _window(starts_at, ends_at, at)
    source, visit = visit_locked(visit)
    before = visit.state
    visit.state = VISIT.to("move", before)
    if (visit.starts_at, visit.ends_at, visit.unit_id) == (starts_at, ends_at, unit.pk if unit is not None else None):
        return visit
    version = version_live(source, visit.program.slug)
    _taken(source, version, visit.nature, told_since(source, visit), at, starts_at)
    was = visit.starts_at
    visit.unit = _unit(unit, version)
    visit.starts_at, visit.ends_at, visit.version = starts_at, ends_at, visit.version + 1
    visit.save(update_fields=["state", "unit", "starts_at", "ends_at", "version"])
    alarms_end(Alarm.Kind.VISIT_DUE, subject=str(visit.pk), at=at, by=by, note="moved")
    detail = {"from": was.isoformat(), "to": starts_at.isoformat()}
    visit_told(source, visit, "move", by, at, from_state=before, to_state=visit.state, reason=reason, detail=detail)
    return visit


@transaction.atomic
def visit_cancel(*, visit: Visit, reason: str, by: User, at: datetime) -> Visit:
    """It does not take place. Cancelling twice changes nothing. Raises TransitionRefused once it is due."""
    require(by, *FLOOR)
    if reason not in VISIT_CANCELLED:
        raise Refused("reason_needed", "Choose why it is cancelled.", field="reason")
    source, visit = visit_locked(visit)
    before = visit.state
    if before == "cancelled":
        return visit
    visit.state, visit.ended_at, visit.version = VISIT.to("cancel", before), at, visit.version + 1
    visit.save(update_fields=["state", "ended_at", "version"])
    alarms_end(Alarm.Kind.VISIT_DUE, subject=str(visit.pk), at=at, by=by, note="cancelled")
    visit_told(source, visit, "cancel", by, at, from_state=before, to_state=visit.state, reason=reason)
    return visit
