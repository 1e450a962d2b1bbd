"""The dispatcher's doors, alarms and the stop key."""

import ast
from dataclasses import replace
from datetime import datetime
from html import escape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from desk import map_row
from desk.alarm_row import alarms_drawn
from desk.history_reasons import reason_words
from desk.history_words import history_words, known_words
from desk.queue_row import rows_drawn
from desk.unit_row import units_drawn
from dispatch.models import Alarm, Assignment, Decision, Handoff, Incident
from dispatch.reasons import ESCALATION
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.row_parts import HandoffOnIncident, TransferOnIncident
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.alarms import alarm_raise
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_end
from dispatch.services.crew_safety import help_request
from dispatch.services.decisions import ACTIONS
from dispatch.services.handoffs import handoff_request
from dispatch.services.staging import order_mark
from dispatch.states import ASSIGNMENT, TRANSFER, VISIT
from launch.paths import ROOT
from programs.models import ProgramVersion, Suspension
from responders.models import Unit
from tests import factories
from tests.desk.conftest import SignedIn


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_the_row_names_place_owner_clock_and_next_step(signed_in: SignedIn, offered: Assignment) -> None:
    body = signed_in("dispatcher").get(_url("queue")).content.decode()
    assert f'id="incident-{offered.incident_id}"' in body
    for words in (factories.PARK, "Star 1", "OFFERED", "to promise", "Wait for the unit"):
        assert words in body


def test_an_empty_queue_says_so(signed_in: SignedIn) -> None:
    body = signed_in("dispatcher").get(_url("queue")).content.decode()
    assert "No open calls. A new call appears here by itself." in body
    assert "No alarms." in body


def test_reading_an_incident_is_logged_once_a_view(
    signed_in: SignedIn, people: dict[str, User], offered: Assignment
) -> None:
    signed_in("dispatcher").get(_url("incident_pane", offered.incident_id))
    assert AuditRow.objects.filter(action="incident.read", by=people["dispatcher"]).count() == 1


def test_opening_a_list_of_calls_is_logged_once_and_its_refreshes_are_not(
    signed_in: SignedIn, people: dict[str, User], offered: Assignment
) -> None:
    client = signed_in("supervisor")
    opened = ("queue.read", _url("queue")), ("map.read", _url("map")), ("calls.read", _url("calls_behind", "waiting"))
    for _, address in opened:
        assert client.get(address).status_code == 200
    for name in ("queue_rows", "queue_units", "queue_alarms", "map_state", "overview_figures", "wall", "wall_board"):
        assert client.get(_url(name)).status_code == 200
    client.get(_url("map"), {"shared": "1"})
    read = AuditRow.objects.filter(by=people["supervisor"], action__endswith=".read").values_list("action", flat=True)
    assert list(read.order_by("id")) == [action for action, _ in opened]


def test_the_pane_offers_units_with_reasons_and_the_dispatcher_may_choose(
    signed_in: SignedIn, offered: Assignment, units: dict[str, Unit]
) -> None:
    client = signed_in("dispatcher")
    assert "Star 2" in client.get(_url("incident_pane", offered.incident_id)).content.decode()
    response = client.post(_url("unit_offer", offered.incident_id, units["Star 2"].pk))
    assert response.status_code == 200
    assert 'id="detail-live"' in response.content.decode()
    assert Assignment.objects.filter(incident=offered.incident, unit=units["Star 2"], state="offered").exists()


def test_a_call_taker_reads_the_pane_and_may_not_dispatch(signed_in: SignedIn, offered: Assignment) -> None:
    client = signed_in("call_taker")
    body = client.get(_url("incident_pane", offered.incident_id)).content.decode()
    assert "hx-post" in body
    assert "f-close" not in body
    assert client.post(_url("incident_close", offered.incident_id), {"outcome": "test"}).status_code == 403


