"""Around a call: callbacks that are owed, parking, handing over, whispering, moving, promises, notes struck."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts.models import Centre, CentreThresholds, User
from accounts.problems import Refused
from desk.call_clocks import clocks_of
from desk.keys import KEYS, keymap_of
from dispatch.due.callbacks import callbacks_owed, callbacks_promised
from dispatch.models import (
    AddressFollowUp,
    Alarm,
    Assignment,
    Call,
    CallbackAttempt,
    CallHandover,
    HistoryRow,
    Incident,
    LocationEntry,
    NarrativeEntry,
)
from dispatch.selectors.incident_rows import incident_rows
from dispatch.services.call_care import call_park, caller_cancels, handover_answer, handover_offer
from dispatch.services.callbacks import callback_attempt
from dispatch.services.calls import call_end, call_open
from dispatch.services.cautions import cautions_read
from dispatch.services.locations import location_record
from people.models import Place
from programs.models import ProgramVersion
from tests import factories
from tests.desk.conftest import SignedIn
from tests.desk.test_console import post

Kinds = Callable[[], list[str]]


def _alarm(kind: str) -> Alarm | None:
    return Alarm.objects.filter(kind=kind, ended_at__isnull=True).first()


def test_a_lost_call_is_owed_its_tries_then_a_decision(
    signed_in: SignedIn, people: dict[str, User], centre: Centre, call: Call, now: datetime
) -> None:
    client = signed_in("call_taker")
    post(client, call, "end", ended_as="dropped")
    assert "Call back: 0 of 2 tries made" in client.get(reverse("desk:console")).content.decode()
    wanted = uuid4()
    for _ in range(2):
        status, body = post(client, call, "callback", id=wanted)
        assert status == 200
    assert "Call back: 1 of 2 tries made" in body
    assert "not reached" in body
    assert CallbackAttempt.objects.count() == NarrativeEntry.objects.filter(kind="callback").count() == 1
    row = incident_rows(centre=centre, at=now, ids=[call.incident_id])[0]
    assert row.next_step == "Call back: 1 of 2 tries made"
    _, body = post(client, call, "callback", id=uuid4())
    assert "Not reached: send, or close with a code" in body
    assert _alarm("dropped_call") is not None
    post(client, call, "decision", id=uuid4(), action="send")
    callbacks_owed(centre, now + timedelta(seconds=5))
    assert _alarm("dropped_call") is None


def test_tries_that_are_late_go_to_the_supervisor(centre: Centre, call: Call, people: dict[str, User]) -> None:
    CentreThresholds.objects.create(centre=centre, callbacks_owed=3, callback_within_s=60)
    at = call.received_at + timedelta(seconds=30)
    call_end(call=call, ended_as="silent", by=people["call_taker"], at=at)
    assert callbacks_owed(centre, at + timedelta(seconds=59)) == 0
    assert callbacks_owed(centre, at + timedelta(seconds=60)) == 1
    assert callbacks_owed(centre, at + timedelta(seconds=61)) == 0
    alarm = _alarm("dropped_call")
    assert alarm is not None
    assert (alarm.owner_role, alarm.urgent) == ("supervisor", True)
    assert (alarm.detail["owed"], alarm.detail["overdue"]) == (3, True)


def test_a_caller_on_the_line_is_not_called_back_and_tries_are_never_changed(
    call: Call, people: dict[str, User], now: datetime
) -> None:
    by = people["call_taker"]
    with pytest.raises(Refused, match="still on the line"):
        callback_attempt(id=uuid4(), call=call, reached=True, by=by, at=now)
    call_end(call=call, ended_as="abandoned", by=by, at=now)
    made = callback_attempt(id=uuid4(), call=call, reached=True, by=by, at=now)
    assert _alarm("dropped_call") is None
    with pytest.raises(DatabaseError), transaction.atomic():
        CallbackAttempt.objects.filter(pk=made.pk).update(reached=False)


def test_a_promised_call_back_comes_due_once(signed_in: SignedIn, centre: Centre, call: Call, now: datetime) -> None:
    client = signed_in("call_taker")
    status, words = post(client, call, "promise", minutes=300)
    assert (status, words) == (422, "Choose 1 to 240 minutes.")
    _, body = post(client, call, "promise", minutes=10)
    assert "Promised to call back at" in body
    post(client, call, "end", ended_as="completed")
    later = now + timedelta(minutes=11)
    assert [callbacks_promised(centre, at) for at in (now, later, later)] == [0, 1, 0]
    assert "Call back as promised" in client.get(reverse("desk:call", args=[call.pk])).content.decode()
    _, body = post(client, call, "callback", id=uuid4(), reached="on")
    assert _alarm("callback_due") is None


def test_a_parked_call_keeps_its_number_and_says_what_to_ask(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    post(client, call, "notes", id=uuid4(), text="She is on the porch")
    _, body = post(client, call, "park", on="on")
    tab = body[: body.index('id="fields-')]
    assert "parked" in tab
    assert "She is on the porch" in tab
    assert "ask: " in tab
    _, body = post(client, call, "park")
    assert "on line" in body
    actions = HistoryRow.objects.filter(entity="call", entity_id=call.pk).values_list("action", flat=True)
    assert [one for one in actions if "park" in one] == ["park", "unpark"]


def test_an_ended_call_is_never_parked(call: Call, people: dict[str, User], now: datetime) -> None:
    call_park(call=call, parked=True, by=people["call_taker"], at=now)
    ended = call_end(call=call, ended_as="completed", by=people["call_taker"], at=now)
    assert ended.parked_at is None
    with pytest.raises(Refused, match="has ended"):
        call_park(call=call, parked=True, by=people["call_taker"], at=now)


def test_a_call_changes_hands_only_when_the_colleague_accepts(
    signed_in: SignedIn, people: dict[str, User], call: Call
) -> None:
    giver, taker = signed_in("call_taker"), signed_in("call_taker2")
    status, body = post(giver, call, "hand_over", id=uuid4(), to=people["call_taker2"].pk)
    assert status == 200
    assert "not accepted yet" in body
    assert post(giver, call, "hand_over", id=uuid4(), to=people["dispatcher"].pk)[0] == 409
    call.refresh_from_db()
    assert call.owner == people["call_taker"]
    offer = CallHandover.objects.get()
    assert str(offer.pk) in taker.get(reverse("desk:handed")).content.decode()
    assert str(offer.pk) not in giver.get(reverse("desk:handed")).content.decode()
    url = reverse("desk:handover_answer", args=[offer.pk])
    assert giver.post(url, {"answer": "accepted"}).status_code == 409
    assert signed_in("dispatcher").post(url, {"answer": "accepted"}).status_code == 403
    taken = taker.post(url, {"answer": "accepted"}).content.decode()
    assert f'id="card-{call.pk}"' in taken
    call.refresh_from_db()
    assert call.owner == Incident.objects.get(pk=call.incident_id).owner == people["call_taker2"]
    assert "has this call now" in giver.get(reverse("desk:call", args=[call.pk])).content.decode()


@pytest.mark.parametrize("to", ["call_taker", "responder"])
def test_only_a_colleague_who_takes_calls_is_offered_one(
    to: str, call: Call, people: dict[str, User], now: datetime
) -> None:
    with pytest.raises(Refused) as refused:
        handover_offer(id=uuid4(), call=call, to=people[to], by=people["call_taker"], at=now)
    assert refused.value.field == "to"
    offered = handover_offer(id=uuid4(), call=call, to=people["dispatcher"], by=people["call_taker"], at=now)
    handover_answer(handover=offered, answer="withdrawn", by=people["call_taker"], at=now)
    handover_offer(id=uuid4(), call=call, to=people["dispatcher2"], by=people["call_taker"], at=now)


def test_whispering_answers_that_the_caller_cannot_talk(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    _, body = post(client, call, "whisper", on="on")
    assert "Whisper: yes or no only" in body
    assert call.incident.answers.get(key="caller_can_talk").value == "no"
    _, body = post(client, call, "whisper")
    assert "Whisper: yes or no only" not in body
    assert call.incident.answers.filter(key="caller_can_talk").count() == 1


def test_how_the_caller_reached_us_can_be_corrected(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    assert post(client, call, "channel", channel="relay_911")[0] == 200
    call.refresh_from_db()
    assert call.channel == "relay_911"
    assert post(client, call, "channel", channel="system_task")[0] == 422


def test_the_carriers_place_is_kept_apart_and_never_verified(signed_in: SignedIn, call: Call, now: datetime) -> None:
    client = signed_in("call_taker")
    before = LocationEntry.objects.filter(incident=call.incident, subject="incident").count()
    _, body = post(client, call, "location", text="12 Ridge Rd", carrier="on")
    assert "12 Ridge Rd (carrier, not verified)" in body
    assert factories.HOME in body
    assert LocationEntry.objects.filter(incident=call.incident, subject="incident").count() == before
    with pytest.raises(Refused, match="never verified"):
        location_record(incident=call.incident, text="x", state="forced", subject="carrier", by=None, at=now)


def test_somebody_on_the_move_was_last_seen(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    _, body = post(client, call, "location", text="Elm and Main", moving="on", heading="NE", seen_min=4)
    assert "moving, last seen 4 min ago, heading north-east" in body
    assert post(client, call, "location", text="x", moving="on", heading="UP")[0] == 422
    history = client.get(reverse("desk:call_places", args=[call.pk])).content.decode()
    assert "Elm and Main" in history
    assert factories.HOME in history


def test_coverage_is_said_as_soon_as_a_place_is_known(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    body = client.get(reverse("desk:call", args=[call.pk])).content.decode()
    assert "open 24 h" in body
    outside = Place.objects.get(label=factories.OUTSIDE)
    _, body = post(client, call, "location", text="x", place=outside.pk)
    assert "No program" in body


def test_a_place_that_changes_after_sending_is_the_crews_to_acknowledge(
    accepted: Assignment, people: dict[str, User], now: datetime
) -> None:
    incident = accepted.incident
    place = factories.a_place(incident.centre, factories.OUTSIDE)
    by = people["call_taker"]
    location_record(incident=incident, text=place.label, state="verified", place=place, by=by, at=now)
    alarm = _alarm("place_changed")
    assert alarm is not None
    assert (alarm.subject, alarm.detail["covered"]) == (str(accepted.pk), False)
    accepted.refresh_from_db()
    assert accepted.state == "accepted"
    cautions_read(assignment=accepted, by=people["responder"], at=now)
    assert _alarm("place_changed") is None
    location_record(incident=incident, text=place.label, state="verified", place=place, by=by, at=now)
    assert _alarm("place_changed") is None


def test_forced_addresses_wait_until_somebody_says_what_was_done(signed_in: SignedIn, call: Call) -> None:
    post(signed_in("call_taker"), call, "location", text="behind the old mill", force="on")
    keeper = signed_in("system_administrator")
    page = keeper.get(reverse("desk:forced")).content.decode()
    assert "behind the old mill" in page
    entry = LocationEntry.objects.get(state="forced")
    url = reverse("desk:forced_done", args=[entry.pk])
    assert keeper.post(url, {"note": " "}).status_code == 422
    assert signed_in("call_taker").post(url, {"note": "x"}).status_code == 403
    for _ in range(2):
        assert keeper.post(url, {"note": "added to the gazetteer"}).status_code == 302
    assert AddressFollowUp.objects.get().done_by.username.endswith("system_administrator")
    assert "No forced address waits" in signed_in("supervisor").get(reverse("desk:forced")).content.decode()


def test_a_note_is_struck_by_its_writer_or_a_supervisor(signed_in: SignedIn, call: Call) -> None:
    client, note = signed_in("call_taker"), uuid4()
    _, body = post(client, call, "notes", id=note, text="wrong house")
    assert f'data-strike="{note}"' in body
    url = reverse("desk:note_strike", args=[call.pk, note])
    assert signed_in("call_taker2").post(url).status_code == 403
    body = client.post(url).content.decode()
    assert f'data-strike="{note}"' not in body
    assert "wrong house" in body


def test_a_caller_who_cancels_closes_only_what_was_never_sent(
    call: Call, accepted: Assignment, people: dict[str, User], now: datetime
) -> None:
    by = people["call_taker"]
    with pytest.raises(Refused, match="still on the line"):
        caller_cancels(call=call, by=by, at=now)
    call_end(call=call, ended_as="completed", by=by, at=now)
    assert caller_cancels(call=call, by=by, at=now).outcome == "no_response_needed"
    sent = Call.objects.get(incident=accepted.incident)
    assert caller_cancels(call=sent, by=by, at=now).state == "assigned"
    assert _alarm("cancel_asked") is not None


def test_who_changed_a_field_is_named(signed_in: SignedIn, call: Call) -> None:
    post(signed_in("call_taker2"), call, "location", text="corner of Fifth")
    client = signed_in("call_taker")
    assert client.get(reverse("desk:call_changed", args=[call.pk, "where"])).content == b"Call Taker2"
    assert client.get(reverse("desk:call_changed", args=[call.pk, "secrets"])).status_code == 404


def test_clocks_are_calm_until_their_threshold(call: Call, centre: Centre, people: dict[str, User]) -> None:
    began, bounds = call.received_at, CentreThresholds(centre=centre)
    levels = {
        seconds: [
            (one.key, one.level)
            for one in clocks_of(
                call, placed=False, accepted=False, bounds=bounds, at=began + timedelta(seconds=seconds)
            )
        ]
        for seconds in (29, 30, 40, 120)
    }
    assert levels == {
        29: [("entry", ""), ("decision", "")],
        30: [("entry", "caution"), ("decision", "")],
        40: [("entry", "serious"), ("decision", "")],
        120: [("entry", "serious"), ("decision", "serious")],
    }
    rang = call_open(
        centre=centre,
        id=uuid4(),
        channel="911",
        by=people["call_taker"],
        at=began,
        rang_at=began - timedelta(seconds=16),
    )
    found = clocks_of(rang, placed=True, accepted=False, bounds=bounds, at=began)
    assert (found[0].key, found[0].level, found[0].took_s) == ("answer", "caution", 16)


def test_a_centre_sets_when_its_clocks_matter(signed_in: SignedIn, centre: Centre) -> None:
    client, url = signed_in("supervisor"), reverse("desk:thresholds")
    values = {"answer_s": 10, "entry_s": 20, "decision_s": 60, "waiting_s": 600, "callbacks_owed": 2}
    assert client.post(url, values).status_code == 422
    assert client.post(url, {**values, "callback_within_s": 5}).status_code == 422
    assert client.post(url, {**values, "callback_within_s": 120}).status_code == 302
    assert CentreThresholds.objects.get(centre=centre).entry_s == 20
    assert signed_in("call_taker").get(url).status_code == 403


def test_a_person_chooses_keys_and_clashes_are_refused(signed_in: SignedIn, people: dict[str, User]) -> None:
    assert keymap_of({}) == {}
    around = {"Alt+Q": "F10", "Alt+W": "Alt+Q", "F10": "Alt+W"}
    assert keymap_of({**around, "Alt+Q": "f10"}) == around
    for wrong in ("Alt+W", "Alt+D", "F5", "q"):
        with pytest.raises(Refused) as refused:
            keymap_of({"Alt+Q": wrong})
        assert refused.value.field in {"Alt+Q", "Alt+W"}
    client, url = signed_in("call_taker"), reverse("desk:keys")
    bad = client.post(url, {**{key: key for key in KEYS}, "Alt+Q": "Alt+E"})
    assert bad.status_code == 422
    assert "belongs to the browser" in bad.content.decode()
    client.post(url, {**{key: key for key in KEYS}, **around})
    people["call_taker"].refresh_from_db()
    assert people["call_taker"].keymap == around
    assert "&quot;Alt+Q&quot;: &quot;F10&quot;" in client.get(reverse("desk:console")).content.decode()
    client.post(url, {"reset": "1"})
    people["call_taker"].refresh_from_db()
    assert people["call_taker"].keymap == {}


def test_the_words_of_the_program_are_there_to_be_said(
    signed_in: SignedIn, offered: Assignment, programs: dict[str, ProgramVersion]
) -> None:
    call = Call.objects.get(incident=offered.incident)
    body = signed_in("call_taker").get(reverse("desk:call", args=[call.pk])).content.decode()
    assert "Say:" in body
