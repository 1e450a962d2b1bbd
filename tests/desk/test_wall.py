"""The wall: sizes for the room, layouts, displays that are set up, and what a display may watch."""

import json
import re
from datetime import datetime, timedelta

import h3
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditRow, Centre, DisplayDevice, DisplayLayout, User
from accounts.services import display_create
from desk.displays import COOKIE
from desk.forms.displays import PLACES
from desk.live_frames import board_frames, watches_wall
from desk.map_data import FEWEST, HEXAGON
from desk.views.displays import display_entity
from desk.views.wall import by_day
from desk.wall_board import Floor, queue_body
from desk.wall_layouts import short_names
from desk.wall_rows import WallCall
from desk.wall_size import FLOOR_ARCMIN, LARGEST, Room, arcmin_of, farthest, text_px, wall_size
from desk.wall_views import USUAL_VIEW, views_watched
from dispatch.models import Assignment
from dispatch.selectors.incident_rows import incident_rows
from live.models import Event
from people.models import Place
from programs.models import ProgramVersion
from responders.models import Unit
from responders.services import unit_position
from tests import factories
from tests.desk.conftest import SignedIn

ROOM = {"name": "Floor east", "inches": 65, "width": 1920, "height": 1080, "distance": "5", "theme": "night"}


def _layouts(*chosen: tuple[str, str, int]) -> dict[str, object]:
    filled = [*chosen, *[("", "", 30)] * PLACES][:PLACES]
    return {
        f"p{nth}-{name}": value
        for nth, one in enumerate(filled)
        for name, value in zip(("layout", "program", "seconds"), one, strict=True)
    }


@pytest.fixture
def display(centre: Centre, people: dict[str, User], now: datetime) -> tuple[DisplayDevice, Client]:
    """A display and its own browser."""
    device, token = display_create(centre=centre, name="Floor", by=people["supervisor"], at=now)
    client = Client()
    client.cookies[COOKIE] = token
    return device, client


@pytest.mark.parametrize(
    ("inches", "floor", "preferred"),
    [(50, 55, 69), (55, 50, 63), (65, 43, 53), (75, 37, 46), (86, 32, 40)],
)
def test_text_sizes_are_those_of_the_standard(inches: int, floor: int, preferred: int) -> None:
    """The table of the design: px at 5 m for 16 and 20 minutes of arc."""
    room = Room(inches)
    assert abs(text_px(room, 16) - floor) <= 1
    assert abs(text_px(room, 20) - preferred) <= 1


@pytest.mark.parametrize("inches", [43, 50, 55, 65, 75, 86, 98])
@pytest.mark.parametrize("distance", [2.0, 3.5, 5.0, 7.0])
def test_data_is_readable_or_the_room_is_refused(inches: int, distance: float) -> None:
    """Check 24, as arithmetic: 16 arc-minutes at least for what is accepted; the limit that is said is the limit."""
    room = Room(inches, distance=distance)
    size = wall_size(room)
    assert size.readable == (arcmin_of(room, size.text) >= FLOOR_ARCMIN - 0.05)
    assert size.readable == (distance <= farthest(room) + 0.01)
    rows = (size.height - 104 - 2.35 * size.text - 4 * 1.08 * size.text) / (1.385 * size.text)
    assert 1 <= size.calls <= rows
    assert wall_size(Room(inches, 3840, 2160, distance)) == size


def test_the_limit_is_where_the_largest_text_meets_the_floor() -> None:
    room = Room(50, distance=2)
    at_limit = Room(50, distance=farthest(room))
    assert arcmin_of(at_limit, LARGEST) == pytest.approx(FLOOR_ARCMIN, rel=1e-4)


def test_forty_waiting_calls_show_the_worst_and_how_many_more(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], now: datetime
) -> None:
    for _ in range(4):
        factories.a_call(centre, by=people["call_taker"], at=now, nature="welfare_check")
    rows = incident_rows(centre=centre, at=now) * 10
    floor: Floor = (rows, [])
    body = queue_body(floor, USUAL_VIEW)
    assert len(body.pending) + body.pending_more == 40 == body.pending_count
    assert len(body.pending) < USUAL_VIEW.calls
    assert all(isinstance(one, WallCall) for one in body.pending)


def test_agencies_of_one_town_are_told_apart_by_what_differs() -> None:
    assert short_names(["Elm Fire Department", "Elm Police", "Elm", "Sedge County"]) == {
        "Elm Fire Department": "Fire Department", "Elm Police": "Police", "Elm": "Elm", "Sedge County": "Sedge County",
    }  # fmt: skip


