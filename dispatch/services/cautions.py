"""A hazard that is put on file, or is found to concern a call, after a crew has accepted must reach that crew."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry, StageOrder
from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES
from dispatch.selectors.triage import answers_at_place, judge, place_of
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import call_locked, incident_locked, record
from dispatch.services.rising import rise_check
from dispatch.states import ASSIGNMENT_ACCEPTED
from people.models import Caution
from people.services import caution_add, premise_for


@transaction.atomic
def caution_reach(*, caution: Caution, assignment: Assignment, at: datetime) -> bool:
    """Bring a caution that is younger than the acceptance to the crew: once, whichever door the caution came through.

    Where it raises the class of the call, crews get a stage order like for any risen danger; else the hazard counts as
    unread again, and an alarm stands until the crew has read it or somebody relayed it. Returns whether it did.
    """
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    if assignment.ended_at is not None or _told(assignment, caution):
        return False
    before = answers_at_place(incident, at=caution.added_at - timedelta(microseconds=1))
    rise_check(incident=incident, before=before, judged=judge(incident=incident, at=at), by=caution.added_by, at=at)
    if StageOrder.objects.filter(assignment=assignment, at__gte=caution.added_at).exists():
        return True
    _unread(incident, assignment, caution, by=caution.added_by, at=at)
    _alarm(incident, assignment, caution, at)
    return True


def _unread(incident: Incident, assignment: Assignment, caution: Caution, *, by: User | None, at: datetime) -> None:
    """Whatever the crew has read before, this it has not: it reads or is told before it goes on."""
    assignment.cautions_read_at, assignment.relayed_by, assignment.version = None, None, assignment.version + 1
    assignment.save(update_fields=["cautions_read_at", "relayed_by", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="caution_new",
        by=by,
        at=at,
        detail={"caution": str(caution.pk)},
        ids={"unit": str(assignment.unit_id)},
    )


def _alarm(incident: Incident, assignment: Assignment, caution: Caution, at: datetime) -> None:
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.CAUTION_UNREAD,
        subject=str(assignment.pk),
        at=at,
        incident=incident,
        unit=assignment.unit,
        owner=incident.owner,
        urgent=caution.severity == Caution.Severity.DANGER,
        detail={"caution": str(caution.pk), **silence_said(assignment.unit, incident.centre, at)},
    )


def not_known_before(now: Sequence[Caution], before: Sequence[Caution]) -> list[Caution]:
    """Those of `now` that were not among `before`, in their order."""
    known = {one.pk for one in before}
    return [one for one in now if one.pk not in known]


def cautions_arrive(*, incident: Incident, cautions: Sequence[Caution], by: User | None, at: datetime) -> None:
    """Hazards that have been on file for long, and that a locked incident has only now to do with: somebody said whom
    it is about, or joined a call that is about them. Each crew that has accepted has not read them; an alarm says so,
    unless a stage order of this moment does.
    """
    if not cautions:
        return
    crews = incident.assignments.select_for_update(of=("self",)).select_related("unit")
    for assignment in crews.filter(state__in=ASSIGNMENT_ACCEPTED, unit__armed=False, by_phone=False):
        _unread(incident, assignment, cautions[0], by=by, at=at)
        if not StageOrder.objects.filter(assignment=assignment, at__gte=at).exists():
            _alarm(incident, assignment, cautions[0], at)


@transaction.atomic
def caution_raises(*, caution: Caution, incident: Incident, at: datetime) -> bool:
    """Count a caution that is younger than the sending of a call that no crew has yet. Where it raises the class,
    nobody is asked until a person has decided again, and whoever was asked gets a stage order. Returns whether it did.
    """
    incident = incident_locked(incident.pk)
    risen = incident.risen_at is not None and incident.risen_at >= caution.added_at
    if incident.sent_at is None or incident.sent_at >= caution.added_at or risen:
        return False
    if incident.decisions.filter(state="standing", at__gte=caution.added_at).exists():
        # A person has decided since, with the caution on the screen.
        return False
    before = answers_at_place(incident, at=caution.added_at - timedelta(microseconds=1))
    rise_check(incident=incident, before=before, judged=judge(incident=incident, at=at), by=caution.added_by, at=at)
    return incident.risen_at == at


def _told(assignment: Assignment, caution: Caution) -> bool:
    """Whether this crew was already told: by reading after it was on file, by an alarm, or by a stage order."""
    if assignment.cautions_read_at is not None and assignment.cautions_read_at >= caution.added_at:
        return True
    alarms = Alarm.objects.filter(kind=Alarm.Kind.CAUTION_UNREAD, subject=str(assignment.pk))
    return (
        alarms.filter(opened_at__gte=caution.added_at).exists()
        or StageOrder.objects.filter(assignment=assignment, at__gte=caution.added_at).exists()
    )


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
    id twice is one. Crews that have accepted learn of it as of every new caution (`caution_reach`).

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
    return caution


@transaction.atomic
def cautions_read(*, assignment: Assignment, by: User, at: datetime, device_at: datetime | None = None) -> Assignment:
    """The crew has read the hazards on its phone. Raises Refused for somebody who is not aboard."""
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("unit").get(pk=assignment.pk)
    if not assignment.unit.crew.filter(user=by, until__isnull=True).exists():
        raise Refused("not_aboard", "Only its own crew can say that it has read them: relay them by radio.", status=409)
    if assignment.cautions_read_at is None:
        assignment.cautions_read_at, assignment.version = at, assignment.version + 1
        assignment.save(update_fields=["cautions_read_at", "version"])
        record(
            incident=incident,
            entity="assignment",
            row=assignment,
            action="cautions_read",
            by=by,
            at=at,
            device_at=device_at,
            ids={"unit": str(assignment.unit_id)},
        )
        audit(
            action="cautions.read", at=at, by=by, centre=incident.centre, entity="assignment", entity_id=assignment.pk
        )
        read = (Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.PLACE_CHANGED)
        alarms_end(*read, subject=str(assignment.pk), at=at, by=by, note="read on the phone")
    return assignment
