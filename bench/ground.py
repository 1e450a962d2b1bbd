"""A database to measure on: the demo city, more crews for one program, and incidents that wait for a unit."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from demo import narratives
from launch.paths import ROOT

PROGRAM = "star"
"""The preset whose team gets the crews: a mobile team without police."""
DISTRICT = "Market"
"""Where the incidents are: the district in which no other mobile team works beside PROGRAM's."""
CALM = narratives.SCRIPTS[0].truth
"""The answers of a calm call: what is suggested is a mobile team."""


def prepare() -> dict[str, Any]:
    """Migrate the database of the environment and load the demo city; returns its centre file."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout

    run("manage.py", "migrate", "-v0")
    text = run("-m", "demo.city")
    path = Path(os.environ["VAR_DIR"]) / "bench-centre.json"
    path.write_text(text, encoding="utf-8")
    run("manage.py", "load_centre", str(path))
    city: dict[str, Any] = json.loads(text)
    return city


def crews_add(city: dict[str, Any], number: int, *, at: datetime) -> list[uuid.UUID]:
    """So many exclusive units of PROGRAM's team, on shift around the clock, one person each, at addresses of the city.

    Returns the ids of all exclusive units of the program. Needs Django to be set up.
    """
    from django.db import connection

    from accounts.models import Centre, User
    from programs.models import Program
    from responders.models import CrewMember, Shift, Unit

    centre = Centre.objects.get(slug=city["centre"]["slug"])
    team = Program.objects.get(centre=centre, slug=PROGRAM).teams.get()
    have = Unit.objects.filter(team=team).count()
    draw = random.Random(number)
    spots = [place for place in city["places"] if place["location_type"]]
    units, people = [], []
    for nth in range(have, max(have, number)):
        spot = draw.choice(spots)
        units.append(
            Unit(
                centre=centre,
                agency_id=team.agency_id,
                team=team,
                call_sign=f"Bench {nth}",
                kind=Unit.Kind.MOBILE,
                languages=["en"],
                service_since=at,
                lat=spot["lat"],
                lon=spot["lon"],
                position_at=at,
            )
        )
        people.append(User(username=f"bench-{nth}", centre=centre, agency_id=team.agency_id))
    Unit.objects.bulk_create(units, batch_size=1_000)
    User.objects.bulk_create(people, batch_size=1_000)
    pairs = list(zip(units, people, strict=True))
    CrewMember.objects.bulk_create(
        [CrewMember(unit=unit, user=user, since=at) for unit, user in pairs], batch_size=1_000
    )
    Shift.objects.bulk_create(
        [Shift(unit=u, days=list(range(7)), starts_hour=h, ends_hour=h + 8) for u in units for h in (0, 8, 16)],
        batch_size=1_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    every = list(Unit.objects.filter(team=team, exclusive=True))
    on = set(CrewMember.objects.filter(unit__in=every, until__isnull=True).values_list("unit_id", flat=True))
    return [unit.pk for unit in every if unit.pk in on]


def incidents_wait(city: dict[str, Any], number: int, *, at: datetime, sent: bool = True) -> list[uuid.UUID]:
    """So many incidents at addresses of the city, decided for PROGRAM, with nobody asked yet. Needs Django.

    Not yet `sent`: triaged calls of a calm caller, on the line with a call taker; a mobile team is suggested and nobody
    has decided.
    """
    from accounts.models import Centre, User
    from dispatch.models import Answer, Call, Incident, LocationEntry
    from dispatch.services.calls import incident_numbers
    from programs.models import ProgramVersion, VersionState

    centre = Centre.objects.get(slug=city["centre"]["slug"])
    version = ProgramVersion.objects.get(program__centre=centre, program__slug=PROGRAM, state=VersionState.PUBLISHED)
    numbers = incident_numbers(centre, number)
    draw = random.Random(min(numbers, default=0))
    spots: Sequence[dict[str, Any]] = [
        place for place in city["places"] if place["location_type"] and place["district"] == DISTRICT
    ]
    decided: dict[str, Any] = {
        "state": "pending",
        "response_class": "mobile_team",
        "program_version": version,
        "sent_at": at,
        "offer_wanted": True,
    }
    if not sent:
        decided = {"state": "triaged", "triaged": True}
    made = Incident.objects.bulk_create(
        [Incident(centre=centre, number=nth, nature="mental_health_crisis", opened_at=at, **decided) for nth in numbers]
    )
    if not sent:
        taker = User.objects.get(centre=centre, username="calltaker1")
        Call.objects.bulk_create(
            [Call(centre=centre, incident=incident, owner=taker, received_at=at) for incident in made]
        )
        Answer.objects.bulk_create(
            [
                Answer(incident=incident, source=f"call:{incident.pk}", key=key, value=value, at=at)
                for incident in made
                for key, value in CALM.items()
            ]
        )
    LocationEntry.objects.bulk_create(
        [
            LocationEntry(
                incident=incident,
                state="unverified",
                text=spot["label"],
                lat=spot["lat"],
                lon=spot["lon"],
                location_type=spot["location_type"],
                at=at,
            )
            for incident, spot in ((one, draw.choice(spots)) for one in made)
        ]
    )
    return [incident.pk for incident in made]


def units_free(*, at: datetime) -> None:
    """End every live assignment and the wait of every incident, so that the next cell begins with free units."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE dispatch_assignment SET state = 'cancelled', ended_at = %s, end_reason = 'bench'"
            " WHERE ended_at IS NULL",
            [at],
        )
        cursor.execute("UPDATE dispatch_incident SET offer_wanted = false WHERE offer_wanted")
        cursor.execute("ANALYZE dispatch_assignment, dispatch_incident")


def percentiles(seconds: Sequence[float], *, at: Sequence[int] = (50, 95, 99)) -> dict[str, float | None]:
    """Milliseconds, nearest rank; None where there is no sample."""
    ranked = sorted(seconds)
    return {
        f"p{share}_ms": round(1000 * ranked[max(0, -(-len(ranked) * share // 100) - 1)], 2) if ranked else None
        for share in at
    }


def machine() -> dict[str, Any]:
    """What else the machine was doing: cores, and the load average of the last minute."""
    return {"cores": os.cpu_count(), "load_1_min": round(os.getloadavg()[0], 2)}
