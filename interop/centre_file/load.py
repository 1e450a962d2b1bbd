"""Loads a centre file (format `centre/1`, see demo/city.py): agencies, people, areas, gazetteer, programs, units.

Loading the same file again changes nothing, so a start that was cut short is simply repeated.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import Agency, Centre, RoleGrant, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.services.targets import target_set
from interop.centre_file.streets import streets_load
from interop.profiles.reader import ProfileRow
from interop.profiles.services import profiles_import
from people.models import Area, Caution, Place, Premise, SafetyProfile
from people.selectors import normalise
from people.services import premise_for
from programs.models import Program, VersionState
from programs.preset_schema import all_presets
from programs.services import program_install, protocol_publish_simulated, version_publish_simulated
from programs.spec import spec_of
from responders.models import CrewMember, Shift, Team, Unit
from triage.protocol import load_reference

FORMAT = "centre/1"
_REGISTRY = "demo-residents"
_AREAS = (
    ("districts", Area.Kind.DISTRICT),
    ("beats", Area.Kind.BEAT),
    ("boundary", Area.Kind.BOUNDARY),
    ("river", Area.Kind.WATER),
    ("parks", Area.Kind.PARK),
)


@transaction.atomic
def centre_load(*, data: Mapping[str, Any], at: datetime) -> Centre:
    """Load everything in one transaction. Raises Refused for another format or for a centre that is not simulated."""
    if data.get("format") != FORMAT:
        raise Refused("centre_format", f"This is not a {FORMAT} file: its format is {data.get('format')!r}.")
    head = data["centre"]
    if not head.get("simulated"):
        raise Refused(
            "centre_not_simulated", "Only a simulated centre is loaded from a file with people and passwords."
        )
    centre, made = Centre.objects.get_or_create(
        slug=head["slug"],
        defaults={"name": head["name"], "time_zone": head["time_zone"], "simulated": True, "created_at": at},
    )
    if not centre.simulated:
        raise Refused("centre_not_simulated", "The centre of this name is not simulated: nothing is loaded into it.")
    agencies = _agencies(centre, data["agencies"])
    users = _people(centre, agencies, data["people"])
    _areas(centre, data)
    streets_load(centre=centre, data=data, at=at)
    _places(centre, data["places"])
    _premises(centre, data["premises"], at)
    _profiles(centre, data.get("profiles", []), at)
    teams = _teams(centre, agencies, data["teams"])
    _units(centre, agencies, teams, users, data, at)
    _targets(centre, data.get("targets", []), at)
    if not centre.protocols.filter(state=VersionState.PUBLISHED).exists():
        protocol_publish_simulated(centre=centre, data=load_reference().to_dict(), at=at)
    _programs(centre, agencies, teams, data, at)
    if made:
        audit(action="centre.load", at=at, centre=centre, entity="centre", entity_id=centre.pk)
    return centre


def _agencies(centre: Centre, rows: Sequence[Mapping[str, Any]]) -> dict[str, Agency]:
    return {
        row["slug"]: Agency.objects.get_or_create(
            centre=centre, slug=row["slug"], defaults={"name": row["name"], "kind": row["kind"], "simulated": True}
        )[0]
        for row in rows
    }


def _people(centre: Centre, agencies: Mapping[str, Agency], rows: Sequence[Mapping[str, Any]]) -> dict[str, User]:
    hashed: dict[str, str] = {}
    users: dict[str, User] = {}
    for row in rows:
        user = User.objects.filter(username=row["username"]).first()
        if user is None:
            # One hash per distinct password: a demo city's people share theirs, and hashing is slow on purpose.
            if row["password"] not in hashed:
                hashed[row["password"]] = make_password(row["password"])
            user = User.objects.create(
                username=row["username"],
                password=hashed[row["password"]],
                display_name=row["name"],
                centre=centre,
                agency=agencies[row["agency"]],
                languages=row["languages"],
            )
        RoleGrant.objects.bulk_create([RoleGrant(user=user, role=role) for role in row["roles"]], ignore_conflicts=True)
        users[row["username"]] = user
    return users


def _areas(centre: Centre, data: Mapping[str, Any]) -> None:
    Area.objects.bulk_create(
        [
            Area(
                centre=centre,
                kind=kind,
                name=feature["properties"]["name"],
                district=feature["properties"].get("district", ""),
                shape=feature["geometry"],
            )
            for key, kind in _AREAS
            for feature in data[key]["features"]
        ],
        ignore_conflicts=True,
    )


def _places(centre: Centre, rows: Sequence[Mapping[str, Any]]) -> None:
    Place.objects.bulk_create(
        [
            Place(
                centre=centre,
                kind=row["kind"],
                label=row["label"],
                search=" | ".join(normalise(text) for text in [row["label"], *row.get("aliases", [])])[:200],
                lat=row["lat"],
                lon=row["lon"],
                beat=row["beat"],
                location_type=row["location_type"],
            )
            for row in rows
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )


def _premises(centre: Centre, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    for row in rows:
        place = Place.objects.filter(centre=centre, label=row["label"], kind="address").first()
        if place is not None:
            premise = premise_for(centre=centre, place=place)
        else:
            premise, _ = Premise.objects.get_or_create(
                centre=centre, label=row["label"], defaults={"lat": row["lat"], "lon": row["lon"]}
            )
        for caution in row["cautions"]:
            added = at - timedelta(days=caution["added_days_ago"])
            Caution.objects.get_or_create(
                centre=centre,
                premise=premise,
                text=caution["text"],
                defaults={
                    "kind": caution["kind"],
                    "severity": caution["severity"],
                    "source": caution["source"],
                    "added_at": added,
                    "expires_at": max(added + timedelta(days=1), at + timedelta(days=caution["expires_in_days"])),
                },
            )


def _profiles(centre: Centre, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Once: their dates count from the first loading."""
    if SafetyProfile.objects.filter(centre=centre, source=_REGISTRY).exists():
        return
    read = [
        ProfileRow(
            line=line,
            external_id=row["external_id"],
            phone=row["phone"],
            confirmed_at=at - timedelta(days=row["confirmed_days_ago"]),
            details=tuple((detail["code"], detail["text"]) for detail in row["details"]),
        )
        for line, row in enumerate(rows, start=1)
    ]
    if read:
        profiles_import(centre=centre, source=_REGISTRY, rows=read, by=None, at=at)


