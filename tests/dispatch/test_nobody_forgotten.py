"""No call waits for nobody: whatever way it came where no crew, service, engine or clock is on it, somebody is told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, Presence, User
from dispatch import due
from dispatch.models import Alarm, Assignment, Incident
from dispatch.services.alarms import alarm_end, alarm_raise
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end, call_open
from dispatch.services.closing import incident_reopen
from dispatch.services.decisions import decision_second
from dispatch.services.handoffs import handoff_acknowledge, handoff_decline
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.transfer_ends import transfer_return
from dispatch.services.transfers import transfer_connect, transfer_offer
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
Way = Callable[[Centre, dict[str, User], Later], Incident]
CALLED: dict[str, Any] = {"in_person_needed": "no"}
"""The answer with which a calm call is one for a clinician by telephone."""


def _ended(incident: Incident, people: dict[str, User], at: datetime) -> None:
    for call in incident.calls.filter(state="open"):
        call_end(call=call, ended_as="completed", by=people["call_taker"], at=at)


def _noted(people: dict[str, User], at: datetime) -> None:
    """Somebody ends every alarm that a note can end, and goes home."""
    for alarm in Alarm.objects.filter(ended_at__isnull=True).exclude(kind__in=["handoff_unacknowledged", "panic"]):
        alarm_end(alarm=alarm, by=people["dispatcher"], at=at, note="seen to")


def _undecided(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=later(0))
    _ended(call.incident, people, later(5))
    return call.incident


def _not_taken(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    """Another system has opened it, and nobody has answered."""
    return call_open(centre=floor, id=uuid4(), channel="911", by=None, at=later(0)).incident


def _reopened(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    work = factories.an_accepted(floor, by=people["call_taker"], at=later(0))
    _ended(work.incident, people, later(3))
    assignment_act(assignment=work, action="clear", disposition="not_found", by=crew_of(work), at=later(4))
    incident = Incident.objects.get(pk=work.incident_id)
    assert incident.state == "closed"
    return incident_reopen(incident=incident, reason="not_over", by=people["dispatcher"], at=later(5))


def _unsent_hand_off(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    """A weapon is told of while the crew is there; it clears, and the hand-off that was made ready lies there."""
    work = factories.an_accepted(floor, by=people["call_taker"], at=later(0))
    call = work.incident.calls.get()
    for nth, action in enumerate(("en_route", "on_scene"), 3):
        assignment_act(assignment=work, action=action, by=crew_of(work), at=later(nth))
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=later(5))
    _ended(work.incident, people, later(6))
    assignment_act(assignment=work, action="clear", disposition="not_found", by=crew_of(work), at=later(7))
    _noted(people, later(8))
    return work.incident


def _declined_by_all(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    """Police decline an emergency, the dispatcher asks a unit instead, and that one declines, too."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=later(0), weapon="in_hand")
    factories.a_decision(call.incident, by=people["call_taker"], at=later(0))
    _ended(call.incident, people, later(1))
    for handoff in call.incident.handoffs.filter(state="requested"):
        reason, by = "no_unit", people["dispatcher"]
        handoff_decline(handoff=handoff, reason=reason, receiver_name="Ray", by=by, at=later(2))
    unit = Unit.objects.get(call_sign="CR 1")
    offer = assignment_offer(incident=call.incident, unit=unit, by=people["dispatcher"], at=later(3))
    _noted(people, later(4))
    assignment_act(assignment=offer, action="decline", reason="equipment", by=crew_of(offer), at=later(5))
    return call.incident


def _handed_back(floor: Centre, people: dict[str, User], later: Later) -> Incident:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=later(0), **CALLED)
    transfer = transfer_offer(id=uuid4(), call=call, kind="clinician", by=people["call_taker"], at=later(1))
    transfer_connect(transfer=transfer, by=people["clinician"], at=later(2))
    transfer_return(transfer=transfer, reason="out_of_scope", by=people["clinician"], at=later(3))
    _ended(call.incident, people, later(4))
    _noted(people, later(5))
    return call.incident


