"""The clinician's screen, the call taker's transfer, and the queue's choices before a promise ends."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from dispatch.models import Alarm, Assignment, Call, HandoffTarget, Incident, NarrativeEntry, Transfer
from dispatch.selectors.transfers import clinician_rows
from dispatch.services.calls import call_end
from dispatch.services.incidents import call_join
from dispatch.services.targets import target_set
from dispatch.services.transfers import transfer_connect, transfer_offer
from dispatch.services.transfers_in import transfer_receive
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.desk.conftest import SignedIn

BY_PHONE: dict[str, Any] = {"in_person_needed": "no", "caller": "first_party"}


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


@pytest.fixture
def talker(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], programs: dict[str, ProgramVersion], now: datetime
) -> Call:
    """An open call that a clinician may take over by telephone."""
    return factories.a_triaged_call(centre, by=people["call_taker"], at=now, **BY_PHONE)


@pytest.fixture
def given(talker: Call, people: dict[str, User], now: datetime) -> Transfer:
    """The same, offered to the floor's clinicians."""
    return transfer_offer(id=uuid4(), call=talker, kind="clinician", by=people["call_taker"], at=now)


def test_the_screen_is_the_clinicians_and_empty_says_so(signed_in: SignedIn, centre: Centre) -> None:
    body = signed_in("clinician").get(_url("clinician")).content.decode()
    assert "Nobody waits for a clinician" in body
    for role in ("call_taker", "dispatcher", "responder"):
        assert signed_in(role).get(_url("clinician")).status_code == 403
    assert signed_in("clinician").get("/", follow=True).request["PATH_INFO"] == _url("clinician")


def test_a_given_caller_is_listed_taken_answered_noted_and_resolved(
    signed_in: SignedIn, given: Transfer, people: dict[str, User]
) -> None:
    client, incident = signed_in("clinician"), given.incident_id
    assert f'id="given-{incident}"' in client.get(_url("clinician")).content.decode()
    pane = client.get(_url("clinician_pane", incident)).content.decode()
    assert "I have them" in pane
    assert "offered" in pane
    assert AuditRow.objects.filter(action="incident.read", by=people["clinician"]).count() == 1
    assert client.post(_url("clinician_take", incident)).status_code == 200
    note = {"id": str(uuid4()), "text": "Sleeps badly since spring", "audience": "clinical"}
    assert client.post(_url("clinician_note", incident), note).status_code == 200
    assert NarrativeEntry.objects.get(pk=note["id"]).audience == "clinical"
    assert "Sleeps badly" not in signed_in("dispatcher").get(_url("incident_pane", incident)).content.decode()
    answers = _url("clinician_answers", incident)
    assert client.post(answers, {"suicide": "", "weapon": ""}).status_code == 422
    assert client.post(answers, {"suicide": "ideation", "weapon": "elephant"}).status_code == 422
    assert client.post(answers, {"suicide": "past_only"}).status_code == 200
    assert client.post(_url("clinician_resolve", incident), {}).status_code == 422
    done = client.post(_url("clinician_resolve", incident), {"disposition": "services_accepted"})
    assert done.status_code == 200
    assert Incident.objects.get(pk=incident).outcome == "resolved_without_dispatch"
    assert "data-live-gone" not in client.get(_url("clinician_rows")).content.decode()


