"""What a crew must know before it goes: hazards with the person as at the address, danger that two people passed."""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Incident, StageOrder
from dispatch.selectors.crew import work_of
from dispatch.services.assignments import assignment_act
from dispatch.services.decisions import decision_second
from dispatch.services.offers import offers_run
from people.models import Person
from people.services import caution_add
from responders.models import Unit
from tests import factories

Later = Callable[[float], datetime]


def _known(floor: Centre, call: Call, at: datetime) -> Person:
    person = Person.objects.create(centre=floor, created_at=at)
    Call.objects.filter(pk=call.pk).update(person=person)
    return person


def _caution(floor: Centre, person: Person, at: datetime) -> None:
    caution_add(
        centre=floor, person=person, text="Threw things at a crew", kind="violence", severity="warn",
        source="Crew of Star 2", days=30, by=None, at=at,
    )  # fmt: skip


def test_a_hazard_with_the_person_stands_in_the_offer_and_must_be_read(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    _caution(floor, _known(floor, call, at), at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    (offer,) = offers_run(centre=floor, at=at)
    (work,) = work_of(unit=offer.unit, viewer=people["responder"], at=at)
    assert [caution.text for caution in work.cautions] == ["Threw things at a crew"]
    # Accepted by radio: nobody aboard has read it, so the unit does not go until somebody has told it.
    taken = assignment_act(assignment=offer, action="accept", by=people["dispatcher"], at=later(1))
    with pytest.raises(Refused, match="must be read or relayed"):
        assignment_act(assignment=taken, action="en_route", by=people["dispatcher"], at=later(2))


def test_a_hazard_with_the_person_that_comes_later_reaches_the_crew_within_a_second(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    going = factories.an_accepted(floor, by=people["call_taker"], at=at)
    _caution(floor, _known(floor, going.incident.calls.get(), at), later(10))
    due.run(floor, later(11))
    going.refresh_from_db()
    assert going.cautions_read_at is None
    assert Alarm.objects.get(kind=Alarm.Kind.CAUTION_UNREAD).subject == str(going.pk)


def test_an_unarmed_team_that_two_people_sent_below_the_suggestion_waits_outside(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, violence="threats")
    decision = factories.a_decision(
        call.incident, by=people["call_taker"], at=at, action="override", response_class="mobile_team",
        program="star", reason="clinician_advice",
    )  # fmt: skip
    assert offers_run(centre=floor, at=at) == []
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(1))
    (offer,) = offers_run(centre=floor, at=later(1))
    order = StageOrder.objects.get()
    assert (order.assignment_id, order.reason, offer.unit.armed) == (offer.pk, "violence", False)


def test_a_team_that_was_suggested_is_not_held_back(
    floor: Centre, waits: Callable[..., Incident], at: datetime
) -> None:
    waits()
    assert len(offers_run(centre=floor, at=at)) == Assignment.objects.count() == 1
    assert not StageOrder.objects.exists()
