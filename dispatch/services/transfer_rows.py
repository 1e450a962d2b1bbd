"""A transfer's own changes, below the calls and assignments that they go with: used by both, so that neither loses one.

The incident is locked by the caller everywhere here.
"""

from datetime import datetime
from uuid import uuid4

from accounts.access import may
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Call, Incident, Transfer
from dispatch.reasons import RETURNED, TRANSFER_RETURN
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, incident_moved_to, record
from dispatch.services.not_sought import nobody_sought
from dispatch.states import ASSIGNMENT_ACCEPTED, INCIDENT, TRANSFER, TRANSFER_LIVE

_TIMES = {"ring": "rung_at", "connect": "connected_at"}


def live_transfer(call: Call) -> Transfer | None:
    """The outward transfer of a call that is on its way or connected, locked."""
    found = call.transfers.select_for_update(of=("self",)).filter(state__in=TRANSFER_LIVE, direction="out")
    return found.first()


def transfer_locked(transfer: Transfer) -> tuple[Incident, Transfer]:
    """The transfer and the incident that it belongs to now; the incident is locked first, as everywhere."""
    incident = incident_locked(Transfer.objects.values_list("incident_id", flat=True).get(pk=transfer.pk))
    locked = (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("call", "assignment", "receiver", "offered_by")
        .get(pk=transfer.pk)
    )
    if locked.incident_id != incident.pk:
        incident = incident_moved_to(locked.incident_id)
    locked.incident = incident
    return incident, locked


def outward_locked(transfer: Transfer) -> tuple[Incident, Transfer]:
    """The same of a caller whom we give away. Raises Refused for one who was given to us: of that the only step left is
    the word to the sender, which nothing else may end."""
    incident, locked = transfer_locked(transfer)
    if locked.direction != Transfer.Direction.OUT:
        raise Refused("inward", "They gave this caller to us: tell them whether the person was reached.", status=409)
    return incident, locked


def transfer_made(incident: Incident, transfer: Transfer, action: str, by: User | None, at: datetime) -> None:
    """History, events and audit of a new row."""
    record(
        incident=incident,
        entity="transfer",
        row=transfer,
        action=action,
        by=by,
        at=at,
        to_state=transfer.state,
        detail={"kind": transfer.kind, "direction": transfer.direction, "bridge": transfer.bridge},
    )
    audit(
        action=f"transfer.{action}",
        at=at,
        by=by,
        centre=incident.centre,
        entity="transfer",
        entity_id=transfer.pk,
        detail={"kind": transfer.kind},
    )


def transfer_move(
    incident: Incident,
    transfer: Transfer,
    action: str,
    by: User | None,
    at: datetime,
    *,
    reason: str = "",
    disposition: str = "",
    fields: list[str] | None = None,
) -> None:
    """Apply one action of the table to a locked transfer. `fields` are the incident's changed ones."""
    before = transfer.state
    transfer.state, transfer.version = TRANSFER.to(action, before), transfer.version + 1
    if action in _TIMES:
        setattr(transfer, _TIMES[action], at)
    if transfer.state not in TRANSFER_LIVE:
        transfer.ended_at, transfer.ended_by, transfer.reason, transfer.disposition = at, by, reason, disposition
    transfer.save()
    record(
        incident=incident,
        entity="transfer",
        row=transfer,
        action=action,
        by=by,
        at=at,
        from_state=before,
        to_state=transfer.state,
        reason=reason or disposition,
        detail={"kind": transfer.kind},
        fields=fields,
    )
    audit(
        action=f"transfer.{action}",
        at=at,
        by=by,
        centre=incident.centre,
        entity="transfer",
        entity_id=transfer.pk,
        detail={"reason": reason, "disposition": disposition},
    )
    if transfer.state not in {"offered", "ringing"}:
        alarms_end(Alarm.Kind.TRANSFER_UNANSWERED, subject=str(transfer.pk), at=at, by=by, note=transfer.state)
    if transfer.state not in TRANSFER_LIVE:
        alarms_end(Alarm.Kind.TEAM_ASKED, subject=str(transfer.pk), at=at, by=by, note=transfer.state)


