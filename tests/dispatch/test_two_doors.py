"""Every transition from two doors at once: phone and radio, screen and API, a person and the sweeper.

The same table as in test_two_hands; `test_every_transition_is_raced_for` reads both against dispatch.states.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, Role, User
from dispatch import due
from dispatch.models import Assignment, Call, ReviewItem, Transfer, Visit
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.decisions import decision_second
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_request, handoff_send
from dispatch.services.handover import handover_accept, handover_offer, handover_read
from dispatch.services.incidents import call_join, incident_hold
from dispatch.services.offers import offer_expire
from dispatch.services.parting import call_part
from dispatch.services.positions import position_report
from dispatch.services.review import review_close
from dispatch.services.transfer_ends import transfer_decline, transfer_drop, transfer_resolve, transfer_return
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.services.transfers_in import transfer_receive, transfer_tell
from dispatch.services.unit_status import return_report, status_report
from dispatch.services.visits import visit_book, visit_cancel, visit_move
from dispatch.states import ASSIGNMENT, CALL_STATES, HANDOFF, INCIDENT, TRANSFER, VISIT
from responders.models import Unit
from tests import factories
from tests.dispatch import test_two_hands
from tests.dispatch.crews import crew_of
from tests.dispatch.hands import CALLED, Acts, Floor, Pairs, asked, raced, ringing
from tests.dispatch.parallel import failures, in_parallel

pytestmark = pytest.mark.django_db(transaction=True)


def _phone_and_radio(f: Floor, work: Assignment, pressed: str, radio: str) -> Acts:
    """The crew's phone says one thing, with its own time; the dispatcher hears another one by radio."""
    phone = partial(status_report, assignment=work, action=pressed, by=crew_of(work), at=f.at, device_at=f.at)
    ends: dict[str, Any] = {"disposition": "not_found"} if pressed == "clear" else {}
    return lambda: phone(**ends), lambda: f.act(work, radio, "dispatcher")


def _under_way_by_both(f: Floor) -> Acts:
    return _phone_and_radio(f, f.accepted(), "en_route", "en_route")


def _staged_and_there(f: Floor) -> Acts:
    return _phone_and_radio(f, f.act(f.accepted(), "en_route"), "stage", "on_scene")


def _with_person_and_transport(f: Floor) -> Acts:
    return _phone_and_radio(f, f.on_scene(), "with_person", "transport")


def _cleared_by_both(f: Floor) -> Acts:
    return _phone_and_radio(f, f.on_scene(), "clear", "clear")


def _late_and_called_off(f: Floor) -> Acts:
    work = f.accepted()
    late = partial(status_report, assignment=work, action="en_route", by=crew_of(work))
    f.tick(60)
    pressed = f.at - timedelta(seconds=50)
    return lambda: late(at=f.at, device_at=pressed), lambda: f.act(work, "cancel", "dispatcher")


def _returned_by_both(f: Floor) -> Acts:
    work = f.accepted()
    back = partial(return_report, assignment=work, reason="unsafe", at=f.at)
    return lambda: back(by=crew_of(work), device_at=f.at), lambda: back(by=f.people["dispatcher"])


def _run_out_and_declined(f: Floor) -> Acts:
    offer = f.offered()
    f.at = offer.offer_expires_at
    return lambda: offer_expire(assignment=offer, at=f.at), lambda: f.act(offer, "decline")


def _near_and_there(f: Floor) -> Acts:
    work, park = f.act(f.accepted(), "en_route"), factories.a_place(f.centre)
    near = partial(position_report, unit=work.unit, lat=park.lat, lon=park.lon, by=None, at=f.tick(), tracker=True)
    return near, lambda: f.act(work, "on_scene")


def _police_asked_by_both(f: Floor) -> Acts:
    work = f.accepted()
    ask = partial(handoff_request, incident=work.incident, service="police", reason="dispatcher", at=f.at)
    return lambda: ask(by=f.people["dispatcher"]), lambda: ask(by=f.people["supervisor"])


