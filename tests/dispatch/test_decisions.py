"""A person decides: more caution at once, less only with another person, and nothing around the floors."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Decision, HistoryRow, Incident
from dispatch.reasons import NOT_DIVERTED
from dispatch.services.answers import answers_record
from dispatch.services.decisions import decision_second, decision_take
from dispatch.services.handoffs import handoff_acknowledge
from dispatch.services.offers import offers_run
from programs.models import ProgramVersion, ProtocolVersion, Suspension, VersionState
from programs.services import suspension_set
from tests import factories

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def _now(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def test_accepting_queues_the_suggested_program_and_says_why(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    decision = factories.a_decision(call.incident, by=people["call_taker"], at=at)
    incident = _now(call.incident)
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
    incident = _now(call.incident)
    assert (incident.state, incident.offer_wanted, incident.program_version) == ("transferred", False, None)
    assert [(one.service, one.state) for one in incident.handoffs.all()] == [("ems", "requested")]
    assert incident.not_diverted_reason == "excluded"
    assert incident.priority == 1
    assert alarms() == []


def test_a_call_that_nobody_triaged_goes_as_its_natures_standard_response(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_call(floor, by=people["call_taker"], at=at, nature="overdose")
    with pytest.raises(Refused) as refused:
        factories.a_decision(call.incident, by=people["call_taker"], at=at)
    assert refused.value.code == "not_triaged"
    factories.a_decision(call.incident, by=people["call_taker"], at=at, action="send")
    incident = _now(call.incident)
    assert (incident.response_class, incident.not_diverted_reason) == ("emergency", "not_triaged")
    assert "ems" in incident.handoffs.values_list("service", flat=True)


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
        assert _now(call.incident).not_diverted_reason == coded


def test_a_co_response_always_asks_police_whichever_program_sends_the_clinician(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    for program in ("", "advocates"):
        call = factories.a_triaged_call(floor, by=by, at=at)
        decision = factories.a_decision(
            call.incident,
            by=by,
            at=at,
            action="override",
            response_class="co_response",
            program=program,
            reason="scene_unclear",
        )
        assert decision.program_version is not None
        assert decision.program_version.program.slug == "advocates"
        assert list(_now(call.incident).handoffs.values_list("service", flat=True)) == ["police"]


def test_less_caution_waits_for_another_person_and_changes_nothing_until_then(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    choice: dict[str, Any] = {"action": "override", "response_class": "mobile_team", "program": "star"}
    with pytest.raises(Refused) as refused:
        factories.a_decision(call.incident, by=by, at=at, reason="policy", **choice)
    assert refused.value.code == "reason_needed"
    decision = factories.a_decision(call.incident, by=by, at=at, reason="danger_over", **choice)
    assert (decision.state, decision.direction, alarms()) == ("waiting_second", "less", ["second_person"])
    assert _now(call.incident).sent_at is None
    with pytest.raises(Refused, match="second person"):
        decision_second(decision=decision, agree=True, by=by, at=later(5))
    for role in ("call_taker", "responder", "analyst"):
        with pytest.raises(PermissionDenied):
            decision_second(decision=decision, agree=True, by=people[role], at=later(5))
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(10))
    incident = _now(call.incident)
    assert (incident.response_class, incident.state, alarms()) == ("mobile_team", "pending", [])
    with pytest.raises(Refused, match="already settled"):
        decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(11))


@pytest.mark.parametrize("how", ["refused", "nobody", "too late"])
def test_without_a_second_person_the_more_cautious_stands(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms, how: str
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    decision = factories.a_decision(
        call.incident,
        by=by,
        at=at,
        action="override",
        response_class="mobile_team",
        program="star",
        reason="danger_over",
    )
    if how == "refused":
        decision_second(decision=decision, agree=False, by=people["clinician"], at=later(5))
    elif how == "nobody":
        assert due.second_persons(floor, later(59)) == 0
        assert due.second_persons(floor, later(60)) == 1
        assert due.second_persons(floor, later(61)) == 0
    else:
        with pytest.raises(Refused, match="in time"):
            decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(60))
        due.second_persons(floor, later(60))
    decision.refresh_from_db()
    assert (decision.state, alarms(), _now(call.incident).sent_at) == ("refused", [], None)
    factories.a_decision(call.incident, by=by, at=later(70))
    assert _now(call.incident).response_class == "co_response"


def test_a_danger_that_appears_while_it_waits_stops_the_less_cautious_choice(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    decision = factories.a_decision(
        call.incident,
        by=by,
        at=at,
        action="override",
        response_class="mobile_team",
        program="star",
        reason="danger_over",
    )
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=by, at=later(5))
    with pytest.raises(Refused, match="Answers have changed"):
        decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(10))
    assert _now(call.incident).sent_at is None


def test_a_later_choice_ends_one_that_still_waits(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    choice: dict[str, Any] = {"action": "override", "response_class": "mobile_team", "reason": "danger_over"}
    first = factories.a_decision(call.incident, by=by, at=at, program="star", **choice)
    second = factories.a_decision(call.incident, by=by, at=later(1), program="star", **choice)
    assert Alarm.objects.get(kind="second_person", ended_at__isnull=True).detail == {"decision": str(second.pk)}
    factories.a_decision(call.incident, by=by, at=later(2))
    for waited in (first, second):
        with pytest.raises(Refused, match="already settled"):
            decision_second(decision=waited, agree=True, by=people["supervisor"], at=later(3))
    assert (_now(call.incident).response_class, alarms()) == ("co_response", [])


_OVERRIDE_CASES = [
    ({"weapon": "accessible"}, "mobile_team", "star", "less"),
    ({"age_band": "under_12"}, "mobile_team", "star", "less"),
    ({"age_band": "unknown"}, "mobile_team", "star", "less"),
    ({}, "mobile_team", "star", "same"),
    ({}, "co_response", "advocates", "more"),
]


@pytest.mark.parametrize(("changed", "response_class", "program", "way"), _OVERRIDE_CASES)
def test_naming_a_program_never_goes_around_its_exclusions(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    changed: dict[str, Any],
    response_class: str,
    program: str,
    way: str,
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, **changed)
    decision = factories.a_decision(
        call.incident,
        by=people["call_taker"],
        at=at,
        action="override",
        response_class=response_class,
        program=program,
        reason="clinician_advice",
    )
    assert (decision.direction, decision.state) == (way, "waiting_second" if way == "less" else "standing")


def test_a_program_out_of_its_area_is_a_step_down_and_one_of_another_class_is_refused(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    outside = factories.a_triaged_call(floor, by=by, at=at, where=factories.OUTSIDE)
    choice: dict[str, Any] = {"action": "override", "reason": "clinician_advice"}
    decision = factories.a_decision(
        outside.incident, by=by, at=at, response_class="mobile_team", program="star", **choice
    )
    assert decision.state == "waiting_second"
    for response_class, program, code in (
        ("mobile_team", "advocates", "program_class"),
        ("mobile_team", "cahoots", "program_unknown"),
        ("helicopter", "", "class_unknown"),
        ("outreach_followup", "", "no_program"),
    ):
        with pytest.raises(Refused) as refused:
            factories.a_decision(
                outside.incident, by=by, at=at, response_class=response_class, program=program, **choice
            )
        assert refused.value.code == code


def test_the_stop_key_makes_plans_fall_back_upward_and_names_itself(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["call_taker"]
    before = factories.a_triaged_call(floor, by=by, at=at)
    factories.a_decision(before.incident, by=by, at=at)
    suspension_set(centre=floor, scope="program", subject="star", reason="crew hurt", by=people["supervisor"], at=at)
    assert offers_run(centre=floor, at=later(1)) == []
    assert (_now(before.incident).no_unit_reason, alarms()) == ("suspended", ["no_unit"])
    call = factories.a_triaged_call(floor, by=by, at=at)
    with pytest.raises(Refused) as refused:
        factories.a_decision(
            call.incident,
            by=by,
            at=at,
            action="override",
            response_class="mobile_team",
            program="star",
            reason="clinician_advice",
        )
    assert refused.value.code == "suspended"
    decision = factories.a_decision(call.incident, by=by, at=at)
    assert decision.response_class == "co_response"
    Suspension.objects.all().delete()
    suspension_set(centre=floor, scope="all", subject="", reason="storm", by=people["supervisor"], at=at)
    other = factories.a_triaged_call(floor, by=by, at=at)
    decision = factories.a_decision(other.incident, by=by, at=at)
    assert (decision.response_class, decision.program_version) == ("co_response", None)
    assert _now(other.incident).not_diverted_reason == "suspended"


def test_a_stop_pressed_while_a_choice_waits_stops_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, weapon="accessible")
    decision = factories.a_decision(
        call.incident,
        by=people["call_taker"],
        at=at,
        action="override",
        response_class="mobile_team",
        program="star",
        reason="danger_over",
    )
    suspension_set(centre=floor, scope="beat", subject="A1", reason="riot", by=people["supervisor"], at=later(1))
    with pytest.raises(Refused, match="stopped"):
        decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(2))


@pytest.mark.parametrize(
    ("changed", "where", "hours", "coded"),
    [
        ({}, factories.OUTSIDE, "24/7", "out_of_area"),
        ({}, factories.PARK, "Mo-Su 02:00-03:00", "out_of_hours"),
        ({"weapon": "in_hand"}, factories.PARK, "24/7", "excluded"),
        ({"age_band": "unknown"}, factories.PARK, "no programs but star", "insufficient_information"),
    ],
)
def test_a_call_that_is_not_diverted_says_why(
    floor: Centre,
    people: dict[str, User],
    programs: dict[str, ProgramVersion],
    at: datetime,
    changed: dict[str, Any],
    where: str,
    hours: str,
    coded: str,
) -> None:
    if hours == "no programs but star":
        ProgramVersion.objects.exclude(pk=programs["star"].pk).update(state=VersionState.RETIRED)
    elif hours != "24/7":
        for version in programs.values():
            closed = ProgramVersion.objects.get(pk=version.pk)
            ProgramVersion.objects.filter(pk=version.pk).update(state=VersionState.RETIRED)
            closed.pk, closed.number, closed.spec = uuid.uuid4(), 2, {**closed.spec, "hours": hours}
            closed.save(force_insert=True)
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, where=where, **changed)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    reason = _now(call.incident).not_diverted_reason
    assert reason == coded
    assert reason in NOT_DIVERTED


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
    incident = _now(offer.incident)
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


@pytest.mark.parametrize("broken", ["no protocol", "broken program"])
def test_when_the_engine_fails_it_says_so_and_sending_still_works(
    floor: Centre, people: dict[str, User], at: datetime, alarms: Alarms, broken: str
) -> None:
    if broken == "no protocol":
        ProtocolVersion.objects.update(state=VersionState.RETIRED)
    else:
        version = ProgramVersion.objects.filter(program__slug="star").get()
        ProgramVersion.objects.filter(pk=version.pk).update(state=VersionState.RETIRED)
        version.pk, version.number, version.spec = uuid.uuid4(), 2, {"rules": {"slug": "star"}, "hours": "24/7"}
        version.save(force_insert=True)
    by = people["call_taker"]
    call = factories.a_call(floor, by=by, at=at, nature="welfare_check")
    assert answers_record(incident=call.incident, source=call, answers=factories.CALM, by=by, at=at) is None
    assert alarms() == ["engine_error"]
    with pytest.raises(Refused, match="no suggestion"):
        factories.a_decision(call.incident, by=by, at=at)
    waiting = factories.a_decision(
        call.incident, by=by, at=at, action="override", response_class="co_response", reason="clinician_advice"
    )
    assert waiting.state == "waiting_second"
    decision = factories.a_decision(call.incident, by=by, at=at, action="send")
    assert (decision.response_class, decision.engine_version) == ("emergency", "none")
    assert _now(call.incident).not_diverted_reason == "insufficient_information"
    assert _now(call.incident).handoffs.get().state == "requested"
