"""The call's path through the API alone, as the simulator and outside systems walk it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Centre, Presence, User
from dispatch import due
from dispatch.models import Assignment, HistoryRow
from dispatch.services.offers import offers_run
from programs.models import ProgramVersion
from tests import factories
from tests.api.doors import get, post

Clients = Callable[[str], APIClient]
pytestmark = pytest.mark.usefixtures("programs")
SIMULATED = {"X-Simulated-By": "demo.simulator"}


def _opened(taker: APIClient, **more: Any) -> tuple[str, str]:
    """A call with a verified place and a nature; (call, incident)."""
    made = post(taker, "calls", {"id": str(uuid4()), "channel": "911", **more}, expect=201)
    call, incident = made["call"]["id"], made["incident"]["id"]
    place = get(taker, f"places?q={factories.PARK}")["results"][0]
    where = {"text": place["label"], "place_id": place["id"], "state": "verified"}
    assert post(taker, f"calls/{call}/location", where)["beat"] == "A1"
    assert post(taker, f"calls/{call}/nature", {"nature": "welfare_check"})["incident"]["nature"] == "welfare_check"
    return call, incident


def _accepted(taker: APIClient, crew: APIClient, centre: Centre) -> tuple[str, str, str]:
    """A diverted call whose crew has accepted; (call, incident, assignment)."""
    call, incident = _opened(taker)
    post(taker, f"calls/{call}/answers", {"answers": factories.CALM})
    post(taker, f"incidents/{incident}/decision", {"action": "accept"})
    offers_run(centre=centre, at=timezone.now())
    offer = get(crew, "my/unit")["offer"]["id"]
    post(crew, f"assignments/{offer}/accept")
    return call, incident, offer


def test_a_diverted_call_from_the_first_key_to_its_end(client_for: Clients, centre: Centre) -> None:
    taker, crew, dispatcher = client_for("call_taker"), client_for("responder"), client_for("dispatcher")
    call, incident = _opened(taker, number="308 555 0142")
    note = {"id": str(uuid4()), "text": "Man talking to himself on a bench"}
    post(taker, f"incidents/{incident}/notes", note, expect=201)

    before = get(taker, f"incidents/{incident}/suggestion")
    assert before["suggestion"]["triaged"] is False
    first = before["suggestion"]["ask"][0]["key"]
    said = post(taker, f"calls/{call}/answers", {"answers": {first: factories.CALM[first]}})
    assert said["answers"][first] == factories.CALM[first]
    said = post(taker, f"calls/{call}/answers", {"answers": factories.CALM})
    assert said["plan"]["response_class"] == "mobile_team"
    assert said["plan"]["program"] == "star"
    assert said["suggestion"]["recommendation"]["programs"] == ["star"]

    best = get(dispatcher, f"incidents/{incident}/recommendation")
    assert best["results"][0] | {"reasons": [], "points": 0, "eta_s": 0} == {
        "unit_id": best["results"][0]["unit_id"],
        "call_sign": "Star 1",
        "can_go": True,
        "shortfalls": [],
        "points": 0,
        "reasons": [],
        "eta_s": 0,
        "eta_certain": False,
    }
    assert {"code": "wrong_program", "words": "does not serve this program"} in best["results"][-1]["shortfalls"]

    made = post(taker, f"incidents/{incident}/decision", {"id": str(uuid4()), "action": "accept"}, expect=201)
    assert made["decision"]["program"] == "star"
    assert made["incident"]["state"] == "pending"
    offers_run(centre=centre, at=timezone.now())

    offer = get(crew, "my/unit")["offer"]
    assert (offer["state"], offer["next_step"], offer["text"]) == ("offered", "accept", factories.PARK)
    assert offer["actions"] == ["accept", "decline"]
    assert [note["text"] for note in offer["notes"]] == [note["text"]]
    for action, state, following in (
        ("accept", "accepted", "en_route"),
        ("en_route", "en_route", "on_scene"),
        ("on_scene", "on_scene", "with_person"),
        ("with_person", "with_person", "clear"),
    ):
        assert post(crew, f"assignments/{offer['id']}/{action}")["state"] == state
        assert get(crew, "my/unit")["assignment"]["next_step"] == following
    assert get(dispatcher, f"incidents/{incident}")["row"]["state"] == "on_scene"
    post(taker, f"calls/{call}/end", {"as": "completed"})
    post(crew, f"assignments/{offer['id']}/clear", {"disposition": "resolved_on_scene"})

    closed = get(dispatcher, f"incidents/{incident}")
    assert closed["incident"]["state"] == "closed"
    assert closed["incident"]["outcome"] == "resolved_on_scene"
    assert closed["calls"][0]["number"] == "+13085550142"
    assert get(crew, "my/unit")["assignment"] is None
    assert [row["id"] for row in get(dispatcher, "incidents?open=0")["results"]] == [incident]
    assert get(dispatcher, "incidents?open=1")["results"] == []


def test_an_emergency_is_handed_off_and_acknowledged_with_a_number(client_for: Clients) -> None:
    taker, dispatcher = client_for("call_taker"), client_for("dispatcher")
    call, incident = _opened(taker)
    said = post(taker, f"calls/{call}/answers", {"answers": {**factories.CALM, **factories.WEAPON}})
    assert said["plan"]["response_class"] == "emergency"
    made = post(taker, f"incidents/{incident}/decision", {"action": "accept"})
    assert made["incident"]["state"] == "transferred"
    waiting = get(dispatcher, "handoffs?open=1")["results"]
    assert {row["service"] for row in waiting} == set(said["plan"]["services"])
    assert {row["state"] for row in waiting} == {"requested"}
    post(taker, f"calls/{call}/end", {"as": "completed"})
    problem = post(dispatcher, f"handoffs/{waiting[0]['id']}/acknowledge", {}, expect=422)
    assert list(problem["errors"]) == ["receiver_number"]
    for nth, row in enumerate(waiting):
        done = post(dispatcher, f"handoffs/{row['id']}/acknowledge", {"receiver_number": f"P-{nth}"})
        assert (done["state"], done["receiver_number"]) == ("acknowledged", f"P-{nth}")
    closed = get(dispatcher, f"incidents/{incident}")["incident"]
    assert (closed["state"], closed["outcome"]) == ("closed", "handed_off")
    assert get(dispatcher, "handoffs?open=1")["results"] == []


def test_a_weapon_after_acceptance_stops_the_crew(client_for: Clients, centre: Centre) -> None:
    taker, crew, dispatcher = client_for("call_taker"), client_for("responder"), client_for("dispatcher")
    call, _, assignment = _accepted(taker, crew, centre)
    post(crew, f"assignments/{assignment}/en_route")
    post(taker, f"calls/{call}/answers", {"answers": factories.WEAPON})

    work = get(crew, "my/unit")["assignment"]
    assert "Weapon" in work["stage_order"]["words"]
    assert work["answers"]["weapon"] == "in_hand"
    assert (work["actions"][0], work["next_step"]) == ("acknowledge_stage", "acknowledge_stage")
    assert "on_scene" not in work["actions"]
    refused = post(crew, f"assignments/{assignment}/on_scene", expect=409)
    assert refused["code"] == "stage_order_stands"
    kinds = {alarm["kind"] for alarm in get(dispatcher, "alarms")["results"]}
    assert {"stage_unacknowledged", "rising_risk"} <= kinds
    ready = next(row for row in get(dispatcher, "handoffs?open=1")["results"] if row["service"] == "police")
    assert ready["state"] == "ready"
    assert post(dispatcher, f"handoffs/{ready['id']}/send")["state"] == "requested"

    post(crew, f"assignments/{assignment}/acknowledge_stage")
    order = get(crew, "my/unit")["assignment"]["stage_order"]
    assert order["acknowledged_how"] == "phone"
    assert "stage_unacknowledged" not in {alarm["kind"] for alarm in get(dispatcher, "alarms")["results"]}
    post(crew, f"stage-orders/{order['id']}/lift", {"reason": "person_left"}, expect=403)
    post(dispatcher, f"stage-orders/{order['id']}/lift", {"reason": "because"}, expect=422)
    post(dispatcher, f"stage-orders/{order['id']}/lift", {"reason": "scene_safe_police"})
    assert post(crew, f"assignments/{assignment}/on_scene")["state"] == "on_scene"


def test_the_same_create_twice_is_one(client_for: Clients, centre: Centre) -> None:
    taker, crew, dispatcher = client_for("call_taker"), client_for("responder"), client_for("dispatcher")
    key = {"Idempotency-Key": str(uuid4())}
    made = post(taker, "calls", {"channel": "911"}, expect=201, headers=key)
    again = post(taker, "calls", {"channel": "911"}, expect=200, headers=key)
    assert again == made
    assert made["call"]["id"] == key["Idempotency-Key"]
    imported = post(taker, "calls", {"external_id": "B-7"}, expect=201)
    assert post(taker, "calls", {"external_id": "B-7"}, expect=200) == imported

    call, incident = _opened(taker)
    key = {"Idempotency-Key": str(uuid4())}
    post(taker, f"incidents/{incident}/notes", {"text": "Blue coat"}, expect=201, headers=key)
    post(taker, f"incidents/{incident}/notes", {"text": "Blue coat"}, expect=200, headers=key)
    assert len(get(taker, f"incidents/{incident}")["narrative"]) == 1
    post(taker, f"calls/{call}/answers", {"answers": factories.CALM})
    decision = {"id": str(uuid4()), "action": "accept"}
    first = post(taker, f"incidents/{incident}/decision", decision, expect=201)
    assert post(taker, f"incidents/{incident}/decision", decision, expect=200)["decision"] == first["decision"]

    offers_run(centre=centre, at=timezone.now())
    offer = get(crew, "my/unit")["offer"]["id"]
    once = post(crew, f"assignments/{offer}/accept")
    assert post(crew, f"assignments/{offer}/accept") == once
    unit = {row["call_sign"]: row["id"] for row in get(dispatcher, "units")["results"]}["Medic 1"]
    chosen = post(dispatcher, f"incidents/{incident}/offers", {"unit": unit, "slot": "medic"}, expect=201)
    assert post(dispatcher, f"incidents/{incident}/offers", {"unit": unit, "slot": "medic"}, expect=200) == chosen
    asked = post(dispatcher, f"incidents/{incident}/handoffs", {"service": "ems"})
    assert post(dispatcher, f"incidents/{incident}/handoffs", {"service": "ems"}) == asked
    post(taker, f"calls/{call}/end", {"as": "completed"})
    post(taker, f"calls/{call}/end", {"as": "completed"})


def test_a_wrong_state_is_a_conflict_that_names_it(client_for: Clients, centre: Centre) -> None:
    taker, crew, dispatcher = client_for("call_taker"), client_for("responder"), client_for("dispatcher")
    call, incident, assignment = _accepted(taker, crew, centre)
    for path, body, state in (
        (f"assignments/{assignment}/decline", {"reason": "safety"}, "accepted"),
        (f"assignments/{assignment}/transport", {}, "accepted"),
    ):
        problem = post(crew, path, body, expect=409)
        assert (problem["code"], problem["state"]) == ("wrong_state", state)
    post(dispatcher, f"incidents/{incident}/close", {"outcome": "no_response_needed"}, expect=409)
    assert post(taker, f"incidents/{incident}/decision", {"action": "accept"}, expect=409)["code"] == "already_sent"
    post(taker, f"calls/{call}/end", {"as": "completed"})
    assert post(taker, f"calls/{call}/end", {"as": "dropped"}, expect=409)["state"] == "ended"
    post(crew, f"assignments/{assignment}/teleport", expect=404)
    assert post(crew, f"assignments/{assignment}/acknowledge_stage", expect=409)["code"] == "no_stage_order"


def test_less_cautious_waits_for_a_second_person(client_for: Clients) -> None:
    taker, dispatcher = client_for("call_taker"), client_for("dispatcher")
    call, incident = _opened(taker)
    post(taker, f"calls/{call}/answers", {"answers": {**factories.CALM, "violence": "threats"}})
    lower = {"action": "override", "response_class": "mobile_team", "program": "star", "reason": "clinician_advice"}
    made = post(taker, f"incidents/{incident}/decision", lower, expect=201)
    assert (made["decision"]["state"], made["incident"]["state"]) == ("waiting_second", "triaged")
    post(taker, f"decisions/{made['decision']['id']}/second", {"agree": True}, expect=403)
    settled = post(dispatcher, f"decisions/{made['decision']['id']}/second", {"agree": True})
    assert (settled["decision"]["state"], settled["incident"]["state"]) == ("standing", "pending")
    assert post(dispatcher, f"decisions/{made['decision']['id']}/second", {"agree": True}, expect=409)


def test_a_late_entry_is_offered_only_when_somebody_says_that_it_is_live(client_for: Clients, centre: Centre) -> None:
    taker = client_for("call_taker")
    taken = timezone.now() - timedelta(minutes=7)
    call, incident = _opened(taker, device_at=taken.isoformat())
    post(taker, f"calls/{call}/answers", {"answers": factories.CALM})
    post(taker, f"incidents/{incident}/decision", {"action": "accept"})
    assert offers_run(centre=centre, at=timezone.now()) == []
    assert post(taker, f"incidents/{incident}/late-entry-confirm")["late"] is False
    assert len(offers_run(centre=centre, at=timezone.now())) == 1
    shown = get(taker, f"incidents/{incident}")["calls"][0]
    assert datetime.fromisoformat(shown["device_at"]) == taken
    assert datetime.fromisoformat(shown["received_at"]) > taken


def test_the_phones_own_time_is_kept_beside_the_servers(client_for: Clients, centre: Centre) -> None:
    taker, crew = client_for("call_taker"), client_for("responder")
    _, _, assignment = _accepted(taker, crew, centre)
    happened = timezone.now() - timedelta(seconds=90)
    local = happened.astimezone(centre.zone).isoformat()
    post(crew, f"assignments/{assignment}/en_route", {"device_at": local})
    row = HistoryRow.objects.get(entity="assignment", entity_id=assignment, action="en_route")
    assert row.device_at == happened
    assert row.at > happened


def test_help_is_never_refused_and_ends_only_when_heard(client_for: Clients) -> None:
    crew, dispatcher = client_for("responder"), client_for("dispatcher")
    unit = get(crew, "my/unit")["unit"]["id"]
    nonsense = {"lat": 700, "lon": "west", "device_at": "now", "more": [1]}
    alarm = post(crew, f"units/{unit}/help", nonsense, expect=201)
    assert (alarm["kind"], alarm["urgent"]) == ("panic", True)
    assert post(crew, f"units/{unit}/help", [], expect=201)["id"] == alarm["id"]
    mine = get(crew, "my/unit")
    assert (mine["help_asked"], mine["unit"]["status"]) == (True, "help")
    assert [row["service"] for row in get(dispatcher, "handoffs")["results"]] == ["police"]
    note = {"note": "spoke to them, false alarm"}
    assert post(dispatcher, f"alarms/{alarm['id']}/end", note, expect=409)["code"] == "alarm_ends_when_heard"
    assert post(dispatcher, f"alarms/{alarm['id']}/heard", {}, expect=422)["errors"]["note"]
    assert post(dispatcher, f"alarms/{alarm['id']}/heard", note)["ended_at"]
    assert get(crew, "my/unit")["help_asked"] is False


def test_a_crew_gives_a_call_back(client_for: Clients, centre: Centre) -> None:
    taker, crew, dispatcher = client_for("call_taker"), client_for("responder"), client_for("dispatcher")
    _, incident, assignment = _accepted(taker, crew, centre)
    assert list(post(crew, f"assignments/{assignment}/return", {}, expect=422)["errors"]) == ["reason"]
    ended = post(crew, f"assignments/{assignment}/return", {"reason": "medical"})
    assert (ended["state"], ended["disposition"]) == ("cleared", "returned_to_911")
    assert get(dispatcher, f"incidents/{incident}")["incident"]["state"] == "returned"
    assert {row["service"] for row in get(dispatcher, "handoffs")["results"]} == {"ems", "police"}


def test_a_unit_in_a_persons_hands_says_so(
    client_for: Clients, people: dict[str, User], programs: dict[str, ProgramVersion]
) -> None:
    crew, dispatcher = client_for("responder"), client_for("dispatcher")

    def used() -> set[str]:
        return {row["call_sign"] for row in get(dispatcher, "units")["results"] if row["human_active"]}

    get(crew, "my/unit", headers=SIMULATED)
    assert used() == set()
    get(crew, "my/unit")
    assert used() == {"Star 1"}
    Presence.objects.filter(user=people["responder"]).update(at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert used() == set()


def test_a_dispatcher_acts_for_a_crew_by_radio(client_for: Clients, centre: Centre, people: dict[str, User]) -> None:
    dispatcher, now = client_for("dispatcher"), timezone.now()
    factories.a_caution(centre, at=now)
    offer = factories.an_offer(centre, by=people["call_taker"], at=now, where=factories.HOME)
    post(dispatcher, f"assignments/{offer.pk}/accept")
    assert post(dispatcher, f"assignments/{offer.pk}/en_route", expect=409)["code"] == "cautions_not_read"
    post(dispatcher, f"assignments/{offer.pk}/relay")
    assert post(dispatcher, f"assignments/{offer.pk}/en_route")["state"] == "en_route"
    cancelled = post(dispatcher, f"assignments/{offer.pk}/cancel", {"reason": "caller left"})
    assert cancelled["state"] == "cancelled"
    assert Assignment.objects.get(pk=offer.pk).relayed_by == people["dispatcher"]


def test_an_unacknowledged_handoff_is_alarmed_and_can_be_taken(client_for: Clients, centre: Centre) -> None:
    taker, dispatcher = client_for("call_taker"), client_for("dispatcher")
    _, incident = _opened(taker)
    post(taker, f"incidents/{incident}/decision", {"action": "send"})
    due.run(centre, timezone.now() + timedelta(seconds=31))
    alarm = next(a for a in get(dispatcher, "alarms")["results"] if a["kind"] == "handoff_unacknowledged")
    assert post(dispatcher, f"alarms/{alarm['id']}/take")["owner"] == "Dispatcher"
    problem = post(dispatcher, f"alarms/{alarm['id']}/end", {"note": "x"}, expect=409)
    assert problem["code"] == "alarm_ends_by_acknowledgement"


def test_the_stop_key_and_its_two_people(client_for: Clients) -> None:
    taker, first, second = client_for("call_taker"), client_for("supervisor"), client_for("dispatcher")
    call, incident = _opened(taker)
    stop = post(first, "suspensions", {"scope": "all", "reason": "radio down"}, expect=201)
    said = post(taker, f"calls/{call}/answers", {"answers": factories.CALM})
    assert said["plan"]["program"] == ""
    assert {row["suspended"] for row in get(taker, "programs")["results"]} == {"radio down"}
    assert post(second, f"suspensions/{stop['id']}/resume", expect=409)["code"] == "resume_not_asked"
    post(first, f"suspensions/{stop['id']}/ask-resume")
    assert post(first, f"suspensions/{stop['id']}/resume", expect=409)["code"] == "resume_takes_two"
    assert post(second, f"suspensions/{stop['id']}/resume")["lifted_at"]
    assert get(taker, "suspensions")["results"] == []
    assert get(taker, f"incidents/{incident}/suggestion")["plan"]["program"] == "star"


def test_a_second_call_about_the_same_joins(client_for: Clients) -> None:
    taker = client_for("call_taker")
    first, incident = _opened(taker)
    other, left = _opened(taker)
    post(taker, f"calls/{other}/answers", {"answers": factories.WEAPON})
    joined = post(taker, f"calls/{other}/join", {"incident": incident})
    assert joined["incident"]["id"] == incident
    assert get(taker, f"incidents/{incident}/suggestion")["answers"]["weapon"] == "in_hand"
    assert get(taker, f"incidents/{left}")["incident"]["state"] == "joined"
    refused = post(taker, f"calls/{first}/part", expect=409)
    assert (refused["code"], "began with this call" in refused["detail"]) == ("not_joined", True)
    assert post(client_for("clinician"), f"calls/{other}/part", expect=403)["code"] == "forbidden"
    parted = post(taker, f"calls/{other}/part")["incident"]
    assert parted["id"] not in {incident, left}
    assert post(taker, f"calls/{other}/part")["incident"]["version"] == parted["version"], "twice is once"
    version = get(taker, f"incidents/{incident}")["incident"]["version"]
    assert post(taker, f"incidents/{incident}/apart", {"other": parted["id"]})["version"] == version
    assert post(taker, f"incidents/{incident}/apart", {"other": incident}, expect=409)["code"] == "cannot_part"