def _ready_sent_and_withdrawn(f: Floor) -> Acts:
    work, by = f.accepted(), f.people["dispatcher"]
    f.knife(work.incident)
    ready = work.incident.handoffs.get(state="ready", service="police")
    send = partial(handoff_send, handoff=ready, by=by, at=f.at)
    return send, lambda: handoff_cancel(handoff=ready, reason="not needed", by=by, at=f.at)


def _two_receivers(f: Floor) -> Acts:
    one = asked(f)
    said = partial(handoff_acknowledge, handoff=one, receiver_number="", at=f.at)
    return (
        lambda: said(receiver_name="Ray", by=f.people["dispatcher"]),
        lambda: said(receiver_name="Ann", by=f.people["call_taker"]),
    )


def _unacknowledged_and_withdrawn(f: Floor) -> Acts:
    one, by = asked(f), f.people["dispatcher"]
    f.tick(61)
    return lambda: due.handoffs_unacknowledged(f.centre, f.at), lambda: handoff_cancel(
        handoff=one, reason="not needed", by=by, at=f.at
    )


def _talking(f: Floor) -> Transfer:
    one = ringing(f)
    return transfer_connect(transfer=one, by=f.people["clinician"], at=f.at)


def _offered_by_two(f: Floor) -> Acts:
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, **CALLED)
    offer = partial(transfer_offer, call=call, kind="clinician", at=f.at)
    return lambda: offer(id=uuid4(), by=f.people["call_taker"]), lambda: offer(id=uuid4(), by=f.people["dispatcher"])


def _rung_and_declined(f: Floor) -> Acts:
    one = ringing(f)
    no = partial(transfer_decline, transfer=one, reason="language", by=f.people["clinician"], at=f.at)
    return lambda: transfer_ring(transfer=one, by=f.people["call_taker"], at=f.at), no


def _connected_and_knife(f: Floor) -> Acts:
    one = ringing(f)
    return lambda: transfer_connect(transfer=one, by=f.people["clinician"], at=f.at), lambda: f.knife(one.incident)


def _resolved_and_returned(f: Floor) -> Acts:
    one, by = _talking(f), f.people["clinician"]
    back = partial(transfer_return, transfer=one, reason="risk_rising", by=f.people["dispatcher"], at=f.at)
    return lambda: transfer_resolve(transfer=one, disposition="resolved_by_phone", by=by, at=f.at), back


def _returned_and_dropped(f: Floor) -> Acts:
    one, by = _talking(f), f.people["clinician"]
    lost = partial(transfer_drop, transfer=one, reason="line_lost", by=f.people["dispatcher"], at=f.at)
    return lambda: transfer_return(transfer=one, reason="out_of_scope", by=by, at=f.at), lost


def _unanswered_and_connected(f: Floor) -> Acts:
    one = ringing(f)
    f.tick(21)
    return lambda: due.transfers_unanswered(f.centre, f.at), lambda: transfer_connect(
        transfer=one, by=f.people["clinician"], at=f.at
    )


def _told_by_two(f: Floor) -> Acts:
    one = transfer_receive(
        id=uuid4(), centre=f.centre, kind="988", sender_number="+13085550188", by=f.people["call_taker"], at=f.at
    )
    tell = partial(transfer_tell, transfer=one, at=f.at)
    return (
        lambda: tell(reached=True, by=f.people["call_taker"]),
        lambda: tell(reached=False, by=f.people["dispatcher"]),
    )


def _two_callers(f: Floor) -> tuple[Call, Call]:
    one, two = (factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, **CALLED) for _ in range(2))
    return one, two


def _joined_by_two(f: Floor) -> Acts:
    one, two = _two_callers(f)
    third = factories.a_call(f.centre, by=f.people["call_taker"], at=f.at)
    join = partial(call_join, call=third, by=f.people["dispatcher"], at=f.at)
    return lambda: join(into=one.incident), lambda: join(into=two.incident)


