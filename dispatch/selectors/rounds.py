"""One look of the engine over a centre: what waits, who is free, and who is matched with whom."""

import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import Centre
from accounts.row_read import row_read
from dispatch.facts import IncidentFacts, UnitFacts
from dispatch.matching import MOST_CALLS, Pending, match
from dispatch.models import Incident
from dispatch.ranking import Ranking
from dispatch.selectors.capacity import program_full
from dispatch.selectors.engine_facts import (
    KNOWN_SQL,
    NOTHING_KNOWN,
    Known,
    Standing,
    facts_at,
    known_from,
    point_of,
    standing_from,
    unit_facts,
    units_with_facts,
)
from dispatch.selectors.free_units import Waiting, parsed, units_free, units_taken
from dispatch.selectors.travel import travel_for
from dispatch.travel import TravelTimes
from programs.models import ProgramVersion
from programs.selectors import stop_code, version_published
from responders.models import Unit

logger = logging.getLogger(__name__)

TRUSTED_FOR_S = 0.25
"""How long a round may go on with units that it has read. Each claim looks at its own unit again in any case."""
OVER_AFTER_S = 20.0
"""How long a round may make offers at the time at which it began. Many times a long round, and half a usual offer."""
READING_SHARE = 3
"""Where reading takes long, it takes at most one part in so many of a round."""
NEWS_AFTER_S = 0.05
"""Units that were read this short a while ago are not read again only because none of them can go."""
MOST_URGENT, MOST_NEW, MOST_IN_TURN = 200, 200, 100
"""Calls looked at in one round; the next one follows within a second. First the most urgent and oldest of each program,
turn about: calls that nobody can go to hide no other program's. Behind them those of which it has not been said yet why
nobody can go, so that a new call is looked at at once; and of the others so many in turn, so that each is soon."""
_GOLDEN = (5**0.5 - 1) / 2
_QUEUE_SQL = f"""
WITH ranked AS (
SELECT w.id, w.no_unit_reason <> '' AS said, w.priority, w.top_at, w.sent_at, w.number,
 row_number() OVER (PARTITION BY w.program_version_id
                    ORDER BY w.priority, w.top_at NULLS LAST, w.sent_at, w.number) AS turn
  FROM dispatch_incident w
 WHERE w.centre_id = %(centre)s AND w.offer_wanted AND NOT w.late
   AND NOT EXISTS (SELECT 1 FROM dispatch_assignment a
                    WHERE a.incident_id = w.id AND a.slot = 'primary' AND a.ended_at IS NULL)
), placed AS (
SELECT id, said, row_number() OVER (ORDER BY turn, priority, top_at NULLS LAST, sent_at, number) AS place FROM ranked
), behind AS (
SELECT id, said, row_number() OVER (PARTITION BY said ORDER BY place) - 1 AS nth,
 count(*) OVER (PARTITION BY said) AS many
  FROM placed WHERE place > {MOST_URGENT}
), waiting AS (
SELECT id FROM placed WHERE place <= {MOST_URGENT}
 UNION ALL
SELECT id FROM behind
 WHERE CASE WHEN said THEN (nth + many - floor(%(turn)s * many)::bigint) %% many < {MOST_IN_TURN}
            ELSE nth < {MOST_NEW} END
)
SELECT i.id, i.priority, i.program_version_id, i.sent_at, i.opened_at, i.nature, i.no_unit_reason <> '',
 (SELECT jsonb_agg(jsonb_build_array(p.scope, p.subject)) FROM programs_suspension p
   WHERE p.centre_id = %(centre)s AND p.lifted_at IS NULL),
 (SELECT jsonb_build_array(l.lat, l.lon, l.beat) FROM dispatch_locationentry l
   WHERE l.incident_id = i.id AND l.subject = 'incident' ORDER BY l.id DESC LIMIT 1),
 (SELECT jsonb_agg(jsonb_build_array(a.unit_id, a.slot, a.state, a.ended_at, a.end_reason, a.offered_at,
    a.offered_by_id IS NULL, a.accepted_at IS NOT NULL)) FROM dispatch_assignment a WHERE a.incident_id = i.id),
{KNOWN_SQL}
  FROM waiting JOIN dispatch_incident i ON i.id = waiting.id
 ORDER BY i.priority, i.top_at NULLS LAST, i.sent_at, i.number
"""  # noqa: S608 - constants of this package


