"""Co-response of two units: offered together, one waits for the other, and they fail together."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.models import Agency, Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Incident
from dispatch.models.assignment import Slot
from dispatch.services.assignments import assignment_act
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.pairs import scene_safe_say
from dispatch.services.primary import assignment_promote
from programs.models import Program
from programs.preset_schema import all_presets
from programs.services import program_install, version_publish_simulated
from programs.spec import spec_of
from responders.models import Team, Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
Pair = Callable[[], tuple[Assignment, Assignment]]


def two_unit_program(centre: Centre, at: datetime, officer_from: str, **settings: Any) -> None:
    """Advocates as two units: Star's clinicians, and officers of the named team."""
    spec = {
        **spec_of(all_presets()["advocates"], hours="24/7"),
        "co_response_units": "two_units",
        "officer_from": officer_from,
        **settings,
    }
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    version = program_install(centre=centre, agency=agency, spec=spec, area=factories.TOWN, by=None, at=at)
    version_publish_simulated(version=version, at=at)
    version.program.teams.add(centre.teams.get(slug="star"))


def _sent(centre: Centre, people: dict[str, User], at: datetime) -> Incident:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=at, violence="threats")
    decision = factories.a_decision(call.incident, by=people["call_taker"], at=at)
    assert decision.response_class == "co_response"
    return Incident.objects.get(pk=call.incident_id)


@pytest.fixture
def pair(centre: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime) -> Pair:
    """The clinician's and the officer's offers of one call."""

    def make() -> tuple[Assignment, Assignment]:
        two_unit_program(centre, at, "co-response")
        incident = _sent(centre, people, at)
        offers_run(centre=centre, at=at)
        return incident.assignments.get(slot=Slot.PRIMARY), incident.assignments.get(slot=Slot.OFFICER)

    return make


def _act(assignment: Assignment, action: str, at: datetime, **more: Any) -> Assignment:
    return assignment_act(assignment=assignment, action=action, by=crew_of(assignment), at=at, **more)


def _refused(assignment: Assignment, action: str, at: datetime) -> str:
    with pytest.raises(Refused) as refused:
        _act(assignment, action, at)
    return refused.value.code


def test_the_clinician_waits_for_the_officers_yes_and_then_for_the_officer_on_scene(pair: Pair, later: Later) -> None:
    clinician, officer = pair()
    assert clinician.pair == officer.pair is not None
    assert (clinician.unit.call_sign, officer.unit.call_sign) == ("Star 1", "CR 1")
    assert _act(clinician, "accept", later(2)).state == "accepted"
    assert _refused(clinician, "en_route", later(3)) == "officer_awaited_accept"
    _act(officer, "accept", later(4))
    _act(clinician, "en_route", later(5))
    assert _refused(clinician, "on_scene", later(6)) == "officer_awaited_scene"
    for nth, action in enumerate(("en_route", "on_scene"), 7):
        _act(officer, action, later(nth))
    assert _act(clinician, "on_scene", later(9)).state == "on_scene"


def _officer_declines(clinician: Assignment, officer: Assignment, at: datetime) -> None:
    _act(officer, "decline", at, reason="equipment")


def _officer_expires(clinician: Assignment, officer: Assignment, at: datetime) -> None:
    Assignment.objects.filter(pk=officer.pk).update(offer_expires_at=at)
    assert due.offers_expired(officer.incident.centre, at) == 1


def _officer_cancelled(clinician: Assignment, officer: Assignment, at: datetime) -> None:
    _act(officer, "accept", at)
    _act(clinician, "en_route", at)
    _act(officer, "cancel", at, reason="needed elsewhere")


def _clinician_declines(clinician: Assignment, officer: Assignment, at: datetime) -> None:
    _act(clinician, "cancel", at, reason="flat tyre")


