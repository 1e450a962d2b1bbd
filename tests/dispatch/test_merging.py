"""Several answers to one question: the most dangerous counts, and after sending nothing lowers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Call, HistoryRow, Incident
from dispatch.selectors.incident import possible_duplicates
from dispatch.selectors.triage import answers_merged, answers_of, place_of, suggestion_of
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.handoffs import handoff_cancel
from dispatch.services.incidents import call_join
from dispatch.services.narrative import note_add
from dispatch.services.offers import offers_run
from dispatch.services.parting import call_part, duplicate_apart
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


def test_a_danger_that_is_clicked_away_after_sending_does_not_leave_with_its_call(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Where it goes nothing was sent, and of what a caller says the last would count: it lowers nothing for that."""
    by = people["call_taker"]
    sent, other = (factories.a_triaged_call(floor, by=by, at=at) for _ in range(2))
    factories.a_decision(sent.incident, by=by, at=later(1))
    call_join(call=other, into=sent.incident, by=by, at=later(2))
    other.refresh_from_db()
    _say(other, by, later(3), weapon="in_hand", medical_signs=["bleeding"])
    _say(other, by, later(4), weapon="none", medical_signs=[])
    fresh = call_part(call=other, by=by, at=later(5)).incident
    assert (answers_merged(fresh)["weapon"], answers_merged(fresh)["medical_signs"]) == ("in_hand", ["bleeding"])
    assert "none" in answers_of(fresh)["weapon"]["others"]
    assert answers_of(fresh)["violence"]["value"] == "none"


def test_a_join_does_not_undo_what_was_sent(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> None:
    by = people["call_taker"]
    risky, calm = (factories.a_triaged_call(floor, by=by, at=at) for _ in range(2))
    more = {"action": "override", "response_class": "emergency", "reason": "known_risk"}
    factories.a_decision(risky.incident, by=by, at=later(1), **more)
    for handoff in risky.incident.handoffs.all():
        handoff_cancel(handoff=handoff, reason="asked twice", by=people["dispatcher"], at=later(2))
    with pytest.raises(Refused, match="join the other one to it"):
        call_join(call=risky, into=calm.incident, by=by, at=later(3))
    call_join(call=calm, into=risky.incident, by=by, at=later(3))


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


def test_a_caller_joined_by_mistake_is_taken_out_again_with_what_was_said(
    centre: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """An incident of their own, as it was: answers, notes, place and nature; and nothing is lowered by it."""
    by = people["call_taker"]
    kept = factories.a_triaged_call(centre, by=by, at=at)
    other = factories.a_call(centre, by=by, at=at, where=factories.HOME, nature="welfare_check")
    _say(other, by, at, weapon="in_hand")
    note_add(id=uuid4(), incident=other.incident, call=other, text="hers alone", by=by, at=at)
    gone = other.incident_id
    call_join(call=other, into=kept.incident, by=by, at=later(5))
    assert _merged(kept, "weapon") == "in_hand"
    with pytest.raises(Refused, match="began with this call"):
        call_part(call=kept, by=by, at=later(6))
    apart = call_part(call=other, by=by, at=later(9))
    assert apart.incident_id not in {gone, kept.incident_id}
    assert call_part(call=other, by=by, at=later(9)).incident_id == apart.incident_id, "twice is once"
    fresh, left = (Incident.objects.get(pk=pk) for pk in (apart.incident_id, kept.incident_id))
    where = place_of(fresh)
    assert where is not None
    assert (where.text, fresh.nature, fresh.owner, fresh.sent_at) == (factories.HOME, "welfare_check", by, None)
    assert answers_merged(fresh)["weapon"] == "in_hand"
    assert [fresh.narrative.count(), left.narrative.count()] == [1, 0]
    assert answers_merged(left).get("weapon") == "none"
    said = {str(row.incident_id): row.detail for row in HistoryRow.objects.filter(entity="call", action="part")}
    assert said == {str(fresh.pk): {"from": str(left.pk)}, str(left.pk): {"to": str(fresh.pk)}}
    assert suggestion_of(incident=fresh, at=later(9)).response_class == "emergency"  # type: ignore[union-attr]  # None fails as well


def test_a_caller_whom_a_clinician_is_rung_for_is_not_taken_out_from_under_them(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """The clinician is booked for the incident: the caller would be with one, and the clinician on the other."""
    by = people["call_taker"]
    talks: dict[str, Any] = {"in_person_needed": "no", "caller": "first_party"}
    kept = factories.a_triaged_call(floor, by=by, at=at, **talks)
    other = factories.a_triaged_call(floor, by=by, at=later(1), **talks)
    call_join(call=other, into=kept.incident, by=by, at=later(2))
    factories.a_decision(kept.incident, by=by, at=later(3))
    [offer] = offers_run(centre=floor, at=later(4))
    assignment_act(assignment=offer, action="accept", by=people["clinician"], at=later(5))
    assert offer.transfers.get().call_id == other.pk
    with pytest.raises(Refused) as refused:
        call_part(call=other, by=by, at=later(6))
    assert (refused.value.code, refused.value.status) == ("transfer_open", 409)
    assignment_act(assignment=offer, action="cancel", reason="another matter", by=people["dispatcher"], at=later(7))
    assert call_part(call=other, by=by, at=later(8)).incident_id != kept.incident_id


def test_what_is_said_not_to_be_the_same_is_suggested_no_more_on_either_side(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    one, two = (factories.a_call(centre, by=by, at=at) for _ in range(2))
    assert [found.incident.pk for found in possible_duplicates(incident=one.incident)] == [two.incident_id]
    for a, b in ((one, two), (one, two), (two, one)):
        duplicate_apart(incident=a.incident, other=b.incident, by=by, at=at)
    assert possible_duplicates(incident=one.incident) == possible_duplicates(incident=two.incident) == []
    assert HistoryRow.objects.filter(action="apart").count() == 1
