"""Two people, or a person and the clock, change the same call at the same moment, on real connections.

One table of such pairs: whoever comes first, the other one is refused or finds it done, and the rows fit together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Assignment, Handoff, Incident, StageOrder, Transfer
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.crew_changes import crew_leave
from dispatch.services.crew_safety import return_to_911
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_decline
from dispatch.services.incidents import hold_end, incident_hold
from dispatch.services.offers import assignment_offer, offer_lapse, offers_run
from dispatch.services.promise import promise_extend
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.step_back import assignment_step_back
from dispatch.services.transfer_ends import transfer_drop, transfer_withdraw
from dispatch.services.transfers import transfer_connect, transfer_offer
from dispatch.services.unit_status import service_set
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT_LIVE, TransitionRefused
from responders.models import CrewMember, Unit
from responders.services import crew_sign_on
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.impossible import FORBIDDEN, UNEXPLAINED
from tests.dispatch.parallel import failures, in_parallel

pytestmark = pytest.mark.django_db(transaction=True)
CALLED: dict[str, Any] = {"in_person_needed": "no"}


@dataclass
class Floor:
    """A small floor and the time on it."""

    centre: Centre
    people: dict[str, User]
    units: dict[str, Unit]
    at: datetime

    def tick(self, seconds: float = 1) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at

    def offered(self, **more: Any) -> Assignment:
        return factories.an_offer(self.centre, by=self.people["call_taker"], at=self.at, **more)

    def accepted(self, **more: Any) -> Assignment:
        work = factories.an_accepted(self.centre, by=self.people["call_taker"], at=self.at, **more)
        self.tick(2)
        return work

    def act(self, work: Assignment, action: str, who: str = "") -> Assignment:
        # Also somebody who has just signed off: their telephone still shows the offer.
        by = self.people[who] if who else CrewMember.objects.filter(unit=work.unit).latest("since").user
        reason = {"decline": "equipment", "cancel": "not needed"}.get(action, "")
        ends = "refused" if action == "clear" else ""
        return assignment_act(assignment=work, action=action, by=by, at=self.at, reason=reason, disposition=ends)

    def on_scene(self) -> Assignment:
        return self.act(self.act(self.accepted(), "en_route"), "on_scene", "dispatcher")

    def knife(self, incident: Incident) -> None:
        call = incident.calls.get()
        by = self.people["call_taker"]
        answers_record(incident=incident, source=call, answers=factories.WEAPON, by=by, at=self.at)

    def clean(self) -> None:
        """Whatever the pair left, the units are free again for the next."""
        self.tick(5)
        for work in Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).select_related("unit"):
            work.refresh_from_db()
            if work.state in ASSIGNMENT_LIVE:
                self.act(work, "cancel", "dispatcher")
        Unit.objects.update(service="in_service", not_answering_since=None, not_answering_reason="")
        for sign, who in (("Star 1", "responder"), ("Star 2", "responder2")):
            crew_sign_on(unit=self.units[sign], user=self.people[who], by=None, at=self.at)
        Incident.objects.filter(state__in=INCIDENT_LIVE).update(offer_wanted=False, priority=4)


Acts = tuple[Callable[[], object], Callable[[], object]]


def _accept_and_cancel(f: Floor) -> Acts:
    offer = f.offered()
    return lambda: f.act(offer, "accept"), lambda: f.act(offer, "cancel", "dispatcher")


def _accept_and_decline(f: Floor) -> Acts:
    offer = f.offered()
    return lambda: f.act(offer, "accept"), lambda: f.act(offer, "decline", "dispatcher")


def _accept_and_hold(f: Floor) -> Acts:
    offer, until, by = f.offered(), f.at + timedelta(seconds=600), f.people["dispatcher"]
    hold = partial(incident_hold, incident=offer.incident, until=until, reason="asleep", by=by, at=f.at)
    return lambda: f.act(offer, "accept"), hold


def _accept_and_another_unit(f: Floor) -> Acts:
    offer, by = f.offered(), f.people["dispatcher"]
    other = f.units["Outreach 1"]
    return lambda: f.act(offer, "accept"), lambda: assignment_offer(incident=offer.incident, unit=other, by=by, at=f.at)


def _accept_and_off_duty(f: Floor) -> Acts:
    offer = f.offered()
    service_set(unit=offer.unit, service="on_break", reason="", by=f.people["dispatcher"], at=f.at)
    return lambda: f.act(offer, "accept"), lambda: offer_lapse(assignment=offer, at=f.at)


def _accept_and_crew_leaves(f: Floor) -> Acts:
    offer = f.offered()
    crew = crew_of(offer)
    return lambda: f.act(offer, "accept"), lambda: crew_leave(person=crew, by=crew, at=f.at)


def _clear_and_return(f: Floor) -> Acts:
    work = f.on_scene()
    give_back = partial(return_to_911, assignment=work, reason="medical", by=crew_of(work), at=f.at)
    return lambda: f.act(work, "clear"), give_back


def _clear_and_knife(f: Floor) -> Acts:
    work = f.on_scene()
    return lambda: f.act(work, "clear"), lambda: f.knife(work.incident)


def _arrive_and_knife(f: Floor) -> Acts:
    work = f.act(f.accepted(), "en_route")
    return lambda: f.act(work, "on_scene"), lambda: f.knife(work.incident)


def _undo_and_next(f: Floor) -> Acts:
    work, by = f.on_scene(), f.people["dispatcher"]
    undo = partial(assignment_step_back, assignment=work, action="on_scene", by=by, at=f.at)
    return undo, lambda: f.act(work, "with_person")


def _read_and_lift(f: Floor) -> Acts:
    work = f.on_scene()
    f.knife(work.incident)
    order, by = StageOrder.objects.get(assignment=work), f.people["dispatcher"]
    read = partial(stage_acknowledge, order=order, how="phone", by=crew_of(work), at=f.at)
    return read, lambda: stage_lift(order=order, reason="scene_safe_police", by=by, at=f.at)


def _hold_ends_and_decided(f: Floor) -> Acts:
    by = f.people["dispatcher"]
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at)
    incident_hold(incident=call.incident, until=f.at + timedelta(seconds=9), reason="asleep", by=by, at=f.at)
    f.tick(10)
    return lambda: hold_end(incident=call.incident, at=f.at), lambda: factories.a_decision(
        call.incident, by=by, at=f.at
    )


def _asked(f: Floor) -> Handoff:
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, breathing="absent")
    factories.a_decision(call.incident, by=f.people["call_taker"], at=f.at)
    call_end(call=call, ended_as="completed", by=f.people["call_taker"], at=f.at)
    return call.incident.handoffs.filter(state="requested").get()


def _acknowledged_and_withdrawn(f: Floor) -> Acts:
    one, by = _asked(f), f.people["dispatcher"]
    said = partial(handoff_acknowledge, handoff=one, receiver_name="Ray", receiver_number="", by=by, at=f.at)
    return said, lambda: handoff_cancel(handoff=one, reason="not needed", by=by, at=f.at)


def _acknowledged_and_declined(f: Floor) -> Acts:
    one, by = _asked(f), f.people["dispatcher"]
    said = partial(handoff_acknowledge, handoff=one, receiver_name="Ray", receiver_number="", by=by, at=f.at)
    return said, lambda: handoff_decline(handoff=one, reason="no_unit", receiver_name="Ann", by=by, at=f.at)


def _ringing(f: Floor) -> Transfer:
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, **CALLED)
    return transfer_offer(id=uuid4(), call=call, kind="clinician", by=f.people["call_taker"], at=f.at)


def _connected_and_dropped(f: Floor) -> Acts:
    one = _ringing(f)
    drop = partial(transfer_drop, transfer=one, reason="line_lost", by=f.people["call_taker"], at=f.at)
    return lambda: transfer_connect(transfer=one, by=f.people["clinician"], at=f.at), drop


def _connected_and_taken_back(f: Floor) -> Acts:
    one = _ringing(f)
    back = partial(transfer_withdraw, transfer=one, by=f.people["call_taker"], at=f.at)
    return lambda: transfer_connect(transfer=one, by=f.people["clinician"], at=f.at), back


def _closed_and_sent(f: Floor) -> Acts:
    one, by = _asked(f), f.people["dispatcher"]
    handoff_cancel(handoff=one, reason="not needed", by=by, at=f.at)
    send = partial(assignment_offer, incident=one.incident, unit=f.units["CR 1"], by=by, at=f.at)
    return lambda: incident_close(incident=one.incident, outcome="no_response_needed", by=by, at=f.at), send


def _reopened_twice(f: Floor) -> Acts:
    one = _asked(f)
    handoff_acknowledge(handoff=one, receiver_name="Ray", receiver_number="", by=f.people["dispatcher"], at=f.at)
    again = [
        lambda who=who: incident_reopen(incident=one.incident, reason="not_over", by=f.people[who], at=f.at)
        for who in ("dispatcher", "supervisor")
    ]
    return again[0], again[1]


def _extended_and_broken(f: Floor) -> Acts:
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at)
    factories.a_decision(call.incident, by=f.people["call_taker"], at=f.at)
    incident, by = Incident.objects.get(pk=call.incident_id), f.people["dispatcher"]
    assert incident.promise_at is not None
    f.at = incident.promise_at
    more: dict[str, Any] = {"minutes": 5, "reason": "unit_free_soon", "caller_told": True}
    extend = partial(promise_extend, id=uuid4(), incident=incident, by=by, at=f.at, **more)
    return extend, lambda: due.promises(f.centre, f.at)


def _undecided_ends_and_is_decided(f: Floor) -> Acts:
    by = f.people["call_taker"]
    call = factories.a_triaged_call(f.centre, by=by, at=f.at)
    end = partial(call_end, call=call, ended_as="dropped", by=by, at=f.at)
    return end, lambda: factories.a_decision(call.incident, by=by, at=f.at)


PAIRS = (
    _accept_and_cancel,
    _accept_and_decline,
    _accept_and_hold,
    _accept_and_another_unit,
    _accept_and_off_duty,
    _accept_and_crew_leaves,
    _clear_and_return,
    _clear_and_knife,
    _arrive_and_knife,
    _undo_and_next,
    _read_and_lift,
    _hold_ends_and_decided,
    _acknowledged_and_withdrawn,
    _acknowledged_and_declined,
    _connected_and_dropped,
    _connected_and_taken_back,
    _closed_and_sent,
    _reopened_twice,
    _extended_and_broken,
    _undecided_ends_and_is_decided,
)


def _found() -> Iterator[tuple[str, list[Any]]]:
    with connection.cursor() as cursor:
        for what, query in {**FORBIDDEN, "no unit and no reason": UNEXPLAINED}.items():
            cursor.execute(query)
            yield what, cursor.fetchall()


def test_of_two_hands_on_the_same_rows_one_is_first_and_nothing_is_half_done(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime
) -> None:
    here = Floor(floor, people, units, at)
    for pair in PAIRS:
        acts = pair(here)
        lost = failures(in_parallel(*acts))
        assert all(isinstance(one, Refused | TransitionRefused | PermissionDenied) for one in lost), (pair, lost)
        for _ in range(2):
            here.tick()
            offers_run(centre=floor, at=here.at)
        for what, rows in _found():
            assert rows == [], (pair, what)
        here.clean()