WAYS: dict[Way, str] = {
    _undecided: "The call has ended and nobody has decided it",
    _not_taken: "A call is open that nobody has taken",
    _reopened: "It is open again and nobody has decided it",
    _unsent_hand_off: "A hand-off is ready and nobody has sent it",
    _declined_by_all: "Nobody is on the way, asked or sought",
    _handed_back: "Nobody is on the way, asked or sought",
}


@pytest.mark.parametrize(("way", "said"), WAYS.items(), ids=[way.__name__[1:] for way in WAYS])
def test_a_call_that_nobody_is_on_is_found(
    floor: Centre, people: dict[str, User], later: Later, way: Way, said: str
) -> None:
    incident = Incident.objects.get(pk=way(floor, people, later).pk)
    due.calls_unattended(floor, later(30))
    assert not Alarm.objects.filter(kind="unattended").exists(), "somebody may be about to go on"
    assert due.calls_unattended(floor, later(70)) == 1
    assert due.calls_unattended(floor, later(80)) == 0
    alarm = Alarm.objects.get(kind="unattended")
    assert (alarm.subject, alarm.detail["words"]) == (str(incident.pk), said)
    assert due.alarms_unowned(floor, later(131)) == 1
    alarm.refresh_from_db()
    assert alarm.owner_role == "supervisor"
    # A note alone changes nothing about the call: it is said again, not each second.
    alarm_end(alarm=alarm, by=people["supervisor"], at=later(140), note="later")
    assert due.calls_unattended(floor, later(200)) == 0
    assert due.calls_unattended(floor, later(741)) == 1


def test_a_call_that_somebody_is_on_again_is_no_alarm_any_more(
    floor: Centre, people: dict[str, User], later: Later
) -> None:
    incident = _undecided(floor, people, later)
    assert due.calls_unattended(floor, later(70)) == 1
    factories.a_decision(incident, by=people["dispatcher"], at=later(80))
    ended = Alarm.objects.get(kind="unattended")
    assert (ended.ended_at, ended.ended_by) == (later(80), people["dispatcher"])
    other = _declined_by_all(floor, people, lambda seconds: later(100 + seconds))
    assert due.calls_unattended(floor, later(170)) == 1
    unit = Unit.objects.get(call_sign="Medic 1")
    assignment_offer(incident=other, unit=unit, by=people["dispatcher"], at=later(175))
    assert due.calls_unattended(floor, later(180)) == 0
    assert not Alarm.objects.filter(kind="unattended", ended_at__isnull=True).exists()


