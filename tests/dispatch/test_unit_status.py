"""A unit's status: its order, late reports, both times, one that lasts too long, and a question near the call."""

from collections.abc import Callable
from datetime import datetime

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, HistoryRow
from dispatch.selectors.crew import step_times
from dispatch.selectors.incident_rows import incident_rows
from dispatch.services.assignments import assignment_act
from dispatch.services.positions import position_report
from dispatch.services.unit_status import service_set, status_report
from dispatch.states import TransitionRefused, assignment_step
from live.models import Event
from responders.models import StatusRules, Unit, UnitHistory
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


@pytest.mark.parametrize(
    ("mode", "action", "state", "expected"),
    [
        ("off", "with_person", "en_route", ("with_person", False)),
        ("warn", "transport", "en_route", ("transporting", True)),
        ("off", "transport", "accepted", None),
        ("warn", "en_route", "on_scene", ("en_route", True)),
        ("warn", "on_scene", "en_route", ("on_scene", False)),
        ("enforce", "on_scene", "en_route", ("on_scene", False)),
        ("enforce", "with_person", "en_route", None),
        ("off", "accept", "declined", None),
        ("off", "en_route", "cleared", None),
    ],
)
def test_the_order_of_statuses(mode: str, action: str, state: str, expected: tuple[str, bool] | None) -> None:
    if expected is None:
        with pytest.raises(TransitionRefused):
            assignment_step(action, state, mode)
    else:
        assert assignment_step(action, state, mode) == expected


@pytest.mark.parametrize(("mode", "said"), [("", "applied, out of order"), ("off", "applied"), ("enforce", "")])
def test_a_step_that_was_left_out(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, mode: str, said: str
) -> None:
    if mode:
        StatusRules.objects.create(centre=floor, status_transitions=mode)
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    by = crew_of(work)
    assignment_act(assignment=work, action="en_route", by=by, at=later(3))
    if not said:
        with pytest.raises(TransitionRefused):
            status_report(assignment=work, action="with_person", by=by, at=later(9))
        return
    done = status_report(assignment=work, action="with_person", by=by, at=later(9))
    assert (done.said, done.assignment.state, done.assignment.on_scene_at) == (said, "with_person", later(9))