def transfer_back(
    incident: Incident, transfer: Transfer, action: str, by: User | None, at: datetime, *, reason: str
) -> None:
    """A transfer ended without being resolved: the call is at the top of its priority, with an alarm, in this instant.

    Before it was connected the giver still owns the incident. Afterwards the dispatchers do.
    """
    received = transfer.connected_at is not None and not transfer.bridge
    incident.top_at = at
    fields = ["top_at"]
    if received:
        if incident.state == "transferred":
            incident.state = INCIDENT.to("return_to_911", incident.state)
        incident.owner_role, incident.owner = Role.DISPATCHER, None
        fields += ["state", "owner_role", "owner"]
    transfer_move(incident, transfer, action, by, at, reason=reason, fields=fields)
    dropped = action == "drop"
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.TRANSFER_DROPPED if dropped else Alarm.Kind.TRANSFER_BACK,
        subject=str(transfer.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=incident.owner,
        urgent=dropped,
        detail={"reason": reason, "kind": transfer.kind},
    )


def transfer_received(incident: Incident, transfer: Transfer, by: User | None, at: datetime) -> None:
    """Somebody has the caller: they own the incident and the call from now on, except where they only joined in."""
    fields: list[str] = []
    if not transfer.bridge:
        incident.top_at, incident.promise_at = None, None
        fields = ["top_at", "promise_at"]
        if transfer.receiver is not None:
            incident.owner_role, incident.owner = Role.CLINICIAN, transfer.receiver
            fields += ["owner_role", "owner"]
            transfer.call.owner = transfer.receiver
            transfer.call.save(update_fields=["owner"])
        if transfer.assignment_id is None and not _crews(incident):
            incident.state = INCIDENT.to("transfer", incident.state)
            fields += ["state", *nobody_sought(incident, by=by, at=at, note="transfer connected")]
    transfer_move(incident, transfer, "connect", by, at, fields=fields)
    if not transfer.bridge:
        over = (Alarm.Kind.NO_UNIT, Alarm.Kind.PROMISE_WARNING, Alarm.Kind.PROMISE_BROKEN)
        alarms_end(*over, subject=str(incident.pk), at=at, by=by, note="transfer connected")


def _crews(incident: Incident) -> bool:
    return incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).exists()


def transfer_follows(incident: Incident, assignment: Assignment, action: str, by: User | None, at: datetime) -> None:
    """What a change of an assignment by telephone means for its transfer (ADR 13).

    Accepting rings the caller through, where one is still on the line; without one it is a callback and no transfer.
    A transfer that has moved already is left alone.
    """
    if action == "accept":
        _rings(incident, assignment, by, at)
        return
    transfer = assignment.transfers.select_for_update(of=("self",)).filter(state__in=TRANSFER_LIVE).first()
    if transfer is None:
        return
    if action == "with_person" and transfer.state != "connected":
        transfer.receiver = by if by is not None and may(by, Role.CLINICIAN) else None
        transfer.receiver_name = "" if transfer.receiver is not None else assignment.unit.call_sign
        transfer_received(incident, transfer, by, at)
    elif action == "clear" and assignment.disposition != RETURNED and transfer.state == "connected":
        transfer_move(incident, transfer, "resolve", by, at, disposition=assignment.disposition)
    elif action in {"clear", "cancel", "preempt"}:
        reason = assignment.end_reason if assignment.end_reason in TRANSFER_RETURN else "out_of_scope"
        if transfer.state == "connected":
            transfer_back(incident, transfer, "return", by, at, reason=reason)
        else:
            transfer_back(incident, transfer, "withdraw", by, at, reason="withdrawn")


def _rings(incident: Incident, assignment: Assignment, by: User | None, at: datetime) -> None:
    call = incident.calls.filter(state="open").order_by("received_at").last()
    if call is None:
        return
    standing = live_transfer(call)
    if standing is None:
        transfer = Transfer.objects.create(
            id=uuid4(),
            incident=incident,
            call=call,
            kind=Transfer.Kind.CLINICIAN,
            unit=assignment.unit,
            assignment=assignment,
            state="ringing",
            offered_at=assignment.offered_at,
            offered_by=call.owner,
            rung_at=at,
        )
        transfer_made(incident, transfer, "ring", by, at)
    elif standing.kind == Transfer.Kind.CLINICIAN and not standing.bridge and standing.assignment_id is None:
        standing.assignment, standing.unit = assignment, assignment.unit
        standing.save(update_fields=["assignment", "unit"])
