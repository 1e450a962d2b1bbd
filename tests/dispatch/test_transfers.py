"""Warm transfers: offered, rung, connected, resolved; dropped, declined, returned; out and in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Centre, Role, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Decision, HandoffTarget, HistoryRow, Incident, ReviewItem, Transfer
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.transfers import clinician_rows
from dispatch.services.alarms import alarm_end
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.targets import target_set
from dispatch.services.transfer_ends import (
    transfer_decline,
    transfer_drop,
    transfer_resolve,
    transfer_return,
    transfer_team_ask,
    transfer_withdraw,
)
from dispatch.services.transfers import transfer_connect, transfer_offer, transfer_ring
from dispatch.states import TransitionRefused
from tests import factories
from tests.dispatch.parallel import failures, in_parallel

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
BY_PHONE: dict[str, Any] = {"in_person_needed": "no", "caller": "first_party"}
"""Answers of a calm caller who can be helped by telephone: class tele_clinician."""


def _call(floor: Centre, by: User, at: datetime, **answers: Any) -> Call:
    return factories.a_triaged_call(floor, by=by, at=at, **{**BY_PHONE, **answers})


def _given(call: Call, by: User, at: datetime, **more: object) -> Transfer:
    return transfer_offer(id=uuid4(), call=call, by=by, at=at, **{"kind": "clinician", **more})  # type: ignore[arg-type]


@pytest.fixture
def line(floor: Centre, at: datetime) -> HandoffTarget:
    """A number of 988."""
    return target_set(centre=floor, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=at, by=None)


def _now(transfer: Transfer) -> tuple[str, Incident]:
    again = Transfer.objects.select_related("incident__owner").get(pk=transfer.pk)
    return again.state, again.incident


def test_the_giver_owns_the_call_until_the_clinician_has_the_caller_who_then_resolves_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    call = _call(floor, taker, at)
    transfer = _given(call, taker, later(1))
    transfer_ring(transfer=transfer, by=taker, at=later(2))
    state, incident = _now(transfer)
    assert (state, incident.owner, incident.sent_at) == ("ringing", taker, None)
    [row] = incident_rows(centre=floor, at=later(3))
    assert (row.owner, row.next_step) == (str(taker), "Stay on the line until they talk")
    assert [(one.state, one.whom) for one in clinician_rows(centre=floor)] == [("ringing", "any clinician")]
    transfer_connect(transfer=transfer, by=clinician, at=later(8))
    transfer_connect(transfer=transfer, by=clinician, at=later(9))
    state, incident = _now(transfer)
    assert (state, incident.state, incident.owner, incident.owner_role) == (
        "connected",
        "transferred",
        clinician,
        Role.CLINICIAN,
    )
    assert (incident.response_class, Decision.objects.get(incident=incident).by) == ("tele_clinician", clinician)
    assert Call.objects.get(pk=call.pk).owner == clinician
    [row] = incident_rows(centre=floor, at=later(9))
    assert (row.state_words, row.owner) == ("WITH CLINICIAN", str(clinician))
    transfer_resolve(transfer=transfer, disposition="services_accepted", by=clinician, at=later(60))
    state, incident = _now(transfer)
    assert (state, incident.state, incident.outcome) == ("resolved", "closed", "resolved_without_dispatch")
    assert (Call.objects.get(pk=call.pk).ended_as, alarms()) == ("completed", [])
    said = HistoryRow.objects.filter(entity="transfer").order_by("id").values_list("action", "to_state")
    assert list(said) == [
        ("offer", "offered"),
        ("ring", "ringing"),
        ("connect", "connected"),
        ("resolve", "resolved"),
    ]


def test_the_same_id_is_one_transfer_and_a_call_has_one_at_a_time(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    call = _call(floor, taker, at)
    transfer = _given(call, taker, later(1))
    again = transfer_offer(id=transfer.pk, call=call, kind="clinician", by=taker, at=later(2))
    assert (again.pk, again.offered_at) == (transfer.pk, later(1))
    with pytest.raises(Refused) as refused:
        _given(call, taker, later(3))
    assert refused.value.code == "transfer_open"
    with pytest.raises(Refused) as refused:
        transfer_offer(id=transfer.pk, call=_call(floor, taker, at), kind="clinician", by=taker, at=later(3))
    assert refused.value.code == "id_taken"


@pytest.mark.parametrize(
    ("answers", "code"),
    [({"weapon": "in_hand"}, "needs_more"), ({"in_person_needed": "yes"}, "needs_more"), (None, "not_triaged")],
    ids=["emergency", "somebody must go", "nothing asked"],
)
def test_a_call_that_needs_more_than_a_telephone_is_only_joined_and_keeps_class_owner_and_clock(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    later: Later,
    answers: dict[str, Any] | None,
    code: str,
) -> None:
    taker = people["call_taker"]
    call = factories.a_call(floor, by=taker, at=at) if answers is None else _call(floor, taker, at, **answers)
    if answers is not None:
        factories.a_decision(call.incident, by=taker, at=at)
    before = Incident.objects.get(pk=call.incident_id)
    with pytest.raises(Refused) as refused:
        _given(call, taker, later(1))
    assert (refused.value.code, refused.value.field) == (code, "bridge")
    transfer = _given(call, taker, later(1), bridge=True)
    transfer_connect(transfer=transfer, by=people["clinician"], at=later(5))
    _, after = _now(transfer)
    for name in ("state", "owner", "response_class", "promise_at", "offer_wanted", "priority"):
        assert getattr(after, name) == getattr(before, name)
    call_end(call=call, ended_as="completed", by=taker, at=later(9))
    assert _now(transfer)[0] == "resolved"


def test_a_danger_that_rose_while_it_rang_makes_the_clinician_join_in_only(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    call = _call(floor, taker, at)
    transfer = _given(call, taker, later(1))
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=taker, at=later(3))
    transfer_connect(transfer=transfer, by=people["clinician"], at=later(5))
    connected = Transfer.objects.get(pk=transfer.pk)
    assert (connected.bridge, connected.incident.owner, connected.incident.state) == (True, taker, "triaged")


def test_a_dropped_transfer_alarms_at_once_and_is_first_of_its_priority(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    older = _call(floor, taker, at)
    call = _call(floor, taker, later(1))
    transfer = _given(call, taker, later(2))
    transfer_connect(transfer=transfer, by=clinician, at=later(3))
    transfer_drop(transfer=transfer, reason="line_lost", by=clinician, at=later(30))
    state, incident = _now(transfer)
    assert (state, incident.state, incident.top_at) == ("dropped", "returned", later(30))
    assert (incident.owner, incident.owner_role) == (None, Role.DISPATCHER)
    alarm = Alarm.objects.get(kind=Alarm.Kind.TRANSFER_DROPPED)
    assert (alarm.urgent, alarm.opened_at, alarm.incident_id) == (True, later(30), incident.pk)
    assert alarms() == ["dropped_call", "transfer_dropped"]
    rows = incident_rows(centre=floor, at=later(31))
    assert [row.id for row in rows] == [str(incident.pk), str(older.incident_id)]
    assert rows[0].next_step == "Decide the response again"
    assert due.transfers_untaken(floor, later(59)) == 0
    assert due.transfers_untaken(floor, later(60)) == 1
    alarm.refresh_from_db()
    assert (alarm.owner_role, due.transfers_untaken(floor, later(61))) == (Role.SUPERVISOR, 0)


def test_a_caller_who_hangs_up_while_it_rings_is_a_dropped_transfer_too(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker = people["call_taker"]
    call = _call(floor, taker, at)
    transfer = _given(call, taker, later(1))
    with pytest.raises(Refused) as refused:
        call_end(call=call, ended_as="completed", by=taker, at=later(2))
    assert refused.value.code == "transfer_rings"
    call_end(call=call, ended_as="dropped", by=taker, at=later(3))
    state, incident = _now(transfer)
    assert (state, incident.owner, incident.state) == ("dropped", taker, "triaged")
    assert alarms() == ["dropped_call", "transfer_dropped"]


def test_ringing_that_nobody_answers_is_alarmed_after_20_s_while_the_giver_still_has_the_caller(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker = people["call_taker"]
    transfer = _given(_call(floor, taker, at), taker, later(1))
    transfer_ring(transfer=transfer, by=taker, at=later(5))
    assert due.transfers_unanswered(floor, later(24)) == 0
    assert due.transfers_unanswered(floor, later(25)) == 1
    assert due.transfers_unanswered(floor, later(26)) == 0
    alarm = Alarm.objects.get(kind=Alarm.Kind.TRANSFER_UNANSWERED)
    assert (alarm.owner, alarm.urgent, _now(transfer)[1].owner) == (taker, True, taker)
    alarm_end(alarm=alarm, by=taker, at=later(27), note="waiting")
    assert due.transfers_unanswered(floor, later(28)) == 0
    transfer_withdraw(transfer=transfer, by=taker, at=later(30))
    assert (_now(transfer)[0], alarms()) == ("returned", ["transfer_back"])


def test_what_is_declined_or_returned_says_why_and_is_offered_to_nobody_until_a_person_decides(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    declined = _given(_call(floor, taker, at), taker, later(1))
    with pytest.raises(Refused):
        transfer_decline(transfer=declined, reason="", by=clinician, at=later(2))
    with pytest.raises(PermissionDenied):
        transfer_decline(transfer=declined, reason="language", by=taker, at=later(2))
    transfer_decline(transfer=declined, reason="language", by=clinician, at=later(2))
    state, incident = _now(declined)
    assert (state, incident.owner, incident.top_at, alarms()) == ("declined", taker, later(2), ["transfer_back"])
    with pytest.raises(TransitionRefused):
        transfer_connect(transfer=declined, by=clinician, at=later(3))
    returned = _given(declined.call, taker, later(4))
    transfer_connect(transfer=returned, by=clinician, at=later(5))
    with pytest.raises(Refused):
        transfer_return(transfer=returned, reason="withdrawn", by=clinician, at=later(6))
    transfer_return(transfer=returned, reason="caller_refused", by=clinician, at=later(6))
    state, incident = _now(returned)
    assert (state, incident.state, incident.offer_wanted) == ("returned", "returned", False)
    review = ReviewItem.objects.get()
    assert (review.kind, review.subject, review.reason, review.by) == (
        "return",
        returned.pk,
        "caller_refused",
        clinician,
    )
    assert Call.objects.get(pk=returned.call_id).owner == taker


@pytest.mark.parametrize(("reason", "services"), [("rescue_needed", {"ems", "police"}), ("risk_rising", {"police"})])
def test_988_hands_back_for_a_rescue_and_the_class_rises_in_the_same_step(
    floor: Centre,
    people: dict[str, User],
    line: HandoffTarget,
    at: datetime,
    later: Later,
    reason: str,
    services: set[str],
) -> None:
    taker = people["call_taker"]
    call = _call(floor, taker, at)
    with pytest.raises(Refused) as refused:
        _given(call, taker, later(1), kind="988")
    assert refused.value.field == "target"
    transfer = _given(call, taker, later(1), kind="988", target=line)
    with pytest.raises(Refused) as refused:
        transfer_connect(transfer=transfer, by=taker, at=later(9))
    assert refused.value.field == "receiver_name"
    transfer_connect(transfer=transfer, by=taker, at=later(9), receiver_name="Counsellor 14")
    state, incident = _now(transfer)
    assert (state, incident.state, incident.owner) == ("connected", "transferred", taker)
    assert Call.objects.get(pk=call.pk).ended_as == "transferred"
    transfer_return(transfer=transfer, reason=reason, by=taker, at=later(90))
    state, incident = _now(transfer)
    assert (state, incident.response_class, incident.not_diverted_reason) == ("returned", "emergency", "returned")
    assert set(incident.handoffs.filter(state="requested").values_list("service", flat=True)) == services


def test_a_rescue_reaches_the_team_that_was_sent_for_less(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """The class rises after sending: nobody unarmed goes in as if the clinician had said nothing."""
    team = factories.an_accepted(floor, by=people["call_taker"], at=at)
    call = team.incident.calls.get()
    talks = _given(call, people["call_taker"], later(3), bridge=True)
    transfer_connect(transfer=talks, by=people["clinician"], at=later(5))
    assignment_act(assignment=team, action="en_route", by=people["dispatcher"], at=later(6))
    transfer_return(transfer=talks, reason="risk_rising", by=people["clinician"], at=later(60))
    order = team.stage_orders.get()
    assert (order.reason, order.words, order.lifted_at) == (
        "returned=risk_rising", "Given back: risk is rising", None,
    )  # fmt: skip
    with pytest.raises(Refused, match="STAGE"):
        assignment_act(assignment=team, action="on_scene", by=people["dispatcher"], at=later(61))
    assert Incident.objects.get(pk=team.incident_id).response_class == "emergency"


def test_another_centre_may_be_given_any_call_and_no_other_may(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    county = target_set(centre=floor, kind="other_centre", name="County", phone="+1 308 555 0191", at=at, by=None)
    call = factories.a_call(floor, by=taker, at=at)
    transfer = _given(call, taker, later(1), kind="other_centre", target=county)
    transfer_connect(transfer=transfer, by=taker, at=later(5), receiver_name="Desk 3")
    _, incident = _now(transfer)
    assert (incident.state, incident.not_diverted_reason) == ("transferred", "out_of_area")
    with pytest.raises(Refused) as refused:
        incident_close(incident=incident, outcome="handed_off", by=people["dispatcher"], at=later(6))
    assert refused.value.code == "transfer_open"
    transfer_resolve(transfer=transfer, disposition="taken_over", by=taker, at=later(9))
    assert _now(transfer)[1].outcome == "resolved_without_dispatch"


def test_the_clinician_asks_for_a_team_and_keeps_the_caller(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    transfer = _given(_call(floor, taker, at), taker, later(1))
    with pytest.raises(Refused):
        transfer_team_ask(transfer=transfer, by=clinician, at=later(2))
    transfer_connect(transfer=transfer, by=clinician, at=later(3))
    for nth in (4, 5):
        transfer_team_ask(transfer=transfer, by=clinician, at=later(nth))
    assert (_now(transfer)[0], alarms()) == ("connected", ["team_asked"])
    transfer_resolve(transfer=transfer, disposition="resolved_by_phone", by=clinician, at=later(9))
    assert alarms() == []


def _booked(floor: Centre, people: dict[str, User], at: datetime) -> Assignment:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at, **BY_PHONE)
    assert offer.by_phone
    return offer


def test_accepting_an_offer_by_telephone_rings_the_caller_through_and_both_go_together(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    clinician = people["clinician"]
    offer = _booked(floor, people, at)
    assignment_act(assignment=offer, action="accept", by=clinician, at=later(1))
    transfer = Transfer.objects.get(assignment=offer)
    assert (transfer.state, transfer.unit, transfer.offered_by) == ("ringing", offer.unit, people["call_taker"])
    transfer_connect(transfer=transfer, by=clinician, at=later(3))
    offer.refresh_from_db()
    assert (offer.state, _now(transfer)[0], _now(transfer)[1].owner) == ("with_person", "connected", clinician)
    transfer_resolve(transfer=transfer, disposition="follow_up_booked", by=clinician, at=later(99))
    offer.refresh_from_db()
    assert (offer.state, offer.disposition, _now(transfer)[1].state) == ("cleared", "follow_up_booked", "closed")


def test_the_phone_page_moves_the_transfer_as_well_and_without_a_caller_there_is_none(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    clinician = people["clinician"]
    offer = _booked(floor, people, at)
    for nth, (action, state) in enumerate((("accept", "ringing"), ("with_person", "connected"))):
        assignment_act(assignment=offer, action=action, by=clinician, at=later(nth))
        assert Transfer.objects.get(assignment=offer).state == state
    assignment_act(assignment=offer, action="clear", disposition="resolved_by_phone", by=clinician, at=later(5))
    assert Transfer.objects.get(assignment=offer).disposition == "resolved_by_phone"
    gone = _booked(floor, people, later(10))
    call_end(call=gone.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(11))
    assignment_act(assignment=gone, action="accept", by=clinician, at=later(12))
    assert not Transfer.objects.filter(assignment=gone).exists()
    assert [(row.state, row.whom) for row in clinician_rows(centre=floor)] == [("callback", "C3-1")]


@pytest.mark.django_db(transaction=True)
def test_of_two_clinicians_who_take_a_caller_at_once_one_has_them(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    other = factories.a_person(floor, "clinician2", Role.CLINICIAN, agency="behavioral")
    transfer = _given(_call(floor, people["call_taker"], at), people["call_taker"], later(1))
    takers = (people["clinician"], other)
    results = in_parallel(*[partial(transfer_connect, transfer=transfer, by=one, at=later(2)) for one in takers])
    [lost] = failures(results)
    assert isinstance(lost, Refused)
    assert lost.code == "taken"
    connected = Transfer.objects.select_related("incident").get(pk=transfer.pk)
    assert connected.receiver == connected.incident.owner
    assert HistoryRow.objects.filter(entity="transfer", action="connect").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_caller_who_hangs_up_as_the_clinician_answers_is_never_lost(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    call = _call(floor, taker, at)
    transfer = _given(call, taker, later(1))
    in_parallel(
        partial(transfer_connect, transfer=transfer, by=clinician, at=later(2)),
        partial(call_end, call=call, ended_as="dropped", by=taker, at=later(2)),
    )
    state, incident = _now(transfer)
    assert (state, Call.objects.get(pk=call.pk).state) == ("dropped", "ended")
    assert incident.state in {"returned", "triaged"}
    assert Alarm.objects.filter(kind=Alarm.Kind.TRANSFER_DROPPED, ended_at__isnull=True).count() == 1
