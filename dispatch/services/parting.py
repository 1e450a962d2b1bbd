"""Keeping calls apart: a suggested duplicate that is none, and a caller who was joined by mistake."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Call, HistoryRow, Incident, LocationEntry
from dispatch.selectors.incident import APART, callers_joined
from dispatch.selectors.triage import Judged, facts_of, judge
from dispatch.services.calls import incident_numbers
from dispatch.services.journal import call_locked, incident_locked, record
from dispatch.services.locations import location_record
from dispatch.services.rising import retriage, rise_check
from dispatch.services.standing_answers import answers_stand_on
from dispatch.services.transfer_rows import live_transfer

_INTAKE = (Role.CALL_TAKER, Role.DISPATCHER, Role.SUPERVISOR)


@transaction.atomic
def duplicate_apart(*, incident: Incident, other: Incident, by: User, at: datetime) -> None:
    """Say that two open incidents are not the same: neither is suggested for the other any more. Twice is once, from
    whichever side.

    Raises Refused for an incident of another centre, and for an incident and itself.
    """
    require(by, *_INTAKE)
    if incident.centre_id != other.centre_id or incident.pk == other.pk:
        raise Refused("cannot_part", "That incident is not open here.", status=409)
    locked = {pk: incident_locked(pk) for pk in sorted({incident.pk, other.pk})}
    incident = locked[incident.pk]
    said = Q(incident_id=incident.pk, detail__other=str(other.pk))
    said |= Q(incident_id=other.pk, detail__other=str(incident.pk))
    if HistoryRow.objects.filter(said, action=APART).exists():
        return
    detail = {"other": str(other.pk)}
    record(incident=incident, entity="incident", row=incident, action=APART, by=by, at=at, detail=detail)


@transaction.atomic
def call_part(*, call: Call, by: User, at: datetime) -> Call:
    """Take a joined call out again: an incident of its own, not sent, with its answers, notes and its last place.

    Both incidents are triaged again, and neither is suggested for the other. What is on its way for the other one goes
    on: a danger that leaves with this call lifts no stage order and lowers no decision there. A call that shares its
    incident with nobody stays as it is. Raises Refused for the call that the incident began with, for one
    whose caller a clinician of that incident has or is rung for, and where the incident is closed.
    """
    require(by, *_INTAKE)
    old, call = call_locked(call.pk)
    if old.calls.count() == 1:
        return call
    joined = callers_joined(old).get(call.pk)
    if joined is None:
        raise Refused("not_joined", "The incident began with this call: take the joined one out.", status=409)
    if old.state == "closed":
        raise Refused("incident_closed", "The incident is closed.", status=409)
    transfer = live_transfer(call)
    if transfer is not None and transfer.assignment_id is not None:
        # The clinician is booked for the incident: their call and their booking would be of two.
        raise Refused(
            "transfer_open", "A clinician has this caller, or is rung: resolve it or take it back first.", status=409
        )
    known = facts_of(old, at=at)
    fresh = _incident_of(call, joined, by)
    call.incident = fresh
    call.save(update_fields=["incident"])
    answers_stand_on(rows=list(call.answers.order_by("id")), call=call, old=old, new=fresh, by=by, at=at)
    for rows in (call.answers, call.narrative, call.transfers):
        rows.update(incident=fresh)
    Alarm.objects.filter(subject=str(call.pk), ended_at__isnull=True).update(incident=fresh)
    for subject in LocationEntry.Subject.values:
        _place_copied(call, subject, by, at)
    _again(fresh, call, {"from": str(old.pk)}, by, at)
    duplicate_apart(incident=fresh, other=old, by=by, at=at)
    judged = _again(old, call, {"to": str(fresh.pk)}, by, at)
    rise_check(incident=old, before=known.answers, judged=judged, by=by, at=at)
    audit(action="call.part", at=at, by=by, centre=old.centre, entity="call", entity_id=call.pk)
    return call


def _incident_of(call: Call, joined: UUID, by: User) -> Incident:
    """A new one, as old as the call; its nature is what was said before the call was joined."""
    former = Incident.objects.filter(pk=joined, centre=call.centre_id).first()
    (number,) = incident_numbers(call.centre)
    said = {"nature": former.nature, "priority": former.priority} if former is not None else {}
    return Incident.objects.create(
        centre=call.centre, number=number, opened_at=call.received_at, owner_role=Role.CALL_TAKER,
        owner=call.owner if call.state == "open" else by, late=call.late, **said,
    )  # fmt: skip


def _place_copied(call: Call, subject: str, by: User, at: datetime) -> None:
    """What this call said last of where; the statement itself stays where it was made."""
    said = call.locations.filter(subject=subject).select_related("place").order_by("-id").first()
    if said is None:
        return
    states = LocationEntry.State
    location_record(
        incident=call.incident, call=call, text=said.text, subject=subject, place=said.place,
        state=states.UNVERIFIED if said.state == states.VERIFIED and said.place is None else said.state,
        lat=said.lat, lon=said.lon, location_type=said.location_type, moving=said.moving, heading=said.heading,
        seen_at=said.seen_at, by=by, at=at,
    )  # fmt: skip


def _again(incident: Incident, call: Call, detail: dict[str, str], by: User, at: datetime) -> Judged:
    incident = incident_locked(incident.pk)
    judged = judge(incident=incident, at=at)
    fields = retriage(incident=incident, judged=judged, at=at)
    record(incident=incident, entity="call", row=call, action="part", by=by, at=at, detail=detail, fields=fields)
    return judged
