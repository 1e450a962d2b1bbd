"""The only way a view or an API class gets an object: of one's own centre, with a role that includes it.

Outside one's centre there is nothing (404); inside it without the role it is forbidden (403).
"""

from typing import TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404

from accounts.access import DISPATCHING, FLOOR, may, require
from accounts.models import Role, User
from accounts.row_read import row_read
from dispatch.models import (
    Alarm,
    Assignment,
    Call,
    CallHandover,
    Decision,
    Handoff,
    HandoffTarget,
    Handover,
    Incident,
    LocationEntry,
    NarrativeEntry,
    ReviewItem,
    StageOrder,
    Transfer,
    Visit,
)
from dispatch.selectors.one_incident import incident_read
from dispatch.states import ASSIGNMENT_LIVE
from people.models import Person
from people.models.audience import Audience
from responders.models import Unit
from responders.selectors import unit_of

M = TypeVar("M", bound=Model)
_BUT_ITS_ID = tuple(one.attname for one in Incident._meta.concrete_fields if one.attname not in {"id", "centre_id"})
KEEPERS = frozenset({Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR})
"""Who follows up forced addresses."""


def _one(rows: QuerySet[M], user: User, id: UUID, centre: str = "centre") -> M:
    """The row of the user's own centre; `centre` is the path to it. Raises Http404."""
    found = rows.filter(**{"pk": id, centre: user.centre_id}).first() if user.centre_id is not None else None
    if found is None:
        raise Http404
    return found


def _crew_of_incident(user: User, incident_id: UUID) -> bool:
    return Assignment.objects.filter(
        incident_id=incident_id, state__in=ASSIGNMENT_LIVE, unit__crew__user=user, unit__crew__until__isnull=True
    ).exists()


def incident_for(user: User, id: UUID, *, change: bool = False) -> Incident:
    """An incident, for the floor; for a crew only while it is assigned; for an auditor to read."""
    incident = incident_read("one.id = %s AND one.centre_id = %s", [id, user.centre_id])
    if incident is None:
        raise Http404
    if may(user, *FLOOR) or _crew_of_incident(user, incident.pk):
        return incident
    if not change and may(user, Role.AUDITOR):
        return incident
    raise PermissionDenied("This incident is not yours to see.")


def incident_to_decide(user: User, id: UUID) -> Incident:
    """An incident that the user may decide. Of it only id and centre are read: deciding reads the rest under its lock.

    Raises Http404 and PermissionDenied.
    """
    require(user, *FLOOR)
    incident = row_read(Incident, "one.id = %s AND one.centre_id = %s", [id, user.centre_id], without=_BUT_ITS_ID)
    if incident is None:
        raise Http404
    return incident


def call_for(user: User, id: UUID) -> Call:
    """A call, for the floor."""
    require(user, *FLOOR)
    joined = ("incident", "incident__centre", "phone")
    call = row_read(Call, "one.id = %s AND one.centre_id = %s", [id, user.centre_id], joined=joined)
    if call is None:
        raise Http404
    return call


def person_for(user: User, id: UUID) -> Person:
    """A person on file, for the floor."""
    require(user, *FLOOR)
    return _one(Person.objects.all(), user, id)


def assignment_for(user: User, id: UUID) -> Assignment:
    """An assignment, for dispatchers and for the crew of its unit."""
    assignment = _one(
        Assignment.objects.select_related("incident__centre", "unit", "program_version__program"),
        user,
        id,
        "incident__centre",
    )
    if may(user, *DISPATCHING) or unit_of(user) == assignment.unit:
        return assignment
    raise PermissionDenied("This assignment is another crew's.")


def unit_for(user: User, id: UUID) -> Unit:
    """A unit to change, for dispatchers and its own crew."""
    unit = _one(Unit.objects.select_related("centre", "team"), user, id)
    if may(user, *DISPATCHING) or unit_of(user) == unit:
        return unit
    raise PermissionDenied("This unit is another crew's.")


def unit_to_send(user: User, id: UUID) -> Unit:
    """A unit that a dispatcher chooses."""
    require(user, *DISPATCHING)
    return _one(Unit.objects.select_related("centre", "team"), user, id)


def handoff_for(user: User, id: UUID) -> Handoff:
    """A hand-off, for the floor."""
    require(user, *FLOOR)
    return _one(Handoff.objects.select_related("incident__centre"), user, id, "incident__centre")


def transfer_for(user: User, id: UUID) -> Transfer:
    """A transfer, for the floor."""
    require(user, *FLOOR)
    return _one(Transfer.objects.select_related("incident__centre", "receiver"), user, id, "incident__centre")


def target_for(user: User, id: UUID) -> HandoffTarget:
    """A number of the centre's own list, for the floor and for whoever keeps it."""
    require(user, *FLOOR, Role.PROGRAM_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)
    return _one(HandoffTarget.objects.select_related("centre", "tested_by"), user, id)


