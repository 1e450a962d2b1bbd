"""Where a program lets only a person make the offer: the engine names a unit, waits, and asks louder."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatch.engine import Candidate, candidate
from dispatch.facts import IncidentFacts, UnitFacts
from dispatch.matching import keeps
from dispatch.models import Alarm, Incident, Recommendation
from dispatch.plan import DEFAULT_PROMISE_S
from dispatch.selectors.rounds import Round
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import record

CONFIRMING_SHARE = 3
"""A named unit waits for the dispatcher at most one part in so many of the promised wait; then it is an alarm."""


def recommendation_keep(
    incident: Incident, facts: IncidentFacts, seen: Round, able: Iterable[UnitFacts]
) -> Recommendation | None:
    """Name the best of the units that can go, or go on naming the one that stands; None when nobody can go.

    The one that stands gives way only when it cannot go any more or for a stated gain (dispatch.matching.keeps), so
    that the name on the screen does not flicker. The unit is not offered, but the round gives it to no less urgent
    call.
    """
    units = list(able)
    if not units:
        return None
    standing = Recommendation.objects.filter(incident=incident).first()
    best = candidate(facts, units[0], seen.at, seen.travel)
    if standing is not None and standing.since >= _begun(incident):
        held = next((unit for unit in units if unit.id == str(standing.unit_id)), None)
        case = candidate(facts, held, seen.at, seen.travel) if held is not None else None
        if case is not None and keeps(case.points, best.points):
            seen.taken(case.unit_id, "named_for_other")
            _alarm(incident, standing, seen.at)
            return standing
    since = standing.since if standing is not None and standing.since >= _begun(incident) else seen.at
    named = _name(incident, best, since, seen.at)
    seen.taken(best.unit_id, "named_for_other")
    _alarm(incident, named, seen.at)
    return named


def recommendation_drop(incident: Incident) -> None:
    """Nobody can go any more: no name stands."""
    Recommendation.objects.filter(incident=incident).delete()


def _begun(incident: Incident) -> datetime:
    return incident.promise_from or incident.sent_at or incident.opened_at


def _name(incident: Incident, case: Candidate, since: datetime, at: datetime) -> Recommendation:
    named, _ = Recommendation.objects.update_or_create(
        incident=incident, defaults={"unit_id": case.unit_id, "since": since, "at": at, "why": case.to_dict()}
    )
    missed = bool(incident.no_unit_reason)
    incident.no_unit_reason, incident.no_unit_detail = "", []
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="recommend",
        by=None,
        at=at,
        fields=["no_unit_reason", "no_unit_detail"],
        ids={"unit": case.unit_id},
    )
    if missed:
        alarms_end(Alarm.Kind.NO_UNIT, subject=str(incident.pk), at=at, note="a unit can go")
    return named


def _alarm(incident: Incident, named: Recommendation, at: datetime) -> None:
    """Nobody has confirmed for a third of the promise: an alarm, once."""
    whole = timedelta(seconds=DEFAULT_PROMISE_S)
    if incident.promise_at is not None:
        whole = incident.promise_at - _begun(incident)
    if at < named.since + whole / CONFIRMING_SHARE:
        return
    told = Alarm.objects.filter(kind=Alarm.Kind.CHOOSE_UNIT, subject=str(incident.pk), opened_at__gte=named.since)
    if told.exists():
        return
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.CHOOSE_UNIT,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner=incident.owner,
        detail={
            "reason": "not_confirmed",
            "unit": str(named.unit_id),
            "words": f"Recommended: {named.unit.call_sign}. Nobody has made the offer yet",
        },
    )
