"""The part of the life model that is about callers: given to a clinician, joined, parted, taken up again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Assignment, Call, Incident, Transfer
from dispatch.services.closing import incident_reopen
from dispatch.services.incidents import call_join
from dispatch.services.parting import call_part
from dispatch.services.transfer_ends import transfer_decline, transfer_drop, transfer_resolve, transfer_return
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT_LIVE, TransitionRefused

M = TypeVar("M", bound=Model)
pick = st.integers(0, 5)
"""Which of the rows that there are: taken modulo their number."""


class Callers(RuleBasedStateMachine):
    """A small centre whose life is undone in the end, and what happens to its callers after they were taken."""

    centre: Centre
    people: dict[str, User]
    started: datetime

    def __init__(self) -> None:
        super().__init__()
        self.at = self.started
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()

    def teardown(self) -> None:
        """Undo the whole life."""
        transaction.set_rollback(True)
        self.sandbox.__exit__(None, None, None)

    def one(self, rows: QuerySet[M], nth: int) -> M | None:
        """One of the rows, in the order in which they were made."""
        found = list(rows)
        return found[nth % len(found)] if found else None

    def try_to(self, act: Callable[[], object]) -> None:
        """What a person tries; a refusal by the rules is a good answer, and any other error is a fault."""
        self.at += timedelta(seconds=1)
        try:
            with transaction.atomic():
                act()
        except (Refused, TransitionRefused, PermissionDenied):
            return

    def incidents(self) -> QuerySet[Incident]:
        return Incident.objects.filter(state__in=INCIDENT_LIVE).order_by("number")

    def live(self) -> QuerySet[Assignment]:
        return (
            Assignment.objects.filter(state__in=ASSIGNMENT_LIVE)
            .select_related("unit")
            .order_by("offered_at", "unit__call_sign", "incident__number")
        )

    @rule(
        nth=pick,
        step=st.sampled_from(["offer", "offer", "ring", "connect", "connect", "resolve", "return", "drop", "decline"]),
        reason=st.sampled_from(["rescue_needed", "needs_a_team", "out_of_scope"]),
    )
    def a_transfer(self, nth: int, step: str, reason: str) -> None:
        """A caller is given to a clinician of the floor, who takes, ends or gives them back; or it goes wrong."""
        taker, clinician = self.people["call_taker"], self.people["clinician"]
        if step == "offer":
            call = self.one(Call.objects.filter(state="open").order_by("received_at", "incident__number"), nth)
            if call is not None:
                offer = partial(transfer_offer, id=uuid4(), call=call, kind="clinician", bridge=nth % 3 == 0)
                self.try_to(lambda: offer(by=taker, at=self.at))
            return
        transfer = self.one(Transfer.objects.filter(ended_at__isnull=True).order_by("offered_at", "pk"), nth)
        if transfer is None:
            return
        acts: dict[str, Callable[[], object]] = {
            "ring": lambda: transfer_ring(transfer=transfer, by=taker, at=self.at),
            "connect": lambda: transfer_connect(transfer=transfer, by=clinician, at=self.at),
            "resolve": lambda: transfer_resolve(
                transfer=transfer, disposition="resolved_by_phone", by=clinician, at=self.at
            ),
            "return": lambda: transfer_return(transfer=transfer, reason=reason, by=clinician, at=self.at),
            "drop": lambda: transfer_drop(
                transfer=transfer, reason="line_lost", by=clinician, at=self.at, caller_there=nth % 2 == 0
            ),
            "decline": lambda: transfer_decline(transfer=transfer, reason="language", by=clinician, at=self.at),
        }
        self.try_to(acts[step])

    @rule(nth=pick, other=pick, apart=st.booleans())
    def two_calls(self, nth: int, other: int, apart: bool) -> None:
        """A call turns out to be about the same as another one, or not after all."""
        call = self.one(Call.objects.order_by("received_at", "incident__number"), nth)
        into, by = self.one(self.incidents(), other), self.people["dispatcher"]
        if call is not None and apart:
            self.try_to(lambda: call_part(call=call, by=by, at=self.at))
        elif call is not None and into is not None and into.pk != call.incident_id:
            self.try_to(lambda: call_join(call=call, into=into, by=by, at=self.at))

    @rule(nth=pick)
    def not_over(self, nth: int) -> None:
        """A closed call is opened again."""
        incident = self.one(Incident.objects.filter(state="closed").order_by("number"), nth)
        if incident is not None:
            by = self.people["dispatcher"]
            self.try_to(lambda: incident_reopen(incident=incident, reason="not_over", by=by, at=self.at))