def _parted_by_two(f: Floor) -> Acts:
    one, two = _two_callers(f)
    call_join(call=two, into=one.incident, by=f.people["dispatcher"], at=f.at)
    part = partial(call_part, call=two, at=f.at)
    return lambda: part(by=f.people["dispatcher"]), lambda: part(by=f.people["call_taker"])


def _parted_and_connected(f: Floor) -> Acts:
    one, two = _two_callers(f)
    call_join(call=two, into=one.incident, by=f.people["dispatcher"], at=f.at)
    transfer = transfer_offer(id=uuid4(), call=two, kind="clinician", by=f.people["call_taker"], at=f.at)
    part = partial(call_part, call=two, by=f.people["dispatcher"], at=f.at)
    return part, lambda: transfer_connect(transfer=transfer, by=f.people["clinician"], at=f.at)


def _ended_by_two(f: Floor) -> Acts:
    one, _ = _two_callers(f)
    end = partial(call_end, call=one, at=f.at)
    return (
        lambda: end(ended_as="completed", by=f.people["call_taker"]),
        lambda: end(ended_as="dropped", by=f.people["dispatcher"]),
    )


def _held_and_closed(f: Floor) -> Acts:
    one, _ = _two_callers(f)
    call_end(call=one, ended_as="completed", by=f.people["call_taker"], at=f.at)
    hold: dict[str, Any] = {"until": f.at + timedelta(seconds=600), "reason": "asleep", "by": f.people["dispatcher"]}
    close = partial(incident_close, incident=one.incident, outcome="no_response_needed", by=f.people["supervisor"])
    return lambda: incident_hold(incident=one.incident, at=f.at, **hold), lambda: close(at=f.at)


def _agreed_and_run_out(f: Floor) -> Acts:
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, violence="threats")
    made = factories.a_decision(
        call.incident, by=f.people["call_taker"], at=f.at, action="override", response_class="mobile_team",
        program="star", reason="clinician_advice",
    )  # fmt: skip
    assert made.second_due_at is not None
    soon, late = made.second_due_at - timedelta(seconds=1), made.second_due_at
    f.at = late
    agree = partial(decision_second, decision=made, agree=True, by=f.people["dispatcher"], at=soon)
    return agree, lambda: due.second_persons(f.centre, late)


def _booked(f: Floor) -> Visit:
    by = f.people["dispatcher"]
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at)
    call_end(call=call, ended_as="completed", by=f.people["call_taker"], at=f.at)
    source = incident_close(incident=call.incident, outcome="follow_up_booked", by=by, at=f.at)
    starts = f.at + timedelta(hours=3)
    return visit_book(
        id=uuid4(), source=source, program="star", purpose="follow_up", by=by, at=f.at, starts_at=starts,
        ends_at=starts + timedelta(minutes=30),
    )  # fmt: skip


def _moved_and_cancelled(f: Floor) -> Acts:
    visit, by = _booked(f), f.people["dispatcher"]
    starts = visit.starts_at + timedelta(hours=1)
    move = partial(visit_move, visit=visit, starts_at=starts, ends_at=starts + timedelta(minutes=30), at=f.at)
    return lambda: move(reason="person_asked", by=by), lambda: visit_cancel(
        visit=visit, reason="person_declined", by=by, at=f.at
    )


def _fell_due_and_cancelled(f: Floor) -> Acts:
    visit, by = _booked(f), f.people["dispatcher"]
    f.at = visit.starts_at
    cancel = partial(visit_cancel, visit=visit, reason="person_declined", by=by, at=f.at)
    return lambda: due.visits_due(f.centre, f.at), cancel


