"""The gazetteer, areas, cautions and numbers."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Centre
from accounts.problems import Refused
from people.geometry import box_around, covers, distance_m
from people.models import Caution, Phone, Premise
from people.selectors import area_of, cautions_at, normalise, places_search
from people.services import caution_add, number_parse, phone_record
from tests import factories


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("14 alder", "14 Alder St"),
        ("14 Alder Street", "14 Alder St"),
        ("elm park", "Elm Park"),
        ("libary", "Town Library"),
        ("alder & main", "Alder St & Main St"),
        ("alder st / main st", "Alder St & Main St"),
    ],
)
def test_a_place_is_found_as_people_type_it(centre: Centre, typed: str, label: str) -> None:
    assert label in [place.label for place in places_search(centre=centre, text=typed)]


def test_the_exact_entry_is_first_and_other_centres_are_not_searched(centre: Centre, at: datetime) -> None:
    other = factories.a_centre(at=at, slug="otherton")
    found = places_search(centre=other, text="14 Alder St")
    assert (found[0].label, found[0].centre_id) == ("14 Alder St", other.pk)
    assert {place.centre_id for place in found} == {other.pk}
    assert places_search(centre=centre, text="1") == []
    assert places_search(centre=centre, text="zzzz qqqq") == []
    assert normalise("  North Main Street at Elm Avenue ") == "n main st & elm ave"


def test_a_beat_is_found_by_its_area_edge_included(centre: Centre) -> None:
    for lat, lon, beat in (
        (factories.LAT, factories.LON, "A1"),
        (factories.LAT + factories.HALF, factories.LON, "A1"),
        (factories.LAT + 1, factories.LON, ""),
    ):
        assert area_of(centre=centre, kind="beat", lat=lat, lon=lon) == beat
    assert area_of(centre=centre, kind="water", lat=factories.LAT, lon=factories.LON) == ""


def test_cautions_stand_at_their_place_and_nearby_until_they_expire(centre: Centre, at: datetime) -> None:
    dog = factories.a_caution(centre, at=at, severity="warn")
    gun = factories.a_caution(centre, at=at, text="Rifle in the hall", severity="danger")
    home = factories.a_place(centre, factories.HOME)
    here = cautions_at(centre=centre, lat=home.lat, lon=home.lon, place=home, at=at)
    assert [one.pk for one in here] == [gun.pk, dog.pk]
    near = cautions_at(centre=centre, lat=home.lat + 0.0002, lon=home.lon, at=at)
    assert len(near) == 2
    assert cautions_at(centre=centre, lat=home.lat + 0.0004, lon=home.lon, at=at) == []
    assert cautions_at(centre=centre, lat=None, lon=None, at=at) == []
    assert len(cautions_at(centre=centre, lat=None, lon=None, place=home, at=at)) == 2
    assert cautions_at(centre=centre, lat=home.lat, lon=home.lon, place=home, at=at + timedelta(days=30)) == []
    other = factories.a_centre(at=at, slug="otherton")
    assert cautions_at(centre=other, lat=home.lat, lon=home.lon, place=home, at=at) == []


def test_a_caution_says_what_and_always_ends(centre: Centre, at: datetime) -> None:
    premise = Premise.objects.create(centre=centre, label="x", lat=1.0, lon=1.0)
    for text, days, field in ((" ", 5, "text"), ("dog", 0, "days"), ("dog", 731, "days")):
        with pytest.raises(Refused) as refused:
            caution_add(
                centre=centre,
                premise=premise,
                text=text,
                kind="animal",
                severity="info",
                source="x",
                days=days,
                by=None,
                at=at,
            )
        assert refused.value.field == field
    with pytest.raises(IntegrityError, match="caution_expires"), transaction.atomic():
        Caution.objects.create(
            centre=centre, premise=premise, text="x", kind="x", severity="info", added_at=at, expires_at=at
        )
    with pytest.raises(IntegrityError, match="caution_has_one_subject"), transaction.atomic():
        Caution.objects.create(
            centre=centre, text="x", kind="x", severity="info", added_at=at, expires_at=at + timedelta(1)
        )


def test_a_number_is_one_row_and_comes_back_after_it_was_erased(centre: Centre, at: datetime) -> None:
    one = phone_record(centre=centre, number="212 555 0123", at=at)
    assert phone_record(centre=centre, number="+1 (212) 555-0123", at=at).pk == one.pk
    assert "212" not in one.number_hash
    Phone.objects.update(number="")
    assert phone_record(centre=centre, number="2125550123", at=at).number == "+12125550123"
    assert number_parse("+49 30 123456") == "+4930123456"


_LAT = st.floats(-80, 80)
_LON = st.floats(-170, 170)


@settings(max_examples=100, deadline=None)
@given(lat=_LAT, lon=_LON, dlat=st.floats(-0.002, 0.002), dlon=st.floats(-0.002, 0.002))
def test_the_first_cut_never_loses_a_point_within_the_radius(lat: float, lon: float, dlat: float, dlon: float) -> None:
    radius = 150.0
    south, north, west, east = box_around(lat, lon, radius)
    other = (lat + dlat, lon + dlon)
    if distance_m(lat, lon, *other) <= radius:
        assert south - 1e-9 <= other[0] <= north + 1e-9
        assert west - 1e-9 <= other[1] <= east + 1e-9


def test_distances_are_of_the_earth_not_of_degrees() -> None:
    assert distance_m(45.0, -90.0, 45.01, -90.0) == pytest.approx(1112, abs=1)
    assert distance_m(45.0, -90.0, 45.0, -89.99) == pytest.approx(786, abs=1)
    assert distance_m(0.0, 179.999, 0.0, -179.999) == pytest.approx(222, abs=1)
    assert not covers(factories.TOWN, factories.LAT, factories.LON + 0.02)
