"""From rows to the plain facts that the assignment engine reads."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import shapely
from django.db import connection
from django.db.models import Count, OuterRef, Prefetch, Subquery
from shapely.geometry.base import BaseGeometry

from accounts.models import Centre
from dispatch.engine import IncidentFacts, Recommendation, UnitFacts, recommend
from dispatch.facts import Refusal
from dispatch.models import Assignment, Incident, LocationEntry, Visit
from dispatch.models.assignment import Slot
from dispatch.reasons import DECLINE, DECLINE_LASTS_S, OFFER_WITHDRAWN
from dispatch.selectors.capacity import program_full
from dispatch.selectors.travel import travel_for
from dispatch.selectors.triage import place_of
from dispatch.soft import LOAD_HOURS
from dispatch.states import ASSIGNMENT_LIVE
from dispatch.travel import Point
from programs.models import ProgramVersion
from programs.selectors import next_change, open_at
from programs.spec import setting
from responders.models import CrewMember, Unit
from responders.selectors import shift_end

GENDERS = frozenset({"woman", "man"})
"""Among a program's `needs` and a unit's capabilities: the caller's need for one, stated as required."""
_WANTED = {"transport": "transport", "shelter": "transport", "substance": "peer", "medical": "medic"}
_YOUNG = frozenset({"under_12", "12_15", "16_17"})
_shapes: dict[UUID, BaseGeometry] = {}
_MOST_SHAPES = 512

ASK_AGAIN_AFTER_S = 180
"""A unit that did not answer is asked again only after this; when one that declined is: dispatch.reasons."""


@dataclass(frozen=True)
class Known:
    """What is known of a call that the engine counts, besides where it is."""

    language: str = ""
    wanted: frozenset[str] = frozenset()
    met: frozenset[int] = frozenset()
    booked_unit: str = ""


NOTHING_KNOWN = Known()
KNOWN_SQL = """
 (SELECT jsonb_object_agg(a.key, a.value ORDER BY a.id) FROM dispatch_answer a
   WHERE a.incident_id = i.id AND a.key IN ('language', 'need', 'age_band', 'medical_signs')),
 (SELECT jsonb_agg(DISTINCT crew.user_id)
    FROM (SELECT other.incident_id FROM dispatch_call mine
            JOIN dispatch_call other ON other.phone_id = mine.phone_id
           WHERE mine.incident_id = i.id AND other.incident_id <> i.id
             AND other.received_at > i.opened_at - interval '365 days'
          UNION
          SELECT there.incident_id FROM dispatch_locationentry mine
            JOIN people_place home ON home.id = mine.place_id AND home.kind = 'address'
            JOIN dispatch_locationentry there ON there.place_id = mine.place_id
           WHERE mine.incident_id = i.id AND there.incident_id <> i.id
             AND there.at > i.opened_at - interval '365 days') before
    JOIN dispatch_assignment met ON met.incident_id = before.incident_id AND met.accepted_at IS NOT NULL
     AND (met.on_scene_at IS NOT NULL OR met.by_phone)
    JOIN responders_crewmember crew ON crew.unit_id = met.unit_id
     AND crew.since <= coalesce(met.on_scene_at, met.accepted_at)
     AND (crew.until IS NULL OR crew.until >= met.accepted_at)),
 (SELECT to_jsonb(booked.unit_id) FROM dispatch_visit booked WHERE booked.incident_id = i.id)"""
"""Three columns of a query over `dispatch_incident i`: the answers that count, the crew members who were with a caller
from this telephone, or at this address, within a year, and the unit that it was booked with."""


def known_from(answers: Mapping[str, Any] | None, met: Iterable[int] | None, booked: str | None) -> Known:
    """From the columns of KNOWN_SQL."""
    given = answers or {}
    needs = given.get("need") if isinstance(given.get("need"), list) else []
    wanted = {_WANTED[need] for need in needs or () if need in _WANTED}
    if given.get("age_band") in _YOUNG:
        wanted.add("youth")
    if isinstance(given.get("medical_signs"), list) and given["medical_signs"]:
        wanted.add("medic")
    language = given.get("language")
    language = language if isinstance(language, str) and language != "unknown" else ""
    return Known(language, frozenset(wanted), frozenset(met or ()), booked or "")


