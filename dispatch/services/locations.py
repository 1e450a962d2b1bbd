"""Where: a history of statements, never overwritten."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Call, Incident, LocationEntry
from dispatch.selectors.triage import answers_at_place, judge
from dispatch.services.journal import incident_locked, record
from dispatch.services.rising import rise_check
from dispatch.states import ASSIGNMENT_ACCEPTED
from people.models import Place
from people.selectors import area_of


@transaction.atomic
def location_record(
    *,
    incident: Incident,
    text: str,
    state: str,
    by: User | None,
    at: datetime,
    call: Call | None = None,
    place: Place | None = None,
    lat: float | None = None,
    lon: float | None = None,
    location_type: str = "",
    subject: str = LocationEntry.Subject.INCIDENT,
) -> LocationEntry:
    """Record a statement of where. A gazetteer pick is `verified`; unknown ground that a person insists on is `forced`.

    Raises Refused at the field for an empty text, for `verified` without a gazetteer entry, and for a place that is
    not of this centre. The carrier's location is a subject of its own and never becomes the incident's.
    """
    if not text.strip():
        raise Refused("where_empty", "Say where: a street and number, a crossing or a place.", field="where")
    if state not in LocationEntry.State.values:
        raise Refused("location_state_unknown", "Choose unverified, verified or forced.", field="state")
    if state == LocationEntry.State.VERIFIED and place is None:
        raise Refused(
            "not_in_gazetteer", "Pick an entry from the list to verify it, or force the address.", field="where"
        )
    if (lat is None) != (lon is None):
        raise Refused("point_half", "Give both latitude and longitude, or neither.", field="lat")
    if lat is not None and lon is not None and not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Refused("point_invalid", "Latitude is -90 to 90 and longitude -180 to 180.", field="lat")
    incident = incident_locked(incident.pk)
    if place is not None:
        if place.centre_id != incident.centre_id:
            raise Refused("place_elsewhere", "This place belongs to another centre.", field="where")
        lat, lon = place.lat, place.lon
        location_type = location_type or place.location_type
    beat = place.beat if place is not None else ""
    if not beat and lat is not None and lon is not None:
        beat = area_of(centre=incident.centre, kind="beat", lat=lat, lon=lon)
    sent = incident.sent_at is not None and subject == LocationEntry.Subject.INCIDENT
    before = answers_at_place(incident, at=at) if sent else {}
    entry = LocationEntry.objects.create(
        incident=incident,
        call=call,
        subject=subject,
        state=state,
        text=text.strip()[:200],
        place=place,
        lat=lat,
        lon=lon,
        beat=beat,
        location_type=location_type,
        at=at,
        by=by,
    )
    # The id of a location row is a number, so its history row is filed under the incident.
    record(
        incident=incident,
        entity="location",
        row=incident,
        action="record",
        by=by,
        at=at,
        to_state=state,
        detail={"location": entry.pk, "subject": subject},
    )
    if sent:
        _crews_read_again(incident, by, at)
        rise_check(incident=incident, before=before, judged=judge(incident=incident, at=at), by=by, at=at)
    return entry


def _crews_read_again(incident: Incident, by: User | None, at: datetime) -> None:
    """What crews have read belongs to the former place: at the new one its hazards are read or relayed again."""
    crews = incident.assignments.select_for_update(of=("self",)).filter(state__in=ASSIGNMENT_ACCEPTED)
    for assignment in crews:
        if assignment.cautions_read_at is None and assignment.relayed_by_id is None:
            continue
        assignment.cautions_read_at, assignment.relayed_by, assignment.version = None, None, assignment.version + 1
        assignment.save(update_fields=["cautions_read_at", "relayed_by", "version"])
        record(
            incident=incident,
            entity="assignment",
            row=assignment,
            action="place_changed",
            by=by,
            at=at,
            ids={"unit": str(assignment.unit_id)},
        )