@pytest.mark.parametrize(
    ("falls_out", "left", "words"),
    [
        (_officer_declines, "Star 1", "CR 1 declined: Star 1 was released"),
        (_officer_expires, "Star 1", "CR 1 did not answer: Star 1 was released"),
        (_officer_cancelled, "Star 1", "CR 1 was cancelled: Star 1 was released"),
        (_clinician_declines, "CR 1", "Star 1 was cancelled: CR 1 was released"),
    ],
)
def test_one_half_that_falls_out_releases_the_other_and_both_are_sought_anew(
    pair: Pair, centre: Centre, later: Later, falls_out: Callable[..., None], left: str, words: str
) -> None:
    clinician, officer = pair()
    _act(clinician, "accept", later(2))
    falls_out(clinician, officer, later(5))
    released = Assignment.objects.get(incident=clinician.incident, unit__call_sign=left, pair=clinician.pair)
    assert (released.state, released.end_reason) == ("cancelled", "other_half_gone")
    alarm = Alarm.objects.get(kind="pair_broken")
    assert (alarm.detail["words"], alarm.urgent) == (words, False)
    incident = Incident.objects.get(pk=clinician.incident_id)
    assert (incident.state, incident.offer_wanted) == ("pending", True)
    [again] = offers_run(centre=centre, at=later(6))
    # The unit that fell out is not asked again: police are, or the other team's clinician.
    if left == "Star 1":
        assert again.officer_handoff is not None
    else:
        assert again.unit.call_sign == "Star 2"
    assert again.pair not in {None, clinician.pair}


def test_a_half_on_the_scene_is_never_taken_away(pair: Pair, later: Later, alarms: Alarms) -> None:
    clinician, officer = pair()
    for half in (clinician, officer):
        _act(half, "accept", later(2))
    for action in ("en_route", "on_scene"):
        _act(officer, action, later(3))
    _act(clinician, "en_route", later(4))
    _act(clinician, "cancel", later(5), reason="recalled")
    officer.refresh_from_db()
    assert officer.state == "on_scene"
    alarm = Alarm.objects.get(kind="pair_broken")
    assert (alarm.urgent, alarm.detail["words"]) == (True, "Star 1 was cancelled: CR 1 is on scene alone")