def known_of(incident: Incident) -> Known:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {KNOWN_SQL} FROM dispatch_incident i WHERE i.id = %s", [incident.pk])  # noqa: S608 - a constant of this file
        answers, met, booked = (json.loads(text) if text else None for text in cursor.fetchone())
    return known_from(answers, met, booked)


def incident_facts(
    incident: Incident,
    place: LocationEntry | None = None,
    *,
    at: datetime | None = None,
    version: ProgramVersion | None = None,
) -> IncidentFacts:
    """The facts of one incident, for its program or another `version`; without `at` the program counts as open."""
    where = place if place is not None else place_of(incident)
    lat, lon, beat = (where.lat, where.lon, where.beat) if where else (None, None, "")
    full = program_full(version or incident.program_version, incident.pk)
    return facts_at(incident, lat, lon, beat=beat, known=known_of(incident), at=at, version=version, full=full)


def facts_at(
    incident: Incident,
    lat: float | None,
    lon: float | None,
    *,
    beat: str = "",
    known: Known = NOTHING_KNOWN,
    at: datetime | None = None,
    version: ProgramVersion | None = None,
    full: bool = False,
) -> IncidentFacts:
    """The same where place and answers are already known."""
    version = version or incident.program_version
    spec = version.spec if version is not None else None
    needs = frozenset(setting(spec, "needs"))
    gender = min(needs & GENDERS, default="")
    is_open = version is None or at is None or _open(version, incident.centre, at)
    return IncidentFacts(
        id=str(incident.pk),
        priority=incident.priority,
        waiting_since=incident.sent_at or incident.opened_at,
        lat=lat,
        lon=lon,
        by_phone=is_by_phone(version),
        # A program that needs both finds the other among the capabilities.
        capabilities=needs - {gender},
        wanted=known.wanted,
        language=known.language,
        language_needed=bool(setting(spec, "requires_language")),
        gender_needed=gender,
        crew_needed=2 if setting(spec, "two_person") else 1,
        officer_needed=version is not None and is_co_response(version, "one_vehicle"),
        position_needed=bool(spec and spec.get("requires_position")),
        beat=beat,
        open_now=is_open,
        opens_at=None if is_open or version is None or at is None else _opens(version, incident.centre, at),
        covered=None if version is None or lat is None or lon is None else covered(version, lat, lon),
        met=known.met,
        booked_unit=known.booked_unit,
        full=full,
        capacity=setting(spec, "capacity") if full else None,
    )


def _opens(version: ProgramVersion, centre: Centre, at: datetime) -> datetime | None:
    """When a program that is closed opens next, in the centre's zone; None for not within six days."""
    opens = next_change(str(version.spec["hours"]), at, centre.zone)
    return opens if opens is not None and opens - at < timedelta(days=6) else None


def _open(version: ProgramVersion, centre: Centre, at: datetime) -> bool:
    """Whether the program is open. Hours that cannot be read keep nobody back here: the decision was a person's."""
    try:
        return open_at(str(version.spec["hours"]), at, centre.zone)
    except (KeyError, ValueError):
        return True


def covered(version: ProgramVersion, lat: float, lon: float) -> bool:
    """Whether a published version's area covers a point. Its shape, which never changes, is parsed once a process."""
    shape = _shapes.get(version.pk)
    if shape is None:
        if len(_shapes) > _MOST_SHAPES:
            _shapes.clear()
        shape = _shapes[version.pk] = shapely.from_geojson(json.dumps(version.area))
        shapely.prepare(shape)
    return bool(shapely.intersects_xy(shape, lon, lat))


def is_by_phone(version: ProgramVersion | None) -> bool:
    """Whether the program answers by telephone: nobody travels."""
    return version is not None and version.spec["rules"].get("response_class") == "tele_clinician"


def is_co_response(version: ProgramVersion, units: str) -> bool:
    """Whether the program sends officer and clinician, `units` says how: "one_vehicle" or "two_units"."""
    co_response = version.spec["rules"].get("response_class") == "co_response"
    return co_response and bool(setting(version.spec, "co_response_units") == units)