@lru_cache(maxsize=512)
def _version(version_id: UUID) -> ProgramVersion:
    return version_published(version_id)


def turn_at(at: datetime) -> float:
    """Where in a list that is too long for one round this round begins, as a part of 1.

    By the clock and not by memory: whichever process has the next round goes on. In steps of the golden section, which
    go evenly over the whole list in whatever rhythm the rounds come.
    """
    return int(at.timestamp()) * _GOLDEN % 1


@dataclass(frozen=True)
class Wait:
    """One call that wants a unit and has nobody asked, as it was at the beginning of a round."""

    id: UUID
    priority: int
    version_id: UUID | None
    since: datetime
    lat: float | None
    lon: float | None
    beat: str
    stands: Standing
    known: Known
    nature: str
    stops: tuple[tuple[str, str], ...]
    """Scope and subject of the centre's stop keys."""
    explained: bool
    """Whether it has been said why nobody can go."""


def queue_of(centre: Centre, at: datetime) -> list[Wait]:
    """Calls that want a unit and have nobody asked, in the order in which they are served, in one query.

    By priority; within it those that came back or lost their unit first, then the oldest.
    """
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE_SQL, {"centre": centre.pk, "turn": turn_at(at)})
        rows = cursor.fetchall()
    found = []
    stops = tuple((scope, subject) for scope, subject in json.loads(rows[0][7] or "[]")) if rows else ()
    for key, priority, version, sent, opened, nature, explained, _, *texts in rows:
        place, assignments, answers, met, booked = (json.loads(text) if text else None for text in texts)
        lat, lon, beat = place or (None, None, "")
        stands = standing_from([row[:5] for row in parsed(assignments or [])], at)
        known = known_from(answers, met, booked)
        since = sent or opened
        found.append(Wait(key, priority, version, since, lat, lon, beat, stands, known, nature, stops, explained))
    return found


