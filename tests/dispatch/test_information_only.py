"""A call that needs information only: nobody need be sent, though no program takes it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.choice import information_only
from dispatch.models import Decision
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.redecision import redecide
from dispatch.selectors.triage import judge
from dispatch.services.incidents import nature_set
from dispatch.services.targets import target_set
from dispatch.services.transfers import transfer_connect, transfer_offer
from programs.models import ProgramVersion
from tests import factories

Later = Callable[[float], datetime]


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({}, ""),
        ({"need": ["information", "mental_health"]}, "needs_more"),
        ({"in_person_needed": "yes"}, "needs_more"),
        ({"weapon": "accessible"}, "needs_more"),
        ({"suicide": "unknown"}, "needs_more"),
    ],
)
def test_who_needs_information_only_is_given_to_311_though_no_program_takes_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, answers: dict[str, Any], refused: str
) -> None:
    """The class is what the protocol says and is never lowered: that it fell upward for want of a program is not."""
    taker = people["call_taker"]
    city = target_set(centre=floor, kind="311", name="City 311", phone="311", at=at, by=None)
    # Whether the caller can talk is not asked yet: it is still open when the call is given away.
    calm = {"in_person_needed": "no", "caller": "first_party", "need": ["information"], "caller_can_talk": "unknown"}
    call = factories.a_triaged_call(floor, by=taker, at=at, **{**calm, **answers})
    nature_set(incident=call.incident, nature="administrative", by=taker, at=at)
    ProgramVersion.objects.filter(program__centre=floor).update(state="superseded")
    judged = judge(incident=call.incident, at=later(1))
    suggestion = judged.suggestion
    assert suggestion is not None
    assert suggestion.recommendation.response_class in {"co_response", "emergency"}
    assert information_only(judged, call.incident, proposals_of(call.incident)) is (refused == "")
    given = partial(transfer_offer, id=uuid4(), call=call, kind="311", target=city, by=taker, at=later(1))
    if not refused:
        transfer_connect(transfer=given(), by=taker, at=later(2), receiver_name="Ann")
        decided = Decision.objects.get(incident=call.incident)
        assert (decided.response_class, decided.direction) == (suggestion.response_class, "same")
        assert decided.on_screen["open"] == [item.key for item in suggestion.ask] != []
        assert decided.on_screen["said"]["weapon"][0]["source"] == f"call:{call.pk}"
        assert redecide(decided).same
        return
    with pytest.raises(Refused) as error:
        given()
    assert error.value.code == refused
