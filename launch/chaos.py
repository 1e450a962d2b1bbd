"""`make chaos MINUTES=1 SEED=7`: the whole product under load while its parts are killed, frozen and restarted.

A private stack of its own (private servers and folder; only its own processes are touched, by their ids) with a second
beat and a second sweeper whose clock is fast. Parts are killed, asked to end and frozen, among them the sweeper that
holds the lock; Redis is emptied, messages come again in another order, web dies in the middle of a request. Call takers
open calls and decide by HTTP and keep a log of what the server acknowledged; crews accept and clear in the same way.
Afterwards the database must hold all that was acknowledged, no unit may ever have had two exclusive assignments at
once, and every call that waits must have been offered or escalated. Exit code 1 when a call was lost or a unit was
booked twice.
"""

import json
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis

from demo import narratives
from demo.client import Door, Problem, SignInRefused, Unreachable
from demo.crews import works_in
from launch.child import signal_group
from launch.processes import healthy
from launch.say import say
from launch.stack import PrivateStack

PARTS = ("web", "worker", "sweeper", "sweeper2", "valkey", "postgres", "live", "beat", "beat2")
HOWS = ("kill", "end", "freeze")
"""Killed outright, asked to end, or frozen for a few seconds and let go on."""
OTHERS = ("freeze the holder", "kill web in a request", "empty valkey", "repeat messages")
TWICE = {"sweeper": ("--clock-off", "2.5"), "beat": ()}
"""A second sweeper, whose clock is fast, and a second beat, as on a second machine."""
SWEEP_LOCK = 7_411_002
"""The lock of the active sweeper (dispatch.sweeper)."""
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


class Striker:
    """Does harm to one part at a time. Each kind comes once before any comes again, in an order drawn from the seed.

    The supervisor starts again what has ended; what is frozen goes on after a while.
    """

    def __init__(self, stack: PrivateStack, rng: random.Random, log: Log, stop: threading.Event) -> None:
        self._stack, self._rng, self._log, self._stopping = stack, rng, log, stop
        self._deck: list[tuple[str, str]] = []

    def strike(self) -> None:
        """The next one."""
        if not self._deck:
            self._deck = [(how, name) for how in HOWS for name in PARTS] + [(how, "") for how in OTHERS * 2]
            self._rng.shuffle(self._deck)
        how, name = self._deck.pop()
        self._log.strikes.append((datetime.now(UTC), name or how, how))
        say(f"  {how} {name}".rstrip())
        if how == "freeze":
            self._freeze(self._stack.pid(name))
        elif how == "freeze the holder":
            self._freeze_holder()
        elif how == "kill web in a request":
            self._kill_web()
        elif how == "empty valkey":
            self._with_broker(lambda broker: broker.flushall())
        elif how == "repeat messages":
            self._with_broker(_repeat)
        else:
            # PostgreSQL waits for its clients when asked by SIGTERM; SIGINT is its restart of every day.
            polite = signal.SIGINT if name == "postgres" else signal.SIGTERM
            self._stack.signal(name, signal.SIGKILL if how == "kill" else polite)

    def _freeze(self, pid: int) -> None:
        """Stop a process of the stack for a few seconds. One that is gone by then is let be."""
        signal_group(pid, signal.SIGSTOP)
        self._stopping.wait(self._rng.uniform(*FROZEN_S))
        if pid in {child.process.pid for child in self._stack.supervisor.children.values()}:
            signal_group(pid, signal.SIGCONT)

    def _freeze_holder(self) -> None:
        """The sweeper that holds the lock is stopped, not killed, for longer than the other one waits for it."""
        try:
            with psycopg.connect(self._stack.database_url, connect_timeout=2) as connection:
                row = connection.execute(
                    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s",
                    [SWEEP_LOCK],
                ).fetchone()
        except psycopg.OperationalError:
            row = None
        pids = [self._stack.pid(name) for name in ("sweeper", "sweeper2")]
        holder = next((pid for pid in pids if row is not None and str(row[0]).endswith(f" {pid}")), pids[0])
        self._freeze(holder)

    def _kill_web(self) -> None:
        """A request is under way when the web processes are killed; its caller tries again with the same key."""
        name = self._rng.choice(TAKERS)
        door = Door(self._stack.address, name, self._stack.password(name), lambda s: _pause(self._stopping, s))

        def ask() -> None:
            try:
                call, incident = door.call_open("911", "")
                self._log.opened[call] = incident
                door.call_end(call, "test")
            except (Problem, Unreachable, SignInRefused, InterruptedError):
                self._log.unanswered += 1

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        self._stopping.wait(self._rng.uniform(0.02, 0.4))
        self._stack.signal("web", signal.SIGKILL)
        asking.join(timeout=SETTLING_S)

    def _with_broker(self, act: Callable[[redis.Redis], object]) -> None:
        with redis.Redis.from_url(self._stack.redis_url, socket_timeout=1, socket_connect_timeout=1) as broker:
            try:
                act(broker)
            except redis.RedisError:
                say("    (valkey was away)")


def _repeat(broker: redis.Redis) -> None:
    """Every message that waits or is being worked on comes twice more, the newest first."""
    waiting: Any = broker.lrange("celery", 0, -1)
    working: Any = broker.hvals("unacked")
    bodies = [*waiting, *(json.dumps(json.loads(one)[0]) for one in working)]
    for body in bodies:
        broker.lpush("celery", body)
        broker.rpush("celery", body)


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
    with PrivateStack(twice=TWICE) as stack:
        say(f"- Chaos for {minutes:g} min, seed {seed}")
        over, quiet = threading.Event(), threading.Event()
        people: list[threading.Thread] = [Callers(stack, name, seed, log, over) for name in TAKERS]
        crews = [Crew(stack, name, seed, log, quiet) for name in CREWS]
        for one in (*people, *crews):
            one.start()
        until = time.monotonic() + minutes * 60
        striker = Striker(stack, rng, log, over)
        while not over.wait(rng.uniform(*BETWEEN_S)) and time.monotonic() < until:
            striker.strike()
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
    struck = ", ".join(f"{name} {sum(one == name for _, one, _ in log.strikes)}" for name in (*PARTS, *OTHERS))
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
