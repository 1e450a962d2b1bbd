"""Warm transfers out: offered, rung, connected. Their ends are in transfer_ends, those that come in in transfers_in."""

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from accounts.access import FLOOR, require
from accounts.models import Role, User
from accounts.problems import Refused
from dispatch import choice
from dispatch.models import Call, Decision, HandoffTarget, Incident, Transfer
from dispatch.not_diverted import NotDiverted
from dispatch.on_screen import on_screen
from dispatch.plan import direction
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.triage import judge
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import sent_before_reopening
from dispatch.services.journal import call_locked, record
from dispatch.services.offers import offers_withdraw
from dispatch.services.transfer_rows import (
    live_transfer,
    outward_locked,
    transfer_made,
    transfer_move,
    transfer_received,
)
from dispatch.states import TRANSFER_LIVE
from responders.models import Unit

_INFORMATION_LINES = frozenset({Transfer.Kind.L211, Transfer.Kind.L311})
BY_TELEPHONE = "tele_clinician"
"""The class of a call that a clinician takes over by telephone; a more cautious one is only joined (`bridge`)."""


@transaction.atomic
def transfer_offer(
    *,
    id: UUID,
    call: Call,
    kind: str,
    by: User,
    at: datetime,
    target: HandoffTarget | None = None,
    unit: Unit | None = None,
    bridge: bool = False,
) -> Transfer:
    """Offer a caller who is on the line to somebody else; the same id twice is one transfer.

    A call whose class is more cautious than `tele_clinician`, or that is not triaged, can only be joined: `bridge`.
    211 and 311 may be given one that needs information only, whether or not a program takes it.
    Another centre may be given any call, since it sends for itself. Raises Refused at the field.
    """
    require(by, *FLOOR)
    incident, call = call_locked(call.pk)
    known = Transfer.objects.filter(pk=id).first()
    if known is not None:
        if known.call_id != call.pk:
            raise Refused("id_taken", "This transfer id is already in use.", field="id", status=409)
        return known
    if kind not in Transfer.Kind.values:
        raise Refused("kind_unknown", f"Choose one of {', '.join(Transfer.Kind.values)}.", field="kind")
    if call.state != "open" or incident.state in {"closed", "joined"}:
        raise Refused("not_on_line", "Nobody is on the line any more: call back, then transfer.", status=409)
    if live_transfer(call) is not None:
        raise Refused("transfer_open", "This caller is being transferred already.", status=409)
    _whom(incident, kind, target, unit)
    if not bridge and kind != Transfer.Kind.CENTRE:
        _may_leave(incident, at, kind)
    transfer = Transfer.objects.create(
        id=id,
        incident=incident,
        call=call,
        kind=kind,
        target=target,
        unit=unit,
        bridge=bridge,
        offered_at=at,
        offered_by=by,
    )
    transfer_made(incident, transfer, "offer", by, at)
    return transfer


def _whom(incident: Incident, kind: str, target: HandoffTarget | None, unit: Unit | None) -> None:
    if kind == Transfer.Kind.CLINICIAN:
        if unit is not None and unit.centre_id != incident.centre_id:
            raise Refused("unit_elsewhere", "This unit belongs to another centre.", field="unit")
        return
    if target is None or target.centre_id != incident.centre_id or target.kind != kind or not target.active:
        raise Refused("target_needed", "Choose whom to telephone from the list.", field="target")


def _may_leave(incident: Incident, at: datetime, kind: str) -> None:
    """Raises Refused where giving the call away would be less cautious than its answers say or a person decided."""
    judged = judge(incident=incident, at=at)
    if judged.suggestion is None or not incident.triaged:
        raise Refused("not_triaged", "Not triaged: ask the safety questions, or let them join in.", field="bridge")
    proposals = proposals_of(incident)
    # What fell upward only because no program takes information calls need not wait for a crew.
    if kind in _INFORMATION_LINES and choice.information_only(judged, incident, proposals):
        return
    plan, _ = choice.held(choice.suggested(judged, incident), judged, proposals)
    for said in (plan.response_class, incident.response_class or sent_before_reopening(incident)):
        if said and direction(said, BY_TELEPHONE) == "more":
            raise Refused(
                "needs_more",
                "This call needs somebody there: they can only join in addition. Class and clock stay.",
                field="bridge",
            )


