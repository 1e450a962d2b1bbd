"""A crew that needs help, a call that goes back to 911, hand-offs, promises and consoles that fall silent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import presence_note
from dispatch import due
from dispatch.models import Alarm, Assignment, Incident
from dispatch.selectors.triage import place_of
from dispatch.services.alarms import alarm_end, alarm_take
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.crew_safety import crew_heard, help_request, return_to_911
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_request
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.step_back import assignment_step_back
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def test_panic_on_a_call_is_an_alarm_and_a_police_hand_off_at_the_crews_position_at_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    alarm = help_request(unit=accepted.unit, by=people["responder2"], at=later(60), lat=41.51, lon=-95.91)
    assert (alarm.incident_id, alarm.urgent, alarm.detail["lat"]) == (accepted.incident_id, True, 41.51)
    incident = Incident.objects.get(pk=accepted.incident_id)
    handoff = incident.handoffs.get()
    assert (handoff.service, handoff.state, handoff.reason) == ("police", "requested", "backup")
    assert incident.priority == 1
    again = help_request(unit=accepted.unit, by=people["responder2"], at=later(61))
    assert again.pk == alarm.pk
    assert incident.handoffs.count() == 1
    with pytest.raises(Refused):
        crew_heard(alarm=alarm, by=people["dispatcher"], at=later(62), note=" ")
    heard = crew_heard(alarm=alarm, by=people["dispatcher"], at=later(63), note="Code 4, spoke to both")
    assert (heard.ended_by, alarms()) == (people["dispatcher"], [])


def test_panic_off_a_call_makes_its_own_incident_which_waits_for_the_crew_to_be_heard(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    alarm = help_request(unit=units["Star 1"], by=people["responder"], at=later(5))
    assert alarm.incident is not None
    incident = Incident.objects.get(pk=alarm.incident.pk)
    assert (incident.state, incident.priority, incident.response_class) == ("transferred", 1, "emergency")
    where = place_of(incident)
    assert where is not None
    assert (where.lat, where.state) == (units["Star 1"].lat, "forced")
    handoff = incident.handoffs.get()
    handoff_acknowledge(handoff=handoff, receiver_name="", receiver_number="P-9", by=people["dispatcher"], at=later(9))
    assert Incident.objects.get(pk=incident.pk).state == "transferred"
    crew_heard(alarm=alarm, by=people["supervisor"], at=later(20), note="safe in the van")
    assert Incident.objects.get(pk=incident.pk).state == "closed"


def test_panic_of_a_crew_that_was_only_offered_a_call_does_not_draw_police_to_that_call(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    alarm = help_request(unit=offer.unit, by=people["responder2"], at=later(5))
    assert alarm.incident_id != offer.incident_id


def test_other_alarms_are_taken_and_ended_by_a_person_with_a_note(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    call = factories.a_call(floor, by=people["call_taker"], at=at)
    call_end(call=call, ended_as="dropped", by=people["call_taker"], at=at)
    alarm = Alarm.objects.get()
    assert alarm_take(alarm=alarm, by=people["call_taker2"], at=later(1)).owner == people["call_taker2"]
    with pytest.raises(Refused, match="what was done"):
        alarm_end(alarm=alarm, by=people["call_taker2"], at=later(2), note="")
    with pytest.raises(Refused):
        crew_heard(alarm=alarm, by=people["dispatcher"], at=later(2), note="x")
    assert alarm_end(alarm=alarm, by=people["call_taker2"], at=later(3), note="called back twice").ended_at == later(3)


@pytest.mark.parametrize(("reason", "services"), [("medical", {"ems", "police"}), ("unsafe", {"police"})])
def test_a_call_that_goes_back_to_911_stays_owned_until_the_receiver_has_it(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms,
    reason: str, services: set[str],
) -> None:  # fmt: skip
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    crew = crew_of(accepted)
    call_end(call=accepted.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=later(3))
    with pytest.raises(Refused) as refused:
        return_to_911(assignment=accepted, reason="tired", by=crew, at=later(4))
    assert refused.value.field == "reason"
    incident = return_to_911(assignment=accepted, reason=reason, by=crew, at=later(5))
    assert (incident.state, incident.response_class, incident.not_diverted_reason) == (
        "returned",
        "emergency",
        "returned",
    )
    assert (incident.offer_wanted, incident.program_version) == (False, None)
    assert (incident.priority, incident.top_at) == (1, later(5))
    accepted.refresh_from_db()
    assert (accepted.state, accepted.disposition, accepted.end_reason) == ("cleared", "returned_to_911", reason)
    assert {one.service for one in incident.handoffs.all()} == services
    assert alarms() == ["returned"]
    assert return_to_911(assignment=accepted, reason=reason, by=crew, at=later(6)).version == incident.version
    assert offers_run(centre=floor, at=later(7)) == []
    # Whoever is asked by name all the same begins outside, if the first crew found it unsafe.
    asked = assignment_offer(incident=incident, unit=units["Medic 1"], by=people["dispatcher"], at=later(7))
    orders = list(asked.stage_orders.values_list("words", flat=True))
    assert orders == (["Another crew says: unsafe. Ask dispatch"] if reason == "unsafe" else [])
    assignment_act(assignment=asked, action="cancel", reason="police have it", by=people["dispatcher"], at=later(8))
    for handoff in incident.handoffs.all():
        assert Incident.objects.get(pk=incident.pk).state == "returned"
        handoff_acknowledge(
            handoff=handoff, receiver_name="Sgt Ruiz", receiver_number="", by=people["dispatcher"], at=later(9)
        )
    closed = Incident.objects.get(pk=incident.pk)
    assert (closed.state, closed.outcome, alarms()) == ("closed", "handed_off", [])


def test_only_what_was_accepted_can_be_returned(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="accepted"):
        return_to_911(assignment=offer, reason="unsafe", by=people["responder2"], at=later(1))


def test_a_second_crew_may_return_it_too_and_is_told_when_the_first_found_it_unsafe(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    medic = assignment_offer(
        incident=first.incident, unit=units["Medic 1"], slot="medic", by=people["dispatcher"], at=later(3)
    )
    assignment_act(assignment=medic, action="accept", by=people["medic"], at=later(4))
    return_to_911(assignment=first, reason="unsafe", by=people["responder2"], at=later(5))
    assert medic.stage_orders.get().words == "Another crew says: unsafe"
    assert return_to_911(assignment=medic, reason="unsafe", by=people["medic"], at=later(6)).state == "returned"


def test_a_hand_off_alarms_its_owner_after_30_s_and_the_supervisor_after_60(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, weapon="in_hand")
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    assert due.handoffs_unacknowledged(floor, later(29)) == 0
    assert due.handoffs_unacknowledged(floor, later(30)) == 2
    assert due.handoffs_unacknowledged(floor, later(31)) == 0
    assert set(Alarm.objects.values_list("owner_role", flat=True)) == {"dispatcher"}
    assert due.handoffs_unacknowledged(floor, later(60)) == 2
    assert set(Alarm.objects.values_list("owner_role", flat=True)) == {"supervisor"}
    police = call.incident.handoffs.get(service="police")
    with pytest.raises(Refused, match="name or their CAD number"):
        handoff_acknowledge(
            handoff=police, receiver_name=" ", receiver_number="", by=people["dispatcher"], at=later(61)
        )
    done = handoff_acknowledge(
        handoff=police, receiver_name="", receiver_number="25-1", by=people["dispatcher"], at=later(61)
    )
    assert (done.state, done.receiver_number) == ("acknowledged", "25-1")
    again: dict[str, Any] = {"handoff": police, "by": people["call_taker"], "at": later(62)}
    assert handoff_acknowledge(receiver_name="", receiver_number="25-1", **again).version == done.version
    with pytest.raises(Refused, match="25-1 has it already") as refused:
        handoff_acknowledge(receiver_name="Sgt Ruiz", receiver_number="", **again)
    assert (refused.value.code, refused.value.status) == ("acknowledged_already", 409)
    ems = call.incident.handoffs.get(service="ems")
    for _ in range(2):
        gone = handoff_cancel(handoff=ems, reason="not hurt", by=people["dispatcher"], at=later(62))
    assert (gone.state, gone.version) == ("cancelled", 2)
    assert alarms() == []
    assert due.handoffs_unacknowledged(floor, later(63)) == 0


def test_a_service_has_one_open_hand_off(floor: Centre, people: dict[str, User], at: datetime) -> None:
    incident = factories.a_call(floor, by=people["call_taker"], at=at).incident
    one, two = (
        handoff_request(incident=incident, service="fire", reason="", by=people["dispatcher"], at=at) for _ in range(2)
    )
    assert one.pk == two.pk
    with pytest.raises(Refused) as refused:
        handoff_request(incident=incident, service="navy", reason="", by=people["dispatcher"], at=at)
    assert refused.value.field == "service"


def test_the_promise_warns_at_80_percent_and_asks_police_when_it_is_broken_each_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    Unit.objects.filter(team__slug="star").update(service="out_of_service")
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    incident = Incident.objects.get(pk=call.incident_id)
    assert incident.promise_at is not None
    whole = (incident.promise_at - at).total_seconds()
    assert due.promises(floor, later(whole * 0.8 - 1)) == 0
    assert due.promises(floor, later(whole * 0.8)) == 1
    assert due.promises(floor, later(whole * 0.8 + 1)) == 0
    warning = Alarm.objects.get(kind="promise_warning")
    alarm_end(alarm=warning, by=people["dispatcher"], at=later(whole * 0.8 + 2), note="unit comes back soon")
    assert due.promises(floor, later(whole * 0.8 + 3)) == 0
    assert due.promises(floor, later(whole)) == 1
    assert due.promises(floor, later(whole + 1)) == 0
    assert alarms() == ["promise_broken"]
    handoff = call.incident.handoffs.get()
    assert (handoff.state, handoff.reason, handoff.requested_by) == ("requested", "promise_broken", None)
    broken = Incident.objects.get(pk=incident.pk)
    assert (broken.offer_wanted, broken.not_diverted_reason) == (True, "timed_out")
    handoff_cancel(handoff=handoff, reason="caller agrees to wait", by=people["dispatcher"], at=later(whole + 5))
    alarm_end(
        alarm=Alarm.objects.get(kind="promise_broken"), by=people["dispatcher"], at=later(whole + 6), note="extended"
    )
    assert due.promises(floor, later(whole + 7)) == 0
    assert alarms() == []


def test_a_promise_kept_says_nothing(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> None:
    factories.an_accepted(floor, by=people["call_taker"], at=at)
    assert due.promises(floor, later(7 * 24 * 3600)) == 0


def test_a_console_silent_for_60_s_gives_its_open_calls_to_the_supervisor_and_heals(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["call_taker"]
    presence_note(user=by, page="console", at=at)
    call = factories.a_call(floor, by=by, at=at)
    assert due.silent_consoles(floor, later(59)) == 0
    assert due.silent_consoles(floor, later(60)) == 1
    assert due.silent_consoles(floor, later(61)) == 0
    alarm = Alarm.objects.get()
    assert (alarm.owner_role, alarm.kind) == ("supervisor", "silent_console")
    alarm_end(alarm=alarm, by=people["supervisor"], at=later(62), note="took it over")
    assert due.silent_consoles(floor, later(63)) == 0
    presence_note(user=by, page="console", at=later(70))
    assert due.silent_consoles(floor, later(130)) == 1
    presence_note(user=by, page="console", at=later(140))
    due.silent_consoles(floor, later(141))
    assert alarms() == []
    assert due.silent_consoles(floor, later(200)) == 1
    call_end(call=call, ended_as="completed", by=by, at=later(201))
    assert alarms() == []


def test_one_row_that_fails_stops_no_other(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> None:
    offers = [factories.an_offer(floor, by=people["call_taker"], at=at) for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$;"
            f" CREATE TRIGGER poison BEFORE UPDATE ON dispatch_assignment FOR EACH ROW"
            f" WHEN (OLD.id = '{offers[0].pk}') EXECUTE FUNCTION poison()"
        )
    assert due.offers_expired(floor, later(60)) == 1
    assert Assignment.objects.get(pk=offers[1].pk).state == "expired"
    done = due.run(floor, later(61))
    assert set(done) == {job.__name__ for job in due.JOBS}


def test_a_quiet_second_costs_a_few_queries_however_much_is_open(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    def cost(second: float) -> int:
        with CaptureQueriesContext(connection) as queries:
            due.run(floor, later(second))
        return len(queries)

    due.run(floor, at)  # fills what a process reads once
    quiet, tenth = cost(1), cost(10)
    for _ in range(6):
        factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    assert (cost(1), cost(10)) == (quiet, tenth)
    assert quiet <= 30
    assert tenth <= 47


@pytest.mark.parametrize(
    ("steps", "back_to", "checked"),
    [
        (("en_route",), "accepted", False),
        (("en_route", "on_scene"), "en_route", False),
        (("on_scene", "with_person"), "on_scene", True),
        (("on_scene", "transport"), "on_scene", True),
    ],
)
def test_a_status_that_is_taken_back_takes_its_safety_check_along(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    later: Later,
    steps: tuple[str, ...],
    back_to: str,
    checked: bool,
) -> None:
    work, by = factories.an_accepted(floor, by=people["call_taker"], at=at), people["dispatcher"]
    for nth, action in enumerate(steps, 3):
        assignment_act(assignment=work, action=action, by=by, at=later(nth))
    undone = assignment_step_back(assignment=work, action=steps[-1], by=by, at=later(8))
    assert (undone.state, undone.check_due_at is not None) == (back_to, checked)
    if undone.check_due_at is not None:
        assert due.safety_checks_overdue(floor, undone.check_due_at) == 1


@pytest.mark.parametrize("on_a_call", [True, False])
def test_presses_that_waited_on_the_phone_come_twice_and_out_of_order_and_alarm_once(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms,
    on_a_call: bool,
) -> None:  # fmt: skip
    unit, by = units["Star 1"], people["responder"]
    if on_a_call:
        unit = factories.an_accepted(floor, by=people["call_taker"], at=at).unit

    def press(level: str, second: float, pressed: float) -> Alarm:
        return help_request(unit=unit, by=by, at=later(second), level=level, device_at=later(pressed))

    first = press("panic", 60, 50)
    assert [press("panic", 61, 52).pk, press("panic", 62, 50).pk] == [first.pk, first.pk]
    # Pressed before the panic and sent after it: beside it, on the same call.
    urgent = press("urgent", 63, 40)
    assert (urgent.incident_id, alarms()) == (first.incident_id, ["backup_urgent", "panic"])
    assert first.incident is not None
    assert first.incident.handoffs.filter(service="police").count() == 1
    crew_heard(alarm=first, by=people["dispatcher"], at=later(90), note="by radio: they are out")
    assert alarms() == []
    # Their answers were lost: all come again, in any order. None is a new call for help.
    for second, (level, pressed) in enumerate([("panic", 52), ("urgent", 40), ("panic", 50)], 91):
        assert press(level, second, pressed).ended_at is not None
    assert alarms() == []
    assert press("panic", 120, 119).ended_at is None
    assert alarms() == ["panic"]
