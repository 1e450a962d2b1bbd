"""What the map is drawn from, who gets it, and what a shared screen does not get."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import h3
import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from desk.map_data import FEWEST, HEXAGON, ground, ground_digest, hot_spots, map_state
from desk.map_picture import picture
from dispatch.models import Assignment, Call
from people.models import Area, Place, StreetNetwork, StreetPiece
from programs.models import ProgramVersion
from programs.services import draft_begin
from responders.models import Unit
from responders.services import unit_position
from tests import factories
from tests.desk.conftest import NOTE, NUMBER, SignedIn

LAT, LON = factories.LAT, factories.LON


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


@pytest.fixture
def streets(centre: Centre, now: datetime) -> StreetNetwork:
    """A main street of two pieces that cross a side street."""
    network = StreetNetwork.objects.create(centre=centre, digest="d1", loaded_at=now)
    ends = [
        ("Main St", 1, 2, 0.0, 0.001, 20.0),
        ("Main St", 2, 3, 0.001, 0.002, 20.0),
        ("Alder St", 2, 4, 0.001, 0.003, 8),
    ]
    StreetPiece.objects.bulk_create(
        StreetPiece(
            network=network,
            name=name,
            start=start,
            end=end,
            start_lat=LAT + at,
            start_lon=LON,
            end_lat=LAT + to,
            end_lon=LON,
            metres=111.0,
            speed_mps=speed,
        )
        for name, start, end, at, to, speed in ends
    )
    return network  # fmt: skip


def test_the_ground_joins_pieces_to_streets_and_is_sent_once(
    signed_in: SignedIn, centre: Centre, streets: StreetNetwork
) -> None:
    client = signed_in("dispatcher")
    first = client.get(_url("map_ground"))
    data = first.json()
    lines = {one["properties"]["name"]: one for one in data["streets"]["features"]}
    assert len(lines["Main St"]["geometry"]["coordinates"]) == 3
    assert (lines["Main St"]["properties"]["main"], lines["Alder St"]["properties"]["main"]) == (True, False)
    assert {one["properties"]["kind"] for one in data["areas"]["features"]} == {"beat", "boundary"}
    assert data["bounds"] == pytest.approx([LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01])
    again = client.get(_url("map_ground"), headers={"If-None-Match": f"W/{first['ETag']}"})
    assert (again.status_code, again.content) == (304, b"")
    Area.objects.create(centre=centre, kind=Area.Kind.PARK, name="Green", shape=factories.TOWN)
    assert client.get(_url("map_ground"), headers={"If-None-Match": first["ETag"]}).status_code == 200
    before = ground_digest(centre)
    StreetNetwork.objects.update(digest="d2")
    assert ground_digest(centre) != before


def test_a_centre_without_ground_has_none(centre: Centre) -> None:
    Area.objects.all().delete()
    assert ground(centre)["bounds"] is None


def test_the_state_says_where_and_how_old_and_nothing_personal(
    signed_in: SignedIn, offered: Assignment, call: Call, units: dict[str, Unit], now: datetime
) -> None:
    Unit.objects.filter(call_sign="Star 2").update(position_at=now - timedelta(minutes=9))
    unit_position(unit=units["Star 1"], lat=LAT, lon=LON, by=None, at=now, heading_deg=370, speed_mps=9)
    answer = signed_in("dispatcher").get(_url("map_state"))
    body, data = answer.content.decode(), answer.json()
    units_by_name = {one["name"]: one for one in data["units"]}
    assert (units_by_name["Star 1"]["lat"], units_by_name["Star 1"]["heading"]) == (LAT, 10)
    assert (units_by_name["Star 1"]["stale"], units_by_name["Star 2"]["stale"]) == (False, True)
    calls = {one["id"]: one for one in data["calls"]}
    park = Place.objects.get(label=factories.PARK)
    assert (calls[str(offered.incident_id)]["lat"], calls[str(offered.incident_id)]["lon"]) == (park.lat, park.lon)
    for personal in (NUMBER, NOTE, factories.HOME, factories.PARK, "Responder", "Call Taker"):
        assert personal not in body
    assert answer["Cache-Control"] == "no-store"


def test_a_shared_screen_gets_calls_by_hexagon_and_no_unmarked_unit(
    centre: Centre, call: Call, units: dict[str, Unit], now: datetime
) -> None:
    Unit.objects.filter(call_sign="CR 1").update(unmarked=True)
    own, shared = (map_state(centre, at=now, shared=shared) for shared in (False, True))
    home = Place.objects.get(label=factories.HOME)
    assert (own["calls"][0]["lat"], own["calls"][0]["lon"]) == (home.lat, home.lon)
    middle = h3.cell_to_latlng(h3.latlng_to_cell(home.lat, home.lon, HEXAGON))
    assert (shared["calls"][0]["lat"], shared["calls"][0]["lon"]) == pytest.approx(middle, abs=1e-6)
    assert shared["calls"][0]["what"] != own["calls"][0]["what"]
    place = {one["name"]: one["lat"] for one in shared["units"]}
    assert place["CR 1"] is None
    looks = [{one["name"]: one["looks"] for one in state["units"]} for state in (own, shared)]
    assert [one["CR 1"] for one in looks] == ["UNMARKED CAR", ""]
    assert looks[0]["Star 1"] == ""
    assert place["Star 1"] is not None


def test_small_counts_are_left_out_where_others_read_along(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    for where, number in ((factories.PARK, FEWEST), (factories.OUTSIDE, FEWEST - 1)):
        for _ in range(number):
            factories.a_call(centre, by=people["call_taker"], at=now, where=where)
    whole = hot_spots(centre, hours=24, at=now, shared=False)
    assert sorted(one["properties"]["count"] for one in whole["features"]) == [FEWEST - 1, FEWEST]
    shared = hot_spots(centre, hours=24, at=now, shared=True)
    assert [one["properties"]["count"] for one in shared["features"]] == [FEWEST]
    assert shared["withheld"] == 1
    ring = shared["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert hot_spots(centre, hours=24, at=now + timedelta(hours=25), shared=False)["features"] == []
    assert signed_in("dispatcher").get(_url("map_hot"), {"hours": "24"}).json()["withheld"] == 1
    assert signed_in("supervisor").get(_url("map_hot"), {"hours": "24"}).json()["withheld"] == 0
    assert signed_in("supervisor").get(_url("map_hot"), {"hours": "168", "shared": "1"}).json()["withheld"] == 1


@pytest.mark.parametrize("role", ["call_taker", "dispatcher", "supervisor", "clinician"])
def test_the_floor_has_the_map_in_its_navigation(role: str, signed_in: SignedIn, offered: Assignment) -> None:
    body = signed_in(role).get(_url("map")).content.decode()
    assert f'href="{_url("map")}" aria-current="page"' in body
    assert 'id="map-calls"' in body
    assert "Star 1" in body


@pytest.mark.parametrize("role", ["responder", "analyst", "auditor", "program_administrator", "system_administrator"])
def test_others_have_no_positions(role: str, signed_in: SignedIn, call: Call) -> None:
    client = signed_in(role)
    for name in ("map", "map_state", "map_hot", "map_coverage", "map_picture"):
        assert client.get(_url(name)).status_code == 403
    assert client.get(_url("map_pin", call.incident_id)).status_code == 403
    assert Client().get(_url("map_state")).status_code == 302


def test_an_empty_floor_says_so(signed_in: SignedIn, centre: Centre) -> None:
    body = signed_in("dispatcher").get(_url("map")).content.decode()
    assert '<p class="empty" id="map-no-calls">No open calls.' in body
    assert '<p class="empty" id="map-no-units">No units.' in body


def test_the_picture_shows_the_same_marks(
    signed_in: SignedIn, centre: Centre, offered: Assignment, streets: StreetNetwork
) -> None:
    Unit.objects.filter(call_sign="Star 2").update(call_sign="A<b> & co")
    answer = signed_in("dispatcher").get(_url("map_picture"), {"theme": "light"})
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own answer
    words = "".join(root.itertext())
    for name in ("Star 1", "A<b> & co", f"{offered.incident.number:04d}"):
        assert name in words
    assert answer["Content-Type"].startswith("image/svg+xml")
    Area.objects.all().delete()
    StreetNetwork.objects.all().delete()
    assert "Star 1" in signed_in("dispatcher").get(_url("map_picture")).content.decode()


def test_a_crew_that_needs_help_stands_in_front_of_the_picture_with_its_words() -> None:
    """Also where its position is old and everybody else stands at the same spot."""
    there = {"lat": 30.0, "lon": -90.0}
    units = [
        {"name": "Star 2", "level": "critical", "stale": True, **there},
        *({"name": f"Post {nth}", "level": "normal", "stale": False, **there} for nth in range(5)),
        {"name": "Far 1", "level": "normal", "stale": True, "lat": 30.2, "lon": -90.2},
    ]
    nothing: dict[str, Any] = {"bounds": None, "areas": {"features": []}, "streets": {"features": []}}
    marks = picture(nothing, {"units": units, "calls": []}, theme="dark").marks
    assert (marks[-1].name, marks[-1].faded) == ("Star 2", False)
    assert {mark.name for mark in marks if mark.labelled} == {"Star 2", "Far 1"}
    assert {mark.name for mark in marks if mark.faded} == {"Far 1"}


def test_coverage_is_of_the_live_programs(signed_in: SignedIn, programs: dict[str, ProgramVersion]) -> None:
    features = signed_in("call_taker").get(_url("map_coverage")).json()["features"]
    assert {one["properties"]["name"] for one in features} == {version.program.name for version in programs.values()}


def test_a_call_s_point_is_logged_and_only_where_it_is_known(
    signed_in: SignedIn, call: Call, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    client = signed_in("call_taker")
    home = Place.objects.get(label=factories.HOME)
    spot = client.get(_url("map_pin", call.incident_id)).json()
    assert (spot["lat"], spot["lon"]) == (home.lat, home.lon)
    assert AuditRow.objects.filter(action="incident.map", by=people["call_taker"]).count() == 1
    nowhere = factories.a_call(centre, by=people["call_taker"], at=now, where="")
    assert client.get(_url("map_pin", nowhere.incident_id)).json()["lat"] is None
    assert client.get(_url("map_pin", uuid4())).status_code == 404
    assert f'data-map-pin="{call.incident_id}"' in client.get(_url("console")).content.decode()
    assert f'data-map-pin="{call.incident_id}"' in client.get(_url("incident_pane", call.incident_id)).content.decode()


def test_the_state_costs_the_same_number_of_queries_however_many_calls(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], units: dict[str, Unit], now: datetime
) -> None:
    client = signed_in("dispatcher")

    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            client.get(_url("map_state"))
        return len(made)

    factories.a_call(centre, by=people["call_taker"], at=now)
    one = cost()
    for _ in range(3):
        factories.a_call(centre, by=people["call_taker"], at=now)
    assert cost() == one


def test_a_tile_archive_is_served_in_ranges(signed_in: SignedIn, tmp_path: Path) -> None:
    client = signed_in("dispatcher")
    assert client.get(_url("map_tiles")).status_code == 404
    archive = tmp_path / "city.pmtiles"
    archive.write_bytes(bytes(range(256)) * 4)

    with override_settings(MAP_PMTILES=str(archive)):
        _read_in_parts(client)


def _read_in_parts(client: Client) -> None:
    def part(asked: str) -> tuple[int, bytes, str]:
        answer = client.get(_url("map_tiles"), headers={"Range": asked})
        content = b"".join(answer) if isinstance(answer, StreamingHttpResponse) else answer.content
        return answer.status_code, content, answer.get("Content-Range", "")

    assert part("bytes=0-3") == (206, b"\x00\x01\x02\x03", "bytes 0-3/1024")
    assert part("bytes=1020-") == (206, b"\xfc\xfd\xfe\xff", "bytes 1020-1023/1024")
    assert part("bytes=1020-9000")[2] == "bytes 1020-1023/1024"
    assert part("bytes=1024-1030")[::2] == (416, "bytes */1024")
    assert len(part("nonsense")[1]) == 1024
    assert 'data-pmtiles="/map/tiles.pmtiles"' in client.get(_url("map")).content.decode()


def test_the_map_loads_from_this_server_only(signed_in: SignedIn, offered: Assignment) -> None:
    answer = signed_in("dispatcher").get(_url("map"))
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "worker-src 'self'" in policy
    assert "://" not in policy
    body = answer.content.decode()
    assert 'data-raster=""' in body
    first = json.loads(body.partition('id="map-first"')[2].partition(">")[2].partition("</script>")[0])
    assert first["stale_s"] == 300


def test_a_draft_s_area_can_be_drawn_beside_its_text(
    programs: dict[str, ProgramVersion], people: dict[str, User], now: datetime
) -> None:
    draft = draft_begin(
        program=programs["star"].program, source=programs["star"], by=people["program_administrator"], at=now
    )
    client = Client()
    client.force_login(people["program_administrator"])
    body = client.get(_url("program_section", draft.pk, "area")).content.decode()
    assert 'id="draw-map"' in body
    assert '"mode": "include"' in body
    assert client.get(_url("map_ground")).status_code == 200
