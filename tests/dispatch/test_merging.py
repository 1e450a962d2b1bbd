"""Several answers to one question: the most dangerous counts, and after sending nothing lowers."""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Centre, User
from dispatch.models import Call, Incident
from dispatch.selectors.triage import answers_merged, answers_of, suggestion_of
from dispatch.services.answers import answers_record
from dispatch.services.incidents import call_join
from responders.models import Unit
from tests import factories

Later = Callable[[float], datetime]


def _say(call: Call, by: User, at: datetime, **answers: object) -> None:
    answers_record(incident=call.incident, source=call, answers=answers, by=by, at=at)


def _merged(call: Call, key: str) -> object:
    return answers_merged(Incident.objects.get(pk=call.incident_id)).get(key)


def test_of_two_callers_who_contradict_each_other_the_more_dangerous_counts_in_either_order(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    for first, second in (("none", "in_hand"), ("in_hand", "none")):
        one, two = (factories.a_call(centre, by=by, at=at) for _ in range(2))
        _say(one, by, at, weapon=first)
        _say(two, by, at, weapon=second)
        call_join(call=two, into=one.incident, by=by, at=at)
        assert _merged(one, "weapon") == "in_hand"
        shown = answers_of(one.incident)["weapon"]
        assert (shown["value"], shown["others"]) == ("in_hand", ["none"])


def test_before_sending_the_caller_may_correct_a_danger_and_both_values_stay_to_see(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(centre, by=by, at=at, weapon="in_hand")
    _say(call, by, at, weapon="none")
    assert _merged(call, "weapon") == "none"
    assert answers_of(call.incident)["weapon"]["others"] == ["in_hand"]


def test_unknown_never_hides_a_danger_that_the_same_caller_gave(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(centre, by=by, at=at, weapon="in_hand", medical_signs=["bleeding"])
    _say(call, by, at, weapon="unknown", medical_signs="unknown")
    assert (_merged(call, "weapon"), _merged(call, "medical_signs")) == ("in_hand", ["bleeding"])


def test_after_sending_a_danger_is_never_lowered_by_an_answer(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at)
    factories.a_decision(call.incident, by=by, at=later(1))
    for seconds, value in ((2, "accessible"), (3, "none"), (4, "unknown")):
        _say(call, by, later(seconds), weapon=value)
        assert _merged(call, "weapon") == "accessible"
    _say(call, by, later(5), weapon="in_hand")
    _say(call, by, later(6), weapon="none")
    assert _merged(call, "weapon") == "in_hand"


def test_a_danger_withdrawn_before_sending_stays_withdrawn_after_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="in_hand")
    _say(call, by, later(1), weapon="none")
    factories.a_decision(call.incident, by=by, at=later(2))
    assert _merged(call, "weapon") == "none"
    suggestion = suggestion_of(incident=Incident.objects.get(pk=call.incident_id), at=later(3))
    assert suggestion is not None
    assert suggestion.response_class == "mobile_team"


def test_what_a_crew_says_counts_beside_the_callers(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    judged = answers_record(
        incident=accepted.incident,
        source=accepted.unit,
        answers={"violence": "physical_now"},
        basis="crew",
        by=people["responder"],
        at=later(60),
    )
    assert judged.suggestion is not None
    assert judged.suggestion.response_class == "emergency"
    assert answers_of(accepted.incident)["violence"]["source"] == f"unit:{accepted.unit_id}"


def test_the_gazetteer_says_the_kind_of_place_until_somebody_does(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_call(centre, by=by, at=at, where=factories.HOME)
    said = suggestion_of(incident=call.incident, at=at)
    assert said is not None
    assert "location_type" not in [item.key for item in said.ask]
