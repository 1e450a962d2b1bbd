"""Two people, or a person and the clock, change the same call at the same moment, on real connections.

One table of such pairs: whoever comes first, the other one is refused or finds it done, and the rows fit together.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from dispatch import due
from dispatch.models import Incident, StageOrder
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.crew_changes import crew_leave
from dispatch.services.crew_safety import return_to_911
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_decline
from dispatch.services.incidents import hold_end, incident_hold
from dispatch.services.offers import assignment_offer, offer_lapse
from dispatch.services.promise import promise_extend
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.step_back import assignment_step_back
from dispatch.services.transfer_ends import transfer_drop, transfer_withdraw
from dispatch.services.transfers import transfer_connect
from dispatch.services.unit_status import service_set
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.hands import Acts, Floor, Pairs, asked, raced, ringing

pytestmark = pytest.mark.django_db(transaction=True)


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


def _acknowledged_and_withdrawn(f: Floor) -> Acts:
    one, by = asked(f), f.people["dispatcher"]
    said = partial(handoff_acknowledge, handoff=one, receiver_name="Ray", receiver_number="", by=by, at=f.at)
    return said, lambda: handoff_cancel(handoff=one, reason="not needed", by=by, at=f.at)


def _acknowledged_and_declined(f: Floor) -> Acts:
    one, by = asked(f), f.people["dispatcher"]
    said = partial(handoff_acknowledge, handoff=one, receiver_name="Ray", receiver_number="", by=by, at=f.at)
    return said, lambda: handoff_decline(handoff=one, reason="no_unit", receiver_name="Ann", by=by, at=f.at)


def _connected_and_dropped(f: Floor) -> Acts:
    one = ringing(f)
    drop = partial(transfer_drop, transfer=one, reason="line_lost", by=f.people["call_taker"], at=f.at)
    return lambda: transfer_connect(transfer=one, by=f.people["clinician"], at=f.at), drop


def _connected_and_taken_back(f: Floor) -> Acts:
    one = ringing(f)
    back = partial(transfer_withdraw, transfer=one, by=f.people["call_taker"], at=f.at)
    return lambda: transfer_connect(transfer=one, by=f.people["clinician"], at=f.at), back


def _closed_and_sent(f: Floor) -> Acts:
    one, by = asked(f), f.people["dispatcher"]
    handoff_cancel(handoff=one, reason="not needed", by=by, at=f.at)
    send = partial(assignment_offer, incident=one.incident, unit=f.units["CR 1"], by=by, at=f.at)
    return lambda: incident_close(incident=one.incident, outcome="no_response_needed", by=by, at=f.at), send


def _reopened_twice(f: Floor) -> Acts:
    one = asked(f)
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


PAIRS: Pairs = {
    _accept_and_cancel: "assignment.accept assignment.cancel",
    _accept_and_decline: "assignment.accept incident:assigned assignment.decline",
    _accept_and_hold: "assignment.accept incident:held",
    _accept_and_another_unit: "assignment.accept assignment.offer",
    _accept_and_off_duty: "assignment.accept assignment.cancel",
    _accept_and_crew_leaves: "assignment.accept",
    _clear_and_return: "assignment.clear incident:returned",
    _clear_and_knife: "assignment.clear stage_order.order",
    _arrive_and_knife: "assignment.on_scene stage_order.order",
    _undo_and_next: "assignment.undo assignment.with_person",
    _read_and_lift: "stage_order.acknowledge stage_order.lift",
    _hold_ends_and_decided: "incident:pending incident:triaged decision.accept",
    _acknowledged_and_withdrawn: "handoff.acknowledge handoff.cancel",
    _acknowledged_and_declined: "handoff.acknowledge handoff.decline",
    _connected_and_dropped: "transfer.connect transfer.drop",
    _connected_and_taken_back: "transfer.connect transfer.withdraw",
    _closed_and_sent: "incident:closed assignment.offer",
    _reopened_twice: "incident.reopen incident:open incident:triaged",
    _extended_and_broken: "incident.promise_extend incident.promise_broken",
    _undecided_ends_and_is_decided: "call.end decision.accept",
}


def test_of_two_hands_on_the_same_rows_one_is_first_and_nothing_is_half_done(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime
) -> None:
    raced(Floor(floor, people, units, at), PAIRS)
