"""Warm transfers, out and in, and the numbers that are telephoned."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from accounts.models import Role
from dispatch.access import call_for, target_for, transfer_for, unit_named
from dispatch.api.transfer_bodies import (
    ReturnSerializer,
    TargetSerializer,
    TargetsSerializer,
    TargetTestedSerializer,
    TransferConnectSerializer,
    TransferDeclineSerializer,
    TransferDropSerializer,
    TransferFromSerializer,
    TransferInSerializer,
    TransferOfferSerializer,
    TransferResolveSerializer,
    TransferSerializer,
    TransfersSerializer,
    TransferTellSerializer,
)
from dispatch.models import Transfer
from dispatch.selectors.targets import targets_of
from dispatch.selectors.transfers import transfers_listed
from dispatch.services.targets import target_tested
from dispatch.services.transfer_ends import (
    transfer_decline,
    transfer_drop,
    transfer_resolve,
    transfer_return,
    transfer_team_ask,
    transfer_withdraw,
)
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.services.transfers_in import transfer_from, transfer_receive, transfer_tell


def transfer_shown(id: UUID, *, status: int = 200) -> Response:
    """The transfer as it now is."""
    transfer = Transfer.objects.select_related("incident", "receiver", "target", "unit").get(pk=id)
    return Response(TransferSerializer(transfer).data, status=status)


class Transfers(CentreView):
    """Lists."""

    permission_classes = [has_role(*FLOOR)]

    @described("transfers_list", "transfers", TransfersSerializer)
    def get(self, request: Request) -> Response:
        """Live ones, oldest first: what rings, who has whom, and inward ones whose sender waits for word."""
        return Response({"results": TransferSerializer(transfers_listed(centre=self.centre), many=True).data})


class TransfersIn(CentreView):
    """Somebody gives us a caller."""

    permission_classes = [has_role(Role.CALL_TAKER, *DISPATCHING)]

    @described("transfers_receive", "transfers", TransferSerializer, body=TransferInSerializer, status=201, again=True)
    def post(self, request: Request) -> Response:
        """Makes the call and its incident, and keeps the sender's number. The same id is one transfer."""
        data = self.checked(TransferInSerializer)
        id = self.create_id(data.pop("id", None))
        made = transfer_receive(id=id, centre=self.centre, by=self.person, at=self.at, **data)
        return transfer_shown(made.pk, status=201 if made.offered_at == self.at else 200)


class CallTransferIn(CentreView):
    """Somebody gave us this caller."""

    permission_classes = [has_role(Role.CALL_TAKER, *DISPATCHING)]

    @described("calls_given", "transfers", TransferSerializer, body=TransferFromSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """For a call that was taken before anybody knew: keeps the sender's number, who is owed the word. The same id
        is one transfer."""
        call, data = call_for(self.person, id), self.checked(TransferFromSerializer)
        made_id = self.create_id(data.pop("id", None))
        made = transfer_from(id=made_id, call=call, by=self.person, at=self.at, **data)
        return transfer_shown(made.pk, status=201 if made.offered_at == self.at else 200)


class CallTransfer(CentreView):
    """Give a caller to somebody."""

    permission_classes = [has_role(*FLOOR)]

    @described("calls_transfer", "transfers", TransferSerializer, body=TransferOfferSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Offer the caller to a clinician of the floor or to a target. The same id is one transfer."""
        call, data = call_for(self.person, id), self.checked(TransferOfferSerializer)
        made_id, target, unit = self.create_id(data.pop("id", None)), data.pop("target"), data.pop("unit")
        made = transfer_offer(
            id=made_id,
            call=call,
            target=target_for(self.person, target) if target is not None else None,
            unit=unit_named(self.person, unit) if unit is not None else None,
            by=self.person,
            at=self.at,
            **data,
        )
        return transfer_shown(made.pk, status=201 if made.offered_at == self.at else 200)


class TransferStep(CentreView):
    """One step of one transfer."""

    permission_classes = [has_role(*FLOOR)]

    def stepped(self, id: UUID, act: Callable[..., Transfer], **more: Any) -> Response:
        return transfer_shown(act(transfer=transfer_for(self.person, id), by=self.person, at=self.at, **more).pk)


class TransferRing(TransferStep):
    """It rings."""

    @described("transfers_ring", "transfers", TransferSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The giver has dialled."""
        return self.stepped(id, transfer_ring)


class TransferConnect(TransferStep):
    """They have the caller."""

    @described("transfers_connect", "transfers", TransferSerializer, body=TransferConnectSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """A clinician takes the caller; for anybody else the giver names who answered."""
        return self.stepped(id, transfer_connect, **self.checked(TransferConnectSerializer))


class TransferResolve(TransferStep):
    """It ended well."""

    @described("transfers_resolve", "transfers", TransferSerializer, body=TransferResolveSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Resolved without dispatch, with a coded disposition; the incident closes where nothing else is open."""
        return self.stepped(id, transfer_resolve, **self.checked(TransferResolveSerializer))


class TransferDecline(TransferStep):
    """They will not."""

    @described("transfers_decline", "transfers", TransferSerializer, body=TransferDeclineSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Declined with a coded reason: alarmed, at the top of its priority."""
        return self.stepped(id, transfer_decline, **self.checked(TransferDeclineSerializer))


class TransferWithdraw(TransferStep):
    """Taken back."""

    @described("transfers_withdraw", "transfers", TransferSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The giver takes the caller back before anybody answered."""
        return self.stepped(id, transfer_withdraw)


class TransferDrop(TransferStep):
    """The line was lost."""

    @described("transfers_drop", "transfers", TransferSerializer, body=TransferDropSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Alarmed at once; unless the caller is still there, callbacks are owed."""
        return self.stepped(id, transfer_drop, **self.checked(TransferDropSerializer))


class TransferReturn(TransferStep):
    """Given back."""

    @described("transfers_return", "transfers", TransferSerializer, body=ReturnSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """With a coded reason; rescue and rising risk raise the class and ask the services in the same step."""
        return self.stepped(id, transfer_return, **self.checked(ReturnSerializer))


class TransferTeam(TransferStep):
    """A team, please."""

    @described("transfers_ask_team", "transfers", TransferSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The clinician asks the dispatcher for a team and keeps the caller."""
        return self.stepped(id, transfer_team_ask)


class TransferTell(TransferStep):
    """The word that is owed."""

    @described("transfers_tell", "transfers", TransferSerializer, body=TransferTellSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """The sender of an inward transfer was told: reached or not."""
        return self.stepped(id, transfer_tell, **self.checked(TransferTellSerializer))


class Targets(CentreView):
    """Numbers."""

    permission_classes = [has_role(*FLOOR, Role.PROGRAM_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)]

    @described("targets_list", "transfers", TargetsSerializer)
    def get(self, request: Request) -> Response:
        """Whom the centre telephones, and when somebody last tried each number."""
        return Response({"results": TargetSerializer(targets_of(self.centre), many=True).data})


class TargetTested(CentreView):
    """Tried."""

    permission_classes = [has_role(*DISPATCHING, Role.PROGRAM_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)]

    @described("targets_tested", "transfers", TargetSerializer, body=TargetTestedSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """A person has called the number, and it was answered or not."""
        target, data = target_for(self.person, id), self.checked(TargetTestedSerializer)
        return Response(TargetSerializer(target_tested(target=target, by=self.person, at=self.at, **data)).data)
