"""The units that an offer can go to, read as lean as the engine allows: a claim must cost little.

Units that cannot go are left out in SQL; why they cannot is worked out only when nobody can (engine_facts).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Centre
from accounts.row_read import row_read
from dispatch.facts import UnitFacts
from dispatch.models import Incident
from dispatch.reasons import DANGER_GONE
from dispatch.selectors.engine_facts import GENDERS, Standing, has_officer, standing_from
from dispatch.soft import LOAD_HOURS
from dispatch.states import ASSIGNMENT_ACCEPTED
from responders.models import Shift, Unit
from responders.selectors import shift_end

# Lists as text: it costs PostgreSQL a quarter of JSON, and what has not changed is not made into facts anew. ITEM parts
# the items of a list, ROW the rows that are one text.
_ITEM, _ROW = "\x1f", "\x1e"
_UNITS_SQL = """
WITH mine AS MATERIALIZED (
SELECT served.program_id, u.id, u.call_sign, u.lat, u.lon, u.position_at, u.armed, u.capabilities, u.languages, t.beats
  FROM programs_program_teams served
  JOIN responders_team t ON t.id = served.team_id
  JOIN responders_unit u ON u.team_id = t.id
 WHERE served.program_id = ANY(%(programs)s) AND u.centre_id = %(centre)s
   AND u.service = 'in_service' AND u.not_answering_since IS NULL
   AND NOT EXISTS (SELECT 1 FROM dispatch_assignment a
                    WHERE a.unit_id = u.id AND a.exclusive AND a.ended_at IS NULL)
), crew AS (
SELECT c.unit_id, string_agg(concat_ws(chr(31), c.user_id, array_to_string(p.languages, chr(31))), chr(30)) AS members
  FROM responders_crewmember c JOIN accounts_user p ON p.id = c.user_id
 WHERE c.until IS NULL AND c.unit_id IN (SELECT id FROM mine)
 GROUP BY c.unit_id
), turns AS (
SELECT s.unit_id, string_agg(concat_ws(chr(31), s.starts_hour, s.ends_hour, array_to_string(s.days, chr(31))), chr(30)
                             ORDER BY s.starts_hour, s.days) AS shifts
  FROM responders_shift s WHERE s.unit_id IN (SELECT id FROM mine)
 GROUP BY s.unit_id
), booked AS (
SELECT DISTINCT ON (v.unit_id) v.unit_id, concat_ws(chr(31), v.starts_at::text, i.number) AS visit
  FROM dispatch_visit v JOIN dispatch_incident i ON i.id = v.source_id
 WHERE v.centre_id = %(centre)s AND v.state = 'booked' AND v.starts_at < %(booked_to)s AND v.unit_id IS NOT NULL
 ORDER BY v.unit_id, v.starts_at
)
SELECT u.program_id, u.id::text, u.call_sign, u.lat, u.lon, u.position_at::text, u.armed,
 array_to_string(u.capabilities, chr(31)), array_to_string(u.languages, chr(31)), array_to_string(u.beats, chr(31)),
 (SELECT max(a.ended_at)::text FROM dispatch_assignment a WHERE a.unit_id = u.id AND a.ended_at IS NOT NULL
   AND a.accepted_at IS NOT NULL),
 (SELECT count(*) FROM dispatch_assignment a
   WHERE a.unit_id = u.id AND a.ended_at > %(load_from)s AND a.accepted_at IS NOT NULL),
 crew.members, booked.visit, turns.shifts
  FROM mine u JOIN crew ON crew.unit_id = u.id JOIN turns ON turns.unit_id = u.id
  LEFT JOIN booked ON booked.unit_id = u.id