def test_police_of_another_agency_are_the_officer_by_hand_off(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    two_unit_program(centre, at, "")
    incident = _sent(centre, people, at)
    [clinician] = offers_run(centre=centre, at=at)
    police = incident.handoffs.get(service="police")
    assert (police.state, clinician.officer_handoff) == ("requested", police)
    _act(clinician, "accept", later(1))
    assert _refused(clinician, "en_route", later(2)) == "officer_awaited_accept"
    handoff_acknowledge(handoff=police, receiver_name="", receiver_number="P-1", by=people["dispatcher"], at=later(3))
    _act(clinician, "en_route", later(4))
    assert _refused(clinician, "on_scene", later(5)) == "officer_awaited_scene"
    with pytest.raises(Refused, match="Name who"):
        scene_safe_say(incident=incident, said_by=" ", by=people["dispatcher"], at=later(6))
    scene_safe_say(incident=incident, said_by="Officer Hale", by=people["dispatcher"], at=later(6))
    assert _act(clinician, "on_scene", later(7)).state == "on_scene"


def test_a_withdrawn_police_hand_off_releases_the_clinician(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    two_unit_program(centre, at, "co-response")
    units["CR 1"].crew.update(until=at)
    incident = _sent(centre, people, at)
    clinician = assignment_offer(incident=incident, unit=units["Star 2"], by=people["dispatcher"], at=at)
    _act(clinician, "accept", later(1))
    police = incident.handoffs.get(service="police")
    handoff_cancel(handoff=police, reason="they have nobody", by=people["dispatcher"], at=later(2))
    clinician.refresh_from_db()
    assert (clinician.state, clinician.end_reason) == ("cancelled", "other_half_gone")
    assert "pair_broken" in alarms()


def test_an_officer_who_cleared_without_arriving_has_made_no_scene_safe(
    pair: Pair, people: dict[str, User], later: Later
) -> None:
    clinician, officer = pair()
    for half in (clinician, officer):
        assignment_act(assignment=half, action="accept", by=crew_of(half), at=later(5))
    assignment_act(
        assignment=officer, action="clear", by=crew_of(officer), disposition="resolved_on_scene", at=later(20)
    )
    alarm = Alarm.objects.get(kind="pair_broken")
    assert alarm.detail["words"] == "CR 1 cleared without arriving: Star 1 is not there yet"
    assignment_act(assignment=clinician, action="en_route", by=crew_of(clinician), at=later(30))
    with pytest.raises(Refused, match="officer on scene"):
        assignment_act(assignment=clinician, action="on_scene", by=crew_of(clinician), at=later(60))
    scene_safe_say(incident=clinician.incident, said_by="Officer of CR 1", by=people["dispatcher"], at=later(70))
    assignment_act(assignment=clinician, action="on_scene", by=crew_of(clinician), at=later(80))


def test_a_unit_without_an_officer_is_never_sent_alone_by_a_program_of_one_vehicle(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Threats; an unarmed team was attached to the co-response and stands nearer than the officer and clinician."""
    Unit.objects.filter(call_sign="CR 1").update(service="out_of_service")
    program = Program.objects.get(slug="advocates")
    spec = {**spec_of(all_presets()["advocates"], hours="24/7"), "capabilities": ["clinician"]}
    version = program_install(centre=floor, agency=program.agency, spec=spec, area=factories.TOWN, by=None, at=at)
    version_publish_simulated(version=version, at=at)
    program.teams.add(*Team.objects.filter(slug="star"))
    incident = _sent(floor, people, at)
    assert offers_run(centre=floor, at=later(1)) == []
    assert incident.assignments.count() == 0
    Unit.objects.filter(call_sign="Star 2").update(capabilities=["officer", "clinician", "transport"])
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(10))] == ["Star 2"]


def test_a_clinician_who_was_taken_from_another_call_waits_for_an_officer_too(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    star = {**spec_of(all_presets()["star"], hours="24/7"), "may_be_preempted": True}
    version = program_install(centre=centre, agency=agency, spec=star, area=factories.TOWN, by=None, at=at)
    version_publish_simulated(version=version, at=at)
    version.program.teams.add(centre.teams.get(slug="star"))
    two_unit_program(centre, at, "co-response", may_preempt=True)
    busy = factories.an_accepted(centre, by=people["call_taker"], at=at)
    Incident.objects.filter(pk=busy.incident_id).update(priority=4)
    incident = _sent(centre, people, later(3))
    Incident.objects.filter(pk=incident.pk).update(priority=1)
    [clinician] = offers_run(centre=centre, at=later(4))
    officer = incident.assignments.get(slot=Slot.OFFICER)
    assert (clinician.unit, officer.unit.call_sign) == (busy.unit, "CR 1")
    assert clinician.pair == officer.pair is not None
    _act(clinician, "accept", later(5))
    assert _refused(clinician, "en_route", later(6)) == "officer_awaited_accept"


def test_whoever_helps_the_clinician_waits_for_the_same_officer(
    pair: Pair, people: dict[str, User], units: dict[str, Unit], later: Later
) -> None:
    clinician, officer = pair()
    _act(clinician, "accept", later(2))
    # As the engine asks for one beside a unit that does not answer.
    beside = assignment_offer(incident=clinician.incident, unit=units["Star 2"], slot="assist", by=None, at=later(3))
    _act(beside, "accept", later(4))
    assert _refused(beside, "en_route", later(5)) == "officer_awaited_accept"
    for nth, action in enumerate(("accept", "en_route"), 6):
        _act(officer, action, later(nth))
    _act(beside, "en_route", later(8))
    assert _refused(beside, "on_scene", later(9)) == "officer_awaited_scene"
    _act(clinician, "clear", later(10), disposition="not_found")
    leads = assignment_promote(assignment=beside, by=people["dispatcher"], at=later(11))
    assert leads.pair == officer.pair
    assert _refused(leads, "on_scene", later(12)) == "officer_awaited_scene"
    _act(officer, "on_scene", later(13))
    assert _act(leads, "on_scene", later(14)).state == "on_scene"


def _second_officer(at: datetime) -> Unit:
    """Another car of the team that gives the officer."""
    unit = Unit.objects.get(call_sign="Medic 1")
    unit.team, unit.armed, unit.capabilities = Team.objects.get(slug="co-response"), True, ["officer"]
    unit.save()
    return unit


def _silent(*halves: Assignment, floor: Centre, at: Later) -> None:
    """The halves have accepted, and of these nobody has moved for more than three minutes."""
    others = Assignment.objects.filter(incident=halves[0].incident, state="accepted")
    Unit.objects.filter(assignments__in=others.exclude(pk__in=[one.pk for one in halves])).update(lat=41.52)
    assert due.crews_silent(floor, at(200)) == len(halves)


def test_another_officer_is_asked_beside_one_that_does_not_answer_and_stands_in(
    pair: Pair, floor: Centre, people: dict[str, User], later: Later, alarms: Alarms
) -> None:
    clinician, officer = pair()
    _second_officer(later(0))
    for half in (clinician, officer):
        _act(half, "accept", later(2))
    _silent(officer, floor=floor, at=later)
    assert (due.second_units_sought(floor, later(201)), due.second_units_sought(floor, later(202))) == (1, 0)
    beside = officer.incident.assignments.get(unit__call_sign="Medic 1")
    assert (beside.slot, beside.state, beside.pair) == (Slot.ASSIST, "offered", None)
    officer.refresh_from_db()
    assert officer.state == "accepted"
    for nth, action in enumerate(("accept", "en_route"), 203):
        _act(beside, action, later(nth))
    _act(clinician, "en_route", later(206))
    assert _refused(clinician, "on_scene", later(207)) == "officer_awaited_scene"
    # The dispatcher takes the silent one off: the one that comes is the pair's officer, nobody is released.
    assignment_act(assignment=officer, action="cancel", reason="silent", by=people["dispatcher"], at=later(208))
    beside.refresh_from_db()
    clinician.refresh_from_db()
    assert (beside.slot, beside.pair, clinician.state) == (Slot.OFFICER, clinician.pair, "en_route")
    assert "pair_broken" not in alarms()
    _act(beside, "on_scene", later(210))
    assert _act(clinician, "on_scene", later(211)).state == "on_scene"


def test_police_are_asked_once_where_no_other_officer_can_go(pair: Pair, floor: Centre, later: Later) -> None:
    clinician, officer = pair()
    for half in (clinician, officer):
        _act(half, "accept", later(2))
    officer.incident.handoffs.update(state="cancelled", cancelled_at=later(3))
    _silent(officer, floor=floor, at=later)
    for second in (201, 202):
        assert due.second_units_sought(floor, later(second)) == 0
    police = officer.incident.handoffs.get(state="requested")
    assert (police.service, police.reason, police.requested_by) == ("police", "co_response", None)


def test_a_clinician_who_helps_keeps_the_officer_and_never_goes_in_without_one(
    pair: Pair, floor: Centre, people: dict[str, User], later: Later
) -> None:
    clinician, officer = pair()
    for half in (clinician, officer):
        _act(half, "accept", later(2))
    _silent(clinician, floor=floor, at=later)
    assert due.second_units_sought(floor, later(201)) == 1
    helper = officer.incident.assignments.get(unit__call_sign="Star 2")
    _act(helper, "accept", later(202))
    assignment_act(assignment=clinician, action="cancel", reason="silent", by=people["dispatcher"], at=later(203))
    officer.refresh_from_db()
    assert officer.state == "accepted"
    _act(helper, "en_route", later(204))
    assignment_act(assignment=officer, action="cancel", reason="needed", by=people["dispatcher"], at=later(205))
    assert _refused(helper, "on_scene", later(206)) == "officer_awaited_scene"
    scene_safe_say(incident=helper.incident, said_by="Officer of CR 1", by=people["dispatcher"], at=later(207))
    assert _act(helper, "on_scene", later(208)).state == "on_scene"