def test_what_protects_the_crew_is_enforced_whatever_is_chosen(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    StatusRules.objects.create(centre=floor, status_transitions="off")
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    work.stage_orders.create(reason="weapon=in_hand", words="Weapon", at=at)
    assignment_act(assignment=work, action="en_route", by=crew_of(work), at=later(3))
    with pytest.raises(Refused, match="STAGE"):
        status_report(assignment=work, action="with_person", by=crew_of(work), at=later(9))


def test_a_late_status_that_is_no_longer_allowed_is_kept_once_and_never_refused(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    by = crew_of(work)
    assignment_act(assignment=work, action="cancel", reason="caller is gone", by=people["dispatcher"], at=later(60))
    with pytest.raises(TransitionRefused):
        status_report(assignment=work, action="en_route", by=by, at=later(61), device_at=later(60))
    for _ in range(2):
        late = status_report(assignment=work, action="en_route", by=by, at=later(300), device_at=later(30))
        assert (late.said, late.assignment.state) == ("late, not applied", "cancelled")
    row = HistoryRow.objects.get(action="late_en_route")
    assert (row.at, row.device_at, row.reason) == (later(300), later(30), "late, not applied")
    assert [(one.words, one.late) for one in step_times(work)][-1] == ("en route", True)


def test_six_times_by_both_clocks_and_one_event_whichever_door(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    by = crew_of(offer)
    for nth, action in enumerate(("accept", "en_route", "on_scene", "with_person"), 1):
        status_report(assignment=offer, action=action, by=by, at=later(10 * nth), device_at=later(10 * nth - 5))
        assignment_act(assignment=offer, action=action, by=people["dispatcher"], at=later(10 * nth + 1))
    status_report(
        assignment=offer,
        action="clear",
        by=by,
        at=later(90),
        device_at=later(80),
        disposition="resolved_on_scene",
        sent_class="right",
    )
    times = [(one.words, one.at, one.device_at) for one in step_times(offer)]
    assert times == [
        ("offered", at, None),
        ("accepted", later(10), later(5)),
        ("en route", later(20), later(15)),
        ("on scene", later(30), later(25)),
        ("with the person", later(40), later(35)),
        ("cleared", later(90), later(80)),
    ]
    assert Event.objects.filter(kind="assignment.en_route").count() == 1


def test_a_break_during_a_call_is_out_of_order(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    by = crew_of(work)
    said = service_set(unit=work.unit, service="on_break", reason="", by=by, at=later(5), device_at=later(4))
    assert said == "applied, out of order"
    assert UnitHistory.objects.get(action="service").device_at == later(4)
    assert Assignment.objects.get(pk=work.pk).state == "accepted"
    StatusRules.objects.create(centre=floor, status_transitions="enforce")
    service_set(unit=Unit.objects.get(pk=work.unit_id), service="on_break", reason="", by=by, at=later(6))
    with pytest.raises(TransitionRefused, match="accepted"):
        service_set(unit=Unit.objects.get(pk=work.unit_id), service="out_of_service", reason="tyre", by=by, at=later(7))
    assert service_set(unit=units["Star 2"], service="on_break", reason="", by=by, at=later(8)) == "applied"


@pytest.mark.parametrize(
    ("state", "limit_s"), [("staged", 1800), ("on_scene", 7200), ("with_person", 7200), ("transporting", 3600)]
)
def test_a_status_that_lasts_too_long_is_asked_about_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms, state: str, limit_s: int
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    Assignment.objects.filter(pk=work.pk).update(state=state, state_since=at)
    assert due.statuses_stuck(floor, later(limit_s - 1)) == 0
    assert due.statuses_stuck(floor, later(limit_s)) == 1
    assert Alarm.objects.get().detail["words"] == f"{state.replace('_', ' ')} for {limit_s // 60} min"
    assert due.statuses_stuck(floor, later(limit_s + 1)) == 0
    ended = later(limit_s + 2)
    assignment_act(assignment=work, action="clear", by=crew_of(work), at=ended, disposition="not_found")
    assert alarms() == []


@pytest.mark.parametrize(("metres", "near"), [(200, False), (60, True)])
def test_near_the_call_a_question_and_never_a_status(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, metres: float, near: bool
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    park = factories.a_place(floor)
    lat = park.lat + metres / 111_320
    position_report(unit=work.unit, lat=lat, lon=park.lon, by=None, at=later(3))
    assignment_act(assignment=work, action="en_route", by=crew_of(work), at=later(4))
    position_report(unit=work.unit, lat=lat, lon=park.lon, by=None, at=later(3.5))
    position_report(unit=work.unit, lat=lat + 0.01, lon=park.lon, by=None, at=later(4.5))
    position_report(unit=work.unit, lat=lat, lon=park.lon, by=None, at=later(4.2))
    work.refresh_from_db()
    assert work.near_at is None, "from before it set out, and from before the last one known"
    for nth in (5, 6):
        position_report(unit=work.unit, lat=lat, lon=park.lon, by=None, at=later(nth))
    work.refresh_from_db()
    assert (work.state, work.near_at) == ("en_route", later(5) if near else None)
    assert Event.objects.filter(kind="assignment.near").count() == near
    [row] = incident_rows(centre=floor, at=later(7))
    assert row.units[0].words == ("EN ROUTE, ARRIVED?" if near else "EN ROUTE")


@pytest.mark.parametrize(
    ("radio", "pressed", "expected"),
    [
        # The dispatcher heard all of it by radio meanwhile; the phone comes back with what is long over.
        (("en_route", "on_scene"), "en_route", "on_scene"),
        (("en_route", "stage"), "en_route", "staged"),
        (("stage", "en_route"), "stage", "en_route"),
        # What goes forward is true whenever it comes.
        (("en_route",), "on_scene", "on_scene"),
    ],
)
def test_a_status_that_was_overtaken_while_it_waited_takes_nobody_back(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    later: Later,
    radio: tuple[str, ...],
    pressed: str,
    expected: str,
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    for nth, action in enumerate(radio, 30):
        assignment_act(assignment=work, action=action, by=people["dispatcher"], at=later(nth))
    for nth in (90, 91):
        done = status_report(assignment=work, action=pressed, by=crew_of(work), at=later(nth), device_at=later(20))
        assert done.assignment.state == expected
        assert done.said == ("applied" if expected == "on_scene" != radio[-1] else "late, not applied")
    assert HistoryRow.objects.filter(entity="assignment", action=f"late_{pressed}").count() == (
        done.said == "late, not applied"
    )


def test_a_press_that_is_sent_again_is_the_same_press_whatever_came_after_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """On the road again, to another address, is a new press, and by a phone whose clock is an hour ahead as well."""
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    by, ahead = crew_of(work), 3600

    def press(action: str, seconds: float, pressed: float) -> tuple[str, str]:
        done = status_report(assignment=work, action=action, by=by, at=later(seconds), device_at=later(pressed))
        return done.said, done.assignment.state

    assert press("en_route", 10, 10) == ("applied", "en_route")
    assert press("on_scene", 20, 20 + ahead) == ("applied", "on_scene")
    assert press("en_route", 25, 10) == ("applied", "on_scene"), "sent again: its answer was lost"
    assert press("en_route", 40, 40) == ("applied, out of order", "en_route")
    assert HistoryRow.objects.filter(entity="assignment", action="en_route").count() == 2
    assert not HistoryRow.objects.filter(action__startswith="late_").exists()


def test_a_service_state_that_was_overtaken_while_it_waited_is_kept_and_not_applied(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], later: Later
) -> None:
    crew, dispatcher = people["responder"], people["dispatcher"]

    def now() -> Unit:
        return Unit.objects.get(pk=units["Star 1"].pk)

    def press(seconds: float, pressed: float) -> str:
        return service_set(
            unit=now(), service="on_break", reason="", by=crew, at=later(seconds), device_at=later(pressed)
        )

    assert press(10, 9) == "applied"
    service_set(unit=now(), service="in_service", reason="", by=dispatcher, at=later(12))
    assert (press(13, 9), now().service) == ("applied", "in_service"), "sent again: its answer was lost"
    for seconds in (80, 81):
        assert (press(seconds, 11), now().service) == ("late, not applied", "in_service")
    kept = UnitHistory.objects.filter(unit=now(), to_state="on_break").order_by("id")
    assert [(row.action, row.device_at) for row in kept] == [("service", later(9)), ("service_late", later(11))]
    assert (press(90, 60), now().service) == ("applied", "on_break"), "late, and nothing has overtaken it"
