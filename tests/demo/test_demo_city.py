"""The demo city: the same bytes each time, and a place that holds together."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from shapely.geometry import LineString, Point, shape
from shapely.ops import unary_union

from demo import city
from people.models import PROFILE_DETAILS

THIRTEEN = {
    "advocates", "albuquerque_acs", "aurora_amrt", "chicago_care", "tucson_mhst", "plymouth_county_outreach",
    "alexandria_social_workers", "steer", "austin_c3", "cahoots", "edmonton_crisis_diversion", "smart911", "star",
}  # fmt: skip
"""The systems that the source guide names."""

LOCATION_TYPES = {
    "public_outdoor", "public_building", "private_residence", "vehicle", "encampment", "school", "roadway", "bridge",
    "health_facility", "transit", "hotel", "group_home", "phone_only",
}  # fmt: skip


@pytest.fixture(scope="module")
def centre() -> dict[str, Any]:
    return city.build()


def _shapes(centre: dict[str, Any], key: str) -> dict[str, Any]:
    return {feature["properties"]["name"]: shape(feature["geometry"]) for feature in centre[key]["features"]}


def test_the_same_seed_gives_the_same_bytes_in_another_process(centre: dict[str, Any]) -> None:
    printed = subprocess.run([sys.executable, "-m", "demo.city"], capture_output=True, check=True, text=True).stdout
    assert printed == city.encode(centre)
    assert city.encode(city.build(8)) != printed


def test_everything_is_marked_simulated(centre: dict[str, Any]) -> None:
    assert centre["format"] == "centre/1"
    assert centre["centre"]["simulated"] is True
    assert all(agency["simulated"] is True for agency in centre["agencies"])


def test_size(centre: dict[str, Any]) -> None:
    kinds = Counter(place["kind"] for place in centre["places"])
    assert kinds["address"] == 3000
    assert kinds["common_place"] >= 40
    assert kinds["street"] == len(centre["streets"]["features"]) == 120
    assert kinds["intersection"] > 1000
    assert len(centre["districts"]["features"]) == 6
    assert len(centre["beats"]["features"]) == 24


def test_places_are_unique_typed_and_inside(centre: dict[str, Any]) -> None:
    labels = Counter((place["kind"], place["label"]) for place in centre["places"])
    assert [key for key, times in labels.items() if times > 1] == []
    beats = {
        feature["properties"]["name"]: feature["properties"]["district"] for feature in centre["beats"]["features"]
    }
    boundary = shape(centre["boundary"]["features"][0]["geometry"]).buffer(1e-4)
    for place in centre["places"]:
        assert place["location_type"] in LOCATION_TYPES | {""}, place
        assert beats[place["beat"]] == place["district"], place
        assert boundary.contains(Point(place["lon"], place["lat"])), place
    untyped = {place["kind"] for place in centre["places"] if not place["location_type"]}
    assert untyped == {"block", "street"}


def test_a_place_lies_in_the_beat_that_it_names(centre: dict[str, Any]) -> None:
    beats = _shapes(centre, "beats")
    for place in centre["places"][::17]:
        # 2e-6 degrees: rounding of the corners.
        assert beats[place["beat"]].distance(Point(place["lon"], place["lat"])) < 2e-6, place


def test_beats_tile_the_city(centre: dict[str, Any]) -> None:
    beats = _shapes(centre, "beats")
    boundary = shape(centre["boundary"]["features"][0]["geometry"])
    assert sum(beat.area for beat in beats.values()) == pytest.approx(boundary.area, rel=1e-4)
    assert unary_union(list(beats.values())).area == pytest.approx(boundary.area, rel=1e-4)
    assert all(beat.is_valid and not beat.is_empty for beat in beats.values())


def test_only_bridges_cross_the_river(centre: dict[str, Any]) -> None:
    river = shape(centre["river"]["features"][0]["geometry"])
    crossing = {name for name, street in _shapes(centre, "streets").items() if street.intersects(river)}
    bridges = {place["label"] for place in centre["places"] if place["location_type"] == "bridge"}
    assert {f"{name.removesuffix(' Ave')} Avenue Bridge" for name in crossing} == bridges
    assert len(bridges) == 3
    dry = [place for place in centre["places"] if place["kind"] == "address"]
    assert [place for place in dry if river.contains(Point(place["lon"], place["lat"]))] == []


def test_house_numbers_rise_along_a_street(centre: dict[str, Any]) -> None:
    numbers = sorted(
        (place["lon"], int(place["label"].split()[0]))
        for place in centre["places"]
        if place["kind"] == "address" and place["label"].endswith(" Fern St")
    )
    assert len(numbers) > 10
    hundreds = [number // 100 for _, number in numbers]
    assert hundreds == sorted(hundreds)


def test_streets_are_lines_with_numbers(centre: dict[str, Any]) -> None:
    for feature in centre["streets"]["features"]:
        assert feature["properties"]["from_number"] < feature["properties"]["to_number"]
        for line in feature["geometry"]["coordinates"]:
            assert LineString(line).is_simple


def test_references_hold(centre: dict[str, Any]) -> None:
    agencies = {agency["slug"] for agency in centre["agencies"]}
    people = Counter(person["username"] for person in centre["people"])
    teams = {team["slug"] for team in centre["teams"]}
    units = {unit["call_sign"] for unit in centre["units"]}
    presets = {program["preset"] for program in centre["programs"]}
    assert max(people.values()) == 1
    assert presets == THIRTEEN
    assert {team["program"] for team in centre["teams"]} == presets - {"smart911"}
    assert {unit["team"] for unit in centre["units"]} - {None} == {team["slug"] for team in centre["teams"]}
    for record in [*centre["people"], *centre["programs"], *centre["teams"], *centre["units"]]:
        assert record["agency"] in agencies
    for unit in centre["units"]:
        assert unit["team"] is None or unit["team"] in teams
        assert unit["crew"]
        assert all(people[username] == 1 for username in unit["crew"])
        assert unit["exclusive"] is (unit["capacity_at_once"] == 1)
    crews = Counter(username for unit in centre["units"] for username in unit["crew"])
    assert max(crews.values()) == 1
    assert {shift["unit"] for shift in centre["shifts"]} == units
    addresses = {place["label"] for place in centre["places"] if place["kind"] == "address"}
    assert {premise["label"] for premise in centre["premises"]} <= addresses
    assert all(person["roles"][0] == person["role"] for person in centre["people"])


@pytest.mark.parametrize("hour", range(24))
def test_every_program_has_a_unit_on_shift_at_every_hour(centre: dict[str, Any], hour: int) -> None:
    on_shift = {s["unit"] for s in centre["shifts"] if s["starts_hour"] <= hour < s["ends_hour"]}
    teams = {unit["team"] for unit in centre["units"] if unit["call_sign"] in on_shift}
    kinds = {unit["kind"] for unit in centre["units"] if unit["call_sign"] in on_shift}
    assert {team["slug"] for team in centre["teams"]} <= teams
    assert {"police", "ems", "fire"} <= kinds
    assert ("Star 5" in on_shift) is (6 <= hour < 22)


def test_telephones_are_fictional(centre: dict[str, Any]) -> None:
    assert all(re.fullmatch(r"\+130855501\d\d", phone["number"]) for phone in centre["phones"])
    assert any(phone["carrier_location"] is None for phone in centre["phones"])
    assert all(re.fullmatch(r"\+130855501\d\d", profile["phone"]) for profile in centre["profiles"])
    codes = {detail["code"] for profile in centre["profiles"] for detail in profile["details"]}
    assert codes <= set(PROFILE_DETAILS), "a safety profile says only what the product has words for"


def test_a_caution_has_run_out_and_one_is_about_to(centre: dict[str, Any]) -> None:
    left = sorted(caution["expires_in_days"] for premise in centre["premises"] for caution in premise["cautions"])
    assert left[0] < 0
    assert 0 < left[1] <= 7
