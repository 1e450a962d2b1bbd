"""A call before its decision: nothing typed is lost, nothing is guessed, everything can be said twice."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch.models import Call, HistoryRow, Incident, NarrativeEntry
from dispatch.selectors.triage import place_of, suggestion_of
from dispatch.services.answers import answers_record
from dispatch.services.callbacks import callback_attempt
from dispatch.services.calls import call_end, call_open, phone_set
from dispatch.services.decisions import decision_take
from dispatch.services.incidents import call_join, incident_hold, late_entry_confirm, nature_set, owner_take
from dispatch.services.incidents import hold_end as end_hold
from dispatch.services.locations import location_record
from dispatch.services.narrative import note_add, note_strike
from dispatch.services.offers import offers_run
from dispatch.states import TransitionRefused
from live.models import Event
from tests import factories

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def test_a_call_is_a_row_with_an_owner_and_a_clock_before_the_first_keystroke(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    call = call_open(centre=centre, id=uuid.uuid4(), channel="911", by=people["call_taker"], at=at)
    assert (call.state, call.owner, call.received_at) == ("open", people["call_taker"], at)
    incident = Incident.objects.get(pk=call.incident_id)
    assert (incident.state, incident.owner, incident.opened_at) == ("open", people["call_taker"], at)
    assert HistoryRow.objects.filter(incident_id=incident.pk, action="open").count() == 1
    assert AuditRow.objects.filter(action="call.open", entity_id=str(call.pk)).count() == 1
    assert Event.objects.filter(entity_id=incident.pk, kind="call.open").count() == 1


def test_the_same_create_twice_is_one_call_also_by_its_imported_number(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    id = uuid.uuid4()
    first = call_open(centre=centre, id=id, channel="911", by=people["call_taker"], at=at, external_id="B-7")
    assert call_open(centre=centre, id=id, channel="911", by=people["call_taker"], at=at).pk == first.pk
    again = call_open(centre=centre, id=uuid.uuid4(), channel="911", by=None, at=at, external_id="B-7")
    assert again.pk == first.pk
    assert Incident.objects.count() == 1
    other = factories.a_centre(at=at, slug="otherton")
    with pytest.raises(Refused, match="already in use"):
        call_open(centre=other, id=id, channel="911", by=None, at=at)


def test_numbers_are_kept_in_one_form_and_refused_at_their_field(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=at)
    call = phone_set(call=call, number="(212) 555-0123", confirmed=True, by=people["call_taker"], at=at)
    assert call.phone is not None
    assert call.phone.number == "+12125550123"
    for wrong in ("12", "a number"):
        with pytest.raises(Refused) as refused:
            phone_set(call=call, number=wrong, confirmed=False, by=people["call_taker"], at=at)
        assert refused.value.field == "number"


@pytest.mark.parametrize("end", ["dropped", "abandoned", "silent"])
def test_a_call_that_breaks_off_owes_callbacks_until_the_caller_is_reached(
    centre: Centre, people: dict[str, User], at: datetime, alarms: Alarms, end: str
) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=at)
    ended = call_end(call=call, ended_as=end, by=people["call_taker"], at=at)
    assert call_end(call=call, ended_as=end, by=people["call_taker"], at=at).pk == ended.pk
    assert alarms() == ["dropped_call"]
    with pytest.raises(TransitionRefused):
        call_end(call=call, ended_as="completed", by=people["call_taker"], at=at)
    callback_attempt(id=uuid.uuid4(), call=call, reached=False, by=people["call_taker"], at=at)
    assert alarms() == ["dropped_call"]
    callback_attempt(id=uuid.uuid4(), call=call, reached=True, by=people["call_taker"], at=at)
    assert alarms() == []


def test_a_drop_while_violence_is_open_is_triaged_again_with_nobody_on_the_line(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=at, violence="threats")
    call_end(call=call, ended_as="dropped", by=people["call_taker"], at=at)
    assert call.incident.answers.get(key="engagement", basis="assumed").value == "not_on_line"
    calm = factories.a_triaged_call(centre, by=people["call_taker"], at=at)
    call_end(call=calm, ended_as="dropped", by=people["call_taker"], at=at)
    assert not calm.incident.answers.filter(basis="assumed").exists()


def test_places_are_verified_from_the_gazetteer_or_forced_and_never_overwritten(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_call(centre, by=by, at=at, where="")
    with pytest.raises(Refused) as refused:
        location_record(incident=call.incident, call=call, text="14 Alder", state="verified", by=by, at=at)
    assert refused.value.field == "where"
    location_record(incident=call.incident, call=call, text="14 Aldr", state="unverified", by=by, at=at)
    location_record(
        incident=call.incident, call=call, text="behind the mill", state="forced", lat=41.501, lon=-95.9, by=by, at=at
    )
    carrier = location_record(
        incident=call.incident,
        call=call,
        text="sector 2",
        state="unverified",
        lat=41.0,
        lon=-95.0,
        subject="carrier",
        by=by,
        at=at,
    )
    where = place_of(call.incident)
    assert where is not None
    assert (where.text, where.state, where.beat) == ("behind the mill", "forced", "A1")
    assert where.pk != carrier.pk
    assert call.incident.locations.count() == 3
    for bad in ({"text": " "}, {"lat": 41.0}, {"lat": 141.0, "lon": 0.0}, {"state": "guessed"}):
        with pytest.raises(Refused):
            location_record(
                **{"incident": call.incident, "text": "x", "state": "forced", "by": by, "at": at, **bad}  # type: ignore[arg-type]
            )
    other = factories.a_centre(at=at, slug="otherton")
    with pytest.raises(Refused, match="another centre"):
        location_record(
            incident=call.incident, text="x", state="verified", place=factories.a_place(other), by=by, at=at
        )


def test_a_note_is_added_once_struck_never_lost(centre: Centre, people: dict[str, User], at: datetime) -> None:
    by, id = people["call_taker"], uuid.uuid4()
    incident = factories.a_call(centre, by=by, at=at).incident
    first = note_add(id=id, incident=incident, text=" says she is cold ", by=by, at=at)
    assert note_add(id=id, incident=incident, text="says she is cold", by=by, at=at).pk == first.pk
    assert NarrativeEntry.objects.get().words.text == "says she is cold"
    struck = note_strike(entry=first, by=by, at=at)
    assert (struck.struck_by, struck.words.text) == (by, "says she is cold")
    elsewhere = factories.a_call(centre, by=by, at=at).incident
    with pytest.raises(Refused, match="already in use"):
        note_add(id=id, incident=elsewhere, text="x", by=by, at=at)
    for bad in ({"text": " "}, {"audience": "friends"}, {"kind": "shout"}):
        with pytest.raises(Refused):
            note_add(**{"id": uuid.uuid4(), "incident": incident, "text": "x", "by": by, "at": at, **bad})  # type: ignore[arg-type]
    history = HistoryRow.objects.filter(entity="note").values_list("detail", flat=True)
    assert "cold" not in str(list(history))


def test_a_note_to_an_incident_that_was_joined_reaches_the_one_it_was_joined_to(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    kept, gone = (factories.a_call(centre, by=by, at=at) for _ in range(2))
    call_join(call=gone, into=kept.incident, by=by, at=at)
    entry = note_add(id=uuid.uuid4(), incident=gone.incident, call=gone, text="same fire", by=by, at=at)
    assert entry.incident_id == kept.incident_id


def test_a_nature_is_picked_never_guessed(centre: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="from the list"):
        nature_set(incident=call.incident, nature="welfare", by=people["call_taker"], at=at)
    incident = nature_set(
        incident=call.incident, nature="welfare_check", by=people["call_taker"], at=at, call=call, local="WELCK"
    )
    assert incident.nature == "welfare_check"
    assert Call.objects.get(pk=call.pk).local_nature == "WELCK"


def test_answers_are_checked_at_their_question(centre: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=at)
    for answers, field in (
        ({"weapon": "bazooka"}, "weapon"),
        ({"mood": "bad"}, "mood"),
        ({"subjects": "two"}, "subjects"),
    ):
        with pytest.raises(Refused) as refused:
            answers_record(incident=call.incident, source=call, answers=answers, by=people["call_taker"], at=at)
        assert refused.value.field == field
    assert not call.answers.exists()
    with pytest.raises(Refused):
        answers_record(incident=call.incident, source=call, answers={}, basis="dreamt", by=people["call_taker"], at=at)


def test_a_call_is_triaged_once_a_person_answers_a_safety_question(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=at)
    answers_record(incident=call.incident, source=call, answers={"weapon": "unknown"}, by=people["call_taker"], at=at)
    assert Incident.objects.get(pk=call.incident_id).triaged is False
    answers_record(incident=call.incident, source=call, answers={"weapon": "none"}, by=people["call_taker"], at=at)
    incident = Incident.objects.get(pk=call.incident_id)
    assert (incident.triaged, incident.state) == (True, "triaged")


def test_joining_retriages_and_keeps_the_place(
    centre: Centre, people: dict[str, User], at: datetime, alarms: Alarms
) -> None:
    by = people["call_taker"]
    kept = factories.a_triaged_call(centre, by=by, at=at)
    gone = factories.a_triaged_call(centre, by=by, at=at, where=factories.HOME, weapon="in_hand")
    note_add(id=uuid.uuid4(), incident=gone.incident, text="not tied to the call", by=by, at=at)
    call_join(call=gone, into=kept.incident, by=by, at=at)
    assert call_join(call=gone, into=kept.incident, by=by, at=at).incident_id == kept.incident_id
    suggestion = suggestion_of(incident=kept.incident, at=at)
    assert suggestion is not None
    assert suggestion.response_class == "emergency"
    where = place_of(kept.incident)
    assert where is not None
    assert where.text == factories.PARK
    old = Incident.objects.get(pk=gone.incident_id)
    assert (old.state, old.joined_into_id) == ("joined", kept.incident_id)
    assert kept.incident.narrative.count() == 1
    assert Incident.objects.get(pk=kept.incident_id).priority == 1
    assert alarms() == []


def test_what_is_on_its_way_is_not_joined_away(floor: Centre, people: dict[str, User], at: datetime) -> None:
    sent = factories.an_accepted(floor, by=people["call_taker"], at=at)
    other = factories.a_call(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused, match="already on its way"):
        call_join(call=sent.incident.calls.get(), into=other.incident, by=people["dispatcher"], at=at)


def test_a_hold_needs_a_time_and_is_barred_while_suicidal_or_not_triaged(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    untriaged = factories.a_call(floor, by=by, at=at).incident
    asking = factories.a_triaged_call(floor, by=by, at=at, suicide="unknown").incident
    thinking = factories.a_triaged_call(floor, by=by, at=at, suicide="ideation").incident
    for incident, code in ((untriaged, "hold_not_triaged"), (asking, "hold_suicidal"), (thinking, "hold_suicidal")):
        with pytest.raises(Refused) as refused:
            incident_hold(incident=incident, until=later(600), reason="calls back", by=by, at=at)
        assert refused.value.code == code
    calm = factories.a_triaged_call(floor, by=by, at=at).incident
    for bad in ({"until": at}, {"until": later(5 * 3600)}, {"reason": ""}):
        with pytest.raises(Refused):
            incident_hold(**{"incident": calm, "until": later(60), "reason": "x", "by": by, "at": at, **bad})  # type: ignore[arg-type]
    incident_hold(incident=calm, until=later(600), reason="calls back", by=by, at=at)
    assert end_hold(incident=calm, at=later(599)).state == "held"
    over = end_hold(incident=calm, at=later(600))
    assert (over.state, over.offer_wanted, alarms()) == ("triaged", False, ["hold_over"])


def test_a_hold_withdraws_the_offer_and_its_end_asks_again(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    offer = factories.an_offer(floor, by=people["call_taker"], at=at)
    incident_hold(incident=offer.incident, until=later(600), reason="asleep", by=people["dispatcher"], at=at)
    offer.refresh_from_db()
    assert (offer.state, offer.end_reason) == ("cancelled", "held")
    assert offers_run(centre=floor, at=later(5)) == []
    again = end_hold(incident=offer.incident, at=later(600))
    assert (again.state, again.offer_wanted) == ("pending", True)
    assert again.promise_at is not None
    assert again.promise_at > later(600)
    assert [one.unit for one in offers_run(centre=floor, at=later(601))] == [offer.unit]


def test_a_late_entry_is_never_offered_until_a_person_says_that_it_is_live(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["call_taker"]
    call = call_open(centre=floor, id=uuid.uuid4(), channel="911", by=by, at=later(61), device_at=at)
    place = factories.a_place(floor)
    location_record(incident=call.incident, call=call, text="x", state="verified", place=place, by=by, at=later(62))
    nature_set(incident=call.incident, nature="welfare_check", by=by, at=later(62))
    answers_record(incident=call.incident, source=call, answers=factories.CALM, by=by, at=later(62))
    factories.a_decision(call.incident, by=by, at=later(63))
    assert alarms() == ["late_entry"]
    assert offers_run(centre=floor, at=later(64)) == []
    late_entry_confirm(incident=call.incident, by=people["dispatcher"], at=later(70))
    assert alarms() == []
    assert len(offers_run(centre=floor, at=later(71))) == 1


def test_owners_change_by_a_persons_word(centre: Centre, people: dict[str, User], at: datetime) -> None:
    incident = factories.a_call(centre, by=people["call_taker"], at=at).incident
    taken = owner_take(incident=incident, by=people["call_taker2"], at=at)
    assert (taken.owner, taken.owner_role) == (people["call_taker2"], "call_taker")
    version = taken.version
    assert owner_take(incident=incident, by=people["call_taker2"], at=at).version == version


def test_nobody_is_sent_without_a_place_and_with_one_anybody_can_be(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_call(centre, by=by, at=at, where="")
    with pytest.raises(Refused) as refused:
        decision_take(id=uuid.uuid4(), incident=call.incident, action="send", by=by, at=at)
    assert refused.value.field == "where"
    location_record(incident=call.incident, text="by the river", state="forced", by=by, at=at)
    decision = decision_take(id=uuid.uuid4(), incident=call.incident, action="send", by=by, at=at)
    assert (decision.response_class, decision.services) == ("emergency", ["police", "ems"])


def test_recording_an_answer_costs_the_same_with_many_answers(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            answers_record(incident=call.incident, source=call, answers={"weapon": "none"}, by=by, at=at)
        return len(queries)

    first = cost()
    for _ in range(5):
        cost()
    assert cost() == first