@transaction.atomic
def transfer_ring(*, transfer: Transfer, by: User, at: datetime) -> Transfer:
    """The giver has dialled and hears it ring. Doing so twice changes nothing."""
    incident, transfer = outward_locked(transfer)
    if transfer.state != "ringing":
        transfer_move(incident, transfer, "ring", by, at)
    return transfer


@transaction.atomic
def transfer_connect(*, transfer: Transfer, by: User, at: datetime, receiver_name: str = "") -> Transfer:
    """The receiver has the caller: a clinician of the floor says so, for anybody else the giver names who answered.

    Of two clinicians the first has it; the second is refused. Where the class rose meanwhile, they have only joined.
    """
    incident, transfer = outward_locked(transfer)
    if transfer.kind == Transfer.Kind.CLINICIAN:
        require(by, Role.CLINICIAN)
        if transfer.state == "connected":
            if transfer.receiver_id == by.pk:
                return transfer
            raise Refused(
                "taken", f"{transfer.receiver or transfer.receiver_name} has this caller already.", status=409
            )
        transfer.receiver = by
    else:
        require(by, *FLOOR)
        if transfer.state == "connected":
            return transfer
        if not receiver_name.strip():
            raise Refused("receiver_needed", "Say who answered there.", field="receiver_name")
        transfer.receiver_name = receiver_name.strip()[:80]
    if transfer.state not in TRANSFER_LIVE:
        transfer_move(incident, transfer, "connect", by, at)
    if not transfer.bridge and transfer.kind != Transfer.Kind.CENTRE:
        transfer.bridge = _rose(incident, at, transfer.kind)
    if not transfer.bridge and transfer.assignment_id is None:
        _left(incident, transfer, by, at)
    transfer_received(incident, transfer, by, at)
    if transfer.assignment is not None and transfer.assignment.state == "accepted":
        assignment_act(assignment=transfer.assignment, action="with_person", by=by, at=at)
    if transfer.receiver is None and not transfer.bridge:
        call_end(call=transfer.call, ended_as="transferred", by=by, at=at)
    return transfer


def _rose(incident: Incident, at: datetime, kind: str) -> bool:
    try:
        _may_leave(incident, at, kind)
    except Refused:
        return True
    return False


def _left(incident: Incident, transfer: Transfer, by: User, at: datetime) -> None:
    """The call goes to somebody else without a unit: offers end, and one that nobody had decided is decided hereby."""
    offers_withdraw(incident, by, at, reason="plan_changed")
    if incident.response_class:
        return
    if transfer.kind == Transfer.Kind.CENTRE:
        if incident.sent_at is not None:
            return
        incident.sent_at, incident.not_diverted_reason = at, "out_of_area"
        fields = ["sent_at", "not_diverted_reason"]
        record(incident=incident, entity="incident", row=incident, action="given", by=by, at=at, fields=fields)
        return
    judged = judge(incident=incident, at=at)
    if judged.suggestion is None:
        raise Refused("not_triaged", "Not triaged: ask the safety questions first.", status=409)
    proposals = proposals_of(incident)
    plan, holding = choice.held(choice.suggested(judged, incident), judged, proposals)
    decided = plan.response_class
    if transfer.kind in _INFORMATION_LINES and choice.information_only(judged, incident, proposals):
        # Nobody is sent: it is what the protocol says, not what a call falls up to for want of a program.
        decided = str(judged.suggestion.response_class)
    # One that was reopened, or came back from another centre, was sent before and is decided now.
    incident.sent_at = incident.sent_at or at
    decision = Decision.objects.create(
        # Made from the transfer's own id, so that the same transfer decides once.
        id=uuid5(transfer.pk, "decision"),
        incident=incident,
        at=at,
        by=by,
        action="accept",
        response_class=decided,
        suggested_class=decided,
        direction="same",
        protocol_version=judged.protocol,
        answers=judged.answers,
        trace=judged.suggestion.to_dict(),
        on_screen={
            **on_screen(judged, plan, proposals, [cue.key for cue in holding], NotDiverted()),
            "transfer": transfer.kind,
        },
        engine_version=judged.suggestion.engine_version,
    )
    incident.response_class = decided
    record(
        incident=incident,
        entity="decision",
        row=decision,
        action="transfer",
        by=by,
        at=at,
        detail={"class": decided},
        fields=["sent_at", "response_class"],
    )