def _teams(centre: Centre, agencies: Mapping[str, Agency], rows: Sequence[Mapping[str, Any]]) -> dict[str, Team]:
    return {
        row["slug"]: Team.objects.get_or_create(
            centre=centre,
            slug=row["slug"],
            defaults={
                "agency": agencies[row["agency"]],
                "name": row["name"],
                "kind": row["kind"],
                "beats": row.get("beats", []),
            },
        )[0]
        for row in rows
    }


def _targets(centre: Centre, rows: Sequence[Mapping[str, Any]], at: datetime) -> None:
    for row in rows:
        target_set(centre=centre, kind=row["kind"], name=row["name"], phone=row["phone"], by=None, at=at)


def _units(
    centre: Centre,
    agencies: Mapping[str, Agency],
    teams: Mapping[str, Team],
    users: Mapping[str, User],
    data: Mapping[str, Any],
    at: datetime,
) -> None:
    for row in data["units"]:
        unit, made = Unit.objects.get_or_create(
            centre=centre,
            call_sign=row["call_sign"],
            defaults={
                "agency": agencies[row["agency"]],
                "team": teams[row["team"]] if row["team"] else None,
                "kind": row["kind"],
                "capabilities": row["capabilities"],
                "languages": row["languages"],
                "armed": row["armed"],
                "unmarked": row["unmarked"],
                "exclusive": row["exclusive"],
                "service_since": at,
                "lat": row["lat"],
                "lon": row["lon"],
                "position_at": at,
            },
        )
        if made:
            CrewMember.objects.bulk_create(
                [CrewMember(unit=unit, user=users[name], since=at) for name in row["crew"]], ignore_conflicts=True
            )
            Shift.objects.bulk_create(
                [
                    Shift(unit=unit, days=shift["days"], starts_hour=shift["starts_hour"], ends_hour=shift["ends_hour"])
                    for shift in data["shifts"]
                    if shift["unit"] == row["call_sign"]
                ]
            )


def _programs(
    centre: Centre, agencies: Mapping[str, Agency], teams: Mapping[str, Team], data: Mapping[str, Any], at: datetime
) -> None:
    presets = all_presets()
    for row in data["programs"]:
        preset = presets[row["preset"]]
        if Program.objects.filter(centre=centre, slug=preset.slug).exists():
            continue
        version = program_install(
            centre=centre,
            agency=agencies[row["agency"]],
            spec=spec_of(preset, hours=row.get("overrides", {}).get("hours", "")),
            area=row["area"],
            by=None,
            at=at,
        )
        version_publish_simulated(version=version, at=at)
        version.program.teams.add(*[teams[team["slug"]] for team in data["teams"] if team["program"] == row["preset"]])
