"""A more urgent call takes a unit that is under way to a less urgent one, where both programs allow it."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from accounts.services import audit
from dispatch.engine import Candidate, recommend
from dispatch.facts import IncidentFacts
from dispatch.models import Alarm, Assignment, Incident, NarrativeEntry, NarrativeText
from dispatch.models.assignment import Slot
from dispatch.nudge import offer_after_commit
from dispatch.selectors.engine_facts import standing, unit_facts, units_with_facts
from dispatch.selectors.rounds import Round
from dispatch.services.alarms import alarm_raise
from dispatch.services.co_response import officer_offer
from dispatch.services.journal import record
from dispatch.services.offers.making import offer_make
from dispatch.services.standing_orders import crew_released
from dispatch.soft import Counted
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, INCIDENT
from programs.models import ProgramVersion
from programs.selectors import spec_number, version_published
from programs.spec import setting
from responders.models import Unit

PREEMPTIBLE = ("accepted", "en_route")
_THERE = ("on_scene", "with_person", "transporting")
PREEMPTED_REASON = "more_urgent_call"
OFFER_TIMEOUT_S = 60


def preempt(
    incident: Incident, facts: IncidentFacts, version: ProgramVersion, left_s: float | None, seen: Round
) -> Assignment | None:
    """Offer a locked incident, for which nobody is free, a unit that is under way to a less urgent call. `left_s`: for
    how long at most, where its promise still runs.

    The displaced call goes back to the queue, first in its priority, in the same transaction; its crew and dispatcher
    are told. A call is displaced once at most, never while danger has risen there or another crew is on its scene, and
    a unit that is staged or on the scene is never taken. The other call is locked without waiting, so two pre-emptions
    cannot wait for each other.
    """
    if not setting(version.spec, "may_preempt") or _free_in_a_moment(incident, facts, version, seen):
        return None
    for case, assignment in _choices(incident, facts, version, seen):
        other = _locked(assignment.incident_id)
        units = Unit.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        unit = units.filter(pk=assignment.unit_id).first()
        taken = Assignment.objects.select_for_update(skip_locked=True).filter(
            pk=assignment.pk, state__in=PREEMPTIBLE, version=assignment.version
        )
        if other is None or unit is None or (row := taken.first()) is None:
            continue
        row.unit = unit
        _displace(other, row, incident, seen.at)
        told = Counted("preempted", 0.0, f"taken off {other} (priority {other.priority}) for this call")
        case = replace(case, shortfalls=(), words=(), counted=(told, *case.counted))
        timeout = spec_number(version, "offer_timeout_s", OFFER_TIMEOUT_S)
        timeout = timeout if left_s is None else min(timeout, int(left_s))
        offered = offer_make(incident, unit, case, Slot.PRIMARY, timeout, None, seen.at)
        # A clinician who was taken from elsewhere waits for an officer like any other.
        officer_offer(incident=incident, clinician=offered, offer=offer_make, by=None, at=seen.at)
        _note(incident, f"{unit.call_sign} was taken off {other} (priority {other.priority}).", seen.at)
        return offered
    return None


def _free_in_a_moment(incident: Incident, facts: IncidentFacts, version: ProgramVersion, seen: Round) -> bool:
    """Whether a unit could go that somebody only has locked: nobody is displaced for that, the next round asks it."""
    locked = [UUID(unit_id) for unit_id, why in seen.gone.items() if why in {"", "contended"}]
    return bool(locked) and any(not one.shortfalls for one in _cases(incident, facts, version, locked, seen))


def _cases(
    incident: Incident, facts: IncidentFacts, version: ProgramVersion, only: Collection[UUID], seen: Round
) -> tuple[Candidate, ...]:
    """The case of some units for a call, as they are now."""
    teams = set(version.program.teams.values_list("pk", flat=True))
    refused = standing(incident, seen.at).refused
    units = [
        unit_facts(unit, centre=incident.centre, at=seen.at, team_ids=teams, refusal=refused.get(unit.pk))
        for unit in units_with_facts(incident.centre, at=seen.at, only=only)
    ]
    return recommend(facts, units, seen.at, seen.travel).candidates


def _choices(
    incident: Incident, facts: IncidentFacts, version: ProgramVersion, seen: Round
) -> list[tuple[Candidate, Assignment]]:
    """Units under way elsewhere that lack nothing but being free: from the least urgent call first, then by points."""
    busy = list(
        Assignment.objects.filter(
            incident__centre=incident.centre,
            incident__priority__gt=incident.priority,
            incident__risen_at__isnull=True,
            unit__team__programs=version.program_id,
            slot=Slot.PRIMARY,
            state__in=PREEMPTIBLE,
            exclusive=True,
            by_phone=False,
            pair__isnull=True,
        )
        .exclude(incident__assignments__state="preempted")
        # A crew that is there already, helping, is not left waiting for whoever leads it.
        .exclude(incident__assignments__state__in=_THERE)
        .select_related("incident")
    )
    allowed = {
        one.unit_id: one
        for one in busy
        if one.program_version_id is not None and _gives_way(version_published(one.program_version_id), version, facts)
    }
    # A unit that changes calls within its program makes no response more than there is.
    facts = replace(facts, full=False)
    if not allowed:
        return []
    by_id = {str(key): one for key, one in allowed.items()}
    able = [one for one in _cases(incident, facts, version, list(allowed), seen) if one.shortfalls == ("busy",)]
    able.sort(key=lambda one: -by_id[one.unit_id].incident.priority)
    return [(one, by_id[one.unit_id]) for one in able]


def _gives_way(given: ProgramVersion, wanted: ProgramVersion, facts: IncidentFacts) -> bool:
    """Whether a unit's present program lets it go; to a program that has no response left, only from its own calls."""
    if facts.full and given.program_id != wanted.program_id:
        return False
    return bool(setting(given.spec, "may_be_preempted"))