def unit_named(user: User, id: UUID) -> Unit:
    """A unit that the floor names, for example the clinician whom a caller is given to."""
    require(user, *FLOOR)
    return _one(Unit.objects.select_related("centre", "team"), user, id)


def decision_for(user: User, id: UUID) -> Decision:
    """A decision, for the floor."""
    require(user, *FLOOR)
    return _one(Decision.objects.select_related("incident__centre", "by"), user, id, "incident__centre")


def alarm_for(user: User, id: UUID) -> Alarm:
    """An alarm, for the floor."""
    require(user, *FLOOR)
    return _one(Alarm.objects.select_related("incident", "unit"), user, id)


def review_for(user: User, id: UUID) -> ReviewItem:
    """Something to review, for supervisors."""
    require(user, Role.SUPERVISOR)
    return _one(ReviewItem.objects.select_related("centre", "incident", "unit", "by"), user, id)


def visit_for(user: User, id: UUID, *, change: bool = False) -> Visit:
    """A booked visit, for the floor; to move or cancel it, for dispatchers and for whoever booked it."""
    require(user, *FLOOR)
    visit = _one(Visit.objects.select_related("centre", "source", "program", "unit", "booked_by"), user, id)
    if change and visit.booked_by_id != user.pk and not may(user, *DISPATCHING):
        raise PermissionDenied("Somebody else booked this visit: a dispatcher changes it.")
    return visit


def stage_order_for(user: User, id: UUID) -> StageOrder:
    """A stage order, for dispatchers and for the crew under it."""
    order = (
        StageOrder.objects.select_related("assignment__incident", "assignment__unit")
        .filter(pk=id, assignment__incident__centre=user.centre)
        .first()
    )
    if order is None or user.centre_id is None:
        raise Http404
    if may(user, *DISPATCHING) or unit_of(user) == order.assignment.unit:
        return order
    raise PermissionDenied("This order is for another crew.")


def may_strike(user: User, entry: NarrativeEntry) -> bool:
    """Whether the person may strike a note: its own writer, or a supervisor."""
    return entry.by_id == user.pk or may(user, Role.SUPERVISOR)


def call_handover_for(user: User, id: UUID) -> CallHandover:
    """A call's offer to a colleague, for the two people that it is between."""
    handover = _one(CallHandover.objects.select_related("call", "by", "to"), user, id, "call__centre")
    if user.pk in {handover.by_id, handover.to_id}:
        return handover
    raise PermissionDenied("This call is offered to somebody else.")


def forced_location_for(user: User, id: int) -> LocationEntry:
    """A forced address of one's own centre, for whoever keeps the gazetteer. Raises Http404."""
    require(user, *KEEPERS)
    found = LocationEntry.objects.filter(pk=id, state=LocationEntry.State.FORCED, incident__centre=user.centre).first()
    if found is None or user.centre_id is None:
        raise Http404
    return found


def note_for(user: User, id: UUID) -> NarrativeEntry:
    """A note to strike: its own writer, or a supervisor."""
    entry = _one(NarrativeEntry.objects.select_related("incident"), user, id, "incident__centre")
    if may_strike(user, entry):
        return entry
    raise PermissionDenied("Only its writer or a supervisor may strike a note.")


def audiences_of(user: User) -> frozenset[str]:
    """Whose notes the person may read (design section 8). Call takers and dispatchers write general and justice notes;
    clinical and substance-use notes are the clinicians' and the crews' of non-police teams."""
    allowed: set[str] = set()
    if may(user, *FLOOR, Role.RESPONDER, Role.AUDITOR):
        allowed.add(Audience.GENERAL)
    if may(user, Role.CLINICIAN):
        allowed |= {Audience.CLINICAL, Audience.SUBSTANCE}
    unit = unit_of(user) if may(user, Role.RESPONDER) else None
    if unit is not None and unit.agency.kind not in {"police", "fire"}:
        allowed |= {Audience.CLINICAL}
    if (unit is not None and unit.agency.kind == "police") or may(user, Role.SUPERVISOR):
        allowed |= {Audience.JUSTICE}
    return frozenset(str(one) for one in allowed)


def audiences_written(user: User) -> frozenset[str]:
    """Whom the person may write notes for: those whose notes they read, and from the floor justice as well."""
    return audiences_of(user) | ({str(Audience.JUSTICE)} if may(user, *FLOOR) else set())


def handover_for(user: User, id: UUID) -> Handover:
    """A hand-over list, for the two people that it is between and for supervisors."""
    require(user, *FLOOR)
    handover = _one(Handover.objects.select_related("centre", "from_user", "to_user"), user, id)
    if user.pk in {handover.from_user_id, handover.to_user_id} or may(user, Role.SUPERVISOR):
        return handover
    raise PermissionDenied("This list is between two others.")
