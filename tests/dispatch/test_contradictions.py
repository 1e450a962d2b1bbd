"""Callers who contradict each other, and dangers that are clicked away: the incident keeps the most dangerous."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Centre, User
from dispatch.models import Call, Incident
from dispatch.selectors.redecision import redecide
from dispatch.selectors.triage import answers_merged, answers_of, judge
from dispatch.services.answers import answers_record
from dispatch.services.incidents import call_join
from tests import factories
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
DANGERS: list[tuple[str, Any, Any]] = [
    ("weapon", "in_hand", "none"),
    ("violence", "physical_now", "none"),
    ("domestic", "violence_or_fear", "no"),
    ("crime", "serious", "none"),
    ("barricade", "hostage", "no"),
    ("child_at_risk", True, False),
    ("suicide", "attempt_now", "none"),
    ("breathing", "absent", "normal"),
    ("conscious", "unresponsive", "alert"),
]


def _class(incident: Incident, at: datetime) -> str:
    suggestion = judge(incident=now_of(incident), at=at).suggestion
    assert suggestion is not None
    return str(suggestion.response_class)


def test_the_more_dangerous_of_two_callers_counts_in_whatever_order(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    for nth, (key, worse, calmer) in enumerate(DANGERS):
        first, second = (worse, calmer) if nth % 2 else (calmer, worse)
        one = factories.a_triaged_call(floor, by=by, at=at, **{key: first})
        other = factories.a_triaged_call(floor, by=by, at=later(1), answers={key: second})
        call_join(call=other, into=one.incident, by=by, at=later(2))
        incident = now_of(one.incident)
        assert answers_merged(incident)[key] == worse
        assert _class(incident, later(3)) in {"emergency", "co_response"}
        assert calmer in answers_of(incident)[key]["others"]


def test_a_need_that_one_caller_names_does_not_answer_for_what_another_says(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Nobody sees the person, and nobody knows whether they breathe: a welfare check alone would be a team's call."""
    by = people["call_taker"]
    unseen: dict[str, Any] = {"posture": "unseen", "breathing": "unknown", "conscious": "unknown"}
    one = factories.a_triaged_call(floor, by=by, at=at, **unseen, need=["mental_health"])
    other = factories.a_triaged_call(floor, by=by, at=at, **unseen, need=["welfare_check"])
    assert (_class(one.incident, at), _class(other.incident, at)) == ("emergency", "mobile_team")
    call_join(call=other, into=one.incident, by=by, at=later(1))
    assert _class(one.incident, later(2)) == "emergency"
    decision = factories.a_decision(now_of(one.incident), by=by, at=later(3))
    assert (decision.response_class, redecide(decision).same) == ("emergency", True)


@pytest.mark.parametrize(("unknown", "second"), [(False, 5), (True, 5), (False, -3)])
def test_a_danger_that_is_clicked_away_after_sending_still_counts(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, unknown: bool, second: float
) -> None:
    """Also on a machine whose clock goes behind that of the one that sent it."""
    by = people["call_taker"]
    for key, worse, calmer in DANGERS:
        call = factories.a_triaged_call(floor, by=by, at=at, **{key: worse})
        factories.a_decision(call.incident, by=by, at=at)
        before = _class(call.incident, at)
        given = {key: "unknown" if unknown else calmer}
        answers_record(
            incident=call.incident, source=Call.objects.get(pk=call.pk), answers=given, by=by, at=later(second)
        )
        assert answers_merged(now_of(call.incident))[key] == worse
        assert _class(call.incident, later(6)) == before == now_of(call.incident).response_class
        assert before in {"emergency", "co_response"}
