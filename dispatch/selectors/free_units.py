"""The units that an offer can go to, read as lean as the engine allows: a claim must cost little.

Units that cannot go are left out in SQL; why they cannot is worked out only when nobody can (engine_facts).
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Subquery

from accounts.models import Centre
from dispatch.engine import IncidentFacts, UnitFacts, who_can_go
from dispatch.models import Assignment, Incident
from dispatch.selectors.engine_facts import Standing, standing_from
from dispatch.states import ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from programs.selectors import version_published
from responders.models import CrewMember, Shift, Unit
from responders.selectors import shift_end

TRUSTED_FOR_S = 0.25
"""How long a round may go on with units that it has read. Each claim looks at its own unit again in any case."""
_Pattern = tuple[tuple[tuple[int, ...], int, int], ...]


def units_free(version: ProgramVersion, centre: Centre, at: datetime) -> list[UnitFacts]:
    """The units of a program's teams that are in service, crewed, on shift and not exclusively taken: two queries."""
    taking = Assignment.objects.filter(unit=OuterRef("pk"), exclusive=True, state__in=ASSIGNMENT_LIVE)
    crewed = CrewMember.objects.filter(unit=OuterRef("pk"), until__isnull=True)
    last = Assignment.objects.filter(unit=OuterRef("pk"), ended_at__isnull=False).order_by("-ended_at")
    rows = list(
        Unit.objects.filter(
            ~Exists(taking),
            Exists(crewed),
            centre=centre,
            team__programs=version.program_id,
            service=Unit.Service.IN_SERVICE,
        )
        .order_by()
        .annotate(free_since=Subquery(last.values("ended_at")[:1]))
        .values("pk", "call_sign", "lat", "lon", "position_at", "capabilities", "languages", "free_since")
    )
    patterns: dict[Any, list[tuple[tuple[int, ...], int, int]]] = {}
    shifts = Shift.objects.filter(unit__in=[row["pk"] for row in rows]).order_by("starts_hour", "pk")
    for unit_id, days, starts, ends in shifts.values_list("unit_id", "days", "starts_hour", "ends_hour"):
        patterns.setdefault(unit_id, []).append((tuple(days), starts, ends))
    ends_at: dict[_Pattern, datetime | None] = {}
    free: list[UnitFacts] = []
    for row in rows:
        pattern = tuple(patterns.get(row["pk"], ()))
        if pattern not in ends_at:
            running = [Shift(days=list(days), starts_hour=first, ends_hour=last) for days, first, last in pattern]
            ends_at[pattern] = shift_end(running, at, centre.zone)
        if ends_at[pattern] is not None:
            free.append(
                UnitFacts(
                    id=str(row["pk"]),
                    call_sign=row["call_sign"],
                    service=Unit.Service.IN_SERVICE.value,
                    serves=True,
                    busy=False,
                    crew=1,
                    shift_ends=ends_at[pattern],
                    lat=row["lat"],
                    lon=row["lon"],
                    position_at=row["position_at"],
                    capabilities=frozenset(row["capabilities"]),
                    languages=frozenset(row["languages"]),
                    free_since=row["free_since"],
                )
            )
    return free


@dataclass(frozen=True)
class Waiting:
    """What a claim reads of its incident besides the row: the standing, the place, and the stop keys of the centre."""

    stands: Standing
    lat: float | None
    lon: float | None
    beat: str
    stops: tuple[tuple[str, str], ...]
    """Scope and subject."""


def waiting(incident: Incident, at: datetime) -> Waiting:
    """One round trip. Read it after the incident is locked: whoever changes any of it holds that lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT jsonb_build_array(lat, lon, beat) FROM dispatch_locationentry"
            "  WHERE incident_id = %s AND subject = 'incident' ORDER BY id DESC LIMIT 1),"
            " (SELECT jsonb_agg(jsonb_build_array(unit_id, slot, state, ended_at, end_reason))"
            "  FROM dispatch_assignment WHERE incident_id = %s),"
            " (SELECT jsonb_agg(jsonb_build_array(scope, subject)) FROM programs_suspension"
            "  WHERE centre_id = %s AND lifted_at IS NULL)",
            [incident.pk, incident.pk, incident.centre_id],
        )
        place, assignments, stops = (json.loads(text) if text else [] for text in cursor.fetchone())
    lat, lon, beat = place or (None, None, "")
    rows = (
        (UUID(unit), slot, state, datetime.fromisoformat(ended) if ended else None, reason)
        for unit, slot, state, ended, reason in assignments
    )
    return Waiting(standing_from(rows, at), lat, lon, beat, tuple((scope, subject) for scope, subject in stops))


def unit_claimed(unit_id: str) -> Unit | None:
    """Lock a unit that is still free and in service; None when somebody else has it or is about to."""
    found = Unit.objects.raw(
        "SELECT u.* FROM responders_unit u WHERE u.id = %s AND u.service = 'in_service' AND NOT EXISTS"
        " (SELECT 1 FROM dispatch_assignment a WHERE a.unit_id = u.id AND a.exclusive AND a.ended_at IS NULL)"
        " FOR UPDATE OF u SKIP LOCKED",
        [unit_id],
    )
    return next(iter(found), None)


@dataclass
class Round:
    """One look of the engine over a centre: what it has read of the free units, kept for a moment and no longer."""

    centre: Centre
    at: datetime
    _versions: dict[Any, ProgramVersion] = field(default_factory=dict)
    _read: dict[Any, tuple[float, dict[str, UnitFacts]]] = field(default_factory=dict)

    def locked(self, incident_id: UUID) -> Incident:
        """The incident, locked, with its centre and program version; a published version never changes."""
        incident = Incident.objects.raw("SELECT * FROM dispatch_incident WHERE id = %s FOR UPDATE", [incident_id])[0]
        incident.centre = self.centre
        if incident.program_version_id is not None:
            if incident.program_version_id not in self._versions:
                self._versions[incident.program_version_id] = version_published(incident.program_version_id)
            incident.program_version = self._versions[incident.program_version_id]
        return incident

    def candidates(self, incident: IncidentFacts, version: ProgramVersion, refused: set[str]) -> Iterator[UnitFacts]:
        """Who can go, best first; when a list of a moment ago has nobody left, those of a new one."""
        known = self._read.get(version.pk)
        if known is not None and time.monotonic() - known[0] < TRUSTED_FOR_S:
            tried = dict(known[1])
            yield from who_can_go(incident, [unit for key, unit in tried.items() if key not in refused], self.at)
        fresh = {unit.id: unit for unit in units_free(version, self.centre, self.at)}
        self._read[version.pk] = (time.monotonic(), fresh)
        yield from who_can_go(incident, [unit for key, unit in fresh.items() if key not in refused], self.at)

    def taken(self, unit_id: str) -> None:
        """A unit was offered, or turned out to be taken: the round asks it no more."""
        for _, units in self._read.values():
            units.pop(unit_id, None)
