"""Which program may be chosen for a call, and what the stop key does to plans."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.services.offers import offers_run
from programs.models import Suspension
from programs.services import suspension_set
from tests import factories
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


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
        assert list(now_of(call.incident).handoffs.values_list("service", flat=True)) == ["police"]


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
    assert (now_of(before.incident).no_unit_reason, alarms()) == ("suspended", ["no_unit"])
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
    assert now_of(other.incident).not_diverted_reason == "suspended"