def _lists_that_cross(f: Floor) -> Acts:
    """Each has a call in the other's incident: both reliefs take what they were offered at once."""
    first, second = f.people["call_taker"], f.people["call_taker2"]
    one, two = (factories.a_call(f.centre, by=by, at=f.at) for by in (first, second))
    for call, by in ((one, second), (two, first)):
        Call.objects.filter(pk=call.pk).update(owner=by)
    lists = [
        handover_offer(by=by, to=f.people[to], note="", at=f.at)
        for by, to in ((first, "dispatcher"), (second, "dispatcher2"))
    ]
    for offered in lists:
        handover_read(handover=offered, by=offered.to_user, at=f.at)
    take = [partial(handover_accept, handover=offered, by=offered.to_user, at=f.at) for offered in lists]
    return take[0], take[1]


PAIRS: Pairs = {
    _under_way_by_both: "assignment.en_route",
    _staged_and_there: "assignment.stage assignment.on_scene",
    _with_person_and_transport: "assignment.with_person assignment.transport incident:on_scene",
    _cleared_by_both: "assignment.clear",
    _late_and_called_off: "assignment.cancel assignment.en_route",
    _returned_by_both: "incident:returned",
    _run_out_and_declined: "assignment.expire assignment.decline",
    _near_and_there: "assignment.near assignment.on_scene incident:on_scene",
    _police_asked_by_both: "handoff.request",
    _ready_sent_and_withdrawn: "handoff.request handoff.cancel",
    _two_receivers: "handoff.acknowledge",
    _unacknowledged_and_withdrawn: "handoff.cancel",
    _offered_by_two: "transfer.offer",
    _rung_and_declined: "transfer.ring transfer.decline",
    _connected_and_knife: "transfer.connect call.answer answer.record incident:transferred",
    _resolved_and_returned: "transfer.resolve transfer.return",
    _returned_and_dropped: "transfer.return transfer.drop",
    _unanswered_and_connected: "transfer.connect",
    _told_by_two: "transfer.resolve",
    _joined_by_two: "call.join incident:joined",
    _parted_by_two: "call.part",
    _parted_and_connected: "call.part transfer.connect",
    _ended_by_two: "call.end",
    _held_and_closed: "incident:held incident:closed",
    _agreed_and_run_out: "decision.override decision.expire_second",
    _moved_and_cancelled: "visit.move visit.cancel",
    _fell_due_and_cancelled: "visit.fall_due visit.cancel",
    _lists_that_cross: "incident.own call.own",
}


def test_of_two_doors_to_the_same_rows_one_is_first_and_nothing_is_half_done(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime
) -> None:
    raced(Floor(floor, people, units, at), PAIRS)


def test_two_supervisors_who_review_the_same_and_the_second_reads_what_the_first_wrote(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime
) -> None:
    here = Floor(floor, people, units, at)
    for act in _returned_by_both(here)[:1]:
        act()
    item, third = ReviewItem.objects.get(), factories.a_person(floor, "supervisor3", Role.SUPERVISOR)
    close = [
        partial(review_close, item=item, note=f"{who} talked to them", by=who, at=here.at)
        for who in (people["supervisor"], third)
    ]
    [lost] = failures(in_parallel(*close))
    item.refresh_from_db()
    assert item.note in str(lost)


def test_every_transition_is_raced_for() -> None:
    names = set(" ".join([*PAIRS.values(), *test_two_hands.PAIRS.values()]).split())
    # Raced for in test_preemption, between two urgent calls, the crew and the dispatcher.
    names.add("assignment.preempt")
    tables = {"assignment": ASSIGNMENT, "handoff": HANDOFF, "transfer": TRANSFER, "visit": VISIT}
    wanted = {f"{noun}.{action}" for noun, table in tables.items() for action in table.table}
    wanted |= {f"incident:{to}" for _, to in INCIDENT.table.values()} | {
        f"call.{one}" for one in ("end", "join", "part")
    }
    assert wanted - names == set()
    assert CALL_STATES == ("open", "ended")
