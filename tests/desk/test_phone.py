"""The crew's phone: offer to clear, stage order, help, return."""

from datetime import datetime, timedelta
from re import search
from uuid import uuid4

from django.urls import reverse

from accounts.models import Centre, Presence, User
from dispatch import due
from dispatch.models import Alarm, Assignment, NarrativeEntry
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.offers import assignment_offer
from people.models import Caution
from responders.models import CrewMember, Unit
from tests import factories
from tests.desk.conftest import SignedIn


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_an_offer_shows_hazards_place_and_countdown_before_anything_is_pressed(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], offered: Assignment, now: datetime
) -> None:
    caution = factories.a_caution(centre, at=now, label=factories.PARK)
    body = signed_in("responder").get(_url("phone")).content.decode()
    assert caution.text in body
    assert factories.PARK in body
    assert f'data-until="{offered.offer_expires_at.isoformat()[:16]}' in body
    assert "Accept (hazards read)" in body
    assert "This page does not replace your radio." in body


def test_the_whole_visit(signed_in: SignedIn, offered: Assignment) -> None:
    client = signed_in("responder")
    for action in ("accept", "en_route", "on_scene", "with_person"):
        response = client.post(_url("step", offered.pk, action))
        assert response.status_code == 200, response.content
        assert 'id="phone-board"' in response.content.decode()
    assert client.post(_url("clear", offered.pk), {"disposition": ""}).status_code == 422
    assert (
        "No call."
        in client.post(
            _url("clear", offered.pk), {"disposition": "resolved_on_scene", "sent_class": "too_high"}
        ).content.decode()
    )
    offered.refresh_from_db()
    assert (offered.state, offered.disposition, offered.sent_class) == ("cleared", "resolved_on_scene", "too_high")


def test_declining_needs_a_coded_reason(signed_in: SignedIn, offered: Assignment) -> None:
    client = signed_in("responder")
    assert client.post(_url("decline", offered.pk), {"reason": "tired of it"}).status_code == 422
    assert client.post(_url("decline", offered.pk), {"reason": "equipment"}).status_code == 200
    offered.refresh_from_db()
    assert offered.state == "declined"


def _shown(body: str, button: str) -> str:
    """What a button sends back of what stood on the screen."""
    found = search(rf'id="{button}[^>]*? data-shown="([^"]*)"', body)
    assert found is not None
    return found.group(1)


def test_a_press_reads_what_stood_on_the_screen_and_nothing_that_came_since(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], offered: Assignment, now: datetime
) -> None:
    """As for presses that wait on the phone in a dead spot."""
    client, by = signed_in("responder"), people["call_taker"]
    first = _shown(client.get(_url("phone")).content.decode(), f"accept-{offered.pk}")
    factories.a_caution(centre, at=now, label=factories.PARK)
    body = client.post(_url("step", offered.pk, "accept"), {"shown": first}).content.decode()
    assert "I have read the hazards" in body
    assert "I have read the hazards" in client.post(_url("hazards_read", offered.pk), {"shown": first}).content.decode()
    now_shown = _shown(body, f"hazards-{offered.pk}")
    body = client.post(_url("hazards_read", offered.pk), {"shown": now_shown}).content.decode()
    assert "I have read the hazards" not in body
    call = offered.incident.calls.get()
    answers_record(incident=offered.incident, source=call, answers=factories.WEAPON, by=by, at=now)
    order = offered.stage_orders.get()
    read = _shown(client.get(_url("phone_board")).content.decode(), f"read-{order.pk}")
    answers_record(incident=offered.incident, source=call, answers={"violence": "physical_now"}, by=by, at=now)
    body = client.post(_url("order_read", order.pk), {"shown": read}).content.decode()
    assert ("stop-screen" in body, "another danger has come" in body) == (True, True)
    body = client.post(_url("order_read", order.pk), {"shown": _shown(body, f"read-{order.pk}")}).content.decode()
    assert "stop-screen" not in body


def test_another_crews_call_is_not_theirs(signed_in: SignedIn, offered: Assignment) -> None:
    client = signed_in("responder2")
    assert factories.PARK not in client.get(_url("phone")).content.decode()
    assert client.post(_url("step", offered.pk, "accept")).status_code == 403


