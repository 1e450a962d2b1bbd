"""Where: a history of statements, never overwritten."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry
from dispatch.models.call import HEADINGS
from dispatch.selectors.engine_facts import recommend_for, units_with_facts
from dispatch.selectors.triage import Judged, facts_of, judge
from dispatch.services.alarms import alarm_raise
from dispatch.services.cautions import cautions_arrive, not_known_before
from dispatch.services.journal import incident_locked, record
from dispatch.services.rising import rise_check
from dispatch.states import ASSIGNMENT_ACCEPTED
from people.geometry import distance_m
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
    moving: bool = False,
    heading: str = "",
    seen_at: datetime | None = None,
) -> LocationEntry:
    """Record a statement of where. A gazetteer pick is `verified`; unknown ground that a person insists on is `forced`.

    Raises Refused at the field for an empty text, for `verified` without a gazetteer entry, and for a place that is
    not of this centre. The carrier's location is a subject of its own and never becomes the incident's; it is never
    verified, whoever types it. `moving`: where somebody on the move was last seen, when, and their compass heading.

    After sending, the new place is triaged anew, crews read its hazards again, and one alarm for each crew stands until
    the crew has read it or somebody told it; another unit may be named there, and nothing is cancelled by itself.
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
    if subject == LocationEntry.Subject.CARRIER and state != LocationEntry.State.UNVERIFIED:
        raise Refused("carrier_unverified", "The carrier's location is never verified.", field="state")
    if not moving and (heading or seen_at is not None):
        raise Refused("not_moving", "Heading and time of sight belong to somebody on the move.", field="heading")
    if heading not in {"", *HEADINGS}:
        raise Refused("heading_unknown", f"Choose one of {', '.join(HEADINGS)}.", field="heading")
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
    known = facts_of(incident, at=at) if sent else None
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
        moving=moving,
        heading=heading,
        seen_at=min(seen_at or at, at) if moving else None,
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
    if known is not None:
        _crews_read_again(incident, by, at)
        judged = judge(incident=incident, at=at)
        rise_check(incident=incident, before=known.answers, judged=judged, by=by, at=at)
        moved = known.place is not None and _elsewhere(known.place, entry)
        fresh = not_known_before(judged.facts.cautions, known.cautions)
        # Next door is no other place, but it may have a dog that the crew on the scene has not heard of.
        cautions_arrive(incident=incident, cautions=fresh, by=by, at=at, alarm=not moved)
        if known.place is not None and moved:
            _place_alarms(incident, known.place, entry, judged, at)
    return entry


MOVED_M = 75.0
"""About half a block: a better point for the same house is no other place (positions.NEAR_M)."""


def _elsewhere(former: LocationEntry, entry: LocationEntry) -> bool:
    if former.lat is None or former.lon is None or entry.lat is None or entry.lon is None:
        return former.text.casefold() != entry.text.casefold()
    return distance_m(former.lat, former.lon, entry.lat, entry.lon) > MOVED_M


def _place_alarms(
    incident: Incident, former: LocationEntry, entry: LocationEntry, judged: Judged, at: datetime
) -> None:
    """One alarm for each crew, or one for the incident while nobody has accepted it."""
    version = incident.program_version
    covers = judged.published.covers if judged.published is not None else {}
    detail: dict[str, Any] = {"beat_before": former.beat, "beat": entry.beat}
    if version is not None:
        detail["covered"] = covers.get(version.program.slug)
    crews = list(incident.assignments.select_related("unit").filter(state__in=ASSIGNMENT_ACCEPTED))
    if version is not None and crews and entry.lat is not None:
        units = units_with_facts(incident.centre, at=at)
        said = recommend_for(incident, units=units, at=at, version=version, ahead=False)
        nearest = next((one for one in said.candidates if one.can_go), None)
        if nearest is not None and nearest.unit_id not in {str(one.unit_id) for one in crews}:
            detail["nearer"] = nearest.call_sign
    waiting: list[Assignment | None] = [*crews] or [None]
    for crew in waiting:
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.PLACE_CHANGED,
            subject=str(crew.pk if crew is not None else incident.pk),
            at=at,
            incident=incident,
            unit=crew.unit if crew is not None else None,
            owner=incident.owner,
            urgent=crew is not None,
            detail=detail,
        )


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