def test_a_second_caller_of_the_same_incident_is_shown_while_they_wait_and_taken_in_their_turn(
    signed_in: SignedIn, given: Transfer, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    """Of one whom nobody sees, nobody can say "I have them"."""
    client, taker = signed_in("clinician"), people["call_taker2"]
    assert client.post(_url("clinician_take", given.incident_id)).status_code == 200
    other = factories.a_call(centre, by=taker, at=now)
    call_join(call=other, into=given.incident, by=taker, at=now)
    second = transfer_offer(id=uuid4(), call=other, kind="clinician", bridge=True, by=taker, at=now)
    [row] = clinician_rows(centre=centre)
    assert (row.state, row.giver, row.bridge) == ("offered", str(taker), True)
    assert client.post(_url("clinician_take", given.incident_id)).status_code == 200
    second.refresh_from_db()
    assert (second.state, second.receiver) == ("connected", people["clinician"])
    for ended in (given, second):
        done = client.post(_url("clinician_resolve", given.incident_id), {"disposition": "resolved_by_phone"})
        assert done.status_code == 200
        ended.refresh_from_db()
        assert ended.state == "resolved"
    assert clinician_rows(centre=centre) == []


@pytest.mark.parametrize(
    ("door", "body", "state"),
    [
        ("clinician_decline", {"reason": "language"}, "declined"),
        ("clinician_dropped", {"reason": "line_lost"}, "dropped"),
        ("clinician_return", {"reason": "needs_a_team"}, "returned"),
        ("clinician_team", {}, "connected"),
    ],
)
def test_every_other_end_has_a_door_a_reason_and_a_place_in_the_pane(
    signed_in: SignedIn, given: Transfer, door: str, body: dict[str, str], state: str
) -> None:
    client, incident = signed_in("clinician"), given.incident_id
    if door != "clinician_decline":
        assert client.post(_url("clinician_take", incident)).status_code == 200
    if body:
        assert client.post(_url(door, incident), {}).status_code == 422
    answer = client.post(_url(door, incident), body)
    assert (answer.status_code, Transfer.objects.get(pk=given.pk).state) == (200, state)
    assert f"Transfer {state}" in answer.content.decode()
    assert signed_in("call_taker").post(_url(door, incident), body).status_code == 403


def test_an_offer_to_the_clinicians_unit_is_taken_with_the_same_key(
    signed_in: SignedIn, talker: Call, people: dict[str, User], centre: Centre, now: datetime
) -> None:
    offer = factories.an_offer(centre, by=people["call_taker"], at=now, **BY_PHONE)
    client = signed_in("clinician")
    assert "for C3-1" in client.get(_url("clinician")).content.decode()
    assert client.post(_url("clinician_take", offer.incident_id)).status_code == 200
    assert Assignment.objects.get(pk=offer.pk).state == "with_person"
    assert Transfer.objects.get(assignment=offer).state == "connected"
    refused = client.post(_url("clinician_take", talker.incident_id))
    assert (refused.status_code, "Nobody gives this caller" in refused.content.decode()) == (409, True)


def test_a_caller_who_was_called_back_and_needs_a_rescue_gets_one(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], programs: dict[str, ProgramVersion],
    centre: Centre, now: datetime,
) -> None:  # fmt: skip
    """Nobody is on the line, so there is no transfer: what the clinician says asks for the same services."""
    offer = factories.an_offer(centre, by=people["call_taker"], at=now, **BY_PHONE)
    call_end(call=offer.incident.calls.get(), ended_as="completed", by=people["call_taker"], at=now)
    client, incident = signed_in("clinician"), offer.incident_id
    assert client.post(_url("clinician_take", incident)).status_code == 200
    assert client.post(_url("clinician_take", incident)).status_code == 200
    assert Assignment.objects.get(pk=offer.pk).state == "with_person"
    for door, body in (("return", {"reason": "no_such"}), ("resolve", {"disposition": "no_such"})):
        assert client.post(_url(f"clinician_{door}", incident), body).status_code == 422
    assert client.post(_url("clinician_return", incident), {"reason": "rescue_needed"}).status_code == 200
    asked = offer.incident.handoffs.filter(state="requested").values_list("service", flat=True)
    assert (set(asked), Assignment.objects.get(pk=offer.pk).end_reason) == ({"ems", "police"}, "medical")


