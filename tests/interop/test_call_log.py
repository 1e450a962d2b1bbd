"""Call logs: the mapping and the reader without a database, and the replay on the real one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Agency, Centre, Role, RoleGrant, User
from dispatch.models import Call
from dispatch.models.call import Channel
from interop.call_log.mapping import LogMap, MapError, hour_of, load_map
from interop.call_log.reader import BadRow, LogRow, as_csv, read
from triage import natures

SLUGS = frozenset(nature.slug for nature in natures.load().natures)
CHANNELS = frozenset(Channel.values)
HEADER = "incident_number,call_type,call_time,Street,call_origin,Latitude,Longitude,Hour,DayOfWeek\n"
GOOD = "22BU000002,Welfare Check,2021-12-31T20:08:55-05:00,Main St,911,44.4754,-73.1971,1 am,Saturday\n"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def burlington() -> LogMap:
    return load_map("burlington_2022", natures=SLUGS, channels=CHANNELS)


def _read(text: str, log_map: LogMap) -> list[LogRow | BadRow]:
    return list(read(StringIO(text), log_map))


def test_the_shifted_clock_is_put_right(burlington: LogMap) -> None:
    (row,) = _read(HEADER + GOOD, burlington)
    assert isinstance(row, LogRow)
    # Written 20:08:55 on 31 December; true local time is 01:08:55 on 1 January, five hours behind UTC.
    assert row.at == datetime(2022, 1, 1, 6, 8, 55, tzinfo=UTC)
    summer = "x,Noise,2022-04-01T20:00:00-04:00,Main St,911,44.4,-73.1,12 am,Saturday\n"
    (row,) = _read(HEADER + summer, burlington)
    assert isinstance(row, LogRow)
    assert row.at == datetime(2022, 4, 2, 4, 0, tzinfo=UTC)


def test_a_good_row_says_what_the_log_said(burlington: LogMap) -> None:
    (row,) = _read(HEADER + GOOD, burlington)
    assert isinstance(row, LogRow)
    assert (row.line, row.external_id, row.channel, row.nature) == (2, "22BU000002", "911", "welfare_check")
    assert (row.place, row.lat, row.lon) == ("Main St", 44.4754, -73.1971)


def test_what_has_no_counterpart_comes_in_without_a_nature(burlington: LogMap) -> None:
    text = HEADER + GOOD.replace("Welfare Check", "Fraud") + GOOD.replace("22BU000002,Welfare Check", "2,Moon Landing")
    fraud, landing = _read(text, burlington)
    assert isinstance(fraud, LogRow)
    assert isinstance(landing, LogRow)
    assert (fraud.nature, fraud.known, fraud.local_nature) == (None, True, "Fraud")
    assert (landing.nature, landing.known, landing.local_nature) == (None, False, "Moon Landing")


def test_a_withheld_place_is_said_to_be_withheld(burlington: LogMap) -> None:
    (row,) = _read(HEADER + GOOD.replace("Main St", "NA").replace("44.4754,-73.1971", "NA,NA"), burlington)
    assert isinstance(row, LogRow)
    assert (row.place, row.lat, row.lon) == ("Place withheld at the source", None, None)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("22BU000002", "NA", "no number of the call"),
        ("22BU000002", "9" * 81, "longer than 80"),
        ("2021-12-31T20:08:55-05:00", "yesterday", "time “yesterday”"),
        ("20:08:55-05:00", "20:08:55-07:00", "no rule for the time offset -07:00"),
        ("20:08:55-05:00", "20:08:55", "no rule for the time offset (none)"),
        ("1 am", "2 am", "the log says “2 am”, the time rule gives 01:08"),
        ("1 am", "25", "is not an hour"),
        ("Saturday", "Friday", "the log says Friday, the time rule gives Saturday"),
        (",911,", ",NA,", "way of contact “” is not in the mapping"),
        ("44.4754", "nan", "not on the earth"),
        ("44.4754", "144.4754", "not on the earth"),
        ("44.4754", "north", "not two numbers"),
        ("44.4754", "NA", "not two numbers"),
        (",Saturday", "", "1 fewer cells"),
        ("Saturday", "Saturday,x,y", "2 more cells"),
    ],
)
def test_a_bad_row_is_kept_with_its_line_and_reason(burlington: LogMap, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    bad, good = _read(HEADER + GOOD.replace(old, new) + GOOD, burlington)
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert reason in bad.reason
    assert "Welfare Check" in bad.cells
    assert isinstance(good, LogRow)


def test_the_same_number_twice_in_one_file_is_reported(burlington: LogMap) -> None:
    _, second = _read(HEADER + GOOD + GOOD, burlington)
    assert isinstance(second, BadRow)
    assert second.reason == "number 22BU000002 stands in line 2 already"


def test_line_numbers_hold_behind_a_cell_of_several_lines_and_blank_lines(burlington: LogMap) -> None:
    text = HEADER + GOOD.replace("Main St", '"Main St\nupstairs"') + "\n" + GOOD.replace("911", "carrier pigeon")
    first, second = _read(text, burlington)
    assert first.line == 2
    assert second.line == 5
    assert isinstance(second, BadRow)


def test_a_file_without_a_mapped_column_is_refused(burlington: LogMap) -> None:
    with pytest.raises(MapError, match="no column call_time"):
        _read(HEADER.replace("call_time", "when") + GOOD, burlington)


@settings(deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=10), max_size=6))
def test_no_row_is_ever_lost_whatever_it_holds(rows: list[list[str]]) -> None:
    log_map = load_map("burlington_2022", natures=SLUGS, channels=CHANNELS)
    text = HEADER + "".join(as_csv(cells) for cells in rows)
    out = list(read(StringIO(text, newline=""), log_map))
    written = [cells for cells in rows if any(cell.strip() for cell in cells)]
    assert len(out) == len(written)


def test_hours_are_read_in_both_ways() -> None:
    assert [hour_of(text) for text in ("12 am", "1 am", "12 pm", "3 pm", "15", "15:30")] == [0, 1, 12, 15, 15, 15]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("America/New_York", "Mars/Olympus", "time.zone"),
        ("Noise: noise_complaint", "Noise: loudness", "not natures or channels of ours: loudness"),
        ("Phone: non_emergency", "Phone: pigeon", "not natures or channels of ours: pigeon"),
        ("columns:", "colums:", "columns: Field required"),
        ("about:", "about: [", "not YAML"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    from interop.call_log.mapping import SHIPPED

    text = (SHIPPED / "burlington_2022.yaml").read_text()
    assert old in text
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace(old, new, 1))
    with pytest.raises(MapError) as refusal:
        load_map(broken, natures=SLUGS, channels=CHANNELS)
    assert message in str(refusal.value)


def test_an_unknown_map_names_the_shipped_ones() -> None:
    with pytest.raises(MapError, match="burlington_2022"):
        load_map("atlantis", natures=SLUGS, channels=CHANNELS)


# -- on the database --------------------------------------------------------------------------------


@pytest.fixture
def centre(db: None) -> Centre:
    made = Centre.objects.create(
        slug="training", name="Training", time_zone="America/New_York", simulated=True, created_at=NOW
    )
    agency = Agency.objects.create(centre=made, slug="ecc", name="ECC", kind="centre", simulated=True)
    person = User.objects.create(username="taker", centre=made, agency=agency)
    RoleGrant.objects.create(user=person, role=Role.CALL_TAKER)
    return made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(
        HEADER
        + GOOD
        + GOOD.replace("22BU000002,Welfare Check", "22BU000003,Overdose")
        + GOOD.replace("22BU000002,Welfare Check", "22BU000004,Fraud")
        + GOOD.replace("22BU000002", "22BU000005").replace("911", "NA")
    )
    return path


def _replay(log: Path, **options: object) -> str:
    said = StringIO()
    call_command("replay", log, map="burlington_2022", rejects=log.with_suffix(".rejects"), stdout=said, **options)
    return said.getvalue()


def test_rows_go_through_intake_and_bad_ones_are_kept(centre: Centre, log: Path) -> None:
    said = _replay(log)
    assert "4 rows read: 3 taken, 0 already there, 1 bad" in said
    assert "line 5: way of contact “” is not in the mapping" in said
    assert "“Fraud” has no counterpart: 1 rows" in said
    assert "22BU000005" in log.with_suffix(".rejects").read_text()
    calls = {call.external_id: call for call in Call.objects.filter(centre=centre).select_related("incident")}
    assert set(calls) == {f"burlington_2022:22BU00000{n}" for n in (2, 3, 4)}
    welfare = calls["burlington_2022:22BU000002"]
    assert welfare.received_at == datetime(2022, 1, 1, 6, 8, 55, tzinfo=UTC)
    assert (welfare.incident.nature, welfare.local_nature) == ("welfare_check", "Welfare Check")
    assert welfare.incident.locations.latest().text == "Main St"
    fraud = calls["burlington_2022:22BU000004"]
    assert (fraud.incident.nature, fraud.local_nature) == ("", "Fraud")
    for call in calls.values():
        assert (call.state, call.incident.state, call.incident.outcome) == ("ended", "closed", "handed_off")
        number = call.external_id.split(":")[1]
        assert set(call.incident.handoffs.values_list("receiver_number", flat=True)) == {number}


def test_a_second_import_takes_nothing_twice(centre: Centre, log: Path) -> None:
    _replay(log, limit=2)
    assert "1 taken, 2 already there" in _replay(log)
    assert Call.objects.filter(centre=centre).count() == 3


def test_played_live_the_calls_come_now_and_wait_for_the_floor(centre: Centre, log: Path) -> None:
    before = datetime.now(UTC)
    _replay(log, speed=1e6)
    calls = list(Call.objects.filter(centre=centre).select_related("incident"))
    assert all(call.received_at >= before for call in calls)
    assert Counter(call.incident.state for call in calls) == {"transferred": 3}
    assert all(call.incident.handoffs.filter(state="requested").exists() for call in calls)


def test_a_real_centre_is_refused_untouched(centre: Centre, log: Path) -> None:
    real = Centre.objects.create(slug="real", name="Real", time_zone="America/New_York", created_at=NOW)
    with pytest.raises(CommandError, match="not marked simulated"):
        _replay(log, centre="real")
    assert not Call.objects.filter(centre=real).exists()


def test_says_what_is_missing(centre: Centre, log: Path) -> None:
    with pytest.raises(CommandError, match="no centre “nowhere”"):
        _replay(log, centre="nowhere")
    with pytest.raises(CommandError, match="No call taker “nobody”"):
        _replay(log, username="nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        _replay(log.with_name("absent.csv"))
    with pytest.raises(CommandError, match="above zero"):
        _replay(log, speed=0)