@dataclass
class Round:
    """What a round has read and decided: kept for a moment and no longer. Its claims look again under their locks."""

    centre: Centre
    at: datetime
    begun: float = float("inf")
    """When it began, by this process's own clock."""
    planned: dict[UUID, str] = field(default_factory=dict)
    """Incident to unit, where several calls and units were matched together."""
    hopeless: set[UUID] = field(default_factory=set)
    """Calls that none of the units just read can go to, or that a stop key keeps from being offered."""
    _free: dict[UUID, dict[str, UnitFacts]] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _trusted_until: float = float("-inf")
    _inherited: bool = False
    """The units were read by the round before."""
    _rankings: dict[UUID, Ranking] = field(default_factory=dict)
    _known: dict[UUID, Known] = field(default_factory=dict)
    _asking: dict[UUID, tuple[UUID, IncidentFacts, set[str]]] = field(default_factory=dict)
    """Of the calls that were looked at before anything was locked: program, facts, and the units that are barred."""
    _full: dict[UUID, bool] = field(default_factory=dict)
    passed: list[UUID] = field(default_factory=list)
    """Calls that somebody else had locked."""
    missed: list[UUID] = field(default_factory=list)
    """Calls for which only units were left that were locked or taken in this instant."""
    gone: dict[str, str] = field(default_factory=dict)
    """Units that this round asks no more: the shortfall that they have for other calls, empty while it is not known."""
    _teams: dict[UUID, set[int]] = field(default_factory=dict)
    contested: bool = False
    """Somebody else makes offers to the same units in these moments: a claim reads who is taken before it chooses."""
    _travel: TravelTimes | None = None
    _every: list[Unit] = field(default_factory=list)
    _every_at: float = float("-inf")
    _every_facts: dict[UUID, list[UnitFacts]] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether its time is no time any more: a process that was stopped and goes on would make offers that have run
        out already, and its units would seem not to answer."""
        return time.monotonic() - self.begun > OVER_AFTER_S

    def follow(self, last: "Round | None") -> None:
        """Take over the units that the round before has read, where they may still be trusted: in a busy minute most
        rounds begin that soon. Nobody is told on their word alone that no unit is left (`candidates`)."""
        if last is not None and last.centre.pk == self.centre.pk and time.monotonic() < last._trusted_until:
            self._free = {program: dict(units) for program, units in last._free.items()}
            self._read_at, self._trusted_until, self._inherited = last._read_at, last._trusted_until, True

    @property
    def travel(self) -> TravelTimes:
        """The centre's travel times."""
        if self._travel is None:
            self._travel = travel_for(self.centre)
        return self._travel

    def plan(self, queue: Sequence[Wait]) -> None:
        """Look at the whole queue before anything is locked: fetch travel times, and match calls with units.

        One call alone, or one free unit, needs no matching: the loop over the queue serves the most urgent first.
        """
        self._known = {one.id: one.known for one in queue}
        waits = [one for one in queue if one.version_id is not None]
        if not waits:
            return
        programs = {self.version(one.version_id).program_id for one in waits}
        if not (self._inherited and programs <= self._free.keys() and time.monotonic() < self._trusted_until):
            self._read(programs)
        units = {key: unit for free in self._free.values() for key, unit in free.items()}
        self.travel.ahead(
            [(one.lat, one.lon) for one in waits if one.lat is not None and one.lon is not None],
            [point for unit in units.values() if (point := point_of(unit)) is not None],
        )
        if len(waits) < 2:
            self._ranking(self.version(waits[0].version_id).program_id)  # now, and not while its row is locked
            return
        # A call never needs more choices than there are calls: one of its best so many is always free for it. Behind
        # those that are matched it only counts whether anybody can go.
        enough, able = min(len(waits), MOST_CALLS), 0
        calls: list[Pending] = []
        for one in waits:
            choices = self._choices(one, enough if able < MOST_CALLS else 1)
            if choices is not None:
                calls.append(choices)
                able += bool(choices.points)
        self.hopeless = {UUID(call.id) for call in calls if not call.points}
        if len(units) < 2:
            return
        order = sorted(units, key=lambda key: (units[key].call_sign, key))
        self.planned = {UUID(call): unit for call, unit in match(calls, order).items()}

    def _choices(self, one: Wait, enough: int) -> Pending | None:
        """The points of the best units that could go to a call; None for a call whose facts cannot be read."""
        version = self.version(one.version_id)
        slug = version.program.slug
        if stop_code(one.stops, program=slug, beat=one.beat, nature=one.nature, located=one.lat is not None):
            return Pending(str(one.id), one.priority, {})
        incident = Incident(pk=one.id, priority=one.priority, sent_at=one.since, opened_at=one.since)
        incident.centre, incident.program_version = self.centre, version
        try:
            # The same for all that wait: no unit leads any of them. Each claim looks again, under the centre's order.
            full = self._full.get(version.program_id)
            if full is None:
                full = self._full[version.program_id] = program_full(version, one.id)
            facts = facts_at(incident, one.lat, one.lon, beat=one.beat, known=one.known, at=self.at, full=full)
        except Exception:
            # Whatever is wrong with one call's program, the others are still matched; its own claim says what.
            logger.exception("call not matched", extra={"incident": str(one.id)})
            return None
        barred = {str(key) for key in one.stands.on_it.union(one.stands.refused)}
        self._asking[one.id] = (version.program_id, facts, barred)
        if full:
            return Pending(str(one.id), one.priority, {})
        able = islice(self._ranking(version.program_id).order(facts, without=barred), enough)
        return Pending(str(one.id), one.priority, {unit.id: points for points, unit in able})

    def anybody_left(self, incident_id: UUID) -> bool:
        """Whether a unit that could go to a call is left in this round; True for one that was not looked at before."""
        if incident_id not in self._asking:
            return True
        program, facts, barred = self._asking[incident_id]
        return next(self._ranking(program).order(facts, without=barred), None) is not None

    def version(self, version_id: Any) -> ProgramVersion:
        """A published version, read once: what a round asks of it never changes."""
        return _version(version_id)

    def locked(self, incident_id: UUID) -> Incident | None:
        """The incident, locked, with its centre and program version; None while somebody else has it locked."""
        incident = row_read(Incident, "one.id = %s FOR UPDATE SKIP LOCKED", [incident_id])
        if incident is None:
            self.passed.append(incident_id)
            return None
        incident.centre = self.centre
        if incident.program_version_id is not None:
            incident.program_version = self.version(incident.program_version_id)
        return incident

    def facts(self, incident: Incident, now: Waiting) -> IncidentFacts:
        """The engine's facts of a locked incident."""
        known = self._known.get(incident.pk, NOTHING_KNOWN)
        full = program_full(incident.program_version, incident.pk)
        return facts_at(incident, now.lat, now.lon, beat=now.beat, known=known, at=self.at, full=full)

    def candidates(self, incident: IncidentFacts, version: ProgramVersion, refused: set[str]) -> Iterator[UnitFacts]:
        """Who can go: the planned one, then best first; when a list of a moment ago has nobody left, those of a new
        one."""
        program = version.program_id
        old = program in self._free
        if not old:
            self._read({*self._free, program})
        planned = self.planned.get(UUID(incident.id), "")
        first = self._free[program].get(planned)
        if first is not None and planned not in refused:
            yield first
            refused = refused | {planned}
        for _, unit in self._ranking(program).order(incident, without=refused):
            yield unit
        if old and (self._inherited or time.monotonic() - self._read_at > NEWS_AFTER_S):
            self._read({*self._free, program})
            for _, unit in self._ranking(program).order(incident, without=refused):
                yield unit

    def renew(self) -> None:
        """Read the units again where they were read too long ago. Before the centre's order is taken: others would
        wait for the reading."""
        if self._free and time.monotonic() > self._trusted_until:
            self._read(set(self._free))

    def _ranking(self, program: UUID) -> Ranking:
        if program not in self._rankings:
            self._rankings[program] = Ranking(list(self._free[program].values()), self.at, self.travel)
        return self._rankings[program]

    def _read(self, programs: set[UUID]) -> None:
        begun = time.monotonic()
        self._free = units_free(programs, self.centre, self.at)
        self._read_at, self._inherited = time.monotonic(), False
        self._trusted_until = self._read_at + max(TRUSTED_FOR_S, (READING_SHARE - 1) * (self._read_at - begun))
        self._rankings = {}
        for units in self._free.values():
            for unit_id in self.gone.keys() & units.keys():
                del units[unit_id]

    def taken(self, unit_id: str, shortfall: str = "") -> None:
        """A unit was offered (`busy`), named (`named_for_other`), or was locked or taken by somebody else in this
        instant: the round asks it no more, also when it reads anew."""
        self.gone[unit_id] = shortfall
        self._drop(unit_id)

    def settled(self, unit_id: str, shortfall: str = "") -> None:
        """It is known now what was the matter with a unit: nothing any more, or what keeps it back."""
        if shortfall:
            self.gone[unit_id] = shortfall
        else:
            del self.gone[unit_id]
            self._every_at = float("-inf")
            self._trusted_until = float("-inf")

    def outrun(self) -> None:
        """Somebody else was faster: pass by whoever else is taken by now, instead of finding out one by one."""
        self.contested = True
        self.without(units_taken())

    def without(self, taken: Iterable[str]) -> None:
        """Pass by units that others have."""
        for unit_id in taken:
            self._drop(unit_id)

    def _drop(self, unit_id: str) -> None:
        for units in self._free.values():
            units.pop(unit_id, None)
        for ranking in self._rankings.values():
            ranking.drop(unit_id)

    def promised(self, incident_id: UUID) -> set[str]:
        """Units that the plan holds for other calls: nobody asks them in addition."""
        return {unit for incident, unit in self.planned.items() if incident != incident_id}

    def teams(self, version: ProgramVersion) -> set[int]:
        """The teams that serve a version's program."""
        if version.program_id not in self._teams:
            self._teams[version.program_id] = set(version.program.teams.values_list("pk", flat=True))
        return self._teams[version.program_id]

    def every_unit(self, version: ProgramVersion) -> list[UnitFacts]:
        """All units of a version's program, free or not, read once a moment: for saying why nobody can go."""
        if time.monotonic() - self._every_at > TRUSTED_FOR_S:
            self._every, self._every_facts = units_with_facts(self.centre, at=self.at), {}
            self._every_at = time.monotonic()
        if version.program_id not in self._every_facts:
            teams = self.teams(version)
            self._every_facts[version.program_id] = [
                unit_facts(unit, centre=self.centre, at=self.at, team_ids=teams)
                for unit in self._every
                if unit.team_id in teams
            ]
        return self._every_facts[version.program_id]
