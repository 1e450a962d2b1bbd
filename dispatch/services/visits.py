"""Visits: booked from an incident, moved, cancelled, and made an ordinary pending call when they fall due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from accounts.access import FLOOR, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Answer, Call, Incident, LocationEntry, NarrativeEntry, NarrativeText, Visit
from dispatch.models.call import Channel
from dispatch.reasons import BOOKED_VISIT, VISIT_CANCELLED, VISIT_MOVED, VISIT_PURPOSES
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.triage import place_of
from dispatch.selectors.visits import LEAD_S, answers_then, judged_then, nature_then
from dispatch.services.alarms import alarm_raise
from dispatch.services.answers import answers_checked, answers_record
from dispatch.services.calls import call_end, call_open
from dispatch.services.decisions import decision_take
from dispatch.services.incidents import nature_set
from dispatch.services.journal import incident_locked, record
from dispatch.services.locations import location_record
from dispatch.services.promise_clock import PROMISE_FIELDS
from dispatch.states import VISIT
from programs.models import ProgramVersion, VersionState
from responders.models import Unit
from triage.results import FitResult

MOST_AHEAD = timedelta(days=92)
"""A visit is booked at most a quarter ahead: later ones belong on somebody's caseload."""
LONGEST_WINDOW = timedelta(hours=12)


