"""Ways round the floors through visits, reopened calls, and what crews open themselves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Incident, StageOrder, Visit
from dispatch.selectors.visits import LEAD_S
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.console_posts import console_post
from dispatch.services.crew_safety import help_request, return_to_911
from dispatch.services.decisions import decision_second
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel
from dispatch.services.incidents import call_join, incident_hold
from dispatch.services.narrative import note_add
from dispatch.services.on_view import contact_open
from dispatch.services.visits import visit_book
from people.models import Person
from people.services import caution_add, premise_for
from programs.services import suspension_set
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.deciding import now_of
from tests.dispatch.parallel import failures, in_parallel

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
DAY_S = 24 * 3600.0


@pytest.fixture
def source(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    """A calm call that nobody has closed yet."""
    return factories.a_triaged_call(floor, by=people["call_taker"], at=at).incident


@pytest.fixture
def book(source: Incident, people: dict[str, User], at: datetime, later: Later) -> Callable[..., Visit]:
    """Book STAR, for half an hour."""

    def make(starts_s: float = DAY_S, **more: Any) -> Visit:
        given: dict[str, Any] = {
            "id": uuid4(), "source": source, "program": "star", "purpose": "follow_up", "by": people["dispatcher"],
            "at": at, "starts_at": later(starts_s), "ends_at": later(starts_s + 1800),
        }  # fmt: skip
        return visit_book(**{**given, **more})

    return make


def _answer(source: Incident, by: User, at: datetime) -> None:
    answers_record(incident=source, source=source.calls.get(), answers=factories.WEAPON, by=by, at=at)


def _note(source: Incident, by: User, at: datetime) -> None:
    note_add(id=uuid4(), incident=source, text="he has a gun in his hand", by=by, at=at)


def _person(source: Incident, by: User, at: datetime) -> None:
    person = Person.objects.create(centre=source.centre, created_at=at)
    caution_add(
        centre=source.centre, person=person, text="Carries a gun", kind="weapon", severity="danger", source="officer",
        days=30, by=by, at=at,
    )  # fmt: skip
    source.calls.update(person=person)


def _gone(source: Incident, by: User, at: datetime) -> None:
    User.objects.filter(pk=Visit.objects.get().booked_by_id).update(is_active=False)


def _elsewhere(source: Incident, by: User, at: datetime) -> None:
    factories.a_triaged_call(source.centre, by=by, at=at, weapon="in_hand")


@pytest.mark.parametrize("told", [_answer, _note, _gone, _elsewhere])
def test_a_danger_told_after_booking_keeps_the_visit_from_going_as_booked(
    told: Callable[[Incident, User, datetime], None],
    floor: Centre, source: Incident, book: Callable[..., Visit], people: dict[str, User], later: Later,
) -> None:  # fmt: skip
    visit = book()
    told(source, people["call_taker"], later(3600))
    due.run(floor, later(DAY_S - LEAD_S))
    visit.refresh_from_db()
    assert visit.incident is not None
    assert (visit.incident.sent_at, Assignment.objects.count()) == (None, 0)
    assert Alarm.objects.get(kind=Alarm.Kind.VISIT_DUE).incident_id == visit.incident.pk


def test_a_visit_whose_window_is_over_sends_nobody_at_night(
    floor: Centre, book: Callable[..., Visit], later: Later
) -> None:
    visit = book()
    due.run(floor, later(DAY_S + 6 * 3600))
    visit.refresh_from_db()
    assert visit.incident is not None
    assert (visit.incident.sent_at, Assignment.objects.count()) == (None, 0)
    assert Alarm.objects.get(kind=Alarm.Kind.VISIT_DUE).detail["reason"] == "visit_missed"


@pytest.mark.parametrize("starts_s", [60.0, 3600.0])
def test_booking_is_no_way_to_send_a_team_into_a_danger_that_one_person_takes_back(
    starts_s: float, source: Incident, book: Callable[..., Visit], people: dict[str, User], later: Later
) -> None:
    _answer(source, people["call_taker"], later(1))
    with pytest.raises(Refused) as refused:
        book(starts_s=starts_s, at=later(30), answers={"weapon": "none"})
    assert (refused.value.code, refused.value.field) == ("danger_stands", "weapon")


def test_a_visit_that_cannot_be_made_a_call_is_said_aloud_and_not_tried_in_silence(
    floor: Centre, book: Callable[..., Visit], later: Later, alarms: Alarms
) -> None:
    kept = book()
    other = Visit.objects.get(pk=kept.pk)
    # As a question that a later version of the protocol's vocabulary does not have any more.
    other.pk, other.answers = uuid4(), {**kept.answers, "a_question_of_old": "yes"}
    other.save(force_insert=True)
    due.run(floor, later(DAY_S - LEAD_S))
    assert Assignment.objects.count() == 1
    alarm = Alarm.objects.get(kind=Alarm.Kind.VISIT_DUE)
    assert (alarm.subject, alarm.detail["reason"]) == (str(other.pk), "visit_failed")
    assert "a_question_of_old" not in str(alarm.detail)


def test_what_is_known_of_the_person_goes_with_the_visit(
    floor: Centre, source: Incident, book: Callable[..., Visit], people: dict[str, User], at: datetime, later: Later
) -> None:
    visit = book()
    _person(source, people["supervisor"], at)
    due.run(floor, later(DAY_S - LEAD_S))
    visit.refresh_from_db()
    assert visit.incident is not None
    assert visit.incident.calls.get().person_id == source.calls.get().person_id
    assert Assignment.objects.count() == 0


def _given_back(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> Incident:
    """The team said unsafe; police took it, and it was closed."""
    taken = factories.an_accepted(floor, by=people["dispatcher"], at=at)
    return_to_911(assignment=taken, reason="unsafe", by=crew_of(taken), at=later(60))
    call_end(call=taken.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(70))
    return _police_have_it(now_of(taken.incident), people, later(90))


def _overridden(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> Incident:
    """A person had sent police although a team was suggested."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(
        call.incident, by=people["dispatcher"], at=at, action="override", response_class="emergency",
        reason="known_risk",
    )  # fmt: skip
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=later(70))
    return _police_have_it(now_of(call.incident), people, later(90))