"""
_OF_ONE_PROGRAM_SQL = _UNITS_SQL.replace("= ANY(%(programs)s)", "= %(program)s")
"""The usual case. PostgreSQL takes a list for ten programs, finds the plan that it has prepared too dear, and plans
anew each time: 1.4 of 3 ms."""
_MOST_UNITS = 32_768
"""Facts that are kept. A fleet that is larger than this is made anew each time: looked at in turn, none would stay."""


def units_free(programs: Collection[UUID], centre: Centre, at: datetime) -> dict[UUID, dict[str, UnitFacts]]:
    """By program, then by unit id: units of the programs' teams that are in service, crewed, answering, on shift and
    not exclusively taken. One query for all programs."""
    wanted: dict[str, Any] = {
        "centre": centre.pk,
        "load_from": at - timedelta(hours=LOAD_HOURS),
        "booked_to": at + timedelta(hours=LOAD_HOURS),
    }
    with connection.cursor() as cursor:
        if len(programs) == 1:
            cursor.execute(_OF_ONE_PROGRAM_SQL, {**wanted, "program": next(iter(programs))})
        else:
            cursor.execute(_UNITS_SQL, {**wanted, "programs": list(programs)})
        rows = cursor.fetchall()
    ends_at: dict[str, datetime | None] = {}
    free: dict[UUID, dict[str, UnitFacts]] = {program: {} for program in programs}
    for program, key, *columns, shifts in rows:
        if shifts not in ends_at:
            ends_at[shifts] = shift_end(_pattern(shifts), at, centre.zone)
        ends = ends_at[shifts]
        if ends is not None:
            free[program][key] = _facts(key, *columns, centre.time_zone, ends)
    return free


@lru_cache(maxsize=_MOST_UNITS)
def _facts(
    key: str,
    sign: str,
    lat: float | None,
    lon: float | None,
    seen: str | None,
    armed: bool,
    able: str,
    speaks: str,
    beats: str,
    since: str | None,
    recent: int,
    crew: str,
    visit: str | None,
    zone: str,
    shift_ends: datetime,
) -> UnitFacts:
    """The facts of a free unit from the columns of _UNITS_SQL: the same columns are the same facts."""
    members = [member.split(_ITEM) for member in crew.split(_ROW)]
    capabilities = _items(able)
    booked_at, booked_for = visit.split(_ITEM) if visit else ("", "")
    return UnitFacts(
        id=key,
        call_sign=sign,
        service=Unit.Service.IN_SERVICE.value,
        serves=True,
        busy=False,
        crew=len(members),
        shift_ends=shift_ends,
        lat=lat,
        lon=lon,
        position_at=datetime.fromisoformat(seen) if seen else None,
        capabilities=capabilities,
        languages=_items(speaks).union(*(languages for _, *languages in members)) - {""},
        genders=GENDERS & capabilities,
        crew_ids=frozenset(int(user) for user, *_ in members),
        officer=has_officer(armed, capabilities),
        beats=_items(beats),
        free_since=datetime.fromisoformat(since) if since else None,
        recent_calls=recent,
        booked_at=datetime.fromisoformat(booked_at).astimezone(ZoneInfo(zone)) if booked_at else None,
        booked_for=f"#{int(booked_for):04d}" if booked_for else "",
    )


def _items(text: str) -> frozenset[str]:
    return frozenset(text.split(_ITEM)) if text else frozenset()


@lru_cache(maxsize=1024)
def _pattern(shifts: str) -> list[Shift]:
    rows = (map(int, filter(None, row.split(_ITEM))) for row in shifts.split(_ROW))
    return [Shift(starts_hour=starts, ends_hour=ends, days=days) for starts, ends, *days in rows]


@dataclass(frozen=True)
class Waiting:
    """What a claim reads of its incident besides the row: the standing, the place, and the stop keys of the centre."""

    stands: Standing
    lat: float | None
    lon: float | None
    beat: str
    stops: tuple[tuple[str, str], ...]
    """Scope and subject."""
    asked_s: float
    """For how many seconds the engine's offers have stood in this wait."""
    lowered: bool
    """Two people chose less than was suggested, and did not say that the danger is gone."""
    taken: tuple[str, ...]
    """Ids of all units that are exclusively taken, where they were asked for."""


