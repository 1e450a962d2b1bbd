"""The engine's rounds: the pending rows of a centre, matched with the units that can go, each offered by its program's
mode (one after the other, several at once, or by a dispatcher's word only)."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from accounts.models import Centre
from dispatch.engine import Candidate, candidate, recommend
from dispatch.facts import IncidentFacts, Refusal
from dispatch.models import Alarm, Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.plan import DEFAULT_PROMISE_S
from dispatch.reasons import NO_UNIT, words
from dispatch.selectors.engine_facts import Standing, refusal_here
from dispatch.selectors.free_units import Waiting, unit_claimed, waiting
from dispatch.selectors.rounds import Round, Wait, queue_of, turn_at
from dispatch.services.alarms import alarm_raise, alarm_say, alarms_end
from dispatch.services.brief_locks import BRIEF_MS
from dispatch.services.co_response import officer_offer
from dispatch.services.journal import record
from dispatch.services.offers.locked import call_free, unit_free
from dispatch.services.offers.making import offer_make
from dispatch.services.offers.preempting import preempt
from dispatch.services.offers.recommending import recommendation_drop, recommendation_keep
from programs.models import ProgramVersion
from programs.selectors import spec_number, stop_code
from programs.spec import setting

logger = logging.getLogger(__name__)

DISPATCH_LOCK = 7_411_000
"""First key of the advisory lock; the second is the centre. One ordered dispatcher per centre at a time."""
OFFER_TIMEOUT_S = 60
SHORTEST_OFFER_S = 10
"""An offer that would have to end sooner is not made any more."""
MOST_PASSED = 4
"""Calls, and units, that a round comes back to after somebody else had them locked; it waits for each a moment only."""
LOOKED_AT_AGAIN = 25
"""Calls of which it is said why nobody can go, and that still nobody can go to: so many of them are looked at anew in
each round, in turn. Otherwise a round takes the longer the more calls wait, and a new call waits behind them all."""
ORDER_WAIT_MS = 3000
"""So long a round waits for the centre's order, hundreds of times a usual claim. Who has held it for most of that and
done nothing is taken for a stopped process: other calls are offered within five seconds of its stop (issue 4)."""
OFFERING_SHARE = 3
"""Asking takes at most one part in so many of the promised wait; then the dispatcher picks (issue 4)."""


def offers_run(*, centre: Centre, at: datetime, seen: Round | None = None) -> list[Assignment]:
    """Offer every pending incident of a centre that no unit has been asked for, most urgent and oldest first.

    Several calls and several units are matched first (dispatch.matching). Called by the Celery task, by the sweeper
    each second and after every change that could free a unit. Callers wait for one another, so order and fairness
    hold; each incident is its own transaction, so one that fails stops no other. `seen`: a round that the caller has
    begun for this centre and time.
    """
    made: list[Assignment] = []
    queue = queue_of(centre, at)
    if not queue:
        return made
    seen = seen or Round(centre, at, begun=time.monotonic())
    try:
        seen.plan(queue)
    except Exception:
        # Matching is the better way, never the only one: without it the queue is served one by one.
        if not connection.is_usable():
            raise
        logger.exception("calls not matched", extra={"centre": centre.pk})
    for incident_id in _in_turn(queue, seen):
        try:
            made += _offers_in_order(incident_id, seen)
        except OrderHeld:
            # All the others would wait for the same; the next round comes within a second.
            break
        except Exception:
            # Whatever is wrong with one incident, the others are still offered; a lost connection ends the round.
            if not connection.is_usable():
                raise
            logger.exception("offer failed", extra={"incident": str(incident_id)})
            _failed(incident_id, seen, "engine_failed")
    return made


def _failed(incident_id: UUID, seen: Round, reason: str) -> None:
    """Say on a call's row that the engine came to nothing on it: whatever the fault is, a person chooses."""
    try:
        with transaction.atomic():
            incident = seen.locked(incident_id)
            if incident is not None and incident.offer_wanted:
                _no_unit(incident, reason, [], seen.at)
    except Exception:
        # The promise's clock runs on, and the next round comes back to it.
        if not connection.is_usable():
            raise
        logger.exception("failed offer not said", extra={"incident": str(incident_id)})


def _in_turn(queue: Sequence[Wait], seen: Round) -> Iterator[UUID]:
    """Those that somebody may go to or that nobody has looked at yet; then some of those that nobody could go to; then
    those that somebody had locked, or whose unit somebody had, and that are free after a moment. The others have a next
    round."""
    again = []
    for one in queue:
        # Also where the units that could go have been asked for others by now.
        if one.explained and (one.id in seen.hopeless or not seen.anybody_left(one.id)):
            again.append(one.id)
        else:
            yield one.id
    first = int(turn_at(seen.at) * len(again)) if len(again) > LOOKED_AT_AGAIN else 0
    yield from (again[first:] + again[:first])[:LOOKED_AT_AGAIN]
    for incident_id in seen.passed[:MOST_PASSED]:
        if call_free(seen.centre, incident_id, seen.at):
            yield incident_id
    if seen.missed:
        for nth, unit_id in enumerate([key for key, why in seen.gone.items() if not why]):
            seen.settled(unit_id, "" if nth < MOST_PASSED and unit_free(unit_id) else "contended")
        yield from seen.missed[:LOOKED_AT_AGAIN]


