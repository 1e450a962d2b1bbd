"""Travel times: over streets, from a routing service on a real socket, and by the straight line when all else fails."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Centre
from accounts.problems import Refused
from demo import city
from dispatch.engine import IncidentFacts, UnitFacts, recommend
from dispatch.selectors import travel as chosen
from dispatch.selectors.travel import network_of, travel_for
from dispatch.travel import Point, TravelTimes, router
from dispatch.travel.router import ASKING_S, MOST_POINTS, RouterFailed, RoutingService, osrm, valhalla
from dispatch.travel.straight import StraightLine, straight_s
from dispatch.travel.streets import Street, StreetNetwork
from interop.centre_file.streets import streets_load
from people.geometry import distance_m
from people.models import StreetPiece
from tests.dispatch.test_engine import AT, UNIT

HERE, NEAR, FAR = (41.42, -100.21), (41.4205, -100.2105), (41.45, -100.25)
Answer = Callable[[str, dict[str, list[str]], Any], tuple[int, Any]]


@contextmanager
def _service(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A routing service on a free port: its address, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size)) if size else None
            asked.append(self.path)
            parts = urlsplit(self.path)
            status, said = answer(parts.path, parse_qs(parts.query), body)
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def _osrm_answer(path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
    """As OSRM documents it: points as longitude,latitude; seconds by row of sources; null where there is no way."""
    points = [tuple(map(float, pair.split(","))) for pair in path.rsplit("/", 1)[1].split(";")]
    assert path.startswith("/table/v1/driving/")
    assert query["annotations"] == ["duration"]
    sources = [points[int(nth)] for nth in query["sources"][0].split(";")]
    targets = [points[int(nth)] for nth in query["destinations"][0].split(";")]
    rows = [[None if lon == 0.0 else round(abs(lon - to_lon) * 1000, 1) for to_lon, _ in targets] for lon, _ in sources]
    return 200, {"code": "Ok", "durations": rows, "sources": [], "destinations": []}


def _valhalla_answer(path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
    """As Valhalla documents it: one cell a pair, with the indexes of both, kilometres and seconds."""
    assert (path, body["costing"]) == ("/sources_to_targets", "auto")
    cells = [
        [
            {
                "from_index": row,
                "to_index": column,
                "distance": 1.5,
                "time": None if one["lon"] == 0.0 else round(abs(one["lon"] - to["lon"]) * 1000),
            }
            for column, to in enumerate(body["targets"])
        ]
        for row, one in enumerate(body["sources"])
    ]
    return 200, {"sources_to_targets": cells, "units": "kilometers"}


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a crowded test machine a healthy service may take longer than the product waits."""
    monkeypatch.setattr(router, "ASKING_S", 30.0)


@pytest.mark.parametrize(("ask", "answer"), [(osrm, _osrm_answer), (valhalla, _valhalla_answer)])
def test_each_service_is_asked_in_its_own_format(ask: Any, answer: Answer) -> None:
    with _service(answer) as (base, _):
        table = ask(base, [(41.0, -100.0), (41.5, 0.0)], [(41.2, -100.3), (41.2, -100.1)], 5.0)
    assert table == [[300, 100], [None, None]]


def test_valhallas_short_answer_is_read_too() -> None:
    short = {"sources_to_targets": {"durations": [[61, None]], "distances": [[1.0, None]]}}
    with _service(lambda path, query, body: (200, short)) as (base, _):
        assert valhalla(base, [HERE], [NEAR, FAR], 5.0) == [[61, None]]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, {"code": "NoTable", "message": "no"}),
        (400, {"code": "InvalidQuery"}),
        (500, b""),
        (200, b"<html>"),
        (200, b"[1]"),
        (200, {"code": "Ok"}),
        (200, {"code": "Ok", "durations": [[1]]}),
        (200, {"code": "Ok", "durations": [[-1, 2]]}),
        (200, {"code": "Ok", "durations": [["soon", 2]]}),
        (200, {"code": "Ok", "durations": [[1, 2], [3, 4]]}),
        (200, {"sources_to_targets": [[{"from_index": 0, "to_index": 9, "time": 1}]]}),
        (200, {"sources_to_targets": [[{"time": 1}]]}),
    ],
)
@pytest.mark.parametrize("ask", [osrm, valhalla])
def test_an_answer_that_is_not_whole_and_sensible_is_a_failure(ask: Any, status: int, said: Any) -> None:
    with _service(lambda path, query, body: (status, said)) as (base, _), pytest.raises(RouterFailed):
        ask(base, [HERE], [NEAR, FAR], 5.0)