def test_a_stage_order_fills_the_screen_until_it_is_read_and_shuts_the_scene(
    signed_in: SignedIn, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    call = accepted.incident.calls.get()
    answers_record(incident=accepted.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=now)
    client = signed_in("responder")
    body = client.get(_url("phone_board")).content.decode()
    assert "STOP, STAGE" in body
    assert "Weapon: In the hand" in body
    order = accepted.stage_orders.get()
    read = client.post(_url("order_read", order.pk)).content.decode()
    assert "stop-screen" not in read
    assert "STAGE: wait" in read
    assert f'id="on_scene-{accepted.pk}"' not in read
    assert client.post(_url("step", accepted.pk, "on_scene")).status_code == 409


def test_need_help_goes_out_also_with_a_bad_position_and_names_who_has_it(
    signed_in: SignedIn, units: dict[str, Unit], accepted: Assignment
) -> None:
    crew = signed_in("responder")
    response = crew.post(_url("help"), {"lat": "north", "lon": ""})
    assert response.status_code == 200
    assert "nobody has taken it yet" in response.content.decode()
    alarm = Alarm.objects.get(kind="panic", unit=units["Star 1"])
    signed_in("dispatcher").post(_url("alarm_take", alarm.pk))
    assert "has it." in crew.get(_url("phone_board")).content.decode()


def test_return_to_911_asks_police_and_frees_the_crew(signed_in: SignedIn, accepted: Assignment) -> None:
    client = signed_in("responder")
    assert client.post(_url("return", accepted.pk), {"reason": ""}).status_code == 422
    assert client.post(_url("return", accepted.pk), {"reason": "unsafe"}).status_code == 200
    accepted.incident.refresh_from_db()
    assert accepted.incident.state == "returned"
    assert accepted.incident.handoffs.get().service == "police"


def test_a_crew_note_reaches_the_queue(signed_in: SignedIn, accepted: Assignment) -> None:
    note = {"id": str(uuid4()), "text": "Person wants the shelter"}
    assert signed_in("responder").post(_url("crew_note"), note).status_code == 200
    assert NarrativeEntry.objects.get(incident=accepted.incident).kind == "crew"
    pane = signed_in("dispatcher").get(_url("incident_pane", accepted.incident_id)).content.decode()
    assert "Person wants the shelter" in pane


def test_position_and_service_state_are_the_crews_choice(signed_in: SignedIn, units: dict[str, Unit]) -> None:
    client = signed_in("responder")
    assert client.post(_url("position"), {"lat": "41.501", "lon": "-95.901"}).status_code == 204
    assert client.post(_url("position"), {}).status_code == 422
    assert client.post(_url("unit_state"), {"service": "on_break", "reason": "crew"}).status_code == 200
    unit = Unit.objects.get(pk=units["Star 1"].pk)
    assert (unit.lat, unit.service) == (41.501, "on_break")


def test_somebody_off_a_unit_signs_on_to_one_of_their_agency(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], now: datetime
) -> None:
    CrewMember.objects.filter(user=people["responder2"]).update(until=now)
    client = signed_in("responder2")
    body = client.get(_url("phone")).content.decode()
    assert "You are not on a unit" in body
    assert client.post(_url("sign_on"), {"unit": str(units["CR 1"].pk)}).status_code == 404
    assert client.post(_url("sign_on"), {"unit": str(units["Star 1"].pk)}).status_code == 302
    assert "Star 1" in client.get(_url("phone")).content.decode()


def test_without_a_unit_help_says_what_is_missing(signed_in: SignedIn, people: dict[str, User], now: datetime) -> None:
    response = signed_in("responder").post(_url("help"), {})
    assert response.status_code == 409
    assert "not signed on" in response.content.decode()


