"""Units: positions, service, crews and shifts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.models import User
from accounts.problems import Refused
from live.models import Event
from responders.models import CrewMember, Shift, Unit, UnitHistory
from responders.selectors import shift_end, unit_of
from responders.services import crew_sign_on, unit_position, unit_service

ZONE = ZoneInfo("America/Chicago")
ALL_DAYS = list(range(7))


def _shift(starts: int, ends: int, days: list[int] | None = None) -> Shift:
    return Shift(days=ALL_DAYS if days is None else days, starts_hour=starts, ends_hour=ends)


@pytest.mark.parametrize(
    ("shifts", "at", "end"),
    [
        ([(8, 16)], datetime(2025, 6, 3, 18, tzinfo=UTC), datetime(2025, 6, 3, 21, tzinfo=UTC)),
        ([(8, 16)], datetime(2025, 6, 3, 21, tzinfo=UTC), None),
        ([(8, 16)], datetime(2025, 6, 3, 13, tzinfo=UTC), datetime(2025, 6, 3, 21, tzinfo=UTC)),
        ([(22, 6)], datetime(2025, 6, 3, 8, tzinfo=UTC), datetime(2025, 6, 3, 11, tzinfo=UTC)),
        ([(22, 6)], datetime(2025, 6, 3, 18, tzinfo=UTC), None),
        # The clocks go back at 02:00 on 2 November: the night shift is an hour longer.
        ([(22, 6)], datetime(2025, 11, 2, 4, tzinfo=UTC), datetime(2025, 11, 2, 12, tzinfo=UTC)),
        ([(8, 16), (16, 24)], datetime(2025, 6, 3, 18, tzinfo=UTC), datetime(2025, 6, 4, 5, tzinfo=UTC)),
        ([], datetime(2025, 6, 3, 18, tzinfo=UTC), None),
    ],
)
def test_the_end_of_the_running_shift(shifts: list[tuple[int, int]], at: datetime, end: datetime | None) -> None:
    assert shift_end([_shift(*one) for one in shifts], at, ZONE) == end


def test_a_shift_belongs_to_the_day_on_which_it_begins() -> None:
    monday_night = [_shift(22, 6, days=[0])]
    assert shift_end(monday_night, datetime(2025, 6, 3, 8, tzinfo=UTC), ZONE) is not None  # Tuesday 03:00
    assert shift_end(monday_night, datetime(2025, 6, 2, 8, tzinfo=UTC), ZONE) is None  # Monday 03:00


def test_a_unit_that_is_on_around_the_clock_is_never_about_to_go_off() -> None:
    at = datetime(2025, 6, 4, 4, 50, tzinfo=UTC)  # 23:50 local
    for shifts in ([_shift(0, 24)], [_shift(0, 8), _shift(8, 16), _shift(16, 24)]):
        end = shift_end(shifts, at, ZONE)
        assert end is not None
        assert end - at > timedelta(hours=12)


def test_an_older_position_changes_nothing(units: dict[str, Unit], at: datetime) -> None:
    unit = unit_position(unit=units["Star 1"], lat=41.4, lon=-95.8, by=None, at=at + timedelta(seconds=5))
    late = unit_position(unit=unit, lat=10.0, lon=10.0, by=None, at=at + timedelta(seconds=4))
    assert (late.lat, late.version) == (41.4, unit.version)
    with pytest.raises(Refused) as refused:
        unit_position(unit=unit, lat=91.0, lon=0.0, by=None, at=at)
    assert refused.value.field == "lat"
    assert Event.objects.filter(entity_id=unit.pk, kind="unit.position").count() == 1


def test_a_position_is_whole_or_not_at_all(units: dict[str, Unit]) -> None:
    with pytest.raises(IntegrityError, match="unit_position_whole"), transaction.atomic():
        Unit.objects.update(lat=None)


def test_going_out_of_service_needs_a_reason_and_is_kept(
    units: dict[str, Unit], people: dict[str, User], at: datetime
) -> None:
    unit, by = units["Star 1"], people["responder"]
    for service, reason, field in (("asleep", "x", "status"), ("out_of_service", " ", "reason")):
        with pytest.raises(Refused) as refused:
            unit_service(unit=unit, service=service, reason=reason, by=by, at=at)
        assert refused.value.field == field
    for _ in range(2):
        unit_service(unit=unit, service="out_of_service", reason="flat tyre", by=by, at=at)
    row = UnitHistory.objects.get(unit=unit)
    assert (row.from_state, row.to_state, row.reason) == ("in_service", "out_of_service", "flat tyre")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        UnitHistory.objects.update(reason="none")


def test_a_person_is_on_one_unit_at_a_time(units: dict[str, Unit], people: dict[str, User], at: datetime) -> None:
    person = people["responder"]
    assert unit_of(person) == units["Star 1"]
    member = crew_sign_on(unit=units["Star 2"], user=person, by=person, at=at)
    assert crew_sign_on(unit=units["Star 2"], user=person, by=person, at=at).pk == member.pk
    assert unit_of(person) == units["Star 2"]
    assert CrewMember.objects.get(unit=units["Star 1"], user=person).until == at
    with pytest.raises(IntegrityError, match="person_on_one_unit_at_a_time"), transaction.atomic():
        CrewMember.objects.create(unit=units["Star 1"], user=person, since=at)
