"""Plain functions that build a small centre and calls in it, for calls through the same services that people use.

A town of one beat, 2 km square, with four programs, six units on duty around the clock, and one person per role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts.models import Agency, Centre, Role, RoleGrant, User
from accounts.services import AUDIT_INSERT, audit_values
from dispatch.models import Assignment, Call, Decision, Incident
from dispatch.models.call import Channel
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_open
from dispatch.services.decisions import decision_take
from dispatch.services.incidents import nature_set
from dispatch.services.locations import location_record
from dispatch.services.offers import offers_run
from people.models import Area, Caution, Place
from people.selectors import normalise
from people.services import caution_add, premise_for
from programs.models import Program, ProgramVersion, VersionState
from programs.preset_schema import all_presets
from programs.services import protocol_publish_simulated
from programs.spec import spec_of
from responders.models import CrewMember, Shift, Team, Unit
from triage.protocol import load_reference

PASSWORD = "quiet-harbor-lantern-41"
LAT, LON = 41.5, -95.9
"""The middle of the town, degrees."""
HALF = 0.01
TOWN: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [
        [
            [LON - HALF, LAT - HALF],
            [LON + HALF, LAT - HALF],
            [LON + HALF, LAT + HALF],
            [LON - HALF, LAT + HALF],
            [LON - HALF, LAT - HALF],
        ]
    ],
}
PARK, HOME, LIBRARY, OUTSIDE = "Elm Park", "14 Alder St", "Town Library", "900 County Rd"
"""Labels of the gazetteer: public ground, a private home, a public building, and a place outside the town."""
_PLACES = (
    (PARK, Place.Kind.COMMON_PLACE, LAT + 0.002, LON + 0.001, "A1", "public_outdoor"),
    (HOME, Place.Kind.ADDRESS, LAT - 0.003, LON - 0.002, "A1", "private_residence"),
    ("15 Alder St", Place.Kind.ADDRESS, LAT - 0.0035, LON - 0.002, "A1", "private_residence"),
    (LIBRARY, Place.Kind.COMMON_PLACE, LAT + 0.001, LON - 0.004, "A1", "public_building"),
    ("Alder St & Main St", Place.Kind.INTERSECTION, LAT - 0.004, LON, "A1", "roadway"),
    (OUTSIDE, Place.Kind.ADDRESS, LAT + 0.05, LON, "", "private_residence"),
)

CALM: dict[str, Any] = {
    "weapon": "none",
    "violence": "none",
    "domestic": "no",
    "crime": "none",
    "barricade": "no",
    "child_at_risk": False,
    "suicide": "none",
    "ingestion": "none",
    "hazard": "none",
    "conscious": "alert",
    "breathing": "normal",
    "medical_signs": [],
    "caller": "third_party_stranger",
    "caller_can_talk": "yes",
    "posture": "up",
    "behavior": "distressed",
    "engagement": "willing",
    "request": "none",
    "need": ["mental_health"],
    "intoxication": "none",
    "age_band": "adult",
    "in_person_needed": "yes",
    "elapsed": "now",
}
"""Answers of a calm call in public: the reference protocol gives a mobile team, and STAR takes it."""
WEAPON = {"weapon": "in_hand"}
"""The answer that makes any call an emergency."""

_PEOPLE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("call_taker", (Role.CALL_TAKER,), "ecc"),
    ("call_taker2", (Role.CALL_TAKER,), "ecc"),
    ("dispatcher", (Role.DISPATCHER,), "ecc"),
    ("dispatcher2", (Role.DISPATCHER,), "ecc"),
    ("supervisor", (Role.SUPERVISOR,), "ecc"),
    ("supervisor2", (Role.SUPERVISOR,), "ecc"),
    ("clinician", (Role.CLINICIAN,), "behavioral"),
    ("responder", (Role.RESPONDER,), "behavioral"),
    ("responder2", (Role.RESPONDER,), "behavioral"),
    ("outreach", (Role.RESPONDER,), "behavioral"),
    ("officer", (Role.RESPONDER,), "police"),
    ("medic", (Role.RESPONDER,), "ems"),
    ("program_administrator", (Role.PROGRAM_ADMINISTRATOR,), "behavioral"),
    ("system_administrator", (Role.SYSTEM_ADMINISTRATOR,), "ecc"),
    ("analyst", (Role.ANALYST,), "ecc"),
    ("auditor", (Role.AUDITOR,), "ecc"),
)
_AGENCIES = (
    ("ecc", Agency.Kind.CENTRE),
    ("behavioral", Agency.Kind.BEHAVIORAL),
    ("police", Agency.Kind.POLICE),
    ("ems", Agency.Kind.EMS),
)
_TEAMS = (
    ("star", "behavioral", Team.Kind.MOBILE, "star"),
    ("c3", "behavioral", Team.Kind.TELE, "austin_c3"),
    ("outreach", "behavioral", Team.Kind.OUTREACH, "plymouth_county_outreach"),
    ("co-response", "police", Team.Kind.CO_RESPONSE, "advocates"),
)


@dataclass(frozen=True)
class _Unit:
    call_sign: str
    team: str | None
    agency: str
    kind: str
    crew: str
    capabilities: tuple[str, ...]
    armed: bool = False
    exclusive: bool = True


_UNITS = (
    _Unit("Star 1", "star", "behavioral", Unit.Kind.MOBILE, "responder", ("clinician", "medic", "transport")),
    _Unit("Star 2", "star", "behavioral", Unit.Kind.MOBILE, "responder2", ("clinician", "medic", "transport")),
    _Unit("C3-1", "c3", "behavioral", Unit.Kind.CLINICIAN, "clinician", ("clinician",), exclusive=False),
    _Unit("Outreach 1", "outreach", "behavioral", Unit.Kind.OUTREACH, "outreach", ("peer", "transport")),
    _Unit("CR 1", "co-response", "police", Unit.Kind.CO_RESPONDER, "officer", ("officer", "clinician"), armed=True),
    _Unit("Medic 1", None, "ems", Unit.Kind.EMS, "medic", ("medic", "transport")),
)


@lru_cache(maxsize=1)
def _encoded() -> str:
    return make_password(PASSWORD)


def a_centre(*, at: datetime, slug: str = "elmford", simulated: bool = True) -> Centre:
    """A centre with agencies, one beat, a gazetteer and the published reference protocol."""
    centre = Centre.objects.create(
        slug=slug, name=slug.title(), time_zone="America/Chicago", simulated=simulated, created_at=at
    )
    Agency.objects.bulk_create(
        [
            Agency(centre=centre, slug=name, name=f"{slug} {name}", kind=kind, simulated=simulated)
            for name, kind in _AGENCIES
        ]
    )
    Area.objects.bulk_create(
        [
            Area(centre=centre, kind=Area.Kind.BEAT, name="A1", district="Old Town", shape=TOWN),
            Area(centre=centre, kind=Area.Kind.BOUNDARY, name="Town", shape=TOWN),
        ]
    )
    Place.objects.bulk_create(
        [
            Place(
                centre=centre,
                label=label,
                kind=kind,
                search=normalise(label),
                lat=lat,
                lon=lon,
                beat=beat,
                location_type=location_type,
            )
            for label, kind, lat, lon, beat, location_type in _PLACES
        ]
    )
    if simulated:
        protocol_publish_simulated(centre=centre, data=load_reference().to_dict(), at=at)
    return centre


def a_person(centre: Centre, name: str, *roles: str, agency: str = "ecc") -> User:
    """Somebody of the centre who can sign in with PASSWORD; user name `<centre>-<name>`."""
    return _people(centre, [(name, roles, agency)])[name]


def the_people(centre: Centre) -> dict[str, User]:
    """One person for each role, by role, and the further ones that two-person rules and crews need."""
    return _people(centre, _PEOPLE)


def _people(centre: Centre, named: Sequence[tuple[str, Sequence[str], str]]) -> dict[str, User]:
    """So many people in three statements: they are made for nearly every test."""
    agencies = {agency.slug: agency for agency in Agency.objects.filter(centre=centre)}
    made = {
        name: User(
            username=f"{centre.slug}-{name}",
            display_name=name.replace("_", " ").title(),
            password=_encoded(),
            centre=centre,
            agency=agencies[agency],
            languages=["en"],
        )
        for name, _, agency in named
    }
    User.objects.bulk_create(made.values())
    RoleGrant.objects.bulk_create([RoleGrant(user=made[name], role=role) for name, roles, _ in named for role in roles])
    return made


def the_teams(centre: Centre) -> dict[str, Team]:
    """The four teams by slug."""
    agencies = {agency.slug: agency for agency in Agency.objects.filter(centre=centre)}
    made = {
        slug: Team(centre=centre, slug=slug, name=slug.title(), kind=kind, agency=agencies[agency])
        for slug, agency, kind, _ in _TEAMS
    }
    Team.objects.bulk_create(made.values())
    return made


def the_units(centre: Centre, people: Mapping[str, User], *, at: datetime) -> dict[str, Unit]:
    """The units by call sign, one person signed on each, on shift around the clock; Star 1 is nearest to the park."""
    teams = {team.slug: team for team in Team.objects.filter(centre=centre)} or the_teams(centre)
    agencies = {agency.slug: agency for agency in Agency.objects.filter(centre=centre)}
    made = {
        one.call_sign: Unit(
            centre=centre,
            call_sign=one.call_sign,
            team=teams[one.team] if one.team else None,
            agency=agencies[one.agency],
            kind=one.kind,
            capabilities=list(one.capabilities),
            languages=["en"],
            armed=one.armed,
            exclusive=one.exclusive,
            service_since=at,
            lat=LAT + 0.002 - nth / 1000,
            lon=LON,
            position_at=at,
        )
        for nth, one in enumerate(_UNITS)
    }
    Unit.objects.bulk_create(made.values())
    CrewMember.objects.bulk_create(
        [CrewMember(unit=made[one.call_sign], user=people[one.crew], since=at) for one in _UNITS]
    )
    Shift.objects.bulk_create(
        [
            Shift(unit=unit, days=list(range(7)), starts_hour=start, ends_hour=start + 8)
            for unit in made.values()
            for start in (0, 8, 16)
        ]
    )
    return made


def the_programs(centre: Centre, *, at: datetime) -> dict[str, ProgramVersion]:
    """The four presets as published versions by slug, open at all hours, covering the town, served by their teams.

    The rows that `program_install` and `version_publish_simulated` leave behind (tests/programs/test_versions.py holds
    them against each other), in six statements instead of seventy: they are made for most tests.
    """
    teams = {team.slug: team for team in Team.objects.filter(centre=centre)} or the_teams(centre)
    agencies = {agency.slug: agency for agency in Agency.objects.filter(centre=centre)}
    made = {
        preset: ProgramVersion(
            program=Program(centre=centre, agency=agencies[agency], slug=spec["rules"]["slug"], name=spec["name"]),
            number=1,
            state=VersionState.PUBLISHED,
            spec=spec,
            area=TOWN,
            created_at=at,
            saved_at=at,
            published_at=at,
            effective_from=at,
        )
        for _, agency, _, preset in _TEAMS
        for spec in [a_spec(preset)]
    }
    Program.objects.bulk_create([version.program for version in made.values()])
    ProgramVersion.objects.bulk_create(made.values())
    serves = Program.teams.through
    serves.objects.bulk_create(
        [serves(program=made[preset].program, team=teams[slug]) for slug, _, _, preset in _TEAMS]
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            AUDIT_INSERT,
            [
                audit_values(
                    action=action,
                    at=at,
                    by_id=None,
                    centre_id=centre.pk,
                    entity="program_version",
                    entity_id=version.pk,
                )
                for version in made.values()
                for action in ("program.install", "program.publish")
            ],
        )
    return made


def a_spec(preset: str) -> dict[str, Any]:
    """What a preset becomes in the town: open at all hours."""
    return spec_of(all_presets()[preset], hours="24/7")


def a_place(centre: Centre, label: str = PARK) -> Place:
    return Place.objects.get(centre=centre, label=label)


def a_caution(
    centre: Centre,
    *,
    at: datetime,
    label: str = HOME,
    text: str = "Large dog loose in the yard",
    severity: str = "danger",
) -> Caution:
    """A hazard on file for a place, standing for a month."""
    return caution_add(
        centre=centre,
        premise=premise_for(centre=centre, place=a_place(centre, label)),
        text=text,
        kind="animal",
        severity=severity,
        source="Crew of Star 2",
        days=30,
        by=None,
        at=at,
    )


def a_call(
    centre: Centre,
    *,
    by: User,
    at: datetime,
    id: UUID | None = None,
    channel: str = Channel.C911,
    number: str = "",
    where: str = PARK,
    nature: str = "",
) -> Call:
    """An open call with a verified place (`where=""` for none) and, if given, a nature."""
    call = call_open(centre=centre, id=id or uuid4(), channel=channel, by=by, at=at, number=number)
    if where:
        place = a_place(centre, where)
        location_record(incident=call.incident, call=call, text=where, state="verified", place=place, by=by, at=at)
    if nature:
        nature_set(incident=call.incident, nature=nature, by=by, at=at, call=call)
    return Call.objects.select_related("incident__centre").get(pk=call.pk)


def a_triaged_call(
    centre: Centre,
    *,
    by: User,
    at: datetime,
    where: str = PARK,
    nature: str = "welfare_check",
    answers: Mapping[str, Any] | None = None,
    **changed: Any,
) -> Call:
    """A call whose questions are answered: CALM with the `changed` answers, or exactly `answers`."""
    call = a_call(centre, by=by, at=at, where=where, nature=nature)
    given = {**CALM, **changed} if answers is None else dict(answers)
    answers_record(incident=call.incident, source=call, answers=given, by=by, at=at)
    return Call.objects.select_related("incident__centre").get(pk=call.pk)


def a_decision(incident: Incident, *, by: User, at: datetime, action: str = "accept", **more: Any) -> Decision:
    """A person's decision; by default the suggestion is accepted."""
    return decision_take(id=uuid4(), incident=incident, action=action, by=by, at=at, **more)


def an_offer(centre: Centre, *, by: User, at: datetime, **more: Any) -> Assignment:
    """A calm call, accepted as suggested and offered to the best unit."""
    call = a_triaged_call(centre, by=by, at=at, **more)
    a_decision(call.incident, by=by, at=at)
    return next(one for one in offers_run(centre=centre, at=at) if one.incident_id == call.incident_id)


def an_accepted(centre: Centre, *, by: User, at: datetime, **more: Any) -> Assignment:
    """An offer that its crew accepted two seconds later."""
    offer = an_offer(centre, by=by, at=at, **more)
    member = offer.unit.crew.select_related("user").get(until__isnull=True)
    return assignment_act(assignment=offer, action="accept", by=member.user, at=at + timedelta(seconds=2))
