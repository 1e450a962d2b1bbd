"""Visits whose time has come: each becomes an ordinary pending call, or one that a person decides."""

from datetime import datetime, timedelta
from uuid import uuid5

from django.db import transaction

from accounts.models import Role
from accounts.problems import Refused
from dispatch.models import Alarm, Answer, Call, Incident, LocationEntry, NarrativeEntry, NarrativeText, Visit
from dispatch.models.call import Channel
from dispatch.reasons import BOOKED_VISIT, VISIT_PURPOSES
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.incident import possible_duplicates
from dispatch.selectors.triage import answers_at_place, dangerous, place_of
from dispatch.selectors.visits import LEAD_S, speaks_for, told_since
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_end, call_open
from dispatch.services.decisions import decision_take
from dispatch.services.incidents import nature_set
from dispatch.services.journal import incident_locked
from dispatch.services.locations import location_record
from dispatch.services.promise_clock import PROMISE_FIELDS
from dispatch.services.visits import version_live, visit_locked, visit_told
from dispatch.states import VISIT

_SCENE = ("weapon", "violence", "barricade", "hazard", "crime")
"""Dangers of a place, whoever is spoken of: another open call there with one of them keeps a visit back."""
_SAME_PLACE_M = 75
"""About half a block (locations.MOVED_M)."""


@transaction.atomic
def visit_fall_due(*, visit: Visit, at: datetime) -> Visit:
    """Its time has come: a new incident at the place, decided as booked, and offered like any other. Idempotent.

    The booking was the person's decision; what the place and the programs say now, and dangers told since, are read
    anew. Where the program does not take it any more, more is asked for, or the window is over (a visit that nobody
    could make due in time sends no team at night), the incident is there undecided, with an alarm for the dispatcher.
    """
    source, visit = visit_locked(visit)
    if visit.state != "booked" or visit.starts_at - timedelta(seconds=LEAD_S) > at:
        return visit
    call = _opened(source, visit, at)
    why: Refused | None = None
    try:
        _as_booked(source, visit, call.incident, at)
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
    visit_told(
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
    alarms_end(Alarm.Kind.VISIT_DUE, subject=str(visit.pk), at=at, note="it is a call now")
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


def _as_booked(source: Incident, visit: Visit, made: Incident, at: datetime) -> None:
    """Raises Refused where a person decides anew, whatever the program says: a missed window, words of danger, danger
    in another open call at the place or from the same number."""
    if at >= visit.ends_at:
        raise Refused("visit_missed", "The time that was agreed has passed: ask the person before anybody goes.")
    if not visit.booked_by.is_active:
        raise Refused("booker_gone", "Whoever booked it is not here any more: somebody else decides.")
    spoken = speaks_for(source)
    version = version_live(source, visit.program.slug)
    response_class = version.spec["rules"].get("response_class") or ""
    if response_class and proposals_of(spoken).hold(response_class, told_since(source, visit)):
        # The words themselves are the note's: an alarm is read by more people.
        said = f"Words of danger in the notes of call {spoken.number:04d} are not confirmed or dismissed."
        raise Refused("cue_unconfirmed", said)
    for other in possible_duplicates(incident=made, limit=20):
        if other.metres is not None and other.metres > _SAME_PLACE_M:
            continue
        told = answers_at_place(other.incident, at=at)
        if any(key in told and dangerous(key, told[key]) for key in _SCENE):
            said = f"Call {other.incident.number:04d} is open there, with danger."
            raise Refused("danger_there", said)


@transaction.atomic
def visit_failed(*, visit: Visit, at: datetime) -> None:
    """A visit whose time has come and that cannot be made a call: a person does it by hand. Said once while it lasts;
    it ends when the visit is moved or cancelled, or becomes a call after all."""
    number = Incident.objects.values_list("number", flat=True).get(pk=visit.source_id)
    alarm_raise(
        centre=visit.centre,
        kind=Alarm.Kind.VISIT_DUE,
        subject=str(visit.pk),
        at=at,
        owner_role=Role.DISPATCHER,
        detail={
            "reason": "visit_failed",
            "subject": f"#{number:04d}",
            "words": f"Booked from #{number:04d}: take a new call for it, then cancel the booking",
        },
    )


def _opened(source: Incident, visit: Visit, at: datetime) -> Call:
    """The new incident with what the booking knew: who, whom to telephone, where, what for, and the answers as assumed.

    A source that was joined to another incident since speaks through that one.
    """
    spoken = speaks_for(source)
    call = call_open(centre=visit.centre, id=uuid5(visit.pk, "call"), channel=Channel.SYSTEM, by=visit.booked_by, at=at)
    asked = spoken.calls.filter(phone__isnull=False).order_by("received_at").last()
    known = spoken.calls.filter(person__isnull=False).order_by("received_at").last()
    if asked is not None:
        call.phone, call.phone_confirmed = asked.phone, asked.phone_confirmed
    if known is not None:
        call.person = known.person
    if asked is not None or known is not None:
        call.save(update_fields=["phone", "phone_confirmed", "person"])
    nature_set(incident=call.incident, nature=visit.nature, by=visit.booked_by, at=at)
    place = place_of(source) or place_of(spoken)
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
        answers=told_since(source, visit),
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