def test_the_three_levels_of_backup(signed_in: SignedIn, accepted: Assignment) -> None:
    client = signed_in("responder")
    body = client.post(_url("help"), {"level": "routine"}).content.decode()
    assert "Backup asked" in body
    body = client.post(_url("help"), {"level": "urgent", "device_at": "not a time"}).content.decode()
    assert "BACKUP NOW ASKED" in body
    assert client.post(_url("help"), {"level": "louder"}).status_code == 200
    kinds = sorted(Alarm.objects.filter(ended_at__isnull=True).values_list("kind", flat=True))
    assert kinds == ["backup_urgent", "panic"]


def test_ok_on_scene_restarts_the_timer_and_answers_dispatch(
    signed_in: SignedIn, accepted: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    for action in ("en_route", "on_scene"):
        client.post(_url("step", accepted.pk, action))
    assert "I'm OK" in client.get(_url("phone_board")).content.decode()
    Assignment.objects.filter(pk=accepted.pk).update(check_due_at=now)
    assert client.post(_url("crew_ok"), {"device_at": now.isoformat()}).status_code == 200
    accepted.refresh_from_db()
    assert accepted.check_due_at is not None
    assert accepted.check_due_at > now
    Unit.objects.filter(pk=accepted.unit_id).update(not_answering_since=now, not_answering_reason="overdue")
    assert "Dispatch has not heard you" in client.get(_url("phone_board")).content.decode()
    assert "Dispatch has not heard you" not in client.post(_url("crew_ok")).content.decode()


def test_a_late_status_is_answered_with_that_word(
    signed_in: SignedIn, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    accepted.incident.refresh_from_db()
    assignment_act(assignment=accepted, action="cancel", reason="gone", by=people["dispatcher"], at=now)
    early = {"device_at": (now - timedelta(minutes=2)).isoformat()}
    late = client.post(_url("step", accepted.pk, "en_route"), early)
    assert (late.status_code, 'data-said="late, not applied"' in late.content.decode()) == (200, True)
    assert client.post(_url("step", accepted.pk, "en_route")).status_code == 409


def test_every_request_of_the_phone_is_a_sign_of_life(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit]
) -> None:
    assert signed_in("responder").post(_url("phone_heard")).status_code == 204
    assert Presence.objects.get().user == people["responder"]
    assert signed_in("dispatcher").post(_url("phone_heard")).status_code == 403


def test_a_new_hazard_must_be_read_and_a_near_call_is_asked_about(
    signed_in: SignedIn, centre: Centre, accepted: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    client.post(_url("step", accepted.pk, "en_route"))
    assert "arrived?" not in client.get(_url("phone_board")).content.decode()
    park = factories.a_place(centre)
    client.post(_url("position"), {"lat": str(park.lat), "lon": str(park.lon)})
    factories.a_caution(centre, at=now + timedelta(seconds=3), label=factories.PARK)
    due.cautions_new(centre, now + timedelta(seconds=4))
    Caution.objects.update(added_at=now)
    body = client.get(_url("phone_board")).content.decode()
    assert "You are near: arrived?" in body
    assert "I have read the hazards" in body
    assert "I have read the hazards" not in client.post(_url("hazards_read", accepted.pk)).content.decode()


def test_a_clinician_sees_that_the_officer_is_awaited(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], accepted: Assignment, now: datetime
) -> None:
    pair = uuid4()
    Assignment.objects.filter(pk=accepted.pk).update(pair=pair)
    offer = assignment_offer(
        incident=accepted.incident, unit=units["CR 1"], slot="officer", by=people["dispatcher"], at=now
    )
    Assignment.objects.filter(pk=offer.pk).update(pair=pair)
    client = signed_in("responder")
    body = client.get(_url("phone_board")).content.decode()
    assert "Waiting for the officer to accept" in body
    assert f'id="next-{accepted.pk}"' not in body
    assert client.post(_url("step", accepted.pk, "en_route")).status_code == 409


def test_signing_off_is_not_for_the_last_one_on_a_call(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], accepted: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    refused = client.post(_url("sign_off"))
    assert (refused.status_code, "last on Star 1" in refused.content.decode()) == (409, True)
    assert signed_in("outreach").post(_url("sign_on"), {"unit": str(units["Star 1"].pk)}).status_code == 302
    assert client.post(_url("sign_off")).status_code == 204
    assert "You are not on a unit" in client.get(_url("phone")).content.decode()