def test_calls_with_a_clock_of_their_own_are_left_alone(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """On the line, asked for, offered, handed off, dropped: each has its own watch."""
    by = people["call_taker"]
    factories.a_triaged_call(floor, by=by, at=at)
    factories.an_offer(floor, by=by, at=at)
    dropped = factories.a_triaged_call(floor, by=by, at=at)
    call_end(call=dropped, ended_as="dropped", by=by, at=later(1))
    sent = factories.a_triaged_call(floor, by=by, at=at, weapon="in_hand")
    factories.a_decision(sent.incident, by=by, at=at)
    _ended(sent.incident, people, later(1))
    assert due.calls_unattended(floor, later(600)) == 0
    for handoff in sent.incident.handoffs.filter(state="requested"):
        handoff_acknowledge(handoff=handoff, receiver_name="Ray", receiver_number="", by=by, at=later(601))
    assert due.calls_unattended(floor, later(900)) == 0


def test_a_clinician_who_accepts_and_does_not_take_the_caller_is_not_answering(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at, **CALLED)
    assert work.by_phone
    assert due.crews_silent(floor, later(181)) == 0
    assert due.crews_silent(floor, later(182)) == 1
    unit = Unit.objects.get(pk=work.unit_id)
    assert (unit.not_answering_reason, unit.service) == ("not_calling", "in_service")
    assert "not_answering" in alarms()
    assignment_act(assignment=work, action="with_person", by=crew_of(work), at=later(190))
    assert Unit.objects.get(pk=work.unit_id).not_answering_since is None
    # Who talks with one person has not forgotten the next; after a while somebody asks all the same.
    next_one = factories.an_accepted(floor, by=people["call_taker"], at=later(200), **CALLED)
    assert next_one.unit_id == work.unit_id
    assert (due.crews_silent(floor, later(500)), due.statuses_stuck(floor, later(1101))) == (0, 0)
    assert due.statuses_stuck(floor, later(1102)) == 1
    assert due.statuses_stuck(floor, later(7500)) == 1, "a telephone call of two hours is asked about, too"


def test_a_crew_that_moves_and_never_says_so_is_asked_about(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    Unit.objects.filter(pk=work.unit_id).update(lat=factories.LAT - 0.005)
    assert (due.crews_silent(floor, later(1801)), due.statuses_stuck(floor, later(1801))) == (0, 0)
    assert due.statuses_stuck(floor, later(1802)) == 1
    assignment_act(assignment=work, action="en_route", by=people["dispatcher"], at=later(1810))
    assert "stuck_status" not in alarms()


def test_whoever_was_asked_under_a_danger_may_still_say_no(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Two people choose the same program again after a danger: a unit that was asked before is no answer yet."""
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    call = offer.incident.calls.get()
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=later(2))
    again = {"action": "override", "response_class": "mobile_team", "program": "star", "reason": "danger_over"}
    waits = factories.a_decision(call.incident, by=people["dispatcher"], at=later(3), **again)
    decision_second(decision=waits, agree=True, by=people["supervisor"], at=later(4))
    incident = Incident.objects.get(pk=offer.incident_id)
    assert (incident.state, incident.risen_at, incident.offer_wanted) == ("pending", None, True)
    assignment_act(assignment=offer, action="decline", reason="safety", by=crew_of(offer), at=later(5))
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(6))] == ["Star 2"]


def test_a_call_on_which_the_engine_fails_says_so_and_holds_up_no_other(
    floor: Centre, star: Callable[..., ProgramVersion], waits: Callable[..., Incident], later: Later, alarms: Alarms
) -> None:
    star(offer_mode="simultaneous", simultaneous_offers="three")
    broken = waits()
    star()
    fine = waits()
    assert [one.incident_id for one in offers_run(centre=floor, at=later(1))] == [fine.pk]
    broken.refresh_from_db()
    assert (broken.no_unit_reason, alarms()) == ("engine_failed", ["no_unit"])
    version = broken.version
    offers_run(centre=floor, at=later(2))
    broken.refresh_from_db()
    assert broken.version == version, "said once"


def test_a_promise_that_breaks_again_after_a_unit_was_lost_is_said_again(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    Assignment.objects.filter(pk=offer.pk).update(offer_expires_at=later(9000))
    after = (offer.incident.promise_at or at) - at
    assert due.promises(floor, at + after) == 1
    work = assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=at + after + (later(1) - at))
    assert "promise_broken" not in alarms()
    by, lost = people["dispatcher"], at + after + (later(60) - at)
    assignment_act(assignment=work, action="cancel", reason="breakdown", by=by, at=lost)
    assert due.promises(floor, lost) == 1
    alarm = Alarm.objects.get(kind="promise_broken", ended_at__isnull=True)
    assert due.promises(floor, lost + (later(1) - at)) == 0
    alarm_end(alarm=alarm, by=by, at=lost, note="told the caller")
    assert due.promises(floor, lost + (later(2) - at)) == 0, "a person has ended it"


def test_an_alarm_of_somebody_who_has_gone_is_the_supervisors(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    gone, here = people["dispatcher"], people["dispatcher2"]
    for owner, last in ((gone, at), (here, later(50))):
        Presence.objects.create(user=owner, at=last, page="console")
        alarm_raise(centre=floor, kind="no_unit", subject=str(owner.pk), at=at, owner=owner)
    assert due.alarms_unowned(floor, later(59)) == 0
    assert due.alarms_unowned(floor, later(61)) == 1
    assert Alarm.objects.get(owner_role="supervisor").subject == str(gone.pk)