def has_officer(armed: bool, capabilities: Collection[str]) -> bool:
    """Whether an officer is aboard: the unit is armed, or says so among its capabilities."""
    return armed or "officer" in capabilities


def units_with_facts(centre: Centre, *, at: datetime, only: Collection[UUID] | None = None) -> list[Unit]:
    """The centre's units with crew, shifts and live assignments loaded: a constant number of queries."""
    units = Unit.objects.filter(centre=centre)
    if only is not None:
        units = units.filter(pk__in=only)
    # An offer that it declined, or that another took, was no call: it rested on.
    ended = Assignment.objects.filter(unit=OuterRef("pk"), ended_at__isnull=False, accepted_at__isnull=False).order_by(
        "-ended_at"
    )
    recent = (
        Assignment.objects.filter(
            unit=OuterRef("pk"), ended_at__gt=at - timedelta(hours=LOAD_HOURS), accepted_at__isnull=False
        )
        .order_by()
        .values("unit")
        .annotate(count=Count("pk"))
    )
    return list(
        units.annotate(free_since=Subquery(ended.values("ended_at")[:1]), recent_calls=Subquery(recent.values("count")))
        .select_related("team", "agency")
        .prefetch_related(
            Prefetch("crew", queryset=CrewMember.objects.filter(until__isnull=True).select_related("user")),
            "shifts",
            Prefetch(
                "assignments",
                queryset=Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).select_related("incident"),
                to_attr="live_assignments",
            ),
            Prefetch(
                "visits",
                queryset=Visit.objects.filter(state="booked").select_related("source").order_by("starts_at"),
                to_attr="booked_visits",
            ),
        )
    )


def unit_facts(
    unit: Unit,
    *,
    centre: Centre,
    at: datetime,
    team_ids: Collection[int],
    refusal: Refusal | None = None,
) -> UnitFacts:
    """The facts of a unit loaded by `units_with_facts`."""
    live: list[Assignment] = unit.live_assignments  # type: ignore[attr-defined]  # set by the prefetch
    booked: list[Visit] = unit.booked_visits  # type: ignore[attr-defined]  # set by the prefetch
    crew = list(unit.crew.all())
    return UnitFacts(
        id=str(unit.pk),
        call_sign=unit.call_sign,
        service=unit.service,
        serves=unit.team_id in team_ids,
        busy=any(assignment.exclusive for assignment in live),
        crew=len(crew),
        shift_ends=shift_end(list(unit.shifts.all()), at, centre.zone),
        lat=unit.lat,
        lon=unit.lon,
        position_at=unit.position_at,
        capabilities=frozenset(unit.capabilities),
        languages=frozenset(unit.languages).union(*(member.user.languages for member in crew)),
        genders=GENDERS.intersection(unit.capabilities),
        crew_ids=frozenset(member.user_id for member in crew),
        officer=has_officer(unit.armed, unit.capabilities),
        beats=frozenset(unit.team.beats if unit.team else ()),
        free_since=unit.free_since,  # type: ignore[attr-defined]  # annotated
        recent_calls=unit.recent_calls or 0,  # type: ignore[attr-defined]  # annotated
        not_answering=unit.not_answering_since is not None,
        refusal=refusal_here(refusal, centre),
        booked_at=booked[0].starts_at.astimezone(centre.zone) if booked else None,
        booked_for=str(booked[0].source) if booked else "",
    )


@dataclass(frozen=True)
class Standing:
    """How an incident stands with the units: `asked` when a primary is asked or under way, `on_it` the units of its
    live assignments, `refused` those that the engine does not ask (again) for now, and why (times as they are stored:
    `refusal_here`)."""

    asked: bool
    on_it: frozenset[UUID]
    refused: Mapping[UUID, Refusal]


def standing(incident: Incident, at: datetime) -> Standing:
    """One query. Refused: units that are on it, that declined for a reason that still counts, that were taken off, or
    did not answer the offer a short while ago."""
    return standing_from(incident.assignments.values_list("unit_id", "slot", "state", "ended_at", "end_reason"), at)