def test_an_emergency_is_handed_off_and_acknowledged_with_a_number(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now, weapon="in_hand")
    factories.a_decision(call.incident, by=people["call_taker"], at=now)
    client = signed_in("dispatcher")
    assert "POLICE requested" in client.get(_url("queue")).content.decode()
    empty = client.post(_url("handoff_ack", call.incident_id), {"service": "police"})
    assert empty.status_code == 422
    taker = signed_in("call_taker")
    assert 'id="f-ack"' in taker.get(_url("incident_pane", call.incident_id)).content.decode()
    for who in (taker, client):
        said = {"service": "police", "receiver_number": "P-4411"}
        assert who.post(_url("handoff_ack", call.incident_id), said).status_code == 200
    other = client.post(_url("handoff_ack", call.incident_id), {"service": "police", "receiver_name": "Lee"})
    assert (other.status_code, "P-4411 has it already" in other.content.decode()) == (409, True)
    assert Handoff.objects.get(incident=call.incident, service="police").state == "acknowledged"
    assert "P-4411" in client.get(_url("queue")).content.decode()


def test_what_was_asked_by_mistake_is_withdrawn_with_a_reason_by_a_dispatcher(
    signed_in: SignedIn, offered: Assignment
) -> None:
    client, door = signed_in("dispatcher"), _url("handoff_decline", offered.incident_id)
    for _ in range(2):
        client.post(_url("handoff_request", offered.incident_id), {"service": "fire"})
        data = {"service": "fire", "reason": "withdrawn", "receiver_name": ""}
        assert client.post(door, data).status_code == 422
        assert signed_in("call_taker").post(door, {**data, "receiver_name": "x"}).status_code == 403
        assert "We withdraw it" in client.get(_url("incident_pane", offered.incident_id)).content.decode()
        if not Handoff.objects.filter(state="cancelled").exists():
            assert client.post(door, {**data, "receiver_name": "asked twice"}).status_code == 200
    run = {"id": uuid4(), "selected": offered.incident_id}
    assert client.post(reverse("desk:command_run"), {**run, "text": "hw fire"}).json()["problem"].startswith("Say why")
    assert client.post(reverse("desk:command_run"), {**run, "text": "hw fire -- asked twice"}).json()["done"]
    assert set(Handoff.objects.filter(service="fire").values_list("state", flat=True)) == {"cancelled"}
    assert client.post(door, {**data, "receiver_name": "asked twice"}).status_code == 409


def test_acknowledging_what_nobody_asked_for_is_refused_beside_the_form(
    signed_in: SignedIn, offered: Assignment
) -> None:
    response = signed_in("dispatcher").post(
        _url("handoff_ack", offered.incident_id), {"service": "fire", "receiver_name": "Lee"},
        headers={"HX-Source": "form#f-ack"},
    )  # fmt: skip
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#f-ack .problem"
    assert "FIRE is not asked" in response.content.decode()


def test_a_lone_button_is_answered_under_the_header(signed_in: SignedIn, offered: Assignment) -> None:
    response = signed_in("dispatcher").post(
        _url("assignment_radio", offered.pk, "on_scene"), headers={"HX-Source": "button#on_scene"}
    )
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#said-words"


def test_hazards_relayed_by_radio_let_the_crew_go(
    signed_in: SignedIn, people: dict[str, User], centre: Centre, offered: Assignment, now: datetime
) -> None:
    factories.a_caution(centre, at=now, label=factories.PARK)
    client = signed_in("dispatcher")
    assert "Hazards relayed" in client.get(_url("incident_pane", offered.incident_id)).content.decode()
    assert client.post(_url("cautions_relay", offered.pk)).status_code == 200
    offered.refresh_from_db()
    assert offered.relayed_by == people["dispatcher"]


