"""The promised wait: its length, its end, what a dispatcher may choose before it, and answers that grow old."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Centre, User
from accounts.problems import Refused
from desk.detail import detail_context
from dispatch import due
from dispatch.models import Alarm, Incident, NarrativeEntry
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.promise import must_decide
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.handoffs import handoff_decline, handoff_request
from dispatch.services.incidents import hold_end, incident_hold
from dispatch.services.offers import assignment_offer
from dispatch.services.promise import callback_note, promise_extend
from programs.models import ProgramVersion
from programs.selectors import spec_wait_s
from responders.models import Unit
from tests import factories

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
MINUTE = 60


@pytest.fixture
def waiting(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    """A calm call that waits for STAR, which promises 30 minutes and has no unit."""
    Unit.objects.update(service="out_of_service")
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    return Incident.objects.get(pk=call.incident_id)


def _extend(incident: Incident, by: User, at: datetime, **more: object) -> Incident:
    given = {"id": uuid4(), "minutes": 10, "reason": "unit_free_soon", "caller_told": True, **more}
    return promise_extend(incident=incident, by=by, at=at, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by_priority", "priority", "seconds"), [({}, 2, 1800), ({"1": 600}, 1, 600), ({"1": 600}, 3, 1800)]
)
def test_the_wait_is_the_programs_or_that_of_the_priority(
    by_priority: dict[str, int], priority: int, seconds: int
) -> None:
    version = ProgramVersion(spec={"max_wait_s": 1800, "max_wait_by_priority": by_priority})
    assert spec_wait_s(version, priority, 2700) == seconds
    assert spec_wait_s(None, priority, 2700) == 2700


def test_the_dispatcher_must_decide_from_80_percent_on_and_extending_starts_no_wait_without_end(
    floor: Centre, people: dict[str, User], waiting: Incident, at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    assert waiting.promise_at == later(30 * MINUTE)
    assert not must_decide(waiting, later(24 * MINUTE - 1))
    assert must_decide(waiting, later(24 * MINUTE))
    due.promises(floor, later(24 * MINUTE))
    assert Alarm.objects.filter(kind=Alarm.Kind.PROMISE_WARNING, ended_at__isnull=True).exists()
    [row] = incident_rows(centre=floor, at=later(25 * MINUTE))
    assert (row.must_decide, row.next_step) == (True, "Decide: the promised wait ends")
    with pytest.raises(PermissionDenied):
        _extend(waiting, people["call_taker"], later(25 * MINUTE))
    for bad, field in (({"reason": "busy"}, "reason"), ({"minutes": 31}, "minutes"), ({"minutes": 0}, "minutes")):
        with pytest.raises(Refused) as refused:
            _extend(waiting, by, later(25 * MINUTE), **bad)
        assert refused.value.field == field
    id = uuid4()
    for _ in range(2):
        extended = _extend(waiting, by, later(25 * MINUTE), id=id)
    assert (extended.promise_at, extended.promise_extended) == (later(40 * MINUTE), 1)
    assert not Alarm.objects.filter(kind__startswith="promise", ended_at__isnull=True).exists()
    note = NarrativeEntry.objects.get(incident=waiting)
    assert (note.kind, note.words.text.split(":")[0][:18]) == ("callback", "Promise extended t")
    _extend(waiting, by, later(39 * MINUTE))
    with pytest.raises(Refused) as refused:
        _extend(waiting, by, later(49 * MINUTE))
    assert refused.value.code == "extended_enough"
    due.promises(floor, later(50 * MINUTE))
    assert waiting.handoffs.get().state == "requested"
    assert "promise_broken" in alarms()


def test_a_promise_of_a_minute_is_extended_by_a_minute_and_the_pane_offers_no_more(
    floor: Centre, people: dict[str, User], waiting: Incident, later: Later
) -> None:
    Incident.objects.filter(pk=waiting.pk).update(program_version=ProgramVersion.objects.get(program__slug="austin_c3"))
    waiting.refresh_from_db()
    assert detail_context(waiting, people["dispatcher"], later(50))["extend_minutes"] == [1]
    with pytest.raises(Refused, match="Choose 1 minute: no longer"):
        _extend(waiting, people["dispatcher"], later(50))
    _extend(waiting, people["dispatcher"], later(50), minutes=1)


def test_a_caller_who_was_not_told_is_owed_a_callback(
    floor: Centre, people: dict[str, User], waiting: Incident, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    _extend(waiting, by, later(25 * MINUTE), caller_told=False)
    assert Alarm.Kind.CALL_BACK in alarms()
    id = uuid4()
    callback_note(id=uuid4(), incident=waiting, reached=False, text="", by=by, at=later(26 * MINUTE))
    assert Alarm.Kind.CALL_BACK in alarms()
    for _ in range(2):
        callback_note(id=id, incident=waiting, reached=True, text="will wait", by=by, at=later(27 * MINUTE))
    assert Alarm.Kind.CALL_BACK not in alarms()
    assert NarrativeEntry.objects.filter(incident=waiting, kind="callback").count() == 2


def test_the_clock_begins_anew_after_a_hold(
    floor: Centre, people: dict[str, User], waiting: Incident, later: Later
) -> None:
    incident_hold(incident=waiting, until=later(3 * 3600), reason="asleep", by=people["dispatcher"], at=later(60))
    over = hold_end(incident=waiting, at=later(3 * 3600))
    assert (over.promise_from, over.promise_at) == (later(3 * 3600), later(3 * 3600) + timedelta(minutes=30))
    assert not must_decide(over, later(3 * 3600 + 23 * MINUTE))


def test_a_call_that_waits_20_minutes_is_asked_again_and_all_four_answers_clear_it(
    floor: Centre, people: dict[str, User], waiting: Incident, at: datetime, later: Later, alarms: Alarms
) -> None:
    call = waiting.calls.get()
    assert due.answers_aged(floor, later(20 * MINUTE - 1)) == 0
    assert due.answers_aged(floor, later(20 * MINUTE)) == 1
    assert due.answers_aged(floor, later(20 * MINUTE + 1)) == 0
    assert Alarm.Kind.ASK_AGAIN in alarms()
    [row] = incident_rows(centre=floor, at=later(21 * MINUTE))
    assert len(row.ask_again) == 4
    again = {"weapon": "none", "violence": "none", "suicide": "none"}
    answers_record(incident=waiting, source=call, answers=again, by=people["call_taker"], at=later(22 * MINUTE))
    [row] = incident_rows(centre=floor, at=later(22 * MINUTE))
    assert (row.ask_again, due.answers_aged(floor, later(22 * MINUTE))) == (("Breathing",), 0)
    answers_record(
        incident=waiting, source=call, answers={"breathing": "unknown"}, by=people["call_taker"], at=later(23 * MINUTE)
    )
    assert due.answers_aged(floor, later(23 * MINUTE)) == 1
    assert Alarm.Kind.ASK_AGAIN not in alarms()
    waiting.refresh_from_db()
    assert (waiting.ask_again_at, waiting.state) == (None, "pending")
    assert due.answers_aged(floor, later(42 * MINUTE)) == 0
    assert due.answers_aged(floor, later(43 * MINUTE)) == 1


def test_extending_asks_again_at_once(
    floor: Centre, people: dict[str, User], waiting: Incident, later: Later, alarms: Alarms
) -> None:
    _extend(waiting, people["dispatcher"], later(5 * MINUTE))
    assert due.answers_aged(floor, later(5 * MINUTE + 1)) == 1
    assert due.answers_aged(floor, later(5 * MINUTE + 2)) == 0
    assert Alarm.Kind.ASK_AGAIN in alarms()


def test_a_declined_hand_off_is_an_urgent_alarm_at_the_top_of_its_priority(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    handoff = handoff_request(incident=call.incident, service="police", reason="", by=by, at=later(1))
    for reason, name, field in (("busy", "Sgt 4", "reason"), ("no_unit", " ", "receiver_name")):
        with pytest.raises(Refused) as refused:
            handoff_decline(handoff=handoff, reason=reason, receiver_name=name, by=by, at=later(2))
        assert refused.value.field == field
    for _ in range(2):
        declined = handoff_decline(handoff=handoff, reason="no_unit", receiver_name="Sgt 4", by=by, at=later(2))
    assert (declined.state, declined.decline_reason, alarms()) == ("declined", "no_unit", ["handoff_declined"])
    [row] = incident_rows(centre=floor, at=later(3))
    assert (row.top, row.next_step) == (True, "Choose who goes: they declined")
    handoff_request(incident=call.incident, service="police", reason="", by=by, at=later(4))
    [row] = incident_rows(centre=floor, at=later(5))
    assert row.next_step == "Get the hand-off acknowledged"


def test_a_promise_that_a_crew_has_met_is_not_broken_when_one_that_stayed_to_help_is_called_off(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    """The first crew clears without ever having pressed on scene; the second is called off after the old promise."""
    by = people["dispatcher"]
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    medic = assignment_offer(incident=first.incident, unit=units["Medic 1"], slot="medic", by=by, at=later(3))
    assignment_act(assignment=medic, action="accept", by=people["medic"], at=later(4))
    assignment_act(assignment=first, action="clear", disposition="resolved_on_scene", by=by, at=later(20 * MINUTE))
    assert Incident.objects.get(pk=first.incident_id).promise_at is None
    assignment_act(assignment=medic, action="cancel", reason="not_needed", by=by, at=later(40 * MINUTE))
    now = Incident.objects.get(pk=first.incident_id)
    assert now.promise_at is None or now.promise_at > later(41 * MINUTE)
    due.promises(floor, later(40 * MINUTE + 1))
    assert "promise_broken" not in alarms()