def incident_offer(incident_id: UUID, seen: Round) -> Assignment | None:
    """Offer one incident to the best unit that can go, in one transaction that holds the centre's order.

    The first of its offers, where the program asks several units at once.
    """
    made = _offers(incident_id, seen)
    return made[0] if made else None


class OrderHeld(Exception):
    """Somebody has held the centre's order for ORDER_WAIT_MS."""


def _offers_in_order(incident_id: UUID, seen: Round) -> list[Assignment]:
    """The offers of one call; where a stopped process held the order, once more after that has lost it."""
    try:
        return _offers(incident_id, seen)
    except OrderHeld:
        if not _frozen_ended(seen.centre):
            raise
        return _offers(incident_id, seen)


def _frozen_ended(centre: Centre) -> bool:
    """End the session of a process that took the centre's order and has done nothing since: stopped, not killed. Says
    whether there was one.

    One that is at work is left alone, however long it takes. Its transaction is rolled back whole, so nothing is half
    offered; the process finds its connection gone when it goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s AND pid <> pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND state = 'idle in transaction'"
            " AND state_change < clock_timestamp() - 0.8 * make_interval(secs => %s)",
            [DISPATCH_LOCK, centre.pk, ORDER_WAIT_MS / 1000],
        )
        ended = int(cursor.fetchone()[0])
    logger.warning("offers waited for another process", extra={"centre": centre.pk, "ended": ended})
    return ended > 0


def _order_taken(centre: Centre) -> None:
    with connection.cursor() as cursor:
        try:
            # Once it is had no row is waited for long: somebody who is stopped with an alarm in hand, for example.
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true), pg_advisory_xact_lock(%s, %s),"
                " set_config('lock_timeout', %s, true)",
                [f"{ORDER_WAIT_MS}ms", DISPATCH_LOCK, centre.pk, f"{BRIEF_MS}ms"],
            )
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise OrderHeld from error
            raise


def _offers(incident_id: UUID, seen: Round) -> list[Assignment]:
    seen.renew()
    try:
        with transaction.atomic():
            _order_taken(seen.centre)
            return [] if seen.over else _offer_best(incident_id, seen)
    except (IntegrityError, OperationalError) as error:
        # A dispatcher sent the unit elsewhere in the same instant, and the index let one through; or somebody has a row
        # of the call locked. The round comes back to it.
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, LockNotAvailable):
            raise
        logger.info("offer overtaken", extra={"incident": str(incident_id)})
        if incident_id in seen.missed:
            # Twice in one round: said, so that a call which is never let through does not wait without a reason.
            _failed(incident_id, seen, "unit_contended")
        else:
            seen.missed.append(incident_id)
        return []


def _offer_best(incident_id: UUID, seen: Round) -> list[Assignment]:
    incident = seen.locked(incident_id)
    if incident is None or not incident.offer_wanted or incident.program_version is None:
        return []
    version = incident.program_version
    now = waiting(incident, seen.at, with_taken=seen.contested)
    if now.stands.asked:
        return []
    seen.without(now.taken)
    located, nature = now.lat is not None, incident.nature
    if stop := stop_code(now.stops, program=version.program.slug, beat=now.beat, nature=nature, located=located):
        _no_unit(incident, stop, [], seen.at)
        return []
    facts = seen.facts(incident, now)
    refused = {str(key) for key in now.stands.on_it.union(now.stands.refused)}
    mode = setting(version.spec, "offer_mode")
    if mode == "dispatcher_confirm":
        if facts.full or not recommendation_keep(incident, facts, seen, seen.candidates(facts, version, refused)):
            recommendation_drop(incident)
            _nobody(incident, facts, now.stands, seen)
        return []
    left_s = None if _broken(incident, seen.at) else offering_left_s(incident, now)
    if left_s is not None and left_s < SHORTEST_OFFER_S:
        _dispatcher_picks(incident, facts, now.stands, seen)
        return []
    number = int(setting(version.spec, "simultaneous_offers")) if mode == "simultaneous" else 1
    made = None if facts.full else _offer_to(incident, facts, version, now, number, left_s, seen)
    if made is None:
        displaced = preempt(incident, facts, version, left_s, seen)
        if displaced is not None:
            return [displaced]
        _nobody(incident, facts, now.stands, seen)
    elif not made:
        seen.missed.append(incident.pk)
    return made or []


def _offer_to(
    incident: Incident,
    facts: IncidentFacts,
    version: ProgramVersion,
    now: Waiting,
    number: int,
    left_s: float | None,
    seen: Round,
) -> list[Assignment] | None:
    """Offers to so many of the best units that can go. Those after the first come only from units that the plan holds
    for nobody else. None when no unit could go; an empty list when one was locked or taken in this instant."""
    refused = {str(key) for key in now.stands.on_it.union(now.stands.refused)}
    timeout = spec_number(version, "offer_timeout_s", OFFER_TIMEOUT_S)
    if left_s is not None:
        timeout = min(timeout, int(left_s))
    made: list[Assignment] = []
    contended = False
    for best in seen.candidates(facts, version, refused):
        if made and best.id in seen.promised(incident.pk):
            continue
        unit = unit_claimed(best.id)
        seen.taken(best.id, "busy" if unit is not None else "")
        if unit is None:
            # A unit that was locked or taken in this instant is no missing unit: the round comes back to the call.
            contended = True
            seen.outrun()
            continue
        case = candidate(facts, best, seen.at, seen.travel)
        offered = offer_make(incident, unit, case, Slot.PRIMARY, timeout, None, seen.at, lowered=now.lowered)
        made.append(offered)
        officer_offer(incident=incident, clinician=offered, offer=offer_make, by=None, at=seen.at)
        if len(made) == number:
            break
    return made if made or contended else None


def offering_left_s(incident: Incident, now: Waiting) -> float:
    """For how many seconds more the engine asks units by itself: its offers take a third of the promised wait.

    Waiting for a unit to come free is no asking. An extended promise extends it; a call that lost its unit, and a wait
    that began anew, have a third of their own.
    """
    begun = incident.promise_from or incident.sent_at
    whole = float(DEFAULT_PROMISE_S)
    if incident.promise_at is not None and begun is not None:
        whole = (incident.promise_at - begun).total_seconds()
    return whole / OFFERING_SHARE - now.asked_s


def _broken(incident: Incident, at: datetime) -> bool:
    """Whether the promise has run out: then the hand-off is open, and the engine goes on looking for a unit."""
    return incident.promise_at is not None and incident.promise_at <= at


def _cases(incident: Incident, facts: IncidentFacts, stands: Standing, seen: Round) -> tuple[str, list[Candidate]]:
    """Why nobody can go (empty when somebody could), and each of the program's units' case."""
    every = seen.every_unit(incident.program_version) if incident.program_version is not None else []
    refusals = {key: Refusal(code) for key, code in seen.gone.items() if code}
    refusals.update({str(key): one for key, one in stands.refused.items()})
    units = [replace(unit, refusal=refusal_here(refusals.get(unit.id), incident.centre)) for unit in every]
    said = recommend(facts, units, seen.at, seen.travel)
    return said.no_unit_reason, list(said.candidates)


def _nobody(incident: Incident, facts: IncidentFacts, stands: Standing, seen: Round) -> None:
    """Say of each of the program's units why it cannot go."""
    reason, cases = _cases(incident, facts, stands, seen)
    if not reason and cases[0].unit_id in seen.gone:
        seen.missed.append(incident.pk)
    elif reason or UUID(cases[0].unit_id) in stands.on_it:
        # Otherwise one came free while we looked: the next round asks it.
        _no_unit(incident, reason or "all_busy", cases, seen.at)


