"""How warm transfers end: resolved, declined, dropped, returned, taken back. All but the first are alarmed at once."""

from datetime import datetime

from django.db import transaction

from accounts.access import DISPATCHING, may, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Incident, ReviewItem, Transfer
from dispatch.reasons import (
    DISPOSITIONS,
    RETURNED,
    TRANSFER_DECLINE,
    TRANSFER_DISPOSITIONS,
    TRANSFER_DROP,
    TRANSFER_RESCUE,
    TRANSFER_RETURN,
)
from dispatch.services.alarms import alarm_raise
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import settle
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import record
from dispatch.services.not_sought import nobody_sought
from dispatch.services.offers import offers_withdraw
from dispatch.services.review import review_add
from dispatch.services.staging import crews_stage
from dispatch.services.transfer_rows import outward_locked, transfer_back, transfer_move
from dispatch.states import ASSIGNMENT_ACCEPTED, INCIDENT


@transaction.atomic
def transfer_resolve(*, transfer: Transfer, disposition: str, by: User, at: datetime) -> Transfer:
    """It ended well, with a coded disposition, and nobody was sent: the incident closes where nothing else is open."""
    if disposition not in TRANSFER_DISPOSITIONS:
        raise Refused("disposition_needed", "Choose how it ended.", field="disposition")
    incident, transfer = outward_locked(transfer)
    if transfer.state == "resolved" and transfer.disposition == disposition:
        return transfer
    _of(transfer, by)
    transfer_move(incident, transfer, "resolve", by, at, disposition=disposition)
    if not transfer.bridge:
        _assignment_clear(transfer, disposition if disposition in DISPOSITIONS else "resolved_by_phone", by, at)
        if transfer.call.state == "open":
            call_end(call=transfer.call, ended_as="completed", by=by, at=at)
        incident.refresh_from_db()
        settle(incident=incident, by=by, at=at)
    return transfer


def _assignment_clear(transfer: Transfer, disposition: str, by: User, at: datetime) -> None:
    assignment = _assignment(transfer)
    if assignment is not None:
        assignment_act(assignment=assignment, action="clear", disposition=disposition, by=by, at=at)


def _assignment(transfer: Transfer) -> Assignment | None:
    """The transfer's assignment while its unit is bound by it."""
    if transfer.assignment_id is None:
        return None
    return Assignment.objects.filter(pk=transfer.assignment_id, state__in=ASSIGNMENT_ACCEPTED).first()


@transaction.atomic
def transfer_decline(*, transfer: Transfer, reason: str, by: User, at: datetime) -> Transfer:
    """The receiver will not take it: coded; the call is at the top of its priority with whoever has the caller."""
    if reason not in TRANSFER_DECLINE:
        raise Refused("reason_needed", "Choose why not.", field="reason")
    incident, transfer = outward_locked(transfer)
    if transfer.state == "declined":
        return transfer
    if transfer.kind == Transfer.Kind.CLINICIAN:
        require(by, Role.CLINICIAN, *DISPATCHING)
    transfer_back(incident, transfer, "decline", by, at, reason=reason)
    _assignment_cancel(transfer, reason, by, at)
    return transfer


def _assignment_cancel(transfer: Transfer, reason: str, by: User | None, at: datetime) -> None:
    assignment = _assignment(transfer)
    if assignment is not None:
        assignment_act(assignment=assignment, action="cancel", reason=reason, by=by, at=at)


@transaction.atomic
def transfer_withdraw(*, transfer: Transfer, by: User, at: datetime) -> Transfer:
    """The giver takes the caller back before anybody answered."""
    incident, transfer = outward_locked(transfer)
    if transfer.state == "returned" and transfer.reason == "withdrawn":
        return transfer
    transfer_back(incident, transfer, "withdraw", by, at, reason="withdrawn")
    _assignment_cancel(transfer, "withdrawn", by, at)
    return transfer


@transaction.atomic
def transfer_drop(
    *, transfer: Transfer, reason: str, by: User | None, at: datetime, caller_there: bool = False
) -> Transfer:
    """The line was lost: an alarm in this instant, the call at the top of its priority.

    Unless the caller is still there with the giver, the call has dropped too: callbacks are owed, and a call with
    suicide, violence or weapon is triaged again with nobody on the line.
    """
    if reason not in TRANSFER_DROP:
        raise Refused("reason_needed", "Choose how it was lost.", field="reason")
    incident, transfer = outward_locked(transfer)
    if transfer.state == "dropped":
        return transfer
    transfer_back(incident, transfer, "drop", by, at, reason=reason)
    _assignment_cancel(transfer, reason, by, at)
    if not caller_there and transfer.call.state == "open":
        call_end(call=transfer.call, ended_as="dropped", by=by, at=at)
    return transfer


