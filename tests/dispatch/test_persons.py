"""Whom a call is about: linked by somebody's word, acted upon like a place, unlinked without lowering anything."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Answer, Assignment, Call, HistoryRow, NarrativeEntry, StageOrder
from dispatch.selectors.crew import work_of
from dispatch.selectors.incident import possible_duplicates
from dispatch.selectors.persons import (
    answers_of_unlinked,
    incidents_earlier,
    persons_found,
    persons_linked,
    persons_suggested,
)
from dispatch.selectors.triage import answers_at_place, place_of
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import phone_set
from dispatch.services.cautions import caution_tell, cautions_read
from dispatch.services.incidents import call_join
from dispatch.services.persons import person_link, person_link_new, person_unlink
from live.models import Event
from people.models import Person, PersonDetail
from people.services import caution_add, person_add
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
NUMBER = "+13085550142"
NAME = "Tomás Quillfeather"


@pytest.fixture
def accepted(floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime) -> Assignment:
    """A calm call in the park, accepted by Star 1."""
    return factories.an_accepted(floor, by=people["call_taker"], at=at)


def _person(centre: Centre, by: User, at: datetime, name: str = NAME, born: int | None = 1984) -> Person:
    return person_add(centre=centre, id=uuid4(), name=name, born=born, about="Hard of hearing", by=by, at=at)


def _hazard(centre: Centre, person: Person, at: datetime, kind: str = "weapon", severity: str = "danger") -> None:
    caution_add(
        centre=centre, person=person, text="Keeps a machete at the door", kind=kind, severity=severity,
        source="Police", days=90, by=None, at=at,
    )  # fmt: skip


def _met(centre: Centre, person: Person, by: User, at: datetime, where: str = factories.HOME) -> Call:
    """A call of that person from the number, at the address."""
    call = factories.a_call(centre, by=by, at=at, where=where, number=NUMBER)
    return person_link(call=call, person=person, by=by, at=at)


def test_a_danger_with_the_person_counts_from_the_moment_they_are_linked(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person = _person(floor, taker, at)
    _hazard(floor, person, at)
    call = factories.a_triaged_call(floor, by=taker, at=at)
    assert answers_at_place(call.incident, at=at)["weapon"] == "none"
    assert person_link(call=call, person=person, by=taker, at=later(1)).person_id == person.pk
    assert answers_at_place(call.incident, at=later(2))["weapon"] == "accessible"
    rows = HistoryRow.objects.filter(entity="call", action="person_link").count()
    person_link(call=call, person=person, by=taker, at=later(3))
    assert HistoryRow.objects.filter(entity="call", action="person_link").count() == rows == 1
    nowhere = factories.a_call(floor, by=taker, at=at, where="")
    person_link(call=nowhere, person=person, by=taker, at=later(3))
    nowhere.incident.refresh_from_db()
    assert answers_at_place(nowhere.incident, at=later(4)) == {"weapon": "accessible"}
    assert nowhere.incident.triaged is False
    other = _person(floor, taker, at, "Ines Okafor")
    # Two open calls about one person may be one incident, wherever they come from.
    (same,) = possible_duplicates(incident=nowhere.incident)
    assert (same.incident, same.why) == (call.incident, "same person")
    with pytest.raises(Refused, match="unlink them first"):
        person_link(call=call, person=other, by=taker, at=later(4))


def test_a_danger_that_arrives_by_linking_after_the_decision_is_a_stage_order(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    person = _person(floor, people["call_taker"], at)
    _hazard(floor, person, at)
    person_link(call=accepted.incident.calls.get(), person=person, by=people["call_taker"], at=later(30))
    assert StageOrder.objects.get(assignment=accepted).reason == "weapon=accessible"
    accepted.refresh_from_db()
    assert accepted.cautions_read_at is None
    kinds = set(Alarm.objects.filter(ended_at__isnull=True).values_list("kind", flat=True))
    assert kinds == {"rising_risk", "stage_unacknowledged"}
    (work,) = work_of(unit=accepted.unit, viewer=crew_of(accepted), at=later(31))
    assert [one.text for one in work.cautions] == ["Keeps a machete at the door"]


def test_any_other_hazard_must_be_read_by_a_crew_under_way(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    person = _person(floor, people["call_taker"], at)
    _hazard(floor, person, at, "animal", "warn")
    crew = crew_of(accepted)
    assignment_act(assignment=accepted, action="en_route", by=crew, at=later(5))
    person_link(call=accepted.incident.calls.get(), person=person, by=people["call_taker"], at=later(30))
    assert Alarm.objects.get(ended_at__isnull=True).kind == Alarm.Kind.CAUTION_UNREAD
    with pytest.raises(Refused, match="read or relayed"):
        assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(40))
    cautions_read(assignment=accepted, by=crew, at=later(42))
    assert assignment_act(assignment=accepted, action="on_scene", by=crew, at=later(43)).state == "on_scene"


def test_unlinking_lowers_nothing_until_somebody_asks_anew(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person = _person(floor, taker, at)
    _hazard(floor, person, at)
    call = factories.a_triaged_call(floor, by=taker, at=at)
    call = person_link(call=call, person=person, by=taker, at=later(1))
    with pytest.raises(Refused, match="Choose one of"):
        person_unlink(call=call, reason="because", by=taker, at=later(2))
    call = person_unlink(call=call, reason="wrong_person", by=taker, at=later(2))
    assert call.person_id is None
    assert answers_at_place(call.incident, at=later(3))["weapon"] == "accessible"
    assert answers_of_unlinked(call) == ["weapon"]
    note = NarrativeEntry.objects.get(incident=call.incident, kind="system")
    assert "Still counted until asked again: Weapon" in note.words.text
    assert "Quillfeather" not in note.words.text
    answers_record(incident=call.incident, source=call, answers={"weapon": "none"}, by=taker, at=later(4))
    assert answers_at_place(call.incident, at=later(5))["weapon"] == "none"
    assert answers_of_unlinked(call) == []
    with pytest.raises(Refused, match="Nobody is linked"):
        person_unlink(call=call, reason="wrong_person", by=taker, at=later(6))


def test_unlinking_never_writes_over_something_worse(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person = _person(floor, taker, at)
    _hazard(floor, person, at)
    call = factories.a_triaged_call(floor, by=taker, at=at, weapon="in_hand")
    call = person_link(call=call, person=person, by=taker, at=later(1))
    person_unlink(call=call, reason="not_about_them", by=taker, at=later(2))
    assert answers_at_place(call.incident, at=later(3))["weapon"] == "in_hand"
    assert not Answer.objects.filter(basis="assumed").exists()


def test_a_number_and_an_address_suggest_whom_they_were_about(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person, neighbour = _person(floor, taker, at), _person(floor, taker, at, "Ines Okafor", None)
    _hazard(floor, person, at)
    _met(floor, person, taker, at)
    there = factories.a_call(floor, by=taker, at=at, where=factories.HOME)
    person_link(call=there, person=neighbour, by=taker, at=at)
    call = factories.a_call(floor, by=taker, at=later(60), where="", number=NUMBER)

    def suggested() -> list[tuple[str, str, bool, int]]:
        found = persons_suggested(call=call, place=place_of(call.incident), viewer=taker, at=later(70))
        return [(one.person.name, one.why, one.sure, one.cautions) for one in found]

    assert suggested() == [(NAME, "same number", False, 1)]
    call = phone_set(call=call, number=NUMBER, confirmed=True, by=taker, at=later(61))
    assert suggested() == [(NAME, "same number", True, 1)]
    here = factories.a_call(floor, by=taker, at=later(62), where=factories.HOME)
    found = persons_suggested(call=here, place=place_of(here.incident), viewer=taker, at=later(70))
    assert {(one.person.name, one.why, one.sure) for one in found} == {
        (NAME, "same address", True),
        ("Ines Okafor", "same address", True),
    }
    earlier = incidents_earlier(call=here, place=place_of(here.incident), persons=[person.pk], viewer=taker)
    assert {one.why for one in earlier} == {("same person", "same address"), ("same address",)}
    # Whom somebody has unlinked is not offered for this call again; nor is anything done by itself.
    call = person_link(call=call, person=person, by=taker, at=later(63))
    assert suggested() == []
    call = person_unlink(call=call, reason="wrong_person", by=taker, at=later(64))
    assert suggested() == []
    here.refresh_from_db()
    assert here.person_id is None


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("tomas quillfeather", [NAME]),
        ("quilfether", [NAME]),
        ("Quillfeather, Tomás", [NAME]),
        ("tom", [NAME]),
        ("mouse", [NAME]),
        ("1984", [NAME]),
        ("quillfeather 1999", [NAME]),
        ("308 555 0142", [NAME]),
        ("+13085550199", []),
        ("okafor", ["Ines Okafor"]),
        ("zz", []),
        ("x", []),
        ("--", []),
        ("", []),
    ],
)
def test_persons_are_found_in_spite_of_mistakes(
    typed: str, finds: list[str], floor: Centre, people: dict[str, User], at: datetime
) -> None:
    taker = people["call_taker"]
    person = person_add(centre=floor, id=uuid4(), name=NAME, also="Mouse", born=1984, by=taker, at=at)
    _person(floor, taker, at, "Ines Okafor", None)
    _met(floor, person, taker, at)
    found = persons_found(centre=floor, text=typed, viewer=taker, at=at)
    assert [one.person.name for one in found] == finds


def test_words_for_other_audiences_are_neither_shown_nor_searched(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    taker, clinician = people["call_taker"], people["clinician"]
    person = _person(floor, taker, at, "Ines Okafor", None)
    PersonDetail.objects.create(
        person=person, field="also_called", text="Merrow", search="merrow", audience="clinical", at=at
    )
    call = factories.a_call(floor, by=taker, at=at)
    person_link(call=call, person=person, by=taker, at=at)
    assert persons_found(centre=floor, text="merrow", viewer=taker, at=at) == []
    assert [one.person.also for one in persons_found(centre=floor, text="merrow", viewer=clinician, at=at)] == [
        "Merrow"
    ]
    assert persons_linked(incident_id=call.incident_id, viewer=taker)[call.pk].also == ""
    PersonDetail.objects.filter(person=person).update(audience="clinical")
    assert "not yours to read" in persons_linked(incident_id=call.incident_id, viewer=taker)[call.pk].words


def test_somebody_new_is_known_from_one_word_on(floor: Centre, people: dict[str, User], at: datetime) -> None:
    taker = people["call_taker"]
    call, id = factories.a_call(floor, by=taker, at=at), uuid4()
    for wrong, field in (({"name": " -"}, "name"), ({"name": "Mouse", "born": 1700}, "born")):
        with pytest.raises(Refused) as refused:
            person_link_new(call=call, id=id, by=taker, at=at, **wrong)
        assert refused.value.field == field
    for _ in range(2):
        call = person_link_new(call=call, id=id, name="Mouse", by=taker, at=at)
    assert (call.person_id, Person.objects.count()) == (id, 1)
    elsewhere = factories.a_centre(at=at, slug="riverton")
    stranger = factories.a_person(elsewhere, "stranger", "call_taker")
    theirs = factories.a_call(elsewhere, by=stranger, at=at, where="")
    with pytest.raises(Refused, match="another centre"):
        person_link(call=theirs, person=Person.objects.get(), by=stranger, at=at)
    with pytest.raises(Refused, match="already in use"):
        person_link_new(call=theirs, id=id, name="Mouse", by=stranger, at=at)
    assert persons_found(centre=elsewhere, text="mouse", viewer=stranger, at=at) == []


def test_the_person_goes_along_when_a_call_is_joined(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person = _person(floor, taker, at)
    _hazard(floor, person, at, "animal", "warn")
    second = factories.a_call(floor, by=taker, at=later(10))
    person_link(call=second, person=person, by=taker, at=later(11))
    call_join(call=second, into=accepted.incident, by=taker, at=later(12))
    linked = persons_linked(incident_id=accepted.incident_id, viewer=taker)
    assert {id: one.name for id, one in linked.items()} == {second.pk: NAME}
    assert Alarm.objects.get(ended_at__isnull=True).kind == Alarm.Kind.CAUTION_UNREAD
    assert not Answer.objects.filter(source__startswith="caution:").exists()


@pytest.mark.parametrize("about", ["person", "place"])
def test_a_hazard_told_on_a_call_is_put_on_file_once_and_reaches_the_crew(
    about: str, accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    taker, call = people["call_taker"], accepted.incident.calls.get()
    told = {"text": "Large dog", "kind": "animal", "severity": "warn", "source": "family", "days": 30}
    with pytest.raises(Refused, match="whom the call is about"):
        caution_tell(id=uuid4(), call=call, about="person", by=taker, at=later(5), **told)  # type: ignore[arg-type]  # one table
    person_link(call=call, person=_person(floor, taker, at), by=taker, at=later(5))
    id = uuid4()
    for second in (6, 7):
        caution_tell(id=id, call=call, about=about, by=taker, at=later(second), **told)  # type: ignore[arg-type]  # one table
    # In the same moment, with the sweeper stopped or not; and once.
    assert Alarm.objects.get(ended_at__isnull=True).kind == Alarm.Kind.CAUTION_UNREAD
    assert due.cautions_new(floor, later(8)) == 0
    (work,) = work_of(unit=accepted.unit, viewer=crew_of(accepted), at=later(9))
    (caution,) = work.cautions
    assert (caution.source, caution.person_id is not None) == (
        f"Family, call {accepted.incident.number:04d}", about == "person",
    )  # fmt: skip


def test_no_name_leaves_the_rows_that_hold_it(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    taker = people["call_taker"]
    person = _person(floor, taker, at)
    call = _met(floor, person, taker, at)
    person_unlink(call=call, reason="wrong_person", by=taker, at=later(1))
    rows = [*Event.objects.values_list("ids", "kind"), *HistoryRow.objects.values_list("detail", "reason")]
    rows += [*AuditRow.objects.values_list("detail", "entity_id"), *Alarm.objects.values_list("detail", "subject")]
    assert "Quillfeather" not in str(rows)
    assert "Hard of hearing" not in str(rows)
    assert set(AuditRow.objects.filter(action__contains="person").values_list("action", flat=True)) == {
        "person.add", "call.person_link", "call.person_unlink",
    }  # fmt: skip
