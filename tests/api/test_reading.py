"""Lists and details: paging, constant query counts, and who may read which words."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import AuditRow, Centre, User
from dispatch.services.narrative import note_add
from tests import factories
from tests.api.doors import get, post

Clients = Callable[[str], APIClient]
pytestmark = pytest.mark.usefixtures("programs")


def _queries(client: APIClient, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(client, path)
    return len(queries)


def test_lists_cost_the_same_for_one_and_for_many(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    dispatcher, taker = client_for("dispatcher"), people["call_taker"]
    paths = ("incidents", "handoffs", "units", "alarms")

    def busy() -> None:
        factories.an_accepted(centre, by=taker, at=now)
        emergency = factories.a_triaged_call(centre, by=taker, at=now, weapon="in_hand")
        factories.a_decision(emergency.incident, by=taker, at=now)

    busy()
    few = {path: _queries(dispatcher, path) for path in paths}
    busy()
    for _ in range(4):
        call = factories.a_triaged_call(centre, by=taker, at=now, weapon="in_hand")
        factories.a_decision(call.incident, by=taker, at=now)
    assert {path: _queries(dispatcher, path) for path in paths} == few


def test_a_walk_over_all_pages_meets_each_incident_once_whatever_arrives(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    dispatcher, taker = client_for("dispatcher"), people["call_taker"]
    calls = [factories.a_call(centre, by=taker, at=now) for _ in range(5)]
    before = [str(call.incident_id) for call in calls]
    met: list[str] = []
    cursor = "0"
    while cursor is not None:
        page = get(dispatcher, f"incidents?limit=2&cursor={cursor}")
        met += [row["id"] for row in page["results"]]
        cursor = page["next"]
        if len(met) == 2:
            factories.a_call(centre, by=taker, at=now)
    assert met[:5] == before
    assert len(met) == len(set(met)) == 6
    for call, incident in zip(calls, before, strict=True):
        post(dispatcher, f"calls/{call.pk}/end", {"as": "misdial"})
        post(dispatcher, f"incidents/{incident}/close", {"outcome": "misdial"})
    closed = get(dispatcher, "incidents?open=0&limit=3")
    rest = get(dispatcher, f"incidents?open=0&limit=3&cursor={closed['next']}")
    assert [row["id"] for row in closed["results"] + rest["results"]] == before[::-1]
    assert rest["next"] is None


def test_notes_reach_only_their_audience(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    work = factories.an_accepted(centre, by=people["call_taker"], at=now)
    for audience in ("general", "clinical", "substance", "justice"):
        note_add(
            id=uuid4(),
            incident=work.incident,
            text=f"for {audience}",
            audience=audience,
            by=people["supervisor"],
            at=now,
        )
    path = f"incidents/{work.incident_id}"

    def read(role: str) -> set[str]:
        detail = get(client_for(role), path)
        assert len(detail["narrative"]) + detail["withheld_notes"] == 4
        return {note["audience"] for note in detail["narrative"]}

    assert read("dispatcher") == {"general"}
    assert read("supervisor") == {"general", "justice"}
    assert read("clinician") == {"general", "clinical", "substance"}
    mine = get(client_for("responder"), "my/unit")["assignment"]
    assert {note["text"] for note in mine["notes"]} == {"for general", "for clinical"}
    assert mine["withheld_notes"] == 2


def test_people_write_only_for_audiences_of_their_own(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    work = factories.an_accepted(centre, by=people["call_taker"], at=now)
    path = f"incidents/{work.incident_id}/notes"
    for role, audience, status in (
        ("call_taker", "justice", 201),
        ("call_taker", "clinical", 422),
        ("clinician", "substance", 201),
        ("responder", "clinical", 201),
        ("responder", "justice", 422),
    ):
        post(client_for(role), path, {"text": "seen", "audience": audience}, expect=status)
    assert post(client_for("responder"), path, {"text": "at the door"})["kind"] == "crew"


def test_a_number_is_for_the_floor_and_every_reading_is_written_down(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    call = factories.a_call(centre, by=people["call_taker"], at=now, number="+13085550142")
    path = f"incidents/{call.incident_id}"
    assert get(client_for("dispatcher"), path)["calls"][0]["number"] == "+13085550142"
    assert get(client_for("auditor"), path)["calls"][0]["number"] == ""
    readers = AuditRow.objects.filter(action="incident.read", entity_id=str(call.incident_id))
    assert set(readers.values_list("by", flat=True)) == {people["dispatcher"].pk, people["auditor"].pk}


def test_hazards_come_with_the_offer(
    client_for: Clients, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    factories.a_caution(centre, at=now, text="Large dog loose in the yard")
    factories.an_offer(centre, by=people["call_taker"], at=now, where=factories.HOME)
    clients = {role: client_for(role) for role in ("responder", "responder2")}
    offers = [offer for client in clients.values() if (offer := get(client, "my/unit")["offer"])]
    assert [offer["cautions"][0]["text"] for offer in offers] == ["Large dog loose in the yard"]
    assert offers[0]["cautions_read"] is False


def test_places_are_found_by_label_and_by_what_a_caller_said(client_for: Clients) -> None:
    taker = client_for("call_taker")
    assert get(taker, "places?q=14 Alder")["results"][0]["label"] == factories.HOME
    assert len(get(taker, "places?q=Alder&limit=2")["results"]) == 2
    assert post(taker, "places/search", {"text": "town libary"})["results"][0]["label"] == factories.LIBRARY


def test_reference_words_are_whole(client_for: Clients) -> None:
    analyst = client_for("analyst")
    assert get(analyst, "natures?q=wellfare")["results"][0]["slug"] == "welfare_check"
    assert len(get(analyst, "natures")["results"]) > 40
    keys = [question["key"] for question in get(analyst, "vocabulary")["questions"]]
    assert set(factories.CALM) <= set(keys)
    assert get(analyst, "reasons")["decline"]["safety"]