def standing_from(rows: Iterable[tuple[UUID, str, str, datetime | None, str]], at: datetime) -> Standing:
    """The same from rows of unit, slot, state, end and reason of the end."""
    asked, refused = False, dict[UUID, Refusal]()
    ended = []
    for unit_id, slot, state, ended_at, reason in rows:
        if state in ASSIGNMENT_LIVE:
            asked = asked or slot == Slot.PRIMARY
            refused[unit_id] = Refusal("on_it")
        elif ended_at is not None:
            ended.append((ended_at, unit_id, state, reason))
    on_it = frozenset(refused)
    for ended_at, unit_id, state, reason in sorted(ended):
        if unit_id in on_it:
            continue
        if state in _WENT:
            # Whatever it had said before: since then it has said yes.
            refused.pop(unit_id, None)
        refusal, known = _refusal(state, ended_at, reason, at), refused.get(unit_id)
        if refusal is not None and (known is None or _until(refusal) >= _until(known)):
            refused[unit_id] = refusal
    return Standing(asked, on_it, refused)


_WENT = frozenset({"preempted", "cleared"})
"""Ends of assignments that their unit had accepted, and that were no judgement of it."""


def _refusal(state: str, ended_at: datetime, reason: str, at: datetime) -> Refusal | None:
    """What the end of an assignment says about asking its unit again for the same call; None for nothing any more."""
    if state == "cancelled":
        return None if reason in OFFER_WITHDRAWN else Refusal("cancelled", ended_at)
    if state == "declined":
        lasts = DECLINE_LASTS_S.get(reason)
        words_of_it = DECLINE.get(reason, "")
        refusal = Refusal("declined", ended_at, f"{words_of_it[:1].lower()}{words_of_it[1:]}")
    elif state == "expired":
        lasts, refusal = ASK_AGAIN_AFTER_S, Refusal("did_not_answer", ended_at)
    else:
        return None
    if lasts is None:
        return refusal
    again = ended_at + timedelta(seconds=lasts)
    return replace(refusal, again_at=again) if at < again else None


def _until(refusal: Refusal) -> float:
    return float("inf") if refusal.again_at is None else refusal.again_at.timestamp()


def refusal_here(refusal: Refusal | None, centre: Centre) -> Refusal | None:
    """The same with its times in the centre's zone, as people read them."""
    if refusal is None or refusal.at is None:
        return refusal
    again = refusal.again_at.astimezone(centre.zone) if refusal.again_at is not None else None
    return replace(refusal, at=refusal.at.astimezone(centre.zone), again_at=again)


def recommend_for(
    incident: Incident,
    *,
    units: Iterable[Unit],
    at: datetime,
    version: ProgramVersion | None = None,
    ahead: bool = True,
) -> Recommendation:
    """The engine's recommendation for one incident over loaded units.

    `ahead=False` inside a transaction that holds rows: nothing is waited for, what is not known is a straight line.
    """
    program_version, units = version or incident.program_version, list(units)
    team_ids = set(program_version.program.teams.values_list("pk", flat=True)) if program_version is not None else set()
    refused = standing(incident, at).refused
    facts = [
        unit_facts(
            unit,
            centre=incident.centre,
            at=at,
            team_ids=team_ids,
            refusal=refused.get(unit.pk),
        )
        for unit in units
    ]
    facts = [replace(one, busy_with=_busy_with(unit)) for one, unit in zip(facts, units, strict=True)]
    asked = incident_facts(incident, at=at, version=program_version)
    travel = travel_for(incident.centre)
    if ahead and asked.lat is not None and asked.lon is not None:
        travel.ahead([(asked.lat, asked.lon)], [p for one in facts if (p := point_of(one)) is not None])
    return recommend(asked, facts, at, travel)


def _busy_with(unit: Unit) -> str:
    """What an exclusively taken unit does, for people who look at it now: it is not stored, since it changes."""
    live: list[Assignment] = unit.live_assignments  # type: ignore[attr-defined]  # set by the prefetch
    taken = next((one for one in live if one.exclusive), None)
    if taken is None:
        return ""
    return f"being asked for {taken.incident}" if taken.state == "offered" else f"on call {taken.incident}"


def point_of(unit: UnitFacts) -> Point | None:
    """Where the unit was last."""
    return (unit.lat, unit.lon) if unit.lat is not None and unit.lon is not None else None