def _dispatcher_picks(incident: Incident, facts: IncidentFacts, stands: Standing, seen: Round) -> None:
    """Asking took its share of the promise: the row and an alarm say that a person chooses now."""
    reason, cases = _cases(incident, facts, stands, seen)
    if not reason and UUID(cases[0].unit_id) in stands.on_it:
        reason = "all_busy"
    _no_unit(incident, reason or _PICKS, cases, seen.at)


_PICKS = "dispatcher_picks"


def _no_unit(incident: Incident, reason: str, cases: list[Candidate], at: datetime) -> None:
    """Record why nobody can go, or that a person chooses who does, once per change; a new reason is an alarm."""
    detail = [
        {"call_sign": case.call_sign, "shortfalls": list(case.shortfalls), "words": list(case.words)} for case in cases
    ]
    if incident.no_unit_reason == reason and incident.no_unit_detail == detail:
        return
    news = incident.no_unit_reason != reason
    incident.no_unit_reason, incident.no_unit_detail = reason, detail
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="no_unit",
        by=None,
        at=at,
        reason=reason,
        fields=["no_unit_reason", "no_unit_detail"],
    )
    if not news:
        # Somebody who has ended the alarm is not told again because one of the units went on a break.
        return
    kinds = (Alarm.Kind.NO_UNIT, Alarm.Kind.CHOOSE_UNIT)
    former, now = kinds if reason == _PICKS else kinds[::-1]
    alarms_end(
        former, subject=str(incident.pk), at=at, note="a unit could go" if reason == _PICKS else "no unit can go"
    )
    said = {"reason": reason, "words": words(NO_UNIT, reason)}
    alarm = alarm_raise(
        centre=incident.centre, kind=now, subject=str(incident.pk), at=at, incident=incident, detail=said
    )
    if alarm.detail.get("reason") != reason:
        alarm_say(alarm=alarm, detail=said, at=at)