def _police_have_it(incident: Incident, people: dict[str, User], at: datetime) -> Incident:
    for handoff in incident.handoffs.filter(state="requested"):
        handoff_acknowledge(handoff=handoff, receiver_name="Kim", receiver_number="", by=people["dispatcher"], at=at)
    incident = now_of(incident)
    if incident.state != "closed":
        incident = incident_close(incident=incident, outcome="handed_off", by=people["dispatcher"], at=at)
    return incident


@pytest.mark.parametrize("closed", [_given_back, _overridden])
def test_reopening_is_no_way_to_lower_what_was_sent_without_a_second_person(
    closed: Callable[[Centre, dict[str, User], datetime, Later], Incident],
    floor: Centre, people: dict[str, User], at: datetime, later: Later,
) -> None:  # fmt: skip
    by = people["dispatcher"]
    incident = incident_reopen(incident=closed(floor, people, at, later), reason="called_again", by=by, at=later(600))
    for action in ("accept", "send"):
        with pytest.raises(Refused, match="second person"):
            factories.a_decision(incident, by=by, at=later(610), action=action)
    decision = factories.a_decision(
        incident, by=by, at=later(620), action="override", response_class="mobile_team", program="star",
        reason="danger_over",
    )  # fmt: skip
    assert (decision.state, now_of(incident).offer_wanted) == ("waiting_second", False)
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=later(630))
    assert now_of(incident).offer_wanted