def test_a_note_and_ownership(signed_in: SignedIn, people: dict[str, User], offered: Assignment) -> None:
    client = signed_in("dispatcher")
    note = {"id": str(uuid4()), "text": "Gate code is with the guard"}
    assert "Gate code" in client.post(_url("incident_note", offered.incident_id), note).content.decode()
    client.post(_url("incident_take", offered.incident_id))
    offered.incident.refresh_from_db()
    assert offered.incident.owner == people["dispatcher"]


def test_closing_needs_an_outcome(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now)
    client = signed_in("dispatcher")
    refused = client.post(_url("incident_close", call.incident_id), {"outcome": ""})
    assert (refused.status_code, refused.content.decode()) == (422, "Choose an outcome.")
    assert client.post(_url("incident_close", call.incident_id), {"outcome": "no_response_needed"}).status_code == 409
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=now)
    assert client.post(_url("incident_close", call.incident_id), {"outcome": "no_response_needed"}).status_code == 200
    assert f'id="incident-{call.incident_id}" class="incident"' not in client.get(_url("queue")).content.decode()


def test_the_second_person_is_never_the_first(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now, weapon="accessible")
    decision = factories.a_decision(
        call.incident, by=people["dispatcher"], at=now, action="override", response_class="mobile_team",
        program="star", reason="answer_corrected",
    )  # fmt: skip
    own = signed_in("dispatcher")
    assert "dw-" in own.get(_url("incident_pane", call.incident_id)).content.decode()
    assert own.post(_url("decision_second", decision.pk), {"agree": "yes"}).status_code == 409
    other = signed_in("dispatcher2")
    assert "Agree" in other.get(_url("incident_pane", call.incident_id)).content.decode()
    assert other.post(_url("decision_second", decision.pk), {"agree": "no"}).status_code == 200
    assert Decision.objects.get(pk=decision.pk).state == "refused"


def test_a_stage_order_is_told_by_radio_and_lifted_with_a_reason(
    signed_in: SignedIn, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    call = accepted.incident.calls.get()
    answers_record(incident=accepted.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=now)
    order = accepted.stage_orders.get()
    client = signed_in("dispatcher")
    seen = f'name="seen" value="{order_mark(order)}"'
    body = client.get(_url("incident_pane", accepted.incident_id)).content.decode()
    assert ("STOP, STAGE" in body, body.count(seen)) == (True, 2)
    # Another danger comes while that is on the screen: it was neither told nor judged.
    answers_record(
        incident=accepted.incident, source=call, answers={"violence": "physical_now"}, by=people["call_taker"], at=now
    )
    old = {"seen": order_mark(order)}
    assert client.post(_url("stage_told", order.pk), old).status_code == 409
    lift = {"reason": "scene_safe_police"}
    assert client.post(_url("stage_lift", accepted.incident_id), {**lift, **old}).status_code == 409
    order.refresh_from_db()
    now_seen = {"seen": order_mark(order)}
    assert client.post(_url("stage_told", order.pk), now_seen).status_code == 200
    assert client.post(_url("stage_lift", accepted.incident_id), {"reason": ""}).status_code == 422
    assert client.post(_url("stage_lift", accepted.incident_id), {**lift, **now_seen}).status_code == 200
    order.refresh_from_db()
    assert order.acknowledged_how == "radio"
    assert order.lifted_by == people["dispatcher"]


def test_alarms_are_taken_and_end_with_a_note(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], accepted: Assignment, now: datetime
) -> None:
    alarm = help_request(unit=units["Star 1"], by=people["responder"], at=now)
    client = signed_in("dispatcher")
    assert "Crew needs help" in client.get(_url("queue")).content.decode()
    taken = client.post(_url("alarm_take", alarm.pk)).content.decode()
    assert "owner" in taken
    assert client.post(_url("alarm_end", alarm.pk), {"note": ""}).status_code == 422
    ended = client.post(_url("alarm_end", alarm.pk), {"note": "Spoke to Maya, all safe"})
    assert "data-live-gone" in ended.content.decode()
    assert Alarm.objects.get(pk=alarm.pk).ended_by == people["dispatcher"]


