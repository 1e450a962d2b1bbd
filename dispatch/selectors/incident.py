"""Everything about one incident that its viewer may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Centre, User
from dispatch.access import audiences_of
from dispatch.models import (
    Alarm,
    Assignment,
    Call,
    Decision,
    Handoff,
    HistoryRow,
    Incident,
    LocationEntry,
    NarrativeEntry,
    Transfer,
)
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.triage import answers_of, hazards_at, place_of
from people.geometry import box_around, distance_m
from people.models import Caution

DUPLICATE_RADIUS_M = 150.0
"""Open incidents nearer than this are suggested as possible duplicates (configurable later; ux section 1.1)."""


@dataclass(frozen=True)
class IncidentDetail:
    """One incident as the console, the queue's pane and a crew's phone read it."""

    incident: Incident
    row: IncidentRow
    place: LocationEntry | None
    locations: list[LocationEntry]
    calls: list[Call]
    answers: dict[str, dict[str, Any]]
    narrative: list[NarrativeEntry]
    withheld_notes: int
    cautions: list[Caution]
    assignments: list[Assignment]
    handoffs: list[Handoff]
    transfers: list[Transfer]
    decisions: list[Decision]
    alarms: list[Alarm]
    history: list[HistoryRow]


def incident_detail(*, incident: Incident, viewer: User, at: datetime) -> IncidentDetail:
    """Load an incident for a viewer; notes of audiences that they may not read are counted, not shown."""
    allowed = audiences_of(viewer)
    notes = list(incident.narrative.select_related("words", "by", "struck_by").order_by("at", "id"))
    place = place_of(incident)
    row = incident_rows(centre=incident.centre, at=at, ids=[incident.pk])[0]
    return IncidentDetail(
        incident=incident,
        row=row,
        place=place,
        locations=list(incident.locations.select_related("by", "place").order_by("-id")),
        calls=list(incident.calls.select_related("owner", "phone").order_by("received_at")),
        answers=answers_of(incident),
        narrative=[note for note in notes if note.audience in allowed],
        withheld_notes=sum(note.audience not in allowed for note in notes),
        cautions=cautions_for(incident, place, at),
        assignments=list(
            incident.assignments.select_related("unit", "program_version__program", "relayed_by")
            .prefetch_related("stage_orders")
            .order_by("offered_at")
        ),
        handoffs=list(incident.handoffs.select_related("acknowledged_by").order_by("opened_at")),
        transfers=list(
            incident.transfers.select_related("receiver", "target", "unit", "sender_phone").order_by("offered_at")
        ),
        decisions=list(incident.decisions.select_related("by", "second_by", "program_version__program").order_by("at")),
        alarms=list(incident.alarms.filter(ended_at__isnull=True).select_related("unit", "owner")),
        history=list(HistoryRow.objects.filter(incident_id=incident.pk).select_related("by").order_by("-id")[:60]),
    )


def cautions_for(incident: Incident, place: LocationEntry | None, at: datetime) -> list[Caution]:
    """Standing cautions at the incident's place."""
    return hazards_at(incident, place, at=at)


@dataclass(frozen=True)
class PossibleDuplicate:
    """An open incident that may be the same: how it was found, and how far away."""

    incident: Incident
    why: str
    metres: int | None


APART = "apart"
"""The action of a history row by which a person says that another incident is not the same; `detail` names it."""


def callers_joined(incident: Incident) -> dict[UUID, UUID]:
    """The incident's calls that came from another incident, each with that one; not those that were taken out again."""
    rows = HistoryRow.objects.filter(incident_id=incident.pk, entity="call", action="join").order_by("id")
    return {row.entity_id: UUID(row.detail["from"]) for row in rows}


def possible_duplicates(*, incident: Incident, limit: int = 5) -> list[PossibleDuplicate]:
    """Open incidents near the same place, with the same number or about the same person, nearest first. Never joined by
    itself: a person says so. What somebody has said is not the same, on either side, is left out."""
    place = place_of(incident)
    found: dict[UUID, PossibleDuplicate] = {}
    others = (
        Incident.objects.filter(centre=incident.centre).exclude(state__in=["closed", "joined"]).exclude(pk=incident.pk)
    )
    calls = list(incident.calls.values_list("phone", "person"))
    persons = {person for _, person in calls if person is not None}
    phones = {phone for phone, _ in calls if phone is not None}
    if persons:
        for other in others.filter(calls__person__in=persons).distinct():
            found[other.pk] = PossibleDuplicate(other, "same person", None)
    if phones:
        for other in others.filter(calls__phone__in=phones).distinct():
            found.setdefault(other.pk, PossibleDuplicate(other, "same number", None))
    if place is not None and place.lat is not None and place.lon is not None:
        south, north, west, east = box_around(place.lat, place.lon, DUPLICATE_RADIUS_M)
        near = (
            LocationEntry.objects.filter(
                incident__in=others, subject="incident", lat__range=(south, north), lon__range=(west, east)
            )
            .select_related("incident")
            .order_by("incident", "-id")
            .distinct("incident")
        )
        for entry in near:
            if entry.lat is None or entry.lon is None:
                continue
            metres = round(distance_m(place.lat, place.lon, entry.lat, entry.lon))
            if metres <= DUPLICATE_RADIUS_M and entry.incident_id not in found:
                found[entry.incident_id] = PossibleDuplicate(entry.incident, f"{metres} m away", metres)
    if found:
        said = HistoryRow.objects.filter(incident_id__in=[incident.pk, *found], entity="incident", action=APART)
        for row in said:
            sides = {str(row.incident_id), row.detail["other"]}
            if str(incident.pk) in sides:
                found = {pk: one for pk, one in found.items() if str(pk) not in sides}
    return sorted(found.values(), key=lambda one: one.metres if one.metres is not None else -1)[:limit]


def incidents_page(*, centre: Centre, is_open: bool, after: int, limit: int) -> list[tuple[UUID, int]]:
    """(id, number) of one page and one more: open ones by rising, closed ones by falling number.

    `after` is the number where the page before ended, 0 for the first. Numbers never change and only grow, so a walk
    meets each incident once, whatever arrives or changes meanwhile.
    """
    incidents = Incident.objects.filter(centre=centre)
    if is_open:
        page = incidents.exclude(state__in=["closed", "joined"]).filter(number__gt=after).order_by("number")
    else:
        page = incidents.filter(state="closed").order_by("-number")
        if after:
            page = page.filter(number__lt=after)
    return list(page.values_list("pk", "number")[: limit + 1])


def handoffs_listed(*, centre: Centre, is_open: bool, limit: int) -> list[Handoff]:
    """Hand-offs that are ready or requested, oldest first; or the last ones that were acknowledged or cancelled."""
    handoffs = Handoff.objects.filter(incident__centre=centre).select_related("incident")
    if is_open:
        return list(handoffs.filter(state__in=["ready", "requested"]).order_by("opened_at")[:limit])
    return list(handoffs.filter(state__in=["acknowledged", "declined", "cancelled"]).order_by("-opened_at")[:limit])