def _window(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    if not at < starts_at <= at + MOST_AHEAD:
        raise Refused("visit_time", "Give a time from now on, at most three months ahead.", field="starts_at")
    if not starts_at < ends_at <= starts_at + LONGEST_WINDOW:
        raise Refused("visit_window", "The visit is within the twelve hours after its beginning.", field="ends_at")


def _unit(unit: Unit | None, version: ProgramVersion) -> Unit | None:
    if unit is not None and (unit.team is None or not version.program.teams.filter(pk=unit.team.pk).exists()):
        raise Refused("unit_program", f"{unit.call_sign} does not serve this program.", field="unit")
    return unit


def _version(source: Incident, slug: str) -> ProgramVersion:
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
        if known.source_id != source.pk:
            raise Refused("id_taken", "This visit id is already in use.", field="id", status=409)
        return known
    if source.state == "joined":
        raise Refused("incident_joined", "This incident was joined to another: book it there.", status=409)
    version = _version(source, program)
    _unit(unit, version)
    nature = nature_then(source, version)
    told = answers_then(source, answers_checked(answers or {}), at=at, starts_at=starts_at)
    _taken(source, version, nature, told, at, starts_at)
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
    _told(source, visit, "book", by, at, to_state="booked", reason=purpose)
    return visit


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


def _told(
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


def _locked(visit: Visit) -> tuple[Incident, Visit]:
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
    """Another time, and another preferred unit or none, with a coded reason. Raises Refused; TransitionRefused once
    it is due or cancelled."""
    require(by, *FLOOR)
    if reason not in VISIT_MOVED:
        raise Refused("reason_needed", "Choose why it is moved.", field="reason")
    _window(starts_at, ends_at, at)
    source, visit = _locked(visit)
    before = visit.state
    visit.state = VISIT.to("move", before)
    version = _version(source, visit.program.slug)
    _taken(source, version, visit.nature, visit.answers, at, starts_at)
    was = visit.starts_at
    visit.unit = _unit(unit, version)
    visit.starts_at, visit.ends_at, visit.version = starts_at, ends_at, visit.version + 1
    visit.save(update_fields=["state", "unit", "starts_at", "ends_at", "version"])
    detail = {"from": was.isoformat(), "to": starts_at.isoformat()}
    _told(source, visit, "move", by, at, from_state=before, to_state=visit.state, reason=reason, detail=detail)
    return visit


@transaction.atomic
def visit_cancel(*, visit: Visit, reason: str, by: User, at: datetime) -> Visit:
    """It does not take place. Cancelling twice changes nothing. Raises TransitionRefused once it is due."""
    require(by, *FLOOR)
    if reason not in VISIT_CANCELLED:
        raise Refused("reason_needed", "Choose why it is cancelled.", field="reason")
    source, visit = _locked(visit)
    before = visit.state
    if before == "cancelled":
        return visit
    visit.state, visit.ended_at, visit.version = VISIT.to("cancel", before), at, visit.version + 1
    visit.save(update_fields=["state", "ended_at", "version"])
    _told(source, visit, "cancel", by, at, from_state=before, to_state=visit.state, reason=reason)
    return visit


@transaction.atomic
def visit_fall_due(*, visit: Visit, at: datetime) -> Visit:
    """Its time has come: a new incident at the place, decided as booked, and offered like any other. Idempotent.

    The booking was the person's decision; what the place and the programs say now is read anew. Where the program does
    not take it any more, or more is asked for, the incident is there undecided, with an alarm for the dispatcher.
    """
    source, visit = _locked(visit)
    if visit.state != "booked" or visit.starts_at - timedelta(seconds=LEAD_S) > at:
        return visit
    call = _opened(source, visit, at)
    why: Refused | None = None
    try:
        decision_take(
            id=uuid5(visit.pk, "decision"),
            incident=call.incident,
            action="accept",
            program=visit.program.slug,
            reason=BOOKED_VISIT,
            by=visit.booked_by,
            at=at,
        )
    except Refused as refused:
        why = refused
    call_end(call=call, ended_as="completed", by=None, at=at)
    incident = incident_locked(call.incident_id)
    incident.owner_role, incident.owner = Role.DISPATCHER, None
    if incident.promise_at is not None:
        # What was promised is the window, and never less than the program promises from now on.
        incident.promise_at = max(incident.promise_at, visit.ends_at)
    visit.state, visit.ended_at, visit.incident = VISIT.to("fall_due", visit.state), at, incident
    visit.version += 1
    visit.save(update_fields=["state", "ended_at", "incident", "version"])
    _told(
        incident,
        visit,
        "fall_due",
        None,
        at,
        from_state="booked",
        to_state=visit.state,
        reason=why.code if why is not None else visit.purpose,
        fields=["owner_role", "owner", *PROMISE_FIELDS],
        detail={"source": str(source.pk)},
    )
    if why is not None:
        alarm_raise(
            centre=visit.centre,
            kind=Alarm.Kind.VISIT_DUE,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=Role.DISPATCHER,
            detail={"reason": why.code, "words": why.detail[:160]},
        )
    return visit


def _opened(source: Incident, visit: Visit, at: datetime) -> Call:
    """The new incident with what the booking knew: whom to telephone, where, what for, and the answers as assumed."""
    call = call_open(centre=visit.centre, id=uuid5(visit.pk, "call"), channel=Channel.SYSTEM, by=visit.booked_by, at=at)
    asked = source.calls.filter(phone__isnull=False).order_by("received_at").last()
    if asked is not None:
        call.phone, call.phone_confirmed = asked.phone, asked.phone_confirmed
        call.save(update_fields=["phone", "phone_confirmed"])
    nature_set(incident=call.incident, nature=visit.nature, by=visit.booked_by, at=at)
    place = place_of(source)
    if place is not None:
        gone = place.state == LocationEntry.State.VERIFIED and place.place is None
        location_record(
            incident=call.incident,
            call=call,
            text=place.text,
            state=LocationEntry.State.UNVERIFIED if gone else place.state,
            place=place.place,
            lat=place.lat,
            lon=place.lon,
            location_type=place.location_type,
            by=visit.booked_by,
            at=at,
        )
    answers_record(
        incident=call.incident,
        source=call,
        answers=visit.answers,
        basis=Answer.Basis.ASSUMED,
        by=visit.booked_by,
        at=at,
    )
    entry = NarrativeEntry.objects.create(incident=call.incident, kind=NarrativeEntry.Kind.SYSTEM, at=at, by=None)
    NarrativeText.objects.create(entry=entry, text=_said(source, visit))
    return call


def _said(source: Incident, visit: Visit) -> str:
    zone = visit.centre.zone
    begins, ends = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    purpose = VISIT_PURPOSES.get(visit.purpose, visit.purpose).lower()
    return (
        f"Booked visit, {begins:%H:%M} to {ends:%H:%M}: {purpose}. From call {source.number:04d};"
        f" booked by {visit.booked_by} on {visit.booked_at.astimezone(zone):%Y-%m-%d %H:%M}."
    )
