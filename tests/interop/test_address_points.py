"""Address points: CSV and GeoJSON are understood, bad rows are named, repeating changes nothing."""

import json
from datetime import datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditRow, Centre
from interop.address_points.reader import AddressPoint, BadPoint, FileRefused, read
from people.models import Place
from people.selectors import places_search
from tests import factories

LAT, LON = factories.LAT, factories.LON
CSV = f"""LON,LAT,NUMBER,STREET,UNIT,CITY
{LON},{LAT},77,Quarry Rd,,Town
{LON},{LAT},77,Quarry Rd,B,Town
{LON},{LAT},77,Quarry Rd,,Town
x,{LAT},78,Quarry Rd,,Town
0,0,79,Quarry Rd,,Town
{LON},{LAT},,,,Town
{LON},{LAT},80
"""


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_register_is_understood_row_by_row(tmp_path: Path) -> None:
    rows = list(read(_file(tmp_path, "a.csv", CSV)))
    assert [row.label for row in rows if isinstance(row, AddressPoint)] == [
        "77 Quarry Rd", "77 Quarry Rd Unit B", "77 Quarry Rd",
    ]  # fmt: skip
    bad = {row.line: row.reason for row in rows if isinstance(row, BadPoint)}
    assert bad[5] == "lat or lon is not a number"
    assert "WGS84" in bad[6]
    assert bad[7] == "no address"
    assert bad[8] == "3 cells under 6 columns"


@pytest.mark.parametrize("lines", [False, True], ids=["collection", "a feature a line"])
def test_geojson_is_understood(tmp_path: Path, lines: bool) -> None:
    point = {"type": "Point", "coordinates": [LON, LAT]}
    features = [
        {"type": "Feature", "geometry": point, "properties": {"Full_Address": "9 Mill Ln"}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {"label": "x"}},
    ]
    text = (
        "\n".join(map(json.dumps, features))
        if lines
        else json.dumps({"type": "FeatureCollection", "features": features})
    )
    good, bad = read(_file(tmp_path, "a.geojson", text))
    assert good == AddressPoint(1, "address", "9 Mill Ln", LAT, LON)
    assert bad == BadPoint(2, "the geometry is not a point")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.xlsx", "", "Export the layer"),
        ("a.csv", "street,number\n", "no columns lat and lon"),
        ("a.csv", "lat,lon\n", "neither a column label"),
        ("a.json", "{nope", "not valid JSON"),
        ("a.json", "{}", "no GeoJSON feature collection"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(FileRefused, match=says):
        list(read(_file(tmp_path, name, text)))


@pytest.mark.django_db
def test_points_become_places_once_and_move_when_they_move(tmp_path: Path, centre: Centre, at: datetime) -> None:
    file = _file(tmp_path, "a.csv", CSV)

    def run() -> str:
        out = StringIO()
        call_command("import_places", str(file), centre=centre.slug, stdout=out)
        return out.getvalue()

    before = Place.objects.count()
    assert run().startswith("2 new, 0 moved, 0 as before, 4 rejected; 0 of")
    assert Place.objects.count() == before + 2
    assert [place.beat for place in places_search(centre=centre, text="77 quarry")] == ["A1", "A1"]
    assert run().startswith("0 new, 0 moved, 2 as before")
    file.write_text(CSV.replace(str(LAT), str(LAT + 40)), encoding="utf-8")
    assert run().startswith("0 new, 2 moved, 0 as before, 4 rejected; 2 of the new and moved lie in no beat")
    assert AuditRow.objects.filter(action="gazetteer.import").count() == 3
    with pytest.raises(CommandError, match="Say which centre"):
        call_command("import_places", str(file), centre="elsewhere")
