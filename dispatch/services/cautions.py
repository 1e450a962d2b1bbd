"""A hazard that is put on file, or is found to concern a call, after a crew has accepted must reach that crew."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry, StageOrder
from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES
from dispatch.selectors.hazards_told import COUNTED, Shown, hazards_counted, hazards_told, ids_told
from dispatch.selectors.triage import CAUTION_ANSWERS, facts_of, hazards_at, judge, place_of
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_raise, alarm_say, alarms_end
from dispatch.services.journal import call_locked, incident_locked, record
from dispatch.services.rising import rise_check
from dispatch.states import ASSIGNMENT_ACCEPTED
from people.models import Caution
from people.services import caution_add, premise_for


@transaction.atomic
def cautions_meet(*, incident: Incident, cautions: Collection[UUID], at: datetime) -> bool:
    """Bring hazards that are on file to a call that was sent, whichever door and whichever machine's clock they came
    through: once each, told by their ids.

    Where one raises the class, it acts like any risen danger: crews that go or are asked get a stage order, and whoever
    has the call an alarm. Any other counts as unread for each crew that has accepted, and an alarm stands until the
    crew has read it or somebody relayed it. Returns whether anybody learnt of anything.
    """
    incident = incident_locked(incident.pk)
    if incident.sent_at is None or incident.state in {"closed", "joined"}:
        return False
    here = [one for one in hazards_at(incident, place_of(incident), at=at) if one.pk in cautions]
    before, risen = _orders(incident), incident.risen_at
    _count(incident, here, at)
    staged = {crew for crew, order in _orders(incident).items() if before.get(crew) != order}
    learnt = bool(staged) or incident.risen_at != risen
    for assignment in _crews(incident):
        told = hazards_told([assignment.pk])[assignment.pk]
        fresh = [one for one in here if one.pk not in told]
        if not fresh:
            continue
        learnt = True
        # A stage order of this moment says it, and nobody goes in before that is lifted.
        ordered = assignment.pk in staged and all(_answers(one) for one in fresh)
        _unread(incident, assignment, fresh, by=fresh[0].added_by, at=at, ordered=ordered)
        if not ordered:
            _alarm(incident, assignment, fresh[0], at)
    return learnt


def _crews(incident: Incident) -> list[Assignment]:
    """Unarmed crews that have accepted and travel, locked."""
    crews = incident.assignments.select_for_update(of=("self",)).select_related("unit")
    return list(crews.filter(state__in=ASSIGNMENT_ACCEPTED, unit__armed=False, by_phone=False).order_by("pk"))


def _orders(incident: Incident) -> dict[UUID, tuple[UUID, str]]:
    """By assignment: the stage order that it is under, and its words."""
    rows = StageOrder.objects.filter(assignment__incident=incident, lifted_at__isnull=True)
    return {crew: (key, words) for crew, key, words in rows.values_list("assignment", "pk", "words")}


def _answers(caution: Caution) -> bool:
    """Whether triage counts it as an answer."""
    return (caution.kind, caution.severity) in CAUTION_ANSWERS


def _count(incident: Incident, cautions: Sequence[Caution], at: datetime) -> None:
    """Triage a locked incident with hazards that it has not been judged with since it was sent."""
    counted = hazards_counted([incident.pk])[incident.pk]
    fresh = [one for one in cautions if _answers(one) and one.pk not in counted]
    if not fresh:
        return
    facts, keys = facts_of(incident, at=at), {one.pk for one in fresh}
    before = replace(facts, cautions=tuple(one for one in facts.cautions if one.pk not in keys)).answers
    by = fresh[0].added_by
    hazards_count(incident=incident, cautions=fresh, by=by, at=at)
    rise_check(incident=incident, before=before, judged=judge(incident=incident, at=at, facts=facts), by=by, at=at)


def hazards_count(*, incident: Incident, cautions: Sequence[Caution], by: User | None, at: datetime) -> None:
    """Keep that a locked incident, sent before, was judged with these hazards: nobody judges it with them anew."""
    for caution in cautions:
        if _answers(caution) and incident.sent_at is not None:
            record(incident=incident, entity="caution", row=caution, action=COUNTED, by=by, at=at, reason=caution.kind)


def _unread(
    incident: Incident,
    assignment: Assignment,
    cautions: Sequence[Caution],
    *,
    by: User | None,
    at: datetime,
    ordered: bool = False,
) -> None:
    """Whatever the crew has read before, these it has not: it reads or is told before it goes on. `ordered`: a stage
    order of this moment tells it instead."""
    fields = ["version"]
    if not ordered:
        assignment.cautions_read_at = assignment.relayed_by = None
        fields += ["cautions_read_at", "relayed_by"]
    assignment.version += 1
    assignment.save(update_fields=fields)
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="caution_new",
        by=by,
        at=at,
        reason="stage_order" if ordered else "",
        detail=ids_told(cautions),
        ids={"unit": str(assignment.unit_id)},
    )


def _alarm(incident: Incident, assignment: Assignment, caution: Caution, at: datetime) -> None:
    urgent = caution.severity == Caution.Severity.DANGER
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.CAUTION_UNREAD,
        subject=str(assignment.pk),
        at=at,
        incident=incident,
        unit=assignment.unit,
        owner=incident.owner,
        urgent=urgent,
        detail={"caution": str(caution.pk), **silence_said(assignment.unit, incident.centre, at)},
    )
    if urgent and not alarm.urgent:
        # Of two hazards that stand unread the worse one says how loud.
        alarm_say(alarm=alarm, detail={"caution": str(caution.pk)}, at=at, urgent=True)


def not_known_before(now: Sequence[Caution], before: Sequence[Caution]) -> list[Caution]:
    """Those of `now` that were not among `before`, in their order."""
    known = {one.pk for one in before}
    return [one for one in now if one.pk not in known]


def cautions_arrive(
    *, incident: Incident, cautions: Sequence[Caution], by: User | None, at: datetime, alarm: bool = True
) -> None:
    """Hazards that have been on file for long, and that a locked incident has only now to do with: somebody said whom
    it is about, joined a call that is about them, or said better where it is. Each crew that has accepted has not read
    them; an alarm says so, unless a stage order of this very change does, or another alarm (`alarm=False`).
    """
    if not cautions:
        return
    hazards_count(incident=incident, cautions=cautions, by=by, at=at)
    for assignment in _crews(incident):
        _unread(incident, assignment, cautions, by=by, at=at)
        if alarm and not StageOrder.objects.filter(assignment=assignment, at=at).exists():
            _alarm(incident, assignment, cautions[0], at)


@transaction.atomic
def caution_tell(
    *,
    id: UUID,
    call: Call,
    about: str,
    text: str,
    kind: str,
    severity: str,
    source: str,
    days: int,
    by: User,
    at: datetime,
) -> Caution:
    """Put a hazard on file that a call tells of: with the person whom it is about, or at its verified place. The same
    id twice is one. A call that was sent meets it in this same transaction, others at
    the place or about the person meet it by the sweeper within a second (`cautions_meet`).

    Raises Refused at the field without such a person or place, and what `caution_add` raises.
    """
    if kind not in CAUTION_KINDS or severity not in Caution.Severity.values or source not in CAUTION_SOURCES:
        raise Refused("caution_code_unknown", "Choose kind, severity and source from the lists.", field="kind")
    incident, call = call_locked(call.pk)
    where = place_of(incident)
    place = where.place if where is not None and where.state == LocationEntry.State.VERIFIED else None
    if about == "person" and call.person is None:
        raise Refused("no_person", "Say first whom the call is about.", field="about")
    if about == "place" and place is None:
        raise Refused(
            "no_place", "Pick the address from the list first: a hazard needs a verified place.", field="about"
        )
    if about not in {"person", "place"}:
        raise Refused("about_unknown", "Choose person or place.", field="about")
    caution = caution_add(
        centre=incident.centre,
        id=id,
        text=text,
        kind=kind,
        severity=severity,
        source=f"{CAUTION_SOURCES[source]}, call {incident.number:04d}",
        days=days,
        premise=premise_for(centre=incident.centre, place=place) if place is not None and about == "place" else None,
        person=call.person if about == "person" else None,
        by=by,
        at=at,
    )
    if caution.added_at == at:
        ids = {"call": str(call.pk)}
        record(incident=incident, entity="caution", row=caution, action="tell", by=by, at=at, ids=ids, reason=about)
        cautions_meet(incident=incident, cautions={caution.pk}, at=at)
    return caution


@transaction.atomic
def cautions_read(
    *,
    assignment: Assignment,
    by: User,
    at: datetime,
    device_at: datetime | None = None,
    shown: Shown | None = None,
) -> Assignment:
    """The crew has read the hazards on its phone. Raises Refused for somebody who is not aboard.

    `shown`: what the phone showed when that was pressed. A press that arrives late has read neither a hazard that came
    since nor a place that was corrected since: those stand unread, with their alarms.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    if not assignment.unit.crew.filter(user=by, until__isnull=True).exists():
        raise Refused("not_aboard", "Only its own crew can say that it has read them: relay them by radio.", status=409)
    if assignment.cautions_read_at is not None:
        return assignment
    place = place_of(incident)
    on_file = hazards_at(incident, place, at=at)
    seen = [one for one in on_file if shown is None or one.pk in shown.hazards]
    elsewhere = shown is not None and shown.place is not None and place is not None and shown.place != place.pk
    whole = len(seen) == len(on_file) and not elsewhere
    assignment.cautions_read_at, assignment.version = at if whole else None, assignment.version + 1
    assignment.save(update_fields=["cautions_read_at", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="cautions_read",
        by=by,
        at=at,
        device_at=device_at,
        detail=ids_told(seen),
        ids={"unit": str(assignment.unit_id)},
    )
    audit(action="cautions.read", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk)
    if whole:
        read = (Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.PLACE_CHANGED)
        alarms_end(*read, subject=str(assignment.pk), at=at, by=by, note="read on the phone")
    return assignment
