"""On-view contact: a crew meets somebody who needs help, and opens the call itself."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Agency, Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Assignment, Call, Incident, LocationEntry
from dispatch.models.call import Channel
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end, call_open
from dispatch.services.incidents import nature_set
from dispatch.services.journal import incident_locked, record
from dispatch.services.locations import location_record
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT
from programs.models import ProgramVersion, VersionState
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
    known = Call.objects.filter(pk=id, centre=unit.centre_id).first()
    if known is not None:
        return Assignment.objects.get(incident=known.incident_id, unit=unit)
    unit = Unit.objects.select_for_update(of=("self",)).select_related("centre", "agency", "team").get(pk=unit.pk)
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
    return offer


def _sent(incident: Incident, unit: Unit, by: User, at: datetime, device_at: datetime | None) -> Incident:
    """A locked incident, sent by the crew's own word as its team's program."""
    live = ProgramVersion.objects.filter(program__centre=unit.centre, state=VersionState.PUBLISHED)
    version = live.filter(program__teams=unit.team_id).order_by("program__slug").first() if unit.team_id else None
    incident.program_version = version
    incident.response_class = version.spec["rules"]["response_class"] if version is not None else _STANDARD
    incident.sent_at, incident.owner_role, incident.owner = at, Role.DISPATCHER, None
    before, incident.state = incident.state, INCIDENT.to("queue", incident.state)
    record(
        incident=incident, entity="incident", row=incident, action="on_view", by=by, at=at, from_state=before,
        to_state=incident.state, device_at=device_at, reason="on_view", ids={"unit": str(unit.pk)},
        fields=["program_version", "response_class", "sent_at", "owner_role", "owner", "state"],
    )  # fmt: skip
    audit(
        action="crew.on_view", at=at, by=by, centre=unit.centre, entity="incident", entity_id=incident.pk,
        detail={"unit": str(unit.pk)},
    )  # fmt: skip
    return incident
