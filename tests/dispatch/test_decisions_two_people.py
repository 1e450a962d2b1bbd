"""Less caution takes two people, and whatever appears meanwhile stops it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm
from dispatch.services.answers import answers_record
from dispatch.services.decisions import decision_second
from programs.services import suspension_set
from tests import factories
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


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
    assert now_of(call.incident).sent_at is None
    with pytest.raises(Refused, match="second person"):
        decision_second(decision=decision, agree=True, by=by, at=later(5))
    for role in ("call_taker", "responder", "analyst"):
        with pytest.raises(PermissionDenied):
            decision_second(decision=decision, agree=True, by=people[role], at=later(5))
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(10))
    incident = now_of(call.incident)
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
    assert (decision.state, alarms(), now_of(call.incident).sent_at) == ("refused", [], None)
    factories.a_decision(call.incident, by=by, at=later(70))
    assert now_of(call.incident).response_class == "co_response"


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
    assert now_of(call.incident).sent_at is None


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
    assert (now_of(call.incident).response_class, alarms()) == ("co_response", [])


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
