"""`make chaos MINUTES=1 SEED=7`: the whole product under load while its parts are killed, frozen and restarted.

A private stack of its own (private servers and folder; only its own processes are touched, by their ids). Call takers
open calls and decide by HTTP and keep a log of what the server acknowledged; crews accept and clear in the same way.
Afterwards the database must hold all that was acknowledged, no unit may ever have had two exclusive assignments at
once, and every call that waits must have been offered or escalated. Exit code 1 when a call was lost or a unit was
booked twice.
"""

import random
import signal
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from demo import narratives
from demo.client import Door, Problem, SignInRefused, Unreachable
from demo.crews import works_in
from launch.processes import healthy
from launch.say import say
from launch.stack import PrivateStack

PARTS = ("web", "worker", "sweeper", "valkey", "postgres", "live", "beat")
ENDS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)
"""Killed outright, asked to end, or frozen for a few seconds and let go on."""
TAKERS = ("calltaker1", "calltaker2", "dispatcher1", "supervisor1")
CREWS = ("star1", "star2", "star3", "star4", "star5")
BETWEEN_S = (4.0, 9.0)
FROZEN_S = (1.0, 8.0)
CALLS_PER_S = 1.0
OFFER_WITHIN_S = 5.0
"""A waiting call is offered or escalated this soon after the last part has recovered (design section 6)."""
SETTLING_S = 45.0
DECLINED_ONE_IN = 8

CALM = narratives.SCRIPTS[0]


@dataclass
class Log:
    """What the clients were told, and what was done to the parts."""

    opened: dict[str, str] = field(default_factory=dict)
    """Acknowledged call -> incident."""
    decided: dict[str, datetime] = field(default_factory=dict)
    """Acknowledged decision's incident -> when the decision was first sent."""
    done: dict[str, str] = field(default_factory=dict)
    """Assignment -> last acknowledged action."""
    strikes: list[tuple[datetime, str, str]] = field(default_factory=list)
    unanswered: int = 0
    refused: int = 0