def test_a_reopened_call_does_not_close_by_what_ended_before(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    incident = incident_reopen(incident=_overridden(floor, people, at, later), reason="not_over", by=by, at=later(600))
    factories.a_decision(
        incident, by=by, at=later(610), action="override", response_class="emergency", reason="known_risk"
    )
    asked = incident.handoffs.get(state="requested")
    handoff_cancel(handoff=asked, reason="wrong number", by=by, at=later(640))
    assert now_of(incident).state == "transferred"
    again = factories.a_decision(
        incident, by=by, at=later(650), action="override", response_class="emergency", reason="known_risk"
    )
    assert again.state == "standing"
    handoff_acknowledge(
        handoff=incident.handoffs.get(state="requested"), receiver_name="Kim", receiver_number="", by=by, at=later(660)
    )
    assert now_of(incident).state == "closed"


def _reopened(floor: Centre, by: User, at: datetime, later: Later) -> Incident:
    taken = factories.an_accepted(floor, by=by, at=at)
    call_end(call=taken.incident.calls.get(), ended_as="completed", by=by, at=later(5))
    assignment_act(assignment=taken, action="clear", disposition="resolved_on_scene", by=by, at=later(900))
    assert now_of(taken.incident).state == "closed"
    return incident_reopen(incident=taken.incident, reason="called_again", by=by, at=later(1000))


def test_a_knife_in_a_reopened_call_that_is_held_ends_the_hold(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    incident = _reopened(floor, by, at, later)
    incident_hold(incident=incident, until=later(8000), reason="calls back", by=by, at=later(1010))
    _answer(incident, by, later(1020))
    assert (now_of(incident).state, Alarm.objects.get(kind=Alarm.Kind.HOLD_OVER).urgent) == ("triaged", True)


def test_a_danger_of_a_reopened_call_that_nobody_has_decided_is_told_to_its_owner_until_it_is_decided(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    incident = _reopened(floor, by, at, later)
    assert (incident.state, incident.response_class, alarms()) == ("triaged", "", [])
    call, taker = incident.calls.get(), people["call_taker"]
    answers_record(incident=incident, source=call, answers={"weapon": "in_hand"}, by=taker, at=later(1010))
    alarm = Alarm.objects.get(kind=Alarm.Kind.RISING_RISK, ended_at=None)
    assert (alarm.urgent, alarm.owner, alarm.incident) == (True, by, incident)
    assert alarm.detail["words"] == "Not decided yet: Weapon: In the hand"
    # What comes next joins what stands; nobody takes it for 30 s: the supervisor has it, too.
    answers_record(incident=incident, source=call, answers={"violence": "physical_now"}, by=taker, at=later(1015))
    alarm.refresh_from_db()
    assert "; Harm to others" in alarm.detail["words"]
    due.run(floor, later(1041))
    alarm.refresh_from_db()
    assert alarm.escalated_at == later(1041)
    factories.a_decision(incident, by=by, at=later(1050), action="accept")
    alarm.refresh_from_db()
    assert alarm.ended_at == later(1050)


def test_help_that_was_pressed_on_a_call_that_was_joined_goes_to_where_the_call_is_now(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["dispatcher"]
    taken = factories.an_accepted(floor, by=by, at=at)
    crew = crew_of(taken)
    assignment_act(assignment=taken, action="cancel", reason="duplicate", by=by, at=later(10))
    into = factories.a_triaged_call(floor, by=people["call_taker"], at=at).incident
    call_join(call=taken.incident.calls.get(), into=into, by=by, at=later(20))
    about = Assignment.objects.select_related("incident").get(pk=taken.pk)
    alarm = help_request(unit=taken.unit, about=about, by=crew, at=later(30))
    assert alarm.incident_id == into.pk


def test_the_id_of_what_a_console_kept_is_not_taken_for_something_else(
    source: Incident, people: dict[str, User], at: datetime
) -> None:
    given: dict[str, Any] = {"id": uuid4(), "call": source.calls.get(), "by": people["call_taker"], "at": at}
    for again in (True, False):
        with console_post(what="phone", said="a number", **given) as landed:
            assert bool(landed) is again
    with pytest.raises(Refused, match="already in use"), console_post(what="nature", said="a nature", **given):
        pass


@pytest.fixture
def star_1(units: dict[str, Unit], people: dict[str, User]) -> tuple[Unit, User]:
    """A crew, and the person of it who holds the phone."""
    return units["Star 1"], people["responder"]


def test_a_contact_at_a_place_with_a_hazard_on_file_tells_crew_and_dispatcher(
    floor: Centre, star_1: tuple[Unit, User], people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    unit, by = star_1
    premise = premise_for(centre=floor, place=factories.a_place(floor, factories.HOME))
    caution_add(
        centre=floor, premise=premise, text="Gun behind the door", kind="weapon", severity="danger", source="officer",
        days=30, by=people["supervisor"], at=at,
    )  # fmt: skip
    taken = contact_open(
        id=uuid4(), unit=unit, nature="welfare_check", by=by, at=later(60), lat=factories.LAT - 0.003,
        lon=factories.LON - 0.002,
    )  # fmt: skip
    assert taken.state == "on_scene"
    assert StageOrder.objects.get(assignment=taken).withdraw
    assert {"rising_risk", "stage_unacknowledged"} <= set(alarms())


def test_a_contact_while_diversion_is_stopped_is_no_diversion(
    floor: Centre, star_1: tuple[Unit, User], people: dict[str, User], at: datetime, later: Later
) -> None:
    unit, by = star_1
    suspension_set(centre=floor, scope="all", subject="", reason="training", by=people["supervisor"], at=at)
    taken = contact_open(id=uuid4(), unit=unit, nature="welfare_check", by=by, at=later(60))
    incident = now_of(taken.incident)
    assert (incident.response_class, incident.program_version_id) == ("emergency", None)


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_is_sent_twice_at_once_is_one_call(
    floor: Centre, star_1: tuple[Unit, User], units: dict[str, Unit], people: dict[str, User], at: datetime
) -> None:
    (unit, by), id = star_1, uuid4()

    def press() -> Assignment:
        return contact_open(id=id, unit=unit, nature="welfare_check", by=by, at=at)

    results = in_parallel(press, press)
    assert failures(results) == []
    assert (Call.objects.count(), Assignment.objects.count()) == (1, 1)
    with pytest.raises(Refused) as refused:
        contact_open(id=id, unit=units["Star 2"], nature="welfare_check", by=people["responder2"], at=at)
    assert refused.value.code == "id_taken"