def _locked(incident_id: UUID) -> Incident | None:
    """The other call, locked; None when somebody works on it at this moment."""
    return (
        Incident.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("centre", "program_version__program")
        .filter(pk=incident_id)
        .first()
    )


def _displace(other: Incident, assignment: Assignment, urgent: Incident, at: datetime) -> None:
    before = assignment.state
    assignment.state = ASSIGNMENT.to("preempt", before)
    assignment.ended_at, assignment.end_reason, assignment.state_since = at, PREEMPTED_REASON, at
    assignment.check_due_at, assignment.version = None, assignment.version + 1
    assignment.save(update_fields=["state", "ended_at", "end_reason", "state_since", "check_due_at", "version"])
    crew_released(assignment, None, at)
    was = other.state
    if not other.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).exists():
        other.state = INCIDENT.to("queue", was)
    other.offer_wanted, other.top_at = other.program_version_id is not None, at
    _note(
        other,
        f"{assignment.unit.call_sign} was taken for {urgent} (priority {urgent.priority})."
        " This call is asked for again, first of its priority.",
        at,
    )
    record(
        incident=other,
        entity="assignment",
        row=assignment,
        action="preempt",
        by=None,
        at=at,
        from_state=before,
        to_state=assignment.state,
        reason=PREEMPTED_REASON,
        fields=["state", "offer_wanted", "top_at"],
        ids={"unit": str(assignment.unit_id)},
        detail={"for": str(urgent.pk)},
    )
    audit(
        action="assignment.preempt",
        at=at,
        centre=other.centre,
        entity="assignment",
        entity_id=assignment.pk,
        detail={"for": str(urgent.pk), "unit": str(assignment.unit_id)},
    )
    alarm_raise(
        centre=other.centre,
        kind=Alarm.Kind.PREEMPTED,
        subject=str(other.pk),
        at=at,
        incident=other,
        unit=assignment.unit,
        owner=other.owner,
        detail={"for": f"{urgent.number:04d}", "words": f"taken for {urgent} (priority {urgent.priority})"},
    )
    offer_after_commit(other.centre_id)


def _note(incident: Incident, words: str, at: datetime) -> None:
    """A system entry in the narrative of a locked incident; the change's own event shows it."""
    entry = NarrativeEntry.objects.create(incident=incident, kind=NarrativeEntry.Kind.SYSTEM, at=at, by=None)
    NarrativeText.objects.create(entry=entry, text=words)