def test_the_call_taker_transfers_from_the_card_and_takes_the_caller_back(
    signed_in: SignedIn, talker: Call, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    line = target_set(centre=centre, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=now, by=None)
    client = signed_in("call_taker")
    assert "988 Lifeline" in client.get(_url("console")).content.decode()
    offer = _url("call_transfer", talker.pk)

    def step(name: str) -> str:
        return _url("call_transfer_step", talker.pk, name)

    assert client.post(offer, {"id": str(uuid4()), "whom": "nobody"}).status_code == 422
    assert client.post(step("ring")).status_code == 409
    shown = client.post(offer, {"id": str(uuid4()), "whom": str(line.pk)})
    assert (shown.status_code, "+1 308 555 0188" in shown.content.decode()) == (200, True)
    assert client.post(step("ring")).status_code == 200
    assert client.post(step("answered")).status_code == 422
    assert client.post(step("nonsense")).status_code == 404
    back = client.post(step("back"))
    assert (back.status_code, "Transfer returned" in back.content.decode()) == (200, True)
    assert client.post(offer, {"id": str(uuid4()), "whom": "clinician", "bridge": "on"}).status_code == 200
    assert signed_in("responder").post(offer, {"id": str(uuid4()), "whom": "clinician"}).status_code == 403


@pytest.mark.parametrize(
    ("how", "state"),
    [("resolve:taken_over", "resolved"), ("return:rescue_needed", "returned"), ("drop:line_lost", "dropped")],
)
def test_how_988_ended_it_is_recorded_from_the_queue(
    signed_in: SignedIn, talker: Call, centre: Centre, people: dict[str, User], now: datetime, how: str, state: str
) -> None:
    line = target_set(centre=centre, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=now, by=None)
    transfer = transfer_offer(id=uuid4(), call=talker, kind="988", target=line, by=people["call_taker"], at=now)
    transfer_connect(transfer=transfer, receiver_name="Counsellor 14", by=people["call_taker"], at=now)
    client, door = signed_in("dispatcher"), _url("transfer_ended", talker.incident_id)
    assert "Record how it ended with 988" in client.get(_url("queue")).content.decode()
    for wrong in ("", "explode:now", "resolve:nonsense"):
        assert client.post(door, {"how": wrong}).status_code == 422
    assert client.post(door, {"how": how}).status_code == 200
    assert Transfer.objects.get(pk=transfer.pk).state == state
    assert client.post(door, {"how": how}).status_code == 409


def test_a_call_that_988_gave_us_is_noted_on_its_card_and_owed_the_word(
    signed_in: SignedIn, talker: Call, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    """Nobody knows it when the line rings: the call is there before the counsellor has said so."""
    client, door = signed_in("call_taker"), _url("call_transfer_step", talker.pk, "in")
    given = {"id": str(uuid4()), "kind": "988", "sender_number": "+13085550188", "sender_reference": "R-7"}
    for wrong, field in (({"kind": "police"}, "kind"), ({"sender_number": "12"}, "sender_number")):
        refused = client.post(door, {**given, **wrong})
        assert (refused.status_code, refused["X-Problem-Field"]) == (422, field)
    for _ in range(2):
        body = client.post(door, given).content.decode()
    assert "From 988 (R-7)" in body
    assert "reached” or “not reached" in body
    transfer = Transfer.objects.get()
    talker.refresh_from_db()
    assert (transfer.direction, transfer.state, talker.channel) == ("in", "connected", "988_handoff")
    again = client.post(door, {**given, "id": str(uuid4())})
    assert (again.status_code, "already who gave us" in again.content.decode()) == (409, True)
    assert signed_in("clinician").post(door, given).status_code == 403
    other = factories.a_call(centre, by=people["call_taker"], at=now)
    line = {"id": uuid4(), "selected": other.incident_id}
    run = reverse("desk:command_run")
    assert "no:" in client.post(run, {**line, "text": "from 988"}).json()["problem"]
    assert client.post(run, {**line, "text": "from 988 no:+13085550189 ref:R-8"}).json()["done"]
    assert other.transfers.get().sender_reference == "R-8"


def test_a_number_of_another_centre_is_not_there(signed_in: SignedIn, talker: Call, now: datetime) -> None:
    elsewhere = factories.a_centre(at=now, slug="riverton")
    line = HandoffTarget.objects.create(centre=elsewhere, kind="988", name="Other", phone="+1 308 555 0190")
    answer = signed_in("call_taker").post(_url("call_transfer", talker.pk), {"id": str(uuid4()), "whom": str(line.pk)})
    assert answer.status_code == 404


def test_the_queue_offers_every_choice_before_the_promise_ends(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    Unit.objects.update(service="out_of_service")
    began = now - timedelta(minutes=28)
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=began)
    factories.a_decision(call.incident, by=people["call_taker"], at=began)
    client, incident = signed_in("dispatcher"), call.incident_id
    assert "decide now" in client.get(_url("queue")).content.decode()
    pane = client.get(_url("incident_pane", incident)).content.decode()
    for words in ("left, decide", "More cautious", "Other program", "Call back", "Ask again"):
        assert words in pane
    extend = {"id": str(uuid4()), "minutes": "10", "reason": "unit_free_soon"}
    assert client.post(_url("promise_extend", incident), {**extend, "reason": ""}).status_code == 422
    assert "left, decide" not in client.post(_url("promise_extend", incident), extend).content.decode()
    reached = {"id": str(uuid4()), "reached": "yes", "text": "will wait"}
    assert client.post(_url("called_back", incident), reached).status_code == 200
    assert not Alarm.objects.filter(kind=Alarm.Kind.CALL_BACK, ended_at__isnull=True).exists()
    assert client.post(_url("asked_again", incident), {"weapon": "none"}).status_code == 200
    assert client.post(_url("offer_declined", incident), {"reason": "safety"}).status_code == 409
    assert client.post(_url("more_cautious", incident), {"id": str(uuid4())}).status_code == 200
    assert Incident.objects.get(pk=incident).response_class == "co_response"
    refused = {"service": "police", "reason": "no_unit", "receiver_name": "Sgt 4"}
    shown = client.post(_url("handoff_decline", incident), refused).content.decode()
    assert "They have no unit" in shown
    assert signed_in("call_taker").post(_url("promise_extend", incident), extend).status_code == 403


def test_the_sender_of_a_rescue_is_told_from_the_queue(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    transfer = transfer_receive(
        id=uuid4(), centre=centre, kind="988", sender_number="+13085550188", by=people["call_taker"], at=now
    )
    client = signed_in("call_taker")
    pane = client.get(_url("incident_pane", transfer.incident_id)).content.decode()
    assert "+13085550188" in pane
    told = _url("sender_told", transfer.incident_id)
    assert client.post(told, {}).status_code == 422
    assert client.post(told, {"reached": "yes"}).status_code == 200
    assert client.post(told, {"reached": "yes"}).status_code == 409
    assert Transfer.objects.get(pk=transfer.pk).disposition == "reached"


def test_the_list_costs_as_many_queries_for_three_callers_as_for_one(
    signed_in: SignedIn, given: Transfer, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    client = signed_in("clinician")
    client.get(_url("clinician_rows"))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(_url("clinician_rows"))
        counts.append(len(captured))
        for _ in range(2):
            call = factories.a_triaged_call(centre, by=people["call_taker"], at=now, **BY_PHONE)
            transfer_offer(id=uuid4(), call=call, kind="clinician", by=people["call_taker"], at=now)
    assert counts[0] == counts[1]
