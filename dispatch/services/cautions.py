"""A hazard that is put on file after a crew has accepted must reach that crew."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident, StageOrder
from dispatch.selectors.triage import answers_at_place, judge
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.services.rising import rise_check
from people.models import Caution


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
    assignment.cautions_read_at, assignment.relayed_by, assignment.version = None, None, assignment.version + 1
    assignment.save(update_fields=["cautions_read_at", "relayed_by", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=assignment,
        action="caution_new",
        by=caution.added_by,
        at=at,
        detail={"caution": str(caution.pk)},
        ids={"unit": str(assignment.unit_id)},
    )
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
    return True


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