def test_a_display_is_set_up_and_told(
    signed_in: SignedIn, display: tuple[DisplayDevice, Client], programs: dict[str, ProgramVersion]
) -> None:
    device, own = display
    keeper = signed_in("system_administrator")
    address = reverse("desk:display_edit", args=[device.pk])
    assert signed_in("dispatcher").get(address).status_code == 403
    assert "arc" in keeper.get(address).content.decode()
    chosen = _layouts(
        ("queue", "", 20), ("program", "star", 15), ("measures", "", 10), ("county", "", 10), ("map", "", 30)
    )  # fmt: skip
    assert keeper.post(address, {**ROOM, "inches": 86, **chosen}).status_code == 302
    device.refresh_from_db()
    assert (device.panel_inches, device.layouts.count()) == (86, 5)
    assert AuditRow.objects.filter(action="display.configure", entity_id=str(device.pk)).count() == 1
    assert Event.objects.filter(entity="display", entity_id=display_entity(device)).count() == 1
    page = own.get(reverse("desk:display_wall", args=[device.pk])).content.decode()
    assert page.count('class="wall-live"') == 5
    assert "OPEN: STAR" in page
    assert f"/wall/size/{wall_size(Room(86)).text}-1080.css" in page
    for place in range(5):
        assert own.get(reverse("desk:display_board_at", args=[device.pk, place])).status_code == 200
    preview = keeper.get(reverse("desk:display_preview", args=[device.pk])).content.decode()
    assert "preview/4/" in preview


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inches": 40, "distance": "9"}, "it can be read from"),
        ({"height": 1900}, "A wall is wider than high"),
        ({"name": ""}, "Name the display"),
        ({"p0-layout": "program", "p0-program": ""}, "Choose the program"),
        ({"p0-layout": "radar"}, "Select a valid choice"),
        ({"p0-layout": "queue", "p1-layout": "queue"}, "once"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    signed_in: SignedIn, display: tuple[DisplayDevice, Client], changed: dict[str, object], said: str
) -> None:
    device, _ = display
    address = reverse("desk:display_edit", args=[device.pk])
    page = signed_in("supervisor").post(address, {**ROOM, **_layouts(), **changed})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not AuditRow.objects.filter(action="display.configure").exists()