@pytest.mark.usefixtures("patient")
def test_what_was_fetched_ahead_is_used_and_not_fetched_twice() -> None:
    with _service(_osrm_answer) as (base, asked):
        service = RoutingService(f"osrm:{base}")
        service.ahead([NEAR], [HERE, FAR])
        first = service.times(NEAR, [HERE, FAR, (41.0, 0.0)])
        service.ahead([NEAR], [FAR, HERE])
    assert len(asked) == 1
    assert [one.how for one in first] == ["", "", "straight line, routing service did not answer"]
    assert first[1].seconds == 40


@pytest.mark.usefixtures("patient")
def test_a_pair_without_a_road_is_a_straight_line_and_says_so() -> None:
    with _service(_osrm_answer) as (base, _):
        service = RoutingService(f"osrm:{base}")
        service.ahead([NEAR], [(41.0, 0.0)])
        [journey] = service.times(NEAR, [(41.0, 0.0)])
    assert journey.how == "straight line, no road known"


@pytest.mark.usefixtures("patient")
def test_no_table_is_larger_than_the_service_takes() -> None:
    with _service(_osrm_answer) as (base, asked):
        service = RoutingService(f"osrm:{base}")
        origins = [(41.0 + nth / 1000, -100.0) for nth in range(130)]
        service.ahead([NEAR, FAR], origins)
        assert all(one.how == "" for one in service.times(NEAR, origins))
    assert len(asked) == 3
    assert max(path.count(";") for path in asked) < MOST_POINTS * 2


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("broken", ["refuses", "errs"])
def test_a_service_that_fails_is_left_alone_for_a_while_and_then_asked_again(broken: str) -> None:
    ill = [True]

    def answer(path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        return (500, b"") if ill[0] else _osrm_answer(path, query, body)

    with _service(answer) as (base, asked):
        address = base if broken == "errs" else "http://127.0.0.1:1"
        patient = RoutingService(f"osrm:{address}")
        patient.ahead([NEAR], [HERE])
        patient.ahead([NEAR], [HERE])
        assert len(asked) == (1 if broken == "errs" else 0)
        [journey] = patient.times(NEAR, [HERE])
        assert "straight line" in journey.how
        assert journey.seconds == round(straight_s(HERE, NEAR))
        hasty = RoutingService(f"osrm:{base}", pause_s=0.0)
        hasty.ahead([NEAR], [HERE])
        ill[0] = False
        hasty.ahead([NEAR], [HERE])
        assert hasty.times(NEAR, [HERE])[0].how == ""


def test_a_frozen_service_costs_its_time_and_no_more() -> None:
    frozen = threading.Event()

    def answer(path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        frozen.wait(30)
        return _osrm_answer(path, query, body)

    with _service(answer) as (base, asked):
        service = RoutingService(f"osrm:{base}")
        origins = [(41.0 + nth / 1000, -100.0) for nth in range(130)]
        service.ahead([NEAR], origins)
        frozen.set()
        # It gave up by itself while the service still held the first of three tables back.
        assert len(asked) == 1
        assert "did not answer" in service.times(NEAR, origins)[0].how
    assert ASKING_S < 1


@pytest.mark.parametrize("address", ["", "http://x", "osrm:ftp://x", "google:http://x", "osrm:file:///etc/passwd"])
def test_another_kind_of_service_is_refused_at_once(address: str) -> None:
    with pytest.raises(ValueError, match="ROUTING_URL"):
        RoutingService(address)


def _north(metres: float) -> float:
    return 41.0 + metres / 111_195


BANK: list[Street] = [
    # Two banks of a river 200 m apart, joined by one bridge 2 km to the west; the lower one continues one way.
    Street(1, 2, (_north(0), -100.0), (_north(0), -100.024), 2000, 10),
    Street(3, 4, (_north(200), -100.0), (_north(200), -100.024), 2000, 10),
    Street(2, 4, (_north(0), -100.024), (_north(200), -100.024), 200, 10),
    Street(1, 5, (_north(0), -100.0), (_north(0), -99.988), 1000, 10, one_way=True),
]


def test_nearest_is_by_road_not_across_the_river() -> None:
    network = StreetNetwork(BANK)
    across, round_the_corner = (_north(200), -100.0), (_north(0), -100.012)
    times = network.times((_north(0), -100.0), [across, round_the_corner])
    assert [one.seconds for one in times] == [420, 100]
    assert [one.how for one in times] == ["", ""]
    straight = StraightLine().times((_north(0), -100.0), [across, round_the_corner])
    assert straight[0].seconds < straight[1].seconds
    # The engine follows: 200 m away across the water is not the nearer crew.
    units = [
        UnitFacts(**{**vars(UNIT), "id": name, "call_sign": name, "lat": point[0], "lon": point[1]})
        for name, point in (("across", across), ("corner", round_the_corner))
    ]
    incident = IncidentFacts("i", 2, AT, _north(0), -100.0)
    assert recommend(incident, units, AT, network).candidates[0].unit_id == "corner"
    assert recommend(incident, units, AT).candidates[0].unit_id == "across"


def test_a_one_way_street_is_driven_one_way() -> None:
    network = StreetNetwork(BANK)
    west, east = (_north(0), -99.999), (_north(0), -99.99)
    assert network.times(east, [west])[0].seconds == 75
    [back] = network.times(west, [east])
    assert back.how == "straight line"


def test_a_place_far_from_every_street_is_measured_straight() -> None:
    network = StreetNetwork(BANK)
    for target, origin in (((41.2, -100.0), (_north(0), -100.0)), ((_north(0), -100.0), (41.2, -100.0))):
        assert network.times(target, [origin])[0].how == "straight line"


def test_a_network_needs_streets() -> None:
    with pytest.raises(ValueError, match="streets"):
        StreetNetwork([])


@pytest.fixture(scope="module")
def wrenfield() -> dict[str, Any]:
    return city.build()


@pytest.fixture(scope="module")
def streets(wrenfield: dict[str, Any]) -> StreetNetwork:
    at = {number: (lat, lon) for number, lat, lon in wrenfield["street_network"]["crossings"]}
    return StreetNetwork(
        [
            Street(row["start"], row["end"], at[row["start"]], at[row["end"]], row["metres"], row["speed_mps"])
            for row in wrenfield["street_network"]["pieces"]
        ]
    )


def test_every_address_of_the_demo_city_is_reached_by_road(wrenfield: dict[str, Any], streets: StreetNetwork) -> None:
    spots = [(place["lat"], place["lon"]) for place in wrenfield["places"]]
    times = streets.times((wrenfield["centre"]["lat"], wrenfield["centre"]["lon"]), spots)
    assert {one.how for one in times} == {""}
    assert max(one.seconds for one in times) < 25 * 60
    # Nobody is faster than the fastest street in a straight line.
    for place, one in zip(spots, times, strict=True):
        metres = distance_m(*place, wrenfield["centre"]["lat"], wrenfield["centre"]["lon"])
        assert one.seconds + 1 >= metres / 12.0 * 0.98


def test_in_the_demo_city_the_river_changes_who_is_nearest(wrenfield: dict[str, Any], streets: StreetNetwork) -> None:
    spots = [(p["lat"], p["lon"]) for p in wrenfield["places"] if p["kind"] == "address"]
    posts = [(unit["lat"], unit["lon"]) for unit in wrenfield["units"] if unit["team"] == "star"]
    line = StraightLine()
    differs = 0
    for spot in spots[::10]:
        by_road, straight = streets.times(spot, posts), line.times(spot, posts)
        first = min(range(len(posts)), key=lambda nth: straight[nth].seconds)
        best = min(range(len(posts)), key=lambda nth: by_road[nth].seconds)
        differs += by_road[first].seconds > by_road[best].seconds + 60
    assert differs >= 5


def test_many_origins_at_once_have_the_times_that_each_has(wrenfield: dict[str, Any], streets: StreetNetwork) -> None:
    origins = [(place["lat"], place["lon"]) for place in wrenfield["places"][::3]] + [(50.0, -100.0)]
    with _service(_osrm_answer) as (base, _):
        service = RoutingService(f"osrm:{base}")
        service.ahead([NEAR], [HERE, FAR, (41.0, 0.0)])
        reached: list[tuple[TravelTimes, Sequence[Point], Sequence[Point]]] = [
            (streets, origins, [*origins[::40], (0.0, 0.0)]),
            (StraightLine(), origins, origins[::40]),
            (service, [HERE, FAR, (41.0, 0.0), (43.0, -100.0)], [NEAR]),
            (streets, [], origins[:1]),
            (StraightLine(), [], origins[:1]),
        ]
        for travel, starts, targets in reached:
            reach = travel.reach(starts)
            for target in targets:
                assert [round(one) for one in reach(target).tolist()] == [
                    one.seconds for one in travel.times(target, starts)
                ]


_POINTS = st.tuples(st.floats(41.39, 41.45), st.floats(-100.26, -100.16))


@settings(max_examples=30, deadline=None)
@given(one=_POINTS, other=_POINTS, between=_POINTS)
def test_there_and_back_take_the_same_and_no_detour_is_shorter(
    streets: StreetNetwork, one: Point, other: Point, between: Point
) -> None:
    def seconds(target: Point, origin: Point) -> int:
        return streets.times(target, [origin])[0].seconds

    assert seconds(one, other) == seconds(other, one)
    assert seconds(one, one) <= 2 * 60 * 2
    detour = seconds(one, between) + seconds(between, other)
    snapped = streets.times(between, [between])[0].seconds
    assert seconds(one, other) <= detour + snapped + 2


@pytest.fixture
def loaded(centre: Centre, wrenfield: dict[str, Any]) -> Iterator[Centre]:
    chosen._held.clear()
    streets_load(centre=centre, data=wrenfield, at=AT)
    yield centre
    chosen._held.clear()


def test_streets_are_loaded_once_and_read_by_the_engine(loaded: Centre, wrenfield: dict[str, Any]) -> None:
    before = set(StreetPiece.objects.values_list("pk", flat=True))
    assert len(before) == len(wrenfield["street_network"]["pieces"])
    streets_load(centre=loaded, data=wrenfield, at=AT)
    assert set(StreetPiece.objects.values_list("pk", flat=True)) == before
    travel = travel_for(loaded)
    assert travel is travel_for(loaded)
    [journey] = travel.times(HERE, [FAR])
    assert journey.how == ""
    assert journey == network_of(loaded).times(HERE, [FAR])[0]


def test_streets_that_change_are_replaced_and_read_anew(loaded: Centre, wrenfield: dict[str, Any]) -> None:
    old = travel_for(loaded)
    fewer = {"street_network": {**wrenfield["street_network"], "pieces": wrenfield["street_network"]["pieces"][:9]}}
    streets_load(centre=loaded, data=fewer, at=AT)
    assert StreetPiece.objects.count() == 9
    assert travel_for(loaded) is old
    chosen._held[loaded.pk].looked -= chosen.LOOK_AGAIN_S
    assert travel_for(loaded) is not old


def test_a_network_that_is_not_whole_is_refused(centre: Centre, wrenfield: dict[str, Any]) -> None:
    broken = {"street_network": {"crossings": [], "pieces": wrenfield["street_network"]["pieces"][:1]}}
    with pytest.raises(Refused, match="not whole"):
        streets_load(centre=centre, data=broken, at=AT)


def test_a_centre_without_streets_has_the_straight_line(centre: Centre) -> None:
    chosen._held.clear()
    assert isinstance(travel_for(centre), StraightLine)
    assert isinstance(network_of(centre), StraightLine)
    chosen._held.clear()


def test_a_routing_service_is_named_in_the_environment(centre: Centre, settings: Any) -> None:
    settings.ROUTING_URL = "valhalla:http://127.0.0.1:1"
    assert isinstance(travel_for(centre), RoutingService)
    assert travel_for(centre) is travel_for(centre)
    # A slip in it stops no engine, and each reason says what is wrong.
    settings.ROUTING_URL = "http://127.0.0.1:1"
    [journey] = travel_for(centre).times((41.5, -95.9), [(41.5, -95.8)])
    assert journey.how == "straight line, the routing service is not set up right"
