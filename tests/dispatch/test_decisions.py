"""A person decides: more caution at once, and nothing around the floors."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Decision, HistoryRow
from dispatch.services.answers import answers_record
from dispatch.services.decisions import decision_take
from dispatch.services.handoffs import handoff_acknowledge
from dispatch.services.offers import offers_run
from tests import factories
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def test_accepting_queues_the_suggested_program_and_says_why(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    decision = factories.a_decision(call.incident, by=people["call_taker"], at=at)
    incident = now_of(call.incident)
    assert (incident.state, incident.response_class, incident.offer_wanted) == ("pending", "mobile_team", True)
    assert (incident.owner_role, incident.owner, incident.sent_at) == ("dispatcher", None, at)
    assert incident.promise_at is not None
    assert incident.not_diverted_reason == ""
    assert (decision.direction, decision.state) == ("same", "standing")
    assert decision.answers["weapon"] == "none"
    assert decision.trace["decision"]["protocol"]
    assert decision.protocol_version is not None


def test_the_same_decision_twice_is_one(floor: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    id = uuid.uuid4()
    for _ in range(2):
        decision_take(id=id, incident=call.incident, action="accept", by=people["call_taker"], at=at)
    assert Decision.objects.count() == 1
    assert HistoryRow.objects.filter(entity="decision").count() == 1
    other = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="already in use"):
        decision_take(id=id, incident=other.incident, action="accept", by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="already sent"):
        factories.a_decision(call.incident, by=people["call_taker"], at=at)


def test_an_emergency_is_handed_to_the_services_of_the_rule_that_fired(
    floor: Centre, people: dict[str, User], at: datetime, alarms: Alarms
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, breathing="absent")
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    incident = now_of(call.incident)
    assert (incident.state, incident.offer_wanted, incident.program_version) == ("transferred", False, None)
    assert [(one.service, one.state) for one in incident.handoffs.all()] == [("ems", "requested")]
    assert incident.not_diverted_reason == "excluded"
    assert incident.priority == 1
    assert alarms() == []


def test_more_caution_is_one_step_with_a_reason(floor: Centre, people: dict[str, User], at: datetime) -> None:
    by = people["call_taker"]
    for chosen, reason, coded in (
        ("emergency", "caller_asked_police", "caller_asked_police"),
        ("emergency", "sounds_worse", "override"),
    ):
        call = factories.a_triaged_call(floor, by=by, at=at)
        with pytest.raises(Refused) as refused:
            factories.a_decision(call.incident, by=by, at=at, action="override", response_class=chosen)
        assert refused.value.field == "reason"
        decision = factories.a_decision(
            call.incident, by=by, at=at, action="override", response_class=chosen, reason=reason
        )
        assert (decision.direction, decision.state) == ("more", "standing")
        assert now_of(call.incident).not_diverted_reason == coded


def test_a_plan_for_more_caution_withdraws_what_was_only_offered(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    factories.a_decision(
        offer.incident,
        by=people["dispatcher"],
        at=later(5),
        action="override",
        response_class="emergency",
        reason="sounds_worse",
    )
    offer.refresh_from_db()
    assert (offer.state, offer.end_reason) == ("cancelled", "plan_changed")
    incident = now_of(offer.incident)
    assert (incident.state, incident.offer_wanted, incident.program_version) == ("transferred", False, None)
    assert offers_run(centre=floor, at=later(6)) == []
    assert not offer.stage_orders.exists()
    handoff_acknowledge(
        handoff=incident.handoffs.get(), receiver_name="", receiver_number="P-1", by=people["dispatcher"], at=later(9)
    )
    assert alarms() == []


def test_accepting_again_after_the_danger_rose_is_one_key(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    call = accepted.incident.calls.get()
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=later(9))
    decision = factories.a_decision(accepted.incident, by=people["call_taker"], at=later(10))
    assert (decision.response_class, decision.direction) == ("emergency", "same")
    assert {one.service: one.state for one in accepted.incident.handoffs.all()} == {
        "police": "requested",
        "ems": "requested",
    }
    assert accepted.stage_orders.filter(lifted_at__isnull=True).get().words.startswith("Weapon")
