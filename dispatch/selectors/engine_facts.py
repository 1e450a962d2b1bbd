"""From rows to the plain facts that the assignment engine reads."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Subquery

from accounts.models import Centre
from dispatch.engine import IncidentFacts, Recommendation, UnitFacts, recommend
from dispatch.models import Assignment, Incident, LocationEntry
from dispatch.models.assignment import Slot
from dispatch.reasons import OFFER_WITHDRAWN
from dispatch.selectors.triage import place_of
from dispatch.states import ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from responders.models import CrewMember, Unit
from responders.selectors import shift_end

ASK_AGAIN_AFTER_S = 180
"""A unit that did not answer is asked again only after this; one that declined is not asked again for the same call."""


def incident_facts(incident: Incident, place: LocationEntry | None = None) -> IncidentFacts:
    """The facts of one pending incident."""
    where = place if place is not None else place_of(incident)
    return facts_at(incident, where.lat if where else None, where.lon if where else None)


def facts_at(incident: Incident, lat: float | None, lon: float | None) -> IncidentFacts:
    """The same where the point is already known."""
    return IncidentFacts(
        id=str(incident.pk),
        priority=incident.priority,
        waiting_since=incident.sent_at or incident.opened_at,
        lat=lat,
        lon=lon,
        by_phone=is_by_phone(incident.program_version),
    )


def is_by_phone(version: ProgramVersion | None) -> bool:
    """Whether the program answers by telephone: nobody travels."""
    return version is not None and version.spec["rules"].get("response_class") == "tele_clinician"


def units_with_facts(centre: Centre, *, at: datetime, only: Collection[UUID] | None = None) -> list[Unit]:
    """The centre's units with crew, shifts and live assignments loaded: a constant number of queries."""
    units = Unit.objects.filter(centre=centre)
    if only is not None:
        units = units.filter(pk__in=only)
    last = Assignment.objects.filter(unit=OuterRef("pk"), ended_at__isnull=False).order_by("-ended_at")
    return list(
        units.annotate(free_since=Subquery(last.values("ended_at")[:1]))
        .select_related("team", "agency")
        .prefetch_related(
            Prefetch("crew", queryset=CrewMember.objects.filter(until__isnull=True).select_related("user")),
            "shifts",
            Prefetch(
                "assignments",
                queryset=Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).select_related("incident"),
                to_attr="live_assignments",
            ),
        )
    )


def unit_facts(
    unit: Unit,
    *,
    centre: Centre,
    at: datetime,
    team_ids: Collection[int],
    refusal: str = "",
) -> UnitFacts:
    """The facts of a unit loaded by `units_with_facts`."""
    live: list[Assignment] = unit.live_assignments  # type: ignore[attr-defined]  # set by the prefetch
    return UnitFacts(
        id=str(unit.pk),
        call_sign=unit.call_sign,
        service=unit.service,
        serves=unit.team_id in team_ids,
        busy=any(assignment.exclusive for assignment in live),
        crew=len(unit.crew.all()),
        shift_ends=shift_end(list(unit.shifts.all()), at, centre.zone),
        lat=unit.lat,
        lon=unit.lon,
        position_at=unit.position_at,
        capabilities=frozenset(unit.capabilities),
        languages=frozenset(unit.languages),
        free_since=unit.free_since,  # type: ignore[attr-defined]  # annotated
        refusal=refusal,
    )


@dataclass(frozen=True)
class Standing:
    """How an incident stands with the units: `asked` when a primary is asked or under way, `on_it` the units of its
    live assignments, `refused` those that the engine does not ask (again) for now, with the shortfall."""

    asked: bool
    on_it: frozenset[UUID]
    refused: Mapping[UUID, str]


def standing(incident: Incident, at: datetime) -> Standing:
    """One query. Refused: units that declined, were cancelled, or did not answer the offer a short while ago."""
    return standing_from(incident.assignments.values_list("unit_id", "slot", "state", "ended_at", "end_reason"), at)


def standing_from(rows: Iterable[tuple[UUID, str, str, datetime | None, str]], at: datetime) -> Standing:
    """The same from rows of unit, slot, state, end and reason of the end."""
    asked, on_it, refused = False, set(), dict[UUID, str]()
    for unit_id, slot, state, ended_at, reason in rows:
        if state in ASSIGNMENT_LIVE:
            asked = asked or slot == Slot.PRIMARY
            on_it.add(unit_id)
        elif state == "declined" or (state == "cancelled" and reason not in OFFER_WITHDRAWN):
            refused[unit_id] = state
        elif state == "expired" and ended_at and at - ended_at < timedelta(seconds=ASK_AGAIN_AFTER_S):
            refused.setdefault(unit_id, "did_not_answer")
    return Standing(asked, frozenset(on_it), refused)


def recommend_for(
    incident: Incident, *, units: Iterable[Unit], at: datetime, version: ProgramVersion | None = None
) -> Recommendation:
    """The engine's recommendation for one incident over loaded units."""
    program_version = version or incident.program_version
    team_ids = set(program_version.program.teams.values_list("pk", flat=True)) if program_version is not None else set()
    refused = standing(incident, at).refused
    facts = [
        unit_facts(
            unit,
            centre=incident.centre,
            at=at,
            team_ids=team_ids,
            refusal=refused.get(unit.pk, ""),
        )
        for unit in units
    ]
    return recommend(incident_facts(incident), facts, at)
