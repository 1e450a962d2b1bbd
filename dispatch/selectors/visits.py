"""Booked visits as people see them, and whether a program would take one, judged by the same triage as any call."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Centre
from dispatch.models import Answer, CrewReport, Incident, LocationEntry, Visit
from dispatch.selectors.triage import UNKNOWN, Judged, answers_merged, dangerous, facts_of, judge, place_of
from programs.models import ProgramVersion
from programs.selectors import programs_published, rules_of
from triage.answers import most_dangerous
from triage.results import plain

LEAD_S = 30 * 60
"""So long before its window a visit falls due: the default third of a promise that asking may take (15 minutes of 45,
services.offers.rounds) and a quarter of an hour on the road. Our own figure: no source names one."""
OWED_DAYS = 14
"""How long the list reminds of a call that ended as “follow-up booked” and for which no visit was booked."""
SAFETY_KEYS = ("weapon", "violence", "suicide", "breathing", "conscious", "ingestion", "engagement", "request")
"""The questions that whoever books may answer anew; the same as in the queue's short form."""
_LASTING_NEEDS = frozenset({"mental_health", "substance", "shelter", "basic_needs", "bereavement", "dementia"})
"""What somebody still needs days later. The rest (transport, a welfare check, medical care) was about that moment."""


def answers_then(source: Incident, given: Mapping[str, Any], *, at: datetime, starts_at: datetime) -> dict[str, Any]:
    """The answers that a visit goes by: those of the incident, those given anew, and what follows from its being later.

    What is on file for the place is not among them: it is read when the visit falls due.
    """
    answers = {**answers_merged(source), **given}
    passed = starts_at - source.opened_at
    answers["elapsed"] = "hours" if passed < timedelta(days=1) else "days" if passed < timedelta(days=14) else "weeks"
    needed = answers.get("need")
    answers["need"] = sorted({"follow_up", *_LASTING_NEEDS.intersection(needed if isinstance(needed, list) else ())})
    return answers


def speaks_for(source: Incident) -> Incident:
    """The incident that a booking's source has become, where it was joined to others since."""
    while source.state == "joined" and source.joined_into is not None:
        source = source.joined_into
    return source


def told_since(source: Incident, visit: Visit) -> dict[str, Any]:
    """A visit's answers with the dangers that were told of its source after it was booked: they only raise."""
    answers = dict(visit.answers)
    rows = Answer.objects.filter(incident=speaks_for(source), at__gt=visit.booked_at).exclude(value=UNKNOWN)
    for row in rows.order_by("id"):
        if dangerous(row.key, row.value):
            values = [row.value, answers[row.key]] if row.key in answers else [row.value]
            answers[row.key] = plain(most_dangerous(row.key, [one for one in values if one != UNKNOWN]))
    return answers


def judged_then(source: Incident, nature: str, answers: Mapping[str, Any], *, at: datetime, when: datetime) -> Judged:
    """What triage says of a visit with these answers at the incident's place, with the programs of the time `when`."""
    rows = tuple(
        Answer(incident=source, source="visit", key=key, value=value, basis=Answer.Basis.ASSUMED, at=at)
        for key, value in answers.items()
    )
    probe = copy.copy(source)
    probe.nature = nature
    return judge(incident=probe, at=when, facts=replace(facts_of(source, at=at), rows=rows))


def nature_then(source: Incident, version: ProgramVersion) -> str:
    """The incident's nature where the program takes it; else the one for scheduled follow-ups, where it takes that."""
    served = rules_of(version).natures
    if served is None or source.nature in served or "scheduled_followup" not in served:
        return source.nature
    return "scheduled_followup"


@dataclass(frozen=True)
class VisitRow:
    """One visit of the list: where it goes is the place of the incident that it was booked from, as it is now."""

    visit: Visit
    where: str
    falls_due_at: datetime


def _listed(visits: QuerySet[Visit]) -> list[VisitRow]:
    found = list(visits.select_related("source", "program", "unit", "booked_by", "incident", "centre"))
    latest = (
        LocationEntry.objects.filter(incident__in={one.source_id for one in found}, subject="incident")
        .order_by("incident", "-id")
        .distinct("incident")
    )
    places = dict(latest.values_list("incident", "text"))
    lead = timedelta(seconds=LEAD_S)
    return [VisitRow(one, places.get(one.source_id, ""), one.starts_at - lead) for one in found]


def visits_booked(centre: Centre) -> list[VisitRow]:
    """What is booked and not due yet, the next one first. Two queries."""
    return _listed(Visit.objects.filter(centre=centre, state="booked").order_by("starts_at", "id"))


def visits_ended(centre: Centre, *, limit: int = 20) -> list[VisitRow]:
    """The last that fell due or were cancelled, newest first."""
    return _listed(Visit.objects.filter(centre=centre).exclude(state="booked").order_by("-ended_at")[:limit])


def follow_ups_unbooked(centre: Centre, at: datetime) -> list[Incident]:
    """Calls that ended as “follow-up booked”, or after which a crew said that somebody must look in again, and for
    which nobody has booked a visit: it is still owed."""
    booked = Visit.objects.filter(source=OuterRef("pk"))
    owed = CrewReport.objects.filter(assignment__incident=OuterRef("pk"), follow_up__in=["day", "week", "month"])
    return list(
        Incident.objects.filter(
            ~Exists(booked),
            Q(outcome="follow_up_booked") | Q(Exists(owed)),
            centre=centre,
            closed_at__gt=at - timedelta(days=OWED_DAYS),
            closed_at__lte=at,
        ).order_by("closed_at")[:50]
    )


@dataclass(frozen=True)
class Bookable:
    """What the booking form offers for an incident: programs that are published, and the units of their teams."""

    where: str
    programs: list[ProgramVersion]
    answers: dict[str, Any]


def bookable(source: Incident, at: datetime) -> Bookable:
    """Programs with a crew to send; those that answer by telephone too. Whether one takes it is said on booking."""
    place = place_of(source)
    published = programs_published(source.centre, at=at, lat=None, lon=None)
    manned = [version for version in published.versions if version.spec["rules"].get("response_class")]
    return Bookable(place.text if place is not None else "", manned, answers_merged(source))