_TAKEN_SQL = "SELECT array_agg(unit_id::text) FROM dispatch_assignment WHERE exclusive AND ended_at IS NULL"
_WAITING_PARTS = """
 (SELECT jsonb_build_array(lat, lon, beat) FROM dispatch_locationentry
   WHERE incident_id = %s AND subject = 'incident' ORDER BY id DESC LIMIT 1),
 (SELECT jsonb_agg(jsonb_build_array(unit_id, slot, state, ended_at, end_reason, offered_at, offered_by_id IS NULL,
    accepted_at IS NOT NULL)) FROM dispatch_assignment WHERE incident_id = %s),
 (SELECT jsonb_agg(jsonb_build_array(scope, subject)) FROM programs_suspension
   WHERE centre_id = %s AND lifted_at IS NULL),
 EXISTS (SELECT 1 FROM dispatch_decision
   WHERE incident_id = %s AND state = 'standing' AND direction = 'less' AND reason <> ALL(%s))"""
_WAITING_SQL = f"SELECT NULL::text[], {_WAITING_PARTS}"
_WAITING_AND_TAKEN_SQL = f"SELECT ({_TAKEN_SQL}), {_WAITING_PARTS}"


def waiting(incident: Incident, at: datetime, *, with_taken: bool = False) -> Waiting:
    """One round trip. Read it after the incident is locked: whoever changes any of it holds that lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING_AND_TAKEN_SQL if with_taken else _WAITING_SQL,
            [incident.pk, incident.pk, incident.centre_id, incident.pk, sorted(DANGER_GONE)],
        )
        taken, *texts, lowered = cursor.fetchone()
        place, assignments, stops = (json.loads(text) if text else [] for text in texts)
    lat, lon, beat = place or (None, None, "")
    rows = parsed(assignments)
    return Waiting(
        standing_from([row[:5] for row in rows], at),
        lat,
        lon,
        beat,
        tuple((scope, subject) for scope, subject in stops),
        asked_s(rows, incident.promise_from or incident.sent_at, at),
        lowered,
        tuple(taken or ()),
    )


_Row = tuple[UUID, str, str, datetime | None, str, datetime, bool, bool]


def parsed(rows: list[list[Any]]) -> list[_Row]:
    """Assignments as the database's JSON has them: unit, slot, state, end, reason, offered, by the engine, accepted."""
    return [
        (
            UUID(unit),
            slot,
            state,
            datetime.fromisoformat(ended) if ended else None,
            reason,
            datetime.fromisoformat(offered),
            by_engine,
            accepted,
        )
        for unit, slot, state, ended, reason, offered, by_engine, accepted in rows
    ]


def asked_s(rows: list[_Row], begun: datetime | None, at: datetime) -> float:
    """For how many seconds the engine's offers to lead have stood in this wait: since the promise began (anew after a
    hold or another decision), and since the last unit that had accepted was lost. Offers at one time count once."""
    lost = [ended for _, slot, _, ended, _, _, _, accepted in rows if slot == "primary" and accepted and ended]
    last = max([*lost, begun] if begun is not None else lost, default=None)
    offers = sorted(
        (offered, ended or at)
        for _, slot, state, ended, _, offered, by_engine, accepted in rows
        if slot == "primary"
        and by_engine
        and not accepted
        and state not in ASSIGNMENT_ACCEPTED
        and (last is None or offered >= last)
    )
    spent, until = 0.0, None
    for offered, ended in offers:
        start = offered if until is None else max(offered, until)
        spent += max(0.0, (ended - start).total_seconds())
        until = ended if until is None else max(until, ended)
    return spent


def units_taken() -> list[str]:
    """Ids of all units that are exclusively taken: one look at an index of live assignments."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN_SQL)
        return cursor.fetchone()[0] or []


def unit_claimed(unit_id: str) -> Unit | None:
    """Lock a unit that is still free and in service; None when somebody else has it or is about to."""
    return row_read(
        Unit,
        "one.id = %s AND one.service = 'in_service' AND one.not_answering_since IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM dispatch_assignment a WHERE a.unit_id = one.id AND a.exclusive AND a.ended_at IS NULL)"
        " FOR NO KEY UPDATE OF one SKIP LOCKED",
        [unit_id],
    )
