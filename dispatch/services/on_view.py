"""On-view contact: a crew meets somebody who needs help, and opens the call itself."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import Agency, Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry
from dispatch.models.call import Channel
from dispatch.selectors.hazards_told import ids_told
from dispatch.selectors.triage import judge, place_of
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_raise
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end, call_open
from dispatch.services.cautions import hazards_count
from dispatch.services.incidents import nature_set
from dispatch.services.journal import incident_locked, record
from dispatch.services.locations import location_record
from dispatch.services.staging import risk_raise
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT
from programs.models import ProgramVersion, VersionState
from programs.selectors import suspended_here
from responders.models import Unit

_STANDARD = "emergency"
"""What an on-view contact is sent as where no program sends the unit: the most cautious class."""


@transaction.atomic
def contact_open(
    *,
    id: UUID,
    unit: Unit,
    nature: str,
    by: User,
    at: datetime,
    text: str = "",
    lat: float | None = None,
    lon: float | None = None,
    device_at: datetime | None = None,
) -> Assignment:
    """Open a call for a crew that stands before the person, and put its unit on scene of it. The same id is one call.

    It is where the phone says, else at the unit's last position, and nothing of it is triaged: the dispatcher, who owns
    it from the first moment, asks what is not known. Raises Refused for a unit that is on a call, or an unknown nature.
    """
    units = Unit.objects.select_for_update(of=("self",), no_key=True).select_related("centre", "agency", "team")
    unit = units.get(pk=unit.pk)
    # After the lock: of a press that arrived twice at once the second one finds the first.
    known = _known(id, unit)
    if known is not None:
        return known
    if unit.assignments.filter(state__in=ASSIGNMENT_LIVE).exists():
        raise Refused("unit_busy", f"{unit.call_sign} is on a call: note it there, or clear that first.", status=409)
    if lat is None or lon is None:
        lat, lon = unit.lat, unit.lon
    police = unit.agency.kind == Agency.Kind.POLICE
    channel = Channel.ON_VIEW if police else Channel.RADIO
    call = call_open(centre=unit.centre, id=id, channel=channel, by=by, at=at, device_at=device_at)
    where = text.strip() or f"With {unit.call_sign}"
    state = LocationEntry.State.FORCED
    location_record(incident=call.incident, call=call, text=where, state=state, lat=lat, lon=lon, by=by, at=at)
    nature_set(incident=call.incident, nature=nature, by=by, at=at, call=call)
    call_end(call=call, ended_as="completed", by=by, at=at)
    incident = _sent(incident_locked(call.incident_id), unit, by, at, device_at)
    offer = Assignment(
        incident=incident,
        unit=unit,
        exclusive=unit.exclusive,
        program_version=incident.program_version,
        offered_at=at,
        offer_expires_at=at + timedelta(seconds=60),
        offered_by=by,
        why={"reasons": ["met by the crew itself"]},
    )
    record(
        incident=incident, entity="assignment", row=offer, action="offer", by=by, at=at, to_state="offered",
        ids={"unit": str(unit.pk)}, made=offer, audited={"unit": str(unit.pk)},
    )  # fmt: skip
    for action in ("accept", "on_scene"):
        offer = assignment_act(assignment=offer, action=action, by=by, at=at, device_at=device_at)
    return _hazards_told(incident_locked(incident.pk), offer, by, at)


def _known(id: UUID, unit: Unit) -> Assignment | None:
    """The contact that this id has made already. Raises Refused for an id that is another call's."""
    call = Call.objects.filter(pk=id, centre=unit.centre_id).first()
    if call is None:
        return None
    # A call that was joined since left its assignment where it was.
    here = Q(incident=call.incident_id) | Q(incident__joined_into=call.incident_id)
    made = Assignment.objects.filter(here, unit=unit, offered_at=call.received_at).first()
    if made is None:
        raise Refused("id_taken", "This call id is already in use.", field="id", status=409)
    return made


def _hazards_told(incident: Incident, assignment: Assignment, by: User, at: datetime) -> Assignment:
    """Nobody has shown an unarmed crew what is on file for the place where it stands: a danger that asks for police is
    a stage order like any that rose after sending; any other hazard stands unread, with its alarm."""
    if assignment.unit.armed:
        return assignment
    judged = judge(incident=incident, at=at)
    fired = judged.suggestion.decision.fired if judged.suggestion is not None else ()
    certain = [floor for floor in fired if not floor.by_unknown and "police" in floor.services]
    hazards = list(judged.facts.cautions)
    hazards_count(incident=incident, cautions=hazards, by=by, at=at)
    if certain:
        risk_raise(
            incident=incident, reason=certain[0].rule[:80], words=certain[0].label[:160], services=("police",), by=by,
            at=at,
        )  # fmt: skip
    elif hazards:
        assignment.cautions_read_at, assignment.version = None, assignment.version + 1
        assignment.save(update_fields=["cautions_read_at", "version"])
        record(
            incident=incident, entity="assignment", row=assignment, action="caution_new", by=None, at=at,
            detail=ids_told(hazards), ids={"unit": str(assignment.unit_id)},
        )  # fmt: skip
        alarm_raise(
            centre=incident.centre, kind=Alarm.Kind.CAUTION_UNREAD, subject=str(assignment.pk), at=at,
            incident=incident, unit=assignment.unit, owner=incident.owner,
            detail={"caution": str(hazards[0].pk), **silence_said(assignment.unit, incident.centre, at)},
        )  # fmt: skip
    return assignment


def _sent(incident: Incident, unit: Unit, by: User, at: datetime, device_at: datetime | None) -> Incident:
    """A locked incident, sent by the crew's own word as its team's program, where that is not stopped."""
    live = ProgramVersion.objects.filter(program__centre=unit.centre, state=VersionState.PUBLISHED)
    served = live.filter(program__teams=unit.team_id).select_related("program").order_by("program__slug")
    place = place_of(incident)
    beat, located = (place.beat, place.lat is not None) if place is not None else ("", False)
    # What a stop key has stopped is no diversion, whoever meets the person; nor is what sends nobody.
    able = (
        one
        for one in (served if unit.team_id else ())
        if one.spec["rules"].get("response_class")
        and not suspended_here(one, beat=beat, nature=incident.nature, located=located)
    )
    version = next(able, None)
    incident.program_version = version
    incident.response_class = version.spec["rules"]["response_class"] if version is not None else _STANDARD
    incident.not_diverted_reason = "" if version is not None else "not_triaged"
    incident.sent_at, incident.owner_role, incident.owner = at, Role.DISPATCHER, None
    before, incident.state = incident.state, INCIDENT.to("queue", incident.state)
    record(
        incident=incident, entity="incident", row=incident, action="on_view", by=by, at=at, from_state=before,
        to_state=incident.state, device_at=device_at, reason="on_view", ids={"unit": str(unit.pk)},
        fields=[
            "program_version", "response_class", "not_diverted_reason", "sent_at", "owner_role", "owner", "state",
        ],
    )  # fmt: skip
    audit(
        action="crew.on_view", at=at, by=by, centre=unit.centre, entity="incident", entity_id=incident.pk,
        detail={"unit": str(unit.pk)},
    )  # fmt: skip
    return incident