def test_the_stop_key_is_one_supervisors_and_resuming_takes_two(
    signed_in: SignedIn, people: dict[str, User], programs: dict[str, ProgramVersion]
) -> None:
    assert signed_in("dispatcher").post(_url("stop_set"), {"scope": "all", "reason": "flood"}).status_code == 403
    first = signed_in("supervisor")
    assert first.post(_url("stop_set"), {"scope": "all", "reason": ""}).status_code == 422
    assert first.post(_url("stop_set"), {"scope": "all", "reason": "Flood on the river road"}).status_code == 204
    stop = Suspension.objects.get()
    assert "DIVERSION STOPPED: all programs" in signed_in("call_taker").get(_url("console")).content.decode()
    assert first.post(_url("stop_ask", stop.pk)).status_code == 204
    assert first.post(_url("stop_resume", stop.pk)).status_code == 409
    assert signed_in("supervisor2").post(_url("stop_resume", stop.pk)).status_code == 204
    assert "DIVERSION STOPPED" not in signed_in("call_taker").get(_url("console")).content.decode()


def test_the_overview_counts_with_denominators(
    signed_in: SignedIn, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    handoff_request(incident=accepted.incident, service="ems", reason="cut", by=people["dispatcher"], at=now)
    body = signed_in("supervisor").get(_url("overview")).content.decode()
    assert "calls sent to a non-police team, of all calls decided since midnight" in body
    assert "Today, 1 call decided" in body


def test_boards_cost_the_same_queries_for_50_calls_and_for_200(
    signed_in: SignedIn, centre: Centre, units: dict[str, Unit], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    """What `python -m bench boards` measures with 1,000."""
    client = signed_in("supervisor")
    names = ("queue", "queue_rows", "queue_units", "overview", "wall", "map", "map_state")

    def wait(first: int, last: int) -> None:
        Incident.objects.bulk_create(
            Incident(
                centre=centre, number=number, nature="mental_health_crisis", opened_at=now, state="pending",
                response_class="mobile_team", program_version=programs["star"], sent_at=now, offer_wanted=True,
            )
            for number in range(first, last)
        )  # fmt: skip

    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(_url(name)).status_code == 200
        return len(captured)

    wait(1000, 1050)
    client.get(_url("queue"))
    fifty = {name: queries(name) for name in names}
    wait(1050, 1200)
    # What the wall's first line says depends on the alarms; what it asks does not.
    alarm_raise(centre=centre, kind=Alarm.Kind.PROMISE_BROKEN, subject="one", at=now)
    assert {name: queries(name) for name in names} == fifty
    assert max(fifty.values()) < 45


def test_no_text_of_a_row_or_an_alarm_becomes_markup(centre: Centre, offered: Assignment, now: datetime) -> None:
    bad = "<b>&'\""
    [row] = incident_rows(centre=centre, at=now)
    units = unit_rows(centre=centre, at=now)[:1]
    full = replace(
        row, nature_name=bad, response_words=bad, program=bad, where=bad, beat=bad, owner=bad, next_step=bad,
        recommended=bad, triaged=True, units=(replace(row.units[0], call_sign=bad, why=bad),),
        handoffs=(HandoffOnIncident("", "police", "requested", now, bad, True),),
        transfers=(TransferOnIncident("", bad, "ringing", "TRANSFER RINGS", now, False, False),),
    )  # fmt: skip
    bare = replace(full, units=(), handoffs=(), transfers=(), no_unit=bad)
    alarm = Alarm(
        kind=Alarm.Kind.NO_UNIT, opened_at=now, owner_role="dispatcher", detail={"words": bad},
        owner=User(display_name=bad), unit=Unit(call_sign=bad),
    )  # fmt: skip
    fleet = [replace(unit, call_sign=bad, key=bad, kind_words=bad, service_reason=bad, looks=bad) for unit in units]
    spot = {**dict.fromkeys(("name", "beat", "what", "words", "on", "looks"), bad), "level": "off", "lat": None}
    drawn = (
        (rows_drawn([full], 1, now), 12), (rows_drawn([bare], 1, now), 9), (alarms_drawn([alarm], 1, now), 3),
        (units_drawn(fleet, 1, now), 5), (map_row.calls_drawn([spot]), 4), (map_row.units_drawn([spot]), 5),
    )  # fmt: skip
    for html, texts in drawn:
        assert html.count(escape(bad)) == texts
        assert bad[:3] not in html


def test_the_map_beside_the_queue_stays_as_the_person_left_it(signed_in: SignedIn, offered: Assignment) -> None:
    client, command = signed_in("dispatcher"), {"id": uuid4(), "text": "map"}
    shown = 'id="queue-map-toggle" data-keep="/queue/map/" aria-pressed="true"'
    assert shown not in client.get(_url("queue")).content.decode()
    assert client.post(_url("queue_map"), {"shown": "on"}).status_code == 204
    page = client.get(_url("queue")).content.decode()
    assert shown in page
    assert 'class="queue with-map"' in page
    assert "maplibre-gl.mjs" in page
    assert '<script type="module" src="/static/vendor' not in page
    assert shown not in signed_in("supervisor").get(_url("queue")).content.decode()
    assert client.post(_url("command_echo"), command).json()["echo"] == "put the map beside the queue away"
    assert client.post(_url("command_run"), command).json()["show"] == "no-queue-map"
    assert shown not in client.get(_url("queue")).content.decode()
    wrong = client.post(_url("command_echo"), {**command, "text": "map up"}).json()
    assert wrong["problem"] == "Type map on or map off."


def _recorded() -> set[tuple[str, str]]:
    """What the services write into the history, where the code names it in place."""
    found = set()
    for path in (ROOT / "dispatch").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record":
                named = {one.arg: one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)}
                if {"entity", "action"} <= named.keys():
                    found.add((str(named["entity"]), str(named["action"])))
    return found


def test_all_that_is_recorded_of_an_incident_has_words() -> None:
    """A new action fails here until desk/history_words.py says it in words."""
    tables = {"assignment": ASSIGNMENT, "transfer": TRANSFER, "visit": VISIT}
    recorded = _recorded() | {(name, action) for name, of in tables.items() for action in of.table}
    recorded |= {("incident", code) for code in ESCALATION} | {("decision", code) for code in ACTIONS}
    assert len(recorded) > 80
    assert {(entity, action) for entity, action in recorded if action not in known_words(entity)} == set()
    assert history_words("assignment", "late_on_scene") == "Unit on scene: said late, not applied"
    assert history_words("incident", "on_scene") == "Call: unit on scene"
    assert history_words("new_thing", "done_so") == "new thing done so"


@pytest.mark.parametrize(
    ("entity", "action", "reason", "words"),
    [
        ("incident", "no_unit", "all_busy", "Every unit that could go is busy"),
        ("assignment", "decline", "out_of_position", "Too far away"),
        ("assignment", "cancel", "other_half_gone", "The other half of the co-response fell out"),
        ("assignment", "cancel", "Engine will not start", "Engine will not start"),
        ("incident", "promise_broken", "timed_out", "Promise ran out"),
        ("incident", "risk_rise", "weapon=in_hand", "Weapon: In the hand"),
        ("stage_order", "order", "risen_before", "risen before"),
        ("incident", "no_unit", "", ""),
    ],
)
def test_why_it_happened_is_in_words(entity: str, action: str, reason: str, words: str) -> None:
    assert reason_words(entity, action, reason) == words


def test_the_history_is_in_words(signed_in: SignedIn, offered: Assignment) -> None:
    body = signed_in("dispatcher").get(_url("incident", offered.incident_id)).content.decode()
    assert "<td>Unit offered the call</td>" in body