class Callers(threading.Thread):
    """One call taker: opens calls and decides them, over and over, whatever happens to the servers."""

    def __init__(self, stack: PrivateStack, name: str, seed: int, log: Log, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._door = Door(stack.address, name, stack.password(name), lambda seconds: _pause(stop, seconds))
        self._rng, self._log, self._stopping = random.Random(f"{seed}-{name}"), log, stop
        self._places = [place for place in stack.city["places"] if place["location_type"] == "public_outdoor"]

    def run(self) -> None:
        while not self._stopping.wait(self._rng.expovariate(CALLS_PER_S / len(TAKERS))):
            try:
                self._one()
            except Problem:
                self._log.refused += 1
            except (Unreachable, SignInRefused):
                self._log.unanswered += 1
            except InterruptedError:
                return

    def _one(self) -> None:
        place = self._rng.choice(self._places)
        call, incident = self._door.call_open("911", "")
        self._log.opened[call] = incident
        body = {"text": place["label"], "lat": place["lat"], "lon": place["lon"], "state": "unverified"}
        self._door.location(call, {**body, "location_type": place["location_type"]})
        self._door.nature(call, CALM.nature)
        self._door.answers(call, CALM.truth)
        sent = datetime.now(UTC)
        self._door.decide(incident, {"action": "accept"})
        self._log.decided[incident] = sent
        self._door.call_end(call, "completed")


class Crew(threading.Thread):
    """One crew's phone: takes what is offered, goes, and clears."""

    def __init__(self, stack: PrivateStack, name: str, seed: int, log: Log, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._door = Door(stack.address, name, stack.password(name), lambda seconds: _pause(stop, seconds))
        self._rng, self._log, self._stopping = random.Random(f"{seed}-{name}"), log, stop

    def run(self) -> None:
        while not self._stopping.wait(self._rng.uniform(0.3, 0.9)):
            try:
                for work in works_in(self._door.my_unit()):
                    self._step(work)
            except Problem:
                self._log.refused += 1
            except (Unreachable, SignInRefused):
                self._log.unanswered += 1
            except InterruptedError:
                return

    def _step(self, work: dict[str, Any]) -> None:
        assignment, state = str(work["id"]), str(work["state"])
        if state == "offered" and self._rng.randrange(DECLINED_ONE_IN) == 0:
            self._door.act(assignment, "decline", reason="out_of_position")
            self._log.done[assignment] = "decline"
            return
        action = {"offered": "accept", "accepted": "en_route", "en_route": "on_scene"}.get(state, "clear")
        more = {"disposition": "resolved_on_scene"} if action == "clear" else {}
        self._door.act(assignment, action, **more)
        self._log.done[assignment] = action


def _pause(stop: threading.Event, seconds: float) -> None:
    if stop.wait(seconds):
        raise InterruptedError


def strike(stack: PrivateStack, rng: random.Random, log: Log, stop: threading.Event) -> None:
    """End or freeze one part at random. The supervisor starts it again; a frozen one goes on after a while."""
    name, how = rng.choice(PARTS), rng.choice(ENDS)
    if name in {"postgres", "valkey"} and how is signal.SIGTERM:
        how = signal.SIGKILL
    pid = stack.pid(name)
    log.strikes.append((datetime.now(UTC), name, how.name))
    say(f"  {how.name:<8} {name}")
    stack.signal(name, how)
    if how is signal.SIGSTOP:
        stop.wait(rng.uniform(*FROZEN_S))
        if stack.pid(name) == pid:
            stack.signal(name, signal.SIGCONT)


@dataclass(frozen=True)
class Verdict:
    """What the database says. Times in seconds."""

    acknowledged: int
    lost_calls: int
    lost_decisions: int
    lost_actions: int
    waiting_unexplained: int
    double_booked: int
    offered_twice_at_once: int
    late: int
    seen_after_s: list[float]
    """From sending a decision until the engine offered the call or said why it could not."""
    recovered_in_s: list[float]
    """For each strike, the longest of these among the decisions sent from then until the next strike."""

    @property
    def lost(self) -> int:
        return self.lost_calls + self.lost_decisions + self.lost_actions + self.waiting_unexplained


_EXPLAINED = """
SELECT count(*) FROM dispatch_incident i WHERE i.id = ANY(%s) AND i.state = 'pending' AND i.offer_wanted
   AND i.no_unit_reason = '' AND i.sent_at < now() - interval '5 seconds'
   AND NOT EXISTS (SELECT 1 FROM dispatch_assignment a WHERE a.incident_id = i.id AND a.ended_at IS NULL)
"""
# A unit's offers and ends alternate in the order in which they were written; two offers in a row are a double booking.
DOUBLE_BOOKED = """
SELECT count(*) FROM (
  SELECT h.action, lag(h.action) OVER (PARTITION BY a.unit_id ORDER BY h.id) AS before
    FROM dispatch_historyrow h JOIN dispatch_assignment a ON a.id = h.entity_id
   WHERE h.entity = 'assignment' AND a.exclusive
     AND (h.action = 'offer' OR h.to_state IN ('cleared', 'declined', 'expired', 'cancelled', 'preempted'))
) one WHERE action = 'offer' AND before = 'offer'
"""
OFFERED_TWICE = """
SELECT count(*) FROM (
  SELECT h.action, lag(h.action) OVER (PARTITION BY a.incident_id, a.unit_id ORDER BY h.id) AS before
    FROM dispatch_historyrow h JOIN dispatch_assignment a ON a.id = h.entity_id
   WHERE h.entity = 'assignment'
     AND (h.action = 'offer' OR h.to_state IN ('cleared', 'declined', 'expired', 'cancelled', 'preempted'))
) one WHERE action = 'offer' AND before = 'offer'
"""
# The first sign that the engine saw a call: an offer, or the reason why nobody could be asked.
_SEEN = """
SELECT i.id::text, min(h.at) FROM dispatch_incident i JOIN dispatch_historyrow h ON h.incident_id = i.id
 WHERE i.id = ANY(%s) AND h.action IN ('offer', 'no_unit') GROUP BY i.id
"""


def judge(database_url: str, log: Log) -> Verdict:
    """Compare the clients' log with the database."""
    decided = [uuid.UUID(one) for one in log.decided]
    with psycopg.connect(database_url, autocommit=True) as connection:

        def number(query: str, *parameters: object) -> int:
            row = connection.execute(query, parameters).fetchone()
            return int(row[0]) if row else 0

        calls = number("SELECT count(*) FROM dispatch_call WHERE id = ANY(%s)", [uuid.UUID(one) for one in log.opened])
        kept = number("SELECT count(DISTINCT incident_id) FROM dispatch_decision WHERE incident_id = ANY(%s)", decided)
        acted = [(uuid.UUID(one), action) for one, action in log.done.items()]
        actions = number(
            "SELECT count(DISTINCT (h.entity_id, h.action)) FROM dispatch_historyrow h"
            " JOIN unnest(%s::uuid[], %s::text[]) AS t(id, action) ON h.entity_id = t.id AND h.action = t.action",
            [one for one, _ in acted],
            [action for _, action in acted],
        )
        seen = {str(key): at for key, at in connection.execute(_SEEN, [decided]).fetchall()}
        waits = {key: (seen[key] - at).total_seconds() for key, at in log.decided.items() if key in seen}
        struck = [at for at, _, _ in log.strikes]
        worst = [
            [waits[key] for key in waits if begin <= log.decided[key] < end]
            for begin, end in zip(struck, [*struck[1:], datetime.max.replace(tzinfo=UTC)], strict=True)
        ]
        late = sum(
            waits[key] > OFFER_WITHIN_S and not any(log.decided[key] <= hit <= seen[key] for hit in struck)
            for key in waits
        )
        return Verdict(
            acknowledged=len(log.opened) + len(log.decided) + len(log.done),
            lost_calls=len(log.opened) - calls,
            lost_decisions=len(log.decided) - kept,
            lost_actions=len(acted) - actions,
            waiting_unexplained=number(_EXPLAINED, decided),
            double_booked=number(DOUBLE_BOOKED),
            offered_twice_at_once=number(OFFERED_TWICE),
            late=late + len(log.decided) - len(waits),
            seen_after_s=sorted(waits.values()),
            recovered_in_s=sorted(max(one) for one in worst if one),
        )


def _rank(values: list[float], share: float) -> str:
    return f"{values[min(len(values) - 1, int(len(values) * share))]:.2f} s" if values else "none"


def chaos(*, minutes: float, seed: int) -> int:
    """Run it. Returns 0, or 1 when something acknowledged was lost, unexplained, or booked twice."""
    rng, log = random.Random(seed), Log()
    with PrivateStack() as stack:
        say(f"- Chaos for {minutes:g} min, seed {seed}")
        over, quiet = threading.Event(), threading.Event()
        people: list[threading.Thread] = [Callers(stack, name, seed, log, over) for name in TAKERS]
        crews = [Crew(stack, name, seed, log, quiet) for name in CREWS]
        for one in (*people, *crews):
            one.start()
        until = time.monotonic() + minutes * 60
        while not over.wait(rng.uniform(*BETWEEN_S)) and time.monotonic() < until:
            strike(stack, rng, log, over)
        _all_well(stack)
        over.wait(OFFER_WITHIN_S)
        over.set()
        for one in people:
            one.join(timeout=SETTLING_S)
        time.sleep(OFFER_WITHIN_S)
        quiet.set()
        for one in crews:
            one.join(timeout=SETTLING_S)
        verdict = judge(stack.database_url, log)
    return _report(verdict, log)


def _all_well(stack: PrivateStack) -> None:
    """Wait until every part runs and the door answers."""
    until = time.monotonic() + SETTLING_S
    while time.monotonic() < until:
        back = all(child.again_at is None for child in stack.supervisor.children.values())
        if back and healthy(stack.ports.front, "/readyz"):
            return
        time.sleep(0.1)


def _report(verdict: Verdict, log: Log) -> int:
    good = not verdict.lost and not verdict.double_booked and not verdict.offered_twice_at_once
    struck = ", ".join(f"{name} {sum(one == name for _, one, _ in log.strikes)}" for name in PARTS)
    say(f"  strikes         {len(log.strikes)} ({struck})")
    say(
        f"  acknowledged    {verdict.acknowledged} ({len(log.opened)} calls, {len(log.decided)} decisions,"
        f" {len(log.done)} assignments); not answered {log.unanswered}, refused {log.refused}"
    )
    say(
        f"  lost            {verdict.lost} (calls {verdict.lost_calls}, decisions {verdict.lost_decisions},"
        f" crew actions {verdict.lost_actions}, waiting unexplained {verdict.waiting_unexplained})"
    )
    say(f"  double-booked   {verdict.double_booked}; offered twice at once {verdict.offered_twice_at_once}")
    say(
        f"  late            {verdict.late} (neither offered nor explained within {OFFER_WITHIN_S:g} s of a calm moment)"
    )
    for title, waits in (("seen after", verdict.seen_after_s), ("recovered in", verdict.recovered_in_s)):
        say(f"  {title:<15} p50 {_rank(waits, 0.5)}, p95 {_rank(waits, 0.95)} (offered, or explained why not)")
    say("  passed" if good else "  FAILED")
    return 0 if good else 1