@transaction.atomic
def transfer_return(*, transfer: Transfer, reason: str, by: User, at: datetime) -> Transfer:
    """The receiver gives the caller back, with a coded reason. Rescue and rising risk raise the class in the same step:
    emergency, and the services are asked at once.
    """
    if reason not in TRANSFER_RETURN or reason == "withdrawn":
        raise Refused("reason_needed", "Choose why it comes back.", field="reason")
    incident, transfer = outward_locked(transfer)
    if transfer.state == "returned":
        return transfer
    _of(transfer, by)
    transfer_back(incident, transfer, "return", by, at, reason=reason)
    assignment = _assignment(transfer)
    if assignment is not None:
        assignment_act(
            assignment=assignment,
            action="clear",
            disposition=RETURNED,
            returned=True,
            reason=reason,
            by=by,
            at=at,
        )
    incident.refresh_from_db()
    if transfer.call.state == "open" and transfer.receiver_id is not None and not transfer.bridge:
        transfer.call.owner = transfer.offered_by or transfer.call.owner
        transfer.call.save(update_fields=["owner"])
    if reason in TRANSFER_RESCUE or not transfer.bridge:
        review_add(
            incident=incident,
            kind=ReviewItem.Kind.RETURN,
            subject=transfer.pk,
            unit=transfer.unit,
            reason=reason,
            by=by,
            at=at,
        )
    if reason in TRANSFER_RESCUE:
        _rescue(incident, reason, by, at)
    elif not transfer.bridge:
        _person_decides(incident, by, at)
    return transfer


def _rescue(incident: Incident, reason: str, by: User, at: datetime) -> None:
    incident.response_class, incident.not_diverted_reason = "emergency", "returned"
    incident.program_version = incident.promise_at = None
    fields = ["response_class", "not_diverted_reason", "program_version", "promise_at"]
    fields += nobody_sought(incident, by=by, at=at, note="rescue asked for")
    before = incident.state
    if incident.sent_at is None:
        incident.sent_at = at
        incident.owner_role, incident.owner = Role.DISPATCHER, None
        incident.state = INCIDENT.to("transfer", incident.state)
        fields += ["sent_at", "owner_role", "owner", "state"]
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="rescue",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=reason,
        fields=fields,
    )
    offers_withdraw(incident, by, at, reason="plan_changed")
    for service in TRANSFER_RESCUE[reason]:
        handoff_open(incident=incident, service=service, reason="returned", by=by, at=at)
    if incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED, unit__armed=False).exists():
        # A team that is there, or on its way, was sent for less than this.
        words = f"Given back: {TRANSFER_RETURN[reason].lower()}"
        crews_stage(incident=incident, reason=f"returned={reason}", words=words, by=by, at=at, renew=False)


def _person_decides(incident: Incident, by: User, at: datetime) -> None:
    """What came back is offered to nobody until a person has decided again."""
    if incident.offer_wanted:
        fields = nobody_sought(incident, by=by, at=at, note="came back: a person decides")
        record(
            incident=incident,
            entity="incident",
            row=incident,
            action="undecided",
            by=by,
            at=at,
            fields=fields,
        )


@transaction.atomic
def transfer_team_ask(*, transfer: Transfer, by: User, at: datetime) -> Transfer:
    """The clinician asks the dispatcher for a team; the caller stays with the clinician."""
    incident, transfer = outward_locked(transfer)
    _of(transfer, by)
    if transfer.state != "connected":
        raise Refused("not_connected", "Take the caller first.", status=409)
    if transfer.team_asked_at is None:
        transfer.team_asked_at, transfer.version = at, transfer.version + 1
        transfer.save(update_fields=["team_asked_at", "version"])
        record(incident=incident, entity="transfer", row=transfer, action="ask_team", by=by, at=at)
        audit(
            action="transfer.ask_team",
            at=at,
            by=by,
            centre=incident.centre,
            entity="transfer",
            entity_id=transfer.pk,
        )
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.TEAM_ASKED,
            subject=str(transfer.pk),
            at=at,
            incident=incident,
            owner_role=Role.DISPATCHER,
        )
    return transfer


def _of(transfer: Transfer, by: User) -> None:
    """Raises Refused unless the person has the caller, gave them away, or dispatches."""
    if transfer.receiver_id not in {None, by.pk} and not may(by, *DISPATCHING):
        raise Refused("not_yours", f"{transfer.receiver} has this caller.", status=409)