def test_the_database_refuses_an_impossible_room(display: tuple[DisplayDevice, Client]) -> None:
    device, _ = display
    for change in ({"panel_inches": 5}, {"distance_cm": 9000}, {"width_px": 10}, {"theme": "pink"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DisplayDevice.objects.filter(pk=device.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        DisplayLayout.objects.create(display=device, place=0, layout="program")


def test_each_view_is_drawn_once_and_only_for_its_displays(
    centre: Centre, people: dict[str, User], accepted: Assignment, display: tuple[DisplayDevice, Client], now: datetime
) -> None:
    device, own = display
    second, _ = display_create(centre=centre, name="Twin", by=people["supervisor"], at=now)
    for one in (device, second):
        DisplayLayout.objects.create(display=one, place=0, layout="county", seconds=20)
    views = views_watched(centre)
    assert [view.layout for view in views] == ["queue", "county"]
    frames = list(board_frames(centre.pk, {"incident": [accepted.incident_id], "display": [display_entity(device)]}))
    walls = [frame.audience for frame in frames if frame.audience.startswith(("wall", "display"))]
    assert walls == ["wall", views[1].audience, f"display:{device.pk}"]
    request = RequestFactory().get("/live/ticket")
    request.COOKIES[COOKIE] = own.cookies[COOKIE].value
    request.user = User()
    assert watches_wall(request, views[1].audience, centre.pk)
    assert not watches_wall(request, "wall", centre.pk)
    assert not watches_wall(request, f"display:{second.pk}", centre.pk)
    assert not watches_wall(request, views[1].audience, centre.pk + 1)


@pytest.fixture
def every_layout(display: tuple[DisplayDevice, Client], programs: dict[str, ProgramVersion]) -> Client:
    """The browser of a display that shows every layout there is in turn."""
    device, own = display
    for place, layout in enumerate(DisplayLayout.Layout):
        program = "star" if layout == "program" else ""
        DisplayLayout.objects.create(display=device, place=place, layout=layout, program=program)
    return own


def test_layouts_cost_the_same_queries_for_one_call_and_for_four(
    centre: Centre,
    people: dict[str, User],
    accepted: Assignment,
    display: tuple[DisplayDevice, Client],
    every_layout: Client,
) -> None:
    address = reverse("desk:display_wall", args=[display[0].pk])
    every_layout.get(address)
    with CaptureQueriesContext(connection) as few:
        every_layout.get(address)
    for _ in range(3):
        factories.a_call(centre, by=people["call_taker"], at=accepted.offered_at, where=factories.HOME)
    with CaptureQueriesContext(connection) as more:
        every_layout.get(address)
    assert len(few) == len(more)


def test_a_walls_map_has_its_list_and_coarse_marks_in_the_board_itself(
    centre: Centre, accepted: Assignment, units: dict[str, Unit], display: tuple[DisplayDevice, Client], now: datetime
) -> None:
    device, own = display
    DisplayLayout.objects.create(display=device, place=0, layout="map")
    park = Place.objects.get(label=factories.PARK)
    for name in ("Star 1", "Star 2"):
        unit_position(unit=units[name], lat=park.lat, lon=park.lon, by=None, at=now, heading_deg=90, speed_mps=9)
    Unit.objects.filter(call_sign="CR 1").update(unmarked=True)
    [frame] = [one for one in board_frames(centre.pk, {"unit": [units["Star 1"].pk]}) if "wall:map" in one.audience]
    region = own.get(reverse("desk:display_board_at", args=[device.pk, 0])).content.decode()
    plain = re.compile(r">-?[\d:]+<|data-v=.\d+.|oldest [\d:]+|\"at\": \"[^\"]+\"")
    assert plain.sub("", frame.html).strip() == plain.sub("", region).strip()
    marks = json.loads(region.partition('type="application/json">')[2].partition("</script>")[0])
    code = f"{accepted.incident.number:04d}"
    for name in (code, "Star 1", "Star 2", "CR 1"):
        assert f">{name}<" in region
    there = {one["name"]: one for one in [*marks["calls"], *marks["units"]]}
    assert "CR 1" not in there
    assert (there["Star 2"]["lat"], there["Star 2"]["lon"], there["Star 2"]["heading"]) == (park.lat, park.lon, 90)
    for name in (code, "Star 1"):
        # On a call: somewhere in its hexagon, apart from what stands there, too, and never the address itself.
        assert h3.latlng_to_cell(there[name]["lat"], there[name]["lon"], HEXAGON) == (
            h3.latlng_to_cell(park.lat, park.lon, HEXAGON)
        )
        assert abs(there[name]["lat"] - park.lat) + abs(there[name]["lon"] - park.lon) > 1e-5
    assert there[code]["lat"] != there["Star 1"]["lat"]
    assert there["Star 1"].get("heading") is None
    page = own.get(reverse("desk:display_wall", args=[device.pk])).content.decode()
    assert "desk/wall_map" in page
    assert "/map/" not in page


def test_a_walls_map_names_beats_only_and_is_for_walls(
    centre: Centre, people: dict[str, User], signed_in: SignedIn, display: tuple[DisplayDevice, Client], now: datetime
) -> None:
    device, own = display
    for _ in range(FEWEST - 1):
        factories.a_call(centre, by=people["call_taker"], at=now, where=factories.HOME)
    ground = own.get(reverse("desk:wall_ground"))
    assert {one["properties"].get("name") for one in ground.json()["areas"]["features"]} >= {None}
    assert all("name" not in one["properties"] for one in ground.json()["streets"]["features"])
    assert own.get(reverse("desk:wall_ground"), headers={"If-None-Match": ground["ETag"]}).status_code == 304
    assert own.get(reverse("desk:wall_hot")).json()["features"] == []
    assert own.get(reverse("desk:wall_hot")).json()["withheld"] == 1
    assert b"0001" in own.get(reverse("desk:wall_picture")).content
    names = ("wall_ground", "wall_hot", "wall_picture")
    for role, status in (("supervisor", 200), ("responder", 403), ("analyst", 403)):
        assert {signed_in(role).get(reverse(f"desk:{name}")).status_code for name in names} == {status}
    signed_in("supervisor").post(reverse("desk:displays"), {"revoke": device.pk})
    assert {own.get(reverse(f"desk:{name}")).status_code for name in names} == {403}


def test_a_revoked_display_gets_nothing(signed_in: SignedIn, display: tuple[DisplayDevice, Client]) -> None:
    device, own = display
    assert own.get(reverse("desk:display_wall", args=[device.pk])).status_code == 200
    signed_in("supervisor").post(reverse("desk:displays"), {"revoke": device.pk})
    assert own.get(reverse("desk:display_wall", args=[device.pk])).status_code == 403
    assert own.get(reverse("desk:display_board_at", args=[device.pk, 0])).status_code == 403


def test_day_and_night_go_by_the_centres_clock(centre: Centre, at: datetime) -> None:
    """The fixture's instant is 13:00 in the centre's zone."""
    assert by_day(centre, at)
    assert not by_day(centre, at + timedelta(hours=6))
    assert by_day(centre, at + timedelta(hours=18))


def test_the_size_sheet_serves_only_sizes_that_exist(client: Client) -> None:
    assert "--wall-text:53" in client.get("/wall/size/53-1080.css").content.decode()
    assert client.get("/wall/size/9-1080.css").status_code == 404
