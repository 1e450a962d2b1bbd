"""How a program's calls are offered: one after the other, several at once, by a dispatcher's word; matched, and taken
from a less urgent call."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.models import Centre, User
from desk.detail import detail_context
from dispatch.models import Alarm, Incident, Recommendation
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.rounds import Round, queue_of
from dispatch.services.assignments import assignment_act
from dispatch.services.decisions import decision_take
from dispatch.services.offers import assignment_offer, offer_expire, offers_run
from live.models import Event
from people.models import Place
from programs.models import ProgramVersion
from responders.models import CrewMember, Team, Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
Set = Callable[..., ProgramVersion]


def _third(units: dict[str, Unit], people: dict[str, User], at: datetime) -> Unit:
    """Outreach 1 as a third unit of STAR's team, farther away than the other two."""
    unit = units["Outreach 1"]
    unit.team, unit.lat = units["Star 1"].team, factories.LAT - 0.009
    unit.save(update_fields=["team", "lat"])
    return unit


def _live(incident: Incident) -> list[str]:
    return sorted(incident.assignments.filter(ended_at__isnull=True).values_list("unit__call_sign", flat=True))


# Several calls, several units


def test_calls_and_units_are_matched_together_and_not_first_come_first_served(
    floor: Centre, units: dict[str, Unit], star: Set, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    """Star 1 is nearest to the park. The older call could take either crew; only Star 1 may serve the other's beat."""
    Place.objects.filter(label=factories.LIBRARY).update(beat="B2")
    north = Team.objects.create(
        centre=floor, agency=units["Star 2"].agency, slug="a1-only", name="A1 only", kind="mobile_team", beats=["A1"]
    )
    Unit.objects.filter(call_sign="Star 2").update(team=north)
    star().program.teams.add(north)
    older, younger = waits(), waits(where=factories.LIBRARY, at=later(1))
    made = offers_run(centre=floor, at=later(2))
    assert {one.incident_id: one.unit.call_sign for one in made} == {older.pk: "Star 2", younger.pk: "Star 1"}


def test_the_queue_is_urgent_first_then_back_first_then_old_first(
    floor: Centre, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    old, young, back, urgent = waits(), waits(at=later(10)), waits(at=later(20)), waits(1, at=later(30))
    Incident.objects.filter(pk=back.pk).update(top_at=later(40))
    assert [one.id for one in queue_of(floor, later(50))] == [urgent.pk, back.pk, old.pk, young.pk]


def test_a_round_reads_what_it_decides_from_in_a_few_queries_whatever_the_queue(
    floor: Centre, star: Set, waits: Callable[..., Incident], later: Later, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        waits()
    offers_run(centre=floor, at=later(1))
    for _ in range(2):
        seen = Round(floor, later(2))
        seen.version(Incident.objects.exclude(program_version=None)[0].program_version_id)
        _ = seen.travel
        with django_assert_num_queries(2):
            seen.plan(queue_of(floor, later(2)))
        waits()


def test_an_offer_that_stands_is_not_shuffled_when_a_nearer_unit_comes_free(
    floor: Centre, units: dict[str, Unit], waits: Callable[..., Incident], later: Later
) -> None:
    Unit.objects.filter(call_sign="Star 1").update(service="on_break")
    incident = waits()
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(1))] == ["Star 2"]
    Unit.objects.filter(call_sign="Star 1").update(service="in_service")
    other = waits(1)
    assert [(one.incident_id, one.unit.call_sign) for one in offers_run(centre=floor, at=later(2))] == [
        (other.pk, "Star 1")
    ]
    assert _live(incident) == ["Star 2"]


# What the engine knows


def test_the_crew_that_met_the_caller_before_is_preferred_and_it_says_so(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Two hours ago Star 2 was at this home. Now it is three and a half minutes farther away than Star 1."""
    Unit.objects.filter(call_sign="Star 1").update(service="on_break")
    Unit.objects.filter(call_sign="Star 2").update(lat=factories.LAT + 0.0148)
    before = factories.an_offer(floor, by=people["call_taker"], at=at, where=factories.HOME)
    for action in ("accept", "en_route", "on_scene"):
        assignment_act(assignment=before, action=action, by=crew_of(before), at=later(9))
    assignment_act(assignment=before, action="clear", disposition="not_found", by=crew_of(before), at=later(600))
    Unit.objects.update(service="in_service", position_at=later(7200))
    again = factories.an_offer(floor, by=people["call_taker"], at=later(7200), where=factories.HOME)
    assert again.unit.call_sign == "Star 2"
    assert "crew was with this caller or at this address before" in again.why["reasons"]
    assignment_act(assignment=again, action="decline", reason="equipment", by=crew_of(again), at=later(7201))
    [other] = offers_run(centre=floor, at=later(7202))
    assert (other.unit.call_sign, set(other.why["counted"])) == ("Star 1", {"travel"})
    elsewhere = factories.an_offer(floor, by=people["call_taker"], at=later(7203))
    assert (elsewhere.unit.call_sign, set(elsewhere.why["counted"])) == ("Star 2", {"travel", "rest", "load"})


def test_a_language_that_the_program_requires_keeps_back_who_does_not_speak_it(
    floor: Centre, people: dict[str, User], star: Set, waits: Callable[..., Incident], later: Later
) -> None:
    star(requires_language=True, two_person=False)
    people["responder2"].languages = ["en", "es"]
    people["responder2"].save(update_fields=["languages"])
    spanish, somali = waits(language="es"), waits(language="so", at=later(1))
    [made] = offers_run(centre=floor, at=later(2))
    assert (made.incident_id, made.unit.call_sign) == (spanish.pk, "Star 2")
    assert "speaks Spanish" in made.why["reasons"]
    somali.refresh_from_db()
    assert somali.no_unit_reason == "capability_missing"
    said = {row["call_sign"]: row["words"] for row in somali.no_unit_detail}
    assert said["Star 1"] == ["nobody on it speaks Somali"]


def test_one_person_is_too_few_where_the_program_needs_two(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    at: datetime,
) -> None:
    star(two_person=True)
    incident = waits()
    assert offers_run(centre=floor, at=at) == []
    incident.refresh_from_db()
    assert incident.no_unit_detail[0]["words"] == ["only one crew member signed on, this program needs two"]
    CrewMember.objects.create(unit=units["Star 2"], user=people["outreach"], since=at) if not CrewMember.objects.filter(
        user=people["outreach"], until__isnull=True
    ).update(unit=units["Star 2"]) else None
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=at)] == ["Star 2"]


def test_a_program_that_has_closed_meanwhile_offers_nobody_and_says_so(
    floor: Centre, star: Set, waits: Callable[..., Incident], at: datetime
) -> None:
    incident = waits()
    closed = star(hours="Mo 01:00-02:00")
    Incident.objects.filter(pk=incident.pk).update(program_version=closed)
    assert offers_run(centre=floor, at=at) == []
    incident.refresh_from_db()
    assert incident.no_unit_reason == "program_closed"
    assert incident.no_unit_detail[0]["words"] == ["the program is closed until Mon 01:00"]
    [row] = incident_rows(centre=floor, at=at)
    assert (row.state_words, row.next_step) == ("NO UNIT", "Choose another program or response")


def test_a_dispatchers_own_choice_is_taken_with_its_shortfalls_in_words(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    at: datetime,
) -> None:
    star(two_person=True, needs=["youth"])
    offer = assignment_offer(incident=waits(), unit=units["Star 2"], by=people["dispatcher"], at=at)
    assert [one["code"] for one in offer.why["shortfalls"]] == ["capability", "one_person"]
    assert offer.why["shortfalls"][0]["words"] == "has no youth worker, this program needs it"


# Several units at once


def test_several_are_asked_at_once_and_the_first_yes_ends_the_other_offers(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    at: datetime,
    later: Later,
) -> None:
    _third(units, people, at)
    star(offer_mode="simultaneous", simultaneous_offers=2)
    incident = waits()
    made = offers_run(centre=floor, at=at)
    assert [one.unit.call_sign for one in made] == ["Star 1", "Star 2"]
    assert offers_run(centre=floor, at=later(1)) == []
    assignment_act(assignment=made[0], action="decline", reason="equipment", by=crew_of(made[0]), at=later(2))
    assert offers_run(centre=floor, at=later(3)) == []
    offer_expire(assignment=made[1], at=later(46))
    [next_one] = offers_run(centre=floor, at=later(47))
    assert next_one.unit.call_sign == "Outreach 1"
    assert _live(incident) == ["Outreach 1"]


def test_of_two_who_say_yes_at_once_one_has_it_and_the_other_is_free(
    floor: Centre, star: Set, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    star(offer_mode="simultaneous")
    incident = waits()
    first, second = offers_run(centre=floor, at=at)
    assignment_act(assignment=second, action="accept", by=crew_of(second), at=later(1))
    first.refresh_from_db()
    assert (first.state, first.end_reason) == ("cancelled", "taken")
    assert _live(incident) == ["Star 2"]
    assert waits().pk == offers_run(centre=floor, at=later(2))[0].incident_id


def test_units_that_other_calls_need_are_not_asked_in_addition(
    floor: Centre, star: Set, waits: Callable[..., Incident], at: datetime
) -> None:
    star(offer_mode="simultaneous", simultaneous_offers=3)
    one, other = waits(), waits()
    offers_run(centre=floor, at=at)
    assert len(_live(one)) == len(_live(other)) == 1
    third = waits()
    offers_run(centre=floor, at=at)
    third.refresh_from_db()
    assert third.no_unit_reason == "all_busy"


# A dispatcher's word


def test_the_engine_names_a_unit_and_a_person_makes_the_offer(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    at: datetime,
    later: Later,
    alarms: Alarms,
) -> None:
    star(offer_mode="dispatcher_confirm")
    incident = waits()
    assert offers_run(centre=floor, at=at) == []
    named = Recommendation.objects.get()
    assert (named.incident_id, named.unit.call_sign) == (incident.pk, "Star 1")
    assert Event.objects.filter(entity_id=incident.pk, kind="incident.recommend").count() == 1
    version = Incident.objects.get(pk=incident.pk).version
    for second in range(1, 4):
        assert offers_run(centre=floor, at=later(second)) == []
    assert Incident.objects.get(pk=incident.pk).version == version
    assert alarms() == []
    offers_run(centre=floor, at=later(601))
    offers_run(centre=floor, at=later(602))
    assert alarms() == ["choose_unit"]
    assert Alarm.objects.get().detail["words"] == "Recommended: Star 1. Nobody has made the offer yet"
    assignment_offer(incident=incident, unit=units["Star 2"], by=people["dispatcher"], at=later(603))
    assert not Recommendation.objects.exists()
    assert alarms() == []


def test_the_named_unit_changes_only_for_a_gain_or_when_it_cannot_go(
    floor: Centre, units: dict[str, Unit], star: Set, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    star(offer_mode="dispatcher_confirm")
    Unit.objects.filter(call_sign="Star 1").update(service="on_break")
    waits()
    offers_run(centre=floor, at=at)
    assert Recommendation.objects.get().unit.call_sign == "Star 2"
    Unit.objects.filter(call_sign="Star 1").update(service="in_service")
    offers_run(centre=floor, at=later(1))
    assert Recommendation.objects.get().unit.call_sign == "Star 2"
    Unit.objects.filter(call_sign="Star 2").update(lat=factories.LAT - 0.05)
    offers_run(centre=floor, at=later(2))
    assert Recommendation.objects.get().unit.call_sign == "Star 1"
    Unit.objects.filter(call_sign="Star 1").update(service="on_break")
    offers_run(centre=floor, at=later(3))
    named = Recommendation.objects.get()
    assert (named.unit.call_sign, named.since) == ("Star 2", at)


def test_a_unit_that_is_named_for_an_urgent_call_is_not_given_to_another(
    floor: Centre, units: dict[str, Unit], star: Set, waits: Callable[..., Incident], at: datetime, alarms: Alarms
) -> None:
    Unit.objects.filter(call_sign="Star 2").update(service="on_break")
    star()
    later_one = waits(4)
    star(offer_mode="dispatcher_confirm")
    urgent = waits(1)
    assert offers_run(centre=floor, at=at) == []
    assert Recommendation.objects.get().incident_id == urgent.pk
    assert _live(later_one) == []
    later_one.refresh_from_db()
    said = {row["call_sign"]: row["shortfalls"] for row in later_one.no_unit_detail}
    assert (later_one.no_unit_reason, said["Star 1"]) == ("all_busy", ["named_for_other"])


def test_with_nobody_left_to_name_it_says_why_and_later_names_again(
    floor: Centre, star: Set, waits: Callable[..., Incident], at: datetime, later: Later, alarms: Alarms
) -> None:
    star(offer_mode="dispatcher_confirm")
    incident = waits()
    offers_run(centre=floor, at=at)
    Unit.objects.update(service="out_of_service")
    offers_run(centre=floor, at=later(1))
    incident.refresh_from_db()
    assert (incident.no_unit_reason, Recommendation.objects.count(), alarms()) == ("all_off_shift", 0, ["no_unit"])
    Unit.objects.update(service="in_service")
    offers_run(centre=floor, at=later(2))
    incident.refresh_from_db()
    assert (incident.no_unit_reason, Recommendation.objects.count(), alarms()) == ("", 1, [])


def test_a_new_decision_forgets_the_named_unit(
    floor: Centre, people: dict[str, User], star: Set, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    star(offer_mode="dispatcher_confirm")
    incident = waits()
    offers_run(centre=floor, at=at)
    decision_take(
        id=incident.pk, incident=incident, action="override", response_class="emergency", reason="policy",
        by=people["dispatcher"], at=later(1),
    )  # fmt: skip
    assert not Recommendation.objects.exists()


def test_the_named_unit_is_on_the_row_and_first_in_the_pane(
    floor: Centre, people: dict[str, User], star: Set, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    star(offer_mode="dispatcher_confirm")
    Unit.objects.filter(call_sign="Star 1").update(service="on_break")
    incident = waits()
    offers_run(centre=floor, at=at)
    Unit.objects.filter(call_sign="Star 1").update(service="in_service")
    [row] = incident_rows(centre=floor, at=later(1))
    assert row.recommended.startswith("Star 2: about 1 min away (straight line)")
    assert row.next_step == "Offer it to Star 2, or choose another"
    pane = detail_context(incident, people["dispatcher"], later(1))
    assert [one["call_sign"] for one in pane["candidates"]] == ["Star 2", "Star 1"]
