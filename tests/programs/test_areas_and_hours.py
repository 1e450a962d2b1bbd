"""Areas from GeoJSON and hours in OSM notation: what is refused, where, and what the clocks do."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.problems import Refused
from people.geometry import covers
from programs.areas import composed, parts_read, share_covered, size_km2
from programs.hours import WeekTable, clock_nights, ever_open, hours_of, next_change, notation_of, open_at, week_table

SQUARE = [[-95.0, 41.0], [-94.0, 41.0], [-94.0, 42.0], [-95.0, 42.0], [-95.0, 41.0]]
BOW = [[-95.0, 41.0], [-94.0, 42.0], [-94.0, 41.0], [-95.0, 42.0], [-95.0, 41.0]]
CHICAGO = ZoneInfo("America/Chicago")


def polygon(ring: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


BAD: list[tuple[str, str]] = [
    ("{", r"not GeoJSON: .*line 1, column 2"),
    ("[]", "something else"),
    ("[" * 100_000, "nested too deeply|not GeoJSON"),
    (json.dumps({"type": "FeatureCollection", "features": []}), "no polygon"),
    (json.dumps({"type": "LineString", "coordinates": SQUARE}), "A LineString is no area"),
    (json.dumps(polygon(BOW)), r"shape 1: the outline crosses itself at longitude -94.50000, latitude 41.50000"),
    (json.dumps(polygon(SQUARE[:2])), "four corners"),
    (json.dumps(polygon([SQUARE[0]] * 4)), "no inside"),
    (json.dumps(polygon([[a, b] for b, a in SQUARE])), "on the globe.*exchanged"),
    (json.dumps(polygon([["a", "b"]])), "shape 1"),
    (json.dumps({"type": "Feature", "properties": {"name": "Hills"}, "geometry": polygon(BOW)}), r"\(Hills\)"),
    (json.dumps({"type": "Feature", "properties": None, "geometry": None}), "no geometry"),
    ('{"type": "Polygon", "coordinates": [[[NaN, 1], [2, 3]]]}', "longitude and latitude"),
    ("x" * 2_000_001, "larger than 2 MB"),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_area_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        parts_read(text)


def test_parts_include_and_cut_out() -> None:
    north = [[-95.0, 41.5], [-94.0, 41.5], [-94.0, 42.0], [-95.0, 42.0], [-95.0, 41.5]]
    features = [
        {"type": "Feature", "properties": {"name": "All"}, "geometry": polygon(SQUARE)},
        {"type": "Feature", "properties": {}, "geometry": polygon(north)},
    ]
    whole, hole = parts_read(json.dumps({"type": "FeatureCollection", "features": features}))
    assert (whole["name"], hole["name"]) == ("All", "Shape 2")
    area = composed([whole, {**hole, "mode": "exclude"}])
    assert covers(area, 41.2, -94.5)
    assert not covers(area, 41.8, -94.5)
    assert share_covered(area, polygon(SQUARE)) == pytest.approx(0.5)
    assert size_km2(polygon(SQUARE)) == pytest.approx(9224, rel=0.01)


def test_open_past_midnight_on_both_clock_nights() -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    spring, autumn = clock_nights("Mo-Su 22:00-02:00", at, CHICAGO)
    assert (spring.day.isoformat(), spring.forward, spring.open_hours) == ("2026-03-08", True, 4.0)
    assert spring.words == "22:00 CST to 03:00 CDT"
    assert (autumn.day.isoformat(), autumn.forward, autumn.open_hours) == ("2026-11-01", False, 5.0)
    assert autumn.words == "22:00 CDT to 02:00 CST"
    # 01:30 happens twice in autumn, and both are open; in spring 02:30 never happens.
    for instant in ("2026-11-01T06:30:00+00:00", "2026-11-01T07:30:00+00:00"):
        assert open_at("Mo-Su 22:00-02:00", datetime.fromisoformat(instant), CHICAGO)
    assert not open_at("Mo-Su 22:00-02:00", datetime.fromisoformat("2026-11-01T08:00:00+00:00"), CHICAGO)
    change = next_change("Mo-Su 22:00-02:00", datetime.fromisoformat("2026-11-01T06:30:00+00:00"), CHICAGO)
    assert change is not None
    assert change.hour == 2


def test_public_holidays_are_those_of_the_centres_country() -> None:
    noon = "T18:00:00+00:00"
    fourth, dominion = datetime.fromisoformat(f"2026-07-03{noon}"), datetime.fromisoformat(f"2026-07-01{noon}")
    edmonton = ZoneInfo("America/Edmonton")
    assert open_at("Mo-Su 08:00-20:00; PH off", dominion, CHICAGO)
    assert not open_at("Mo-Su 08:00-20:00; PH off", dominion, edmonton)
    assert open_at("Mo-Su 08:00-20:00; PH off", fourth, edmonton)


def test_hours_that_never_open() -> None:
    at = datetime(2026, 2, 1, tzinfo=UTC)
    assert not ever_open("off", at, CHICAGO)
    assert not ever_open("2020 Mo 08:00-10:00", at, CHICAGO)
    assert ever_open("Dec 25 10:00-12:00", at, CHICAGO)


@pytest.mark.parametrize(
    ("notation", "again"),
    [
        ("24/7", "24/7"),
        ("Mo-Fr 09:00-17:00; PH off; Dec 24 10:00-12:00", "Mo-Fr 09:00-17:00; PH off; Dec 24 10:00-12:00"),
        ("Mo,We 08:00-10:00,12:00-14:00", "Mo 08:00-10:00,12:00-14:00; We 08:00-10:00,12:00-14:00"),
        ("Fr-Mo 22:00-02:00", "Mo 22:00-02:00; Fr-Su 22:00-02:00"),
        ("off", "off"),
    ],
)
def test_the_week_goes_out_and_in(notation: str, again: str) -> None:
    table = week_table(notation)
    assert table is not None
    assert notation_of(table) == again


def test_what_the_table_cannot_say_it_does_not_show() -> None:
    assert week_table("Mo-Fr 09:00-17:00; PH off; Sa 09:00-12:00") is None
    with pytest.raises(ValueError, match="Tuesday: write spans"):
        notation_of(WeekTable(["", "9 to 5", "", "", "", "", ""]))
    with pytest.raises(ValueError, match="exception 'xmas'"):
        notation_of(WeekTable([""] * 7, ["xmas"]))


_clock = st.integers(0, 23 * 60 + 59).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
_span = st.tuples(_clock, _clock).filter(lambda pair: pair[0] != pair[1]).map("-".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.just(""), _span), min_size=7, max_size=7))
def test_every_week_means_the_same_after_a_round_trip(days: list[str]) -> None:
    notation = notation_of(WeekTable(days))
    table = week_table(notation)
    assert table is not None
    assert notation_of(table) == notation
    assert [day.replace(" ", "") for day in table.days] == days or notation == "24/7"
    hours_of(notation)
