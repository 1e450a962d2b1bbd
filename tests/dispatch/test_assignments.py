"""Offers and what crews do with them, through whichever door."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Assignment, HistoryRow, Incident
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.decisions import decision_take
from dispatch.services.handoffs import handoff_acknowledge, handoff_request
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.states import ASSIGNMENT, ASSIGNMENT_STATES, TransitionRefused
from live.models import Event
from programs.models import ProgramVersion
from responders.models import StatusRules, Unit
from responders.services import unit_service
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
_MORE: dict[str, dict[str, Any]] = {
    "decline": {"reason": "equipment"},
    "cancel": {"reason": "not needed"},
    "clear": {"disposition": "resolved_on_scene"},
}


def _now(assignment: Assignment) -> Incident:
    return Incident.objects.get(pk=assignment.incident_id)


def test_the_nearest_free_unit_is_asked_then_the_next_when_it_declines_and_then_it_says_why_not(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    first = factories.an_offer(floor, by=people["call_taker"], at=at)
    assert first.unit.call_sign == "Star 1"
    assert first.why["shortfalls"] == []
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=first, action="decline", by=crew_of(first), at=later(1))
    assert refused.value.field == "reason"
    assignment_act(assignment=first, action="decline", reason="equipment", by=crew_of(first), at=later(2))
    [second] = offers_run(centre=floor, at=later(3))
    assert second.unit.call_sign == "Star 2"
    assert offers_run(centre=floor, at=later(4)) == []
    assignment_act(assignment=second, action="decline", reason="safety", by=crew_of(second), at=later(5))
    assert offers_run(centre=floor, at=later(6)) == []
    incident = _now(first)
    assert (incident.no_unit_reason, incident.state, alarms()) == ("all_declined", "pending", ["no_unit"])
    assert {row["call_sign"] for row in incident.no_unit_detail} == {"Star 1", "Star 2"}
    version = incident.version
    assert offers_run(centre=floor, at=later(7)) == []
    assert _now(first).version == version


def test_an_offer_that_nobody_answers_goes_to_the_next_unit_and_comes_back_later(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    first = factories.an_offer(floor, by=people["call_taker"], at=at)
    assert due.offers_expired(floor, later(44)) == 0
    assert due.offers_expired(floor, later(45)) == 1
    with pytest.raises(TransitionRefused):
        assignment_act(assignment=first, action="accept", by=crew_of(first), at=later(46))
    [second] = offers_run(centre=floor, at=later(46))
    assert second.unit != first.unit
    assert due.offers_expired(floor, later(92)) == 1
    assert offers_run(centre=floor, at=later(93)) == []
    assert _now(first).no_unit_reason == "all_declined"
    [again] = offers_run(centre=floor, at=later(46 + 181))
    assert again.unit == first.unit


def test_an_offer_over_its_time_cannot_be_accepted_even_before_the_sweeper_has_ended_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="run out"):
        assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(45))


def test_urgent_before_old(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> None:
    Unit.objects.filter(call_sign="Star 1").update(service="out_of_service")
    old = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    urgent = factories.a_triaged_call(floor, by=people["call_taker"], at=later(60))
    for call in (old, urgent):
        factories.a_decision(call.incident, by=people["call_taker"], at=later(61))
    Incident.objects.filter(pk=urgent.incident_id).update(priority=1)
    [offer] = offers_run(centre=floor, at=later(62))
    assert offer.incident_id == urgent.incident_id
    assert _now(offer).no_unit_reason == ""
    assert Incident.objects.get(pk=old.incident_id).no_unit_reason == "all_busy"


@pytest.mark.parametrize("state", ASSIGNMENT_STATES)
def test_every_action_from_every_state(floor: Centre, people: dict[str, User], at: datetime, state: str) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    ended = {"ended_at": at, "disposition": "not_found"} if state in {"cleared", "declined", "expired"} else {}
    ended = ended or ({"ended_at": at} if state in {"cancelled", "preempted"} else {})
    Assignment.objects.filter(pk=offer.pk).update(state=state, **ended)
    Incident.objects.filter(pk=offer.incident_id).update(state="assigned", offer_wanted=False)
    StatusRules.objects.create(centre=floor, status_transitions="enforce")
    history = HistoryRow.objects.count()
    for action, (allowed, target) in ASSIGNMENT.table.items():
        if action in {"expire", "preempt"} or state not in {*allowed, target}:
            with pytest.raises(TransitionRefused):
                assignment_act(assignment=offer, action=action, by=crew_of(offer), at=at, **_MORE.get(action, {}))
        elif state == target:
            same = assignment_act(assignment=offer, action=action, by=crew_of(offer), at=at)
            assert same.state == state
    assert HistoryRow.objects.count() == history


def test_the_whole_way_leaves_times_history_audit_and_events(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    crew = crew_of(offer)
    for nth, action in enumerate(("accept", "en_route", "on_scene", "with_person"), 1):
        done = assignment_act(assignment=offer, action=action, by=crew, at=later(nth), device_at=later(nth - 1))
    assert (done.accepted_at, done.en_route_at, done.on_scene_at) == (later(1), later(2), later(3))
    assert (_now(offer).state, _now(offer).promise_at) == ("on_scene", None)
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=offer, action="clear", by=crew, at=later(9))
    assert refused.value.field == "disposition"
    assignment_act(assignment=offer, action="clear", disposition="services_accepted", by=crew, at=later(9))
    assert _now(offer).state == "on_scene"
    call_end(call=offer.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(10))
    incident = _now(offer)
    assert (incident.state, incident.outcome, incident.closed_at) == ("closed", "services_accepted", later(10))
    rows = HistoryRow.objects.filter(entity="assignment").order_by("id")
    assert [row.action for row in rows] == ["offer", "accept", "en_route", "on_scene", "with_person", "clear"]
    assert rows[1].device_at == at
    assert AuditRow.objects.filter(entity="assignment").count() == 6
    events = list(Event.objects.filter(entity_id=incident.pk).order_by("id").values_list("version", flat=True))
    assert events == sorted(set(events))
    assert events[-1] == incident.version
    assert alarms() == []


def test_one_who_accepts_ends_the_other_offers_of_the_slot(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    other = Assignment.objects.create(
        incident=offer.incident, unit=units["Star 2"], offered_at=at, offer_expires_at=later(60)
    )
    assignment_act(assignment=other, action="accept", by=crew_of(other), at=later(1))
    offer.refresh_from_db()
    assert (offer.state, offer.end_reason) == ("cancelled", "taken")
    with pytest.raises(TransitionRefused):
        assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(2))


def test_hazards_on_file_are_read_by_the_crew_or_relayed_to_them(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    factories.a_caution(floor, at=at)
    read = factories.an_offer(floor, by=people["call_taker"], at=at, where=factories.HOME)
    assignment_act(assignment=read, action="accept", by=crew_of(read), at=later(1))
    assert assignment_act(assignment=read, action="en_route", by=crew_of(read), at=later(2)).cautions_read_at
    told = factories.an_offer(floor, by=people["call_taker"], at=later(3), where=factories.HOME)
    assignment_act(assignment=told, action="accept", by=people["dispatcher"], at=later(4))
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=told, action="en_route", by=people["dispatcher"], at=later(5))
    assert refused.value.code == "cautions_not_read"
    cautions_relay(assignment=told, by=people["dispatcher"], at=later(6))
    assert AuditRow.objects.filter(action="cautions.relay", by=people["dispatcher"]).count() == 1
    assert assignment_act(assignment=told, action="en_route", by=crew_of(told), at=later(7)).state == "en_route"


def test_a_clinician_on_the_telephone_is_with_the_person_at_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    factories.a_caution(floor, at=at)
    offer = factories.an_offer(
        floor, by=people["call_taker"], at=at, where=factories.HOME, in_person_needed="no", caller="first_party"
    )
    assert (offer.unit.call_sign, offer.by_phone, offer.eta_s) == ("C3-1", True, 0)
    for nth, action in enumerate(("accept", "with_person")):
        assignment_act(assignment=offer, action=action, by=people["clinician"], at=later(nth))
    assert _now(offer).state == "on_scene"


def test_a_crew_called_off_makes_the_incident_wait_again_for_another(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    for steps in ((), ("en_route", "on_scene")):
        offer = factories.an_accepted(floor, by=people["call_taker"], at=at)
        crew = crew_of(offer)
        for action in steps:
            assignment_act(assignment=offer, action=action, by=crew, at=later(5))
        with pytest.raises(Refused):
            assignment_act(assignment=offer, action="cancel", by=people["dispatcher"], at=later(6))
        assignment_act(assignment=offer, action="cancel", reason="wrong unit", by=people["dispatcher"], at=later(6))
        incident = _now(offer)
        assert (incident.state, incident.offer_wanted) == ("pending", True)
        [again] = offers_run(centre=floor, at=later(7))
        assert again.unit != offer.unit
        assignment_act(assignment=again, action="cancel", reason="test over", by=people["dispatcher"], at=later(8))
        Incident.objects.filter(pk=incident.pk).update(offer_wanted=False)


def test_an_assisting_unit_neither_ends_the_search_nor_restarts_it(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    primary = factories.an_offer(floor, by=people["call_taker"], at=at)
    assist = assignment_offer(incident=primary.incident, unit=units["Medic 1"], slot="assist", by=by, at=later(1))
    assignment_act(assignment=assist, action="accept", by=people["medic"], at=later(2))
    assignment_act(assignment=primary, action="decline", reason="equipment", by=crew_of(primary), at=later(3))
    [second] = offers_run(centre=floor, at=later(4))
    assignment_act(assignment=second, action="accept", by=crew_of(second), at=later(5))
    assignment_act(assignment=assist, action="cancel", reason="enough", by=by, at=later(6))
    incident = _now(primary)
    assert (incident.state, incident.offer_wanted) == ("assigned", False)
    assert offers_run(centre=floor, at=later(7)) == []


def test_of_those_who_assist_each_may_come(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    """Several units beside the primary one: asking or accepting one takes nothing from the others."""
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    beside = [
        assignment_offer(
            incident=first.incident, unit=units[name], slot="assist", by=people["dispatcher"], at=later(nth)
        )
        for nth, name in enumerate(("Star 2", "Medic 1", "CR 1"), 3)
    ]
    for one in beside:
        assignment_act(assignment=one, action="accept", by=crew_of(one), at=later(7))
    assert set(first.incident.assignments.values_list("state", flat=True)) == {"accepted"}


def test_a_dispatchers_own_choice_is_applied_with_its_shortfalls_shown(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="Decide the response first"):
        assignment_offer(incident=call.incident, unit=units["Outreach 1"], by=by, at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    [automatic] = offers_run(centre=floor, at=at)
    with pytest.raises(PermissionDenied):
        assignment_offer(incident=call.incident, unit=units["Outreach 1"], by=people["call_taker"], at=later(1))
    with pytest.raises(Refused) as refused:
        assignment_offer(incident=call.incident, unit=automatic.unit, by=by, at=later(1))
    assert refused.value.code == "unit_taken"
    own = assignment_offer(incident=call.incident, unit=units["Outreach 1"], by=by, at=later(1))
    assert [one["code"] for one in own.why["shortfalls"]] == ["wrong_program"]
    automatic.refresh_from_db()
    assert (automatic.state, automatic.end_reason) == ("cancelled", "another_chosen")
    assignment_act(assignment=own, action="accept", by=people["outreach"], at=later(2))
    with pytest.raises(Refused) as refused:
        assignment_offer(incident=call.incident, unit=units["Star 1"], by=by, at=later(3))
    assert refused.value.code == "slot_filled"
    with pytest.raises(Refused):
        assignment_offer(incident=call.incident, unit=units["Star 1"], slot="driver", by=by, at=later(3))
    other = factories.a_centre(at=at, slug="otherton")
    away = factories.the_units(other, factories.the_people(other), at=at)["Star 1"]
    with pytest.raises(Refused) as refused:
        assignment_offer(incident=call.incident, unit=away, slot="assist", by=by, at=later(3))
    assert refused.value.code == "unit_elsewhere"


def test_a_unit_that_left_service_between_the_choice_and_the_claim_is_not_asked(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    unit_service(unit=units["Star 1"], service="on_break", reason="", by=people["responder"], at=at)
    assert factories.an_offer(floor, by=people["call_taker"], at=at).unit.call_sign == "Star 2"


def test_one_incident_that_fails_stops_no_other(
    floor: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime, later: Later
) -> None:
    poisoned = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(poisoned.incident, by=people["call_taker"], at=at)
    bad = ProgramVersion.objects.get(pk=programs["star"].pk)
    bad.pk, bad.number, bad.spec, bad.state = uuid.uuid4(), 9, {}, "draft"
    bad.save(force_insert=True)
    Incident.objects.filter(pk=poisoned.incident_id).update(program_version=bad, priority=1)
    healthy = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(healthy.incident, by=people["call_taker"], at=at)
    assert [one.incident_id for one in offers_run(centre=floor, at=later(1))] == [healthy.incident_id]


def test_an_incident_closes_only_when_nothing_of_it_is_open(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    incident, crew = accepted.incident, crew_of(accepted)
    handoff = handoff_request(incident=incident, service="ems", reason="dispatcher", by=by, at=later(3))

    def refused() -> str:
        with pytest.raises(Refused) as caught:
            incident_close(incident=incident, outcome="handed_off", by=by, at=later(4))
        return caught.value.code

    assert refused() == "crew_still_assigned"
    assignment_act(assignment=accepted, action="clear", disposition="handed_to_police", by=crew, at=later(5))
    assert refused() == "handoff_open"
    handoff_acknowledge(handoff=handoff, receiver_name="Engine 4", receiver_number="", by=by, at=later(6))
    assert refused() == "call_open"
    assert _now(accepted).state == "assigned"
    call_end(call=incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(7))
    assert (_now(accepted).state, _now(accepted).outcome) == ("closed", "handed_to_police")
    with pytest.raises(Refused, match="closed"):
        decision_take(id=accepted.pk, incident=incident, action="accept", by=by, at=later(8))
    with pytest.raises(Refused):
        handoff_request(incident=incident, service="ems", reason="", by=by, at=later(8))
    with pytest.raises(Refused):
        incident_close(incident=incident, outcome="forgotten", by=by, at=later(8))
