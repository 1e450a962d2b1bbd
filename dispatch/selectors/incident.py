"""Everything about one incident that its viewer may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
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
)
from dispatch.selectors.boards import IncidentRow, incident_rows
from dispatch.selectors.triage import answers_of, place_of
from people.geometry import box_around, distance_m
from people.models import Caution
from people.selectors import cautions_at

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
        decisions=list(incident.decisions.select_related("by", "second_by", "program_version__program").order_by("at")),
        alarms=list(incident.alarms.filter(ended_at__isnull=True).select_related("unit", "owner")),
        history=list(HistoryRow.objects.filter(incident_id=incident.pk).select_related("by").order_by("-id")[:60]),
    )


def cautions_for(incident: Incident, place: LocationEntry | None, at: datetime) -> list[Caution]:
    """Standing cautions at the incident's place."""
    if place is None:
        return []
    return cautions_at(centre=incident.centre, lat=place.lat, lon=place.lon, place=place.place, at=at)


@dataclass(frozen=True)
class PossibleDuplicate:
    """An open incident that may be the same: how it was found, and how far away."""

    incident: Incident
    why: str
    metres: int | None


def possible_duplicates(*, incident: Incident, limit: int = 5) -> list[PossibleDuplicate]:
    """Open incidents near the same place or with the same number, nearest first. Suggested, never joined by itself."""
    place = place_of(incident)
    found: dict[UUID, PossibleDuplicate] = {}
    others = (
        Incident.objects.filter(centre=incident.centre).exclude(state__in=["closed", "joined"]).exclude(pk=incident.pk)
    )
    phones = [phone for phone in incident.calls.values_list("phone", flat=True) if phone is not None]
    if phones:
        for other in others.filter(calls__phone__in=phones).distinct():
            found[other.pk] = PossibleDuplicate(other, "same number", None)
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
    return sorted(found.values(), key=lambda one: one.metres if one.metres is not None else -1)[:limit]
