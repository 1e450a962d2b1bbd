"""Positions of trackers: what each kind sends, in which unit of speed, and what is not taken."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch.models import Assignment
from dispatch.services.assignments import assignment_act
from interop.avl import formats
from interop.avl.formats import Fix
from interop.avl.services import device_create, device_revoke, fix_take, server_create, server_revoke
from interop.models import AvlDevice, AvlServer
from programs.models import ProgramVersion
from responders.models import Unit
from responders.selectors import heard_at
from tests import factories

LAT, LON = factories.LAT, factories.LON
Tracker = tuple[AvlDevice, str]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def tracker(centre: Centre, people: dict[str, User], units: dict[str, Unit], now: datetime) -> Tracker:
    """A tracker with a token of its own on Star 1."""
    Unit.objects.update(position_at=now - timedelta(hours=1))
    return device_create(
        centre=centre, unit=units["Star 1"], name="Van 1", by=people["system_administrator"], at=now
    )  # fmt: skip


def _unit(name: str = "Star 1") -> Unit:
    return Unit.objects.get(call_sign=name)


# Traccar's forwarded JSON: knots. 25.9179 kn are 48 km/h.
TRACCAR: dict[str, Any] = {
    "position": {
        "id": 18336,
        "attributes": {"batteryLevel": 80.0, "distance": 12.4, "motion": True},
        "deviceId": 7,
        "protocol": "osmand",
        "serverTime": "2025-06-03T18:00:02.100+00:00",
        "deviceTime": "2025-06-03T18:00:00.000+00:00",
        "fixTime": "2025-06-03T18:00:00.000+00:00",
        "outdated": False,
        "valid": True,
        "latitude": LAT,
        "longitude": LON,
        "altitude": 114.0,
        "speed": 25.9179,
        "course": 90.5,
        "address": None,
        "accuracy": 0.0,
        "network": None,
        "geofenceIds": None,
    },
    "device": {"id": 7, "attributes": {}, "name": "Van 7", "uniqueId": "48241179", "status": "online"},
}
CLIENT_JSON: dict[str, Any] = {
    "location": {
        "timestamp": "2025-06-03T18:00:00.000Z",
        "coords": {
            "latitude": LAT, "longitude": LON, "accuracy": 5, "speed": 13.5, "heading": 359.6, "altitude": 12,
        },
        "is_moving": True,
        "odometer": 1200,
        "event": "motionchange",
        "battery": {"level": 0.8, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {},
    },
    "device_id": "48241179",
}  # fmt: skip
OWNTRACKS: dict[str, Any] = {
    "_type": "location", "tid": "V1", "lat": LAT, "lon": LON, "tst": 1748973600, "acc": 8, "vel": 54, "cog": 271,
    "batt": 41, "t": "u",
}  # fmt: skip
QUERY = {"id": "x", "lat": f"{LAT}", "lon": f"{LON}", "timestamp": "1748973600", "speed": "10", "bearing": "180.0"}
WHEN = datetime(2025, 6, 3, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fix", "speed_mps", "heading"),
    [
        (formats.traccar(TRACCAR)[1], 48 / 3.6, 90.5),
        (formats.osmand_json(CLIENT_JSON)[0], 13.5, 359.6),
        (formats.owntracks(OWNTRACKS), 15.0, 271),
        (formats.osmand_query(QUERY, speed_unit="kn", now=WHEN), 10 * 1852 / 3600, 180),
        (formats.osmand_query({**QUERY, "timestamp": "1748973600000"}, speed_unit="mps", now=WHEN), 10.0, 180),
        (formats.osmand_query({**QUERY, "timestamp": "2025-06-03 18:00"}, speed_unit="kmh", now=WHEN), 10 / 3.6, 180),
    ],
)  # fmt: skip
def test_each_kind_has_its_own_unit_of_speed_and_keeps_the_devices_time(
    fix: Fix, speed_mps: float, heading: float
) -> None:
    assert (fix.lat, fix.lon, fix.at) == (LAT, LON, WHEN)
    assert fix.speed_mps == pytest.approx(speed_mps, rel=1e-4)
    assert fix.heading_deg == heading


def test_what_is_no_position_moves_nothing() -> None:
    assert formats.owntracks({"_type": "lwt", "tst": 1}) is None
    assert formats.osmand_query({**QUERY, "valid": "false"}, speed_unit="kn", now=WHEN) is None
    outdated = {**TRACCAR, "position": {**TRACCAR["position"], "outdated": True}}
    assert formats.traccar(outdated) == ("48241179", None)
    unknown = formats.owntracks({**OWNTRACKS, "vel": -1, "cog": -1})
    assert unknown is not None
    assert (unknown.speed_mps, unknown.heading_deg) == (None, None)
    assert formats.traccar(TRACCAR)[1].accuracy_m is None  # type: ignore[union-attr]  # read above


@pytest.mark.parametrize(
    "read",
    [
        lambda: formats.osmand_query({**QUERY, "lat": "91"}, speed_unit="kn", now=WHEN),
        lambda: formats.osmand_query({**QUERY, "lon": "nan"}, speed_unit="kn", now=WHEN),
        lambda: formats.osmand_query({**QUERY, "timestamp": "soon"}, speed_unit="kn", now=WHEN),
        lambda: formats.osmand_query({**QUERY, "timestamp": "1e300"}, speed_unit="kn", now=WHEN),
        lambda: formats.osmand_json({"location": "here"}),
        lambda: formats.traccar({"position": {}, "device": {}}),
        lambda: formats.owntracks([1]),
        lambda: formats.owntracks({"_type": "encrypted", "data": "x"}),
        lambda: formats.owntracks({**OWNTRACKS, "lat": True}),
    ],
)
def test_what_cannot_be_read_is_refused(read: Callable[[], object]) -> None:
    with pytest.raises(Refused):
        read()


def test_the_osmand_door_takes_address_form_and_json(tracker: Tracker, now: datetime) -> None:
    _, token = tracker
    door, client = reverse("avl:osmand"), Client()
    first = {**QUERY, "id": token, "timestamp": str(int(now.timestamp()) - 9)}
    assert client.get(f"{door}?{urlencode(first)}").status_code == 200
    assert (_unit().lat, _unit().heading_deg, _unit().position_by_tracker) == (LAT, 180, True)
    second = {**first, "lat": str(LAT + 0.001), "timestamp": str(int(now.timestamp()) - 7)}
    assert client.post(door, second).status_code == 200
    assert _unit().lat == pytest.approx(LAT + 0.001)
    third = json.loads(json.dumps(CLIENT_JSON))
    third["location"]["timestamp"] = (now - timedelta(seconds=5)).isoformat()
    third["device_id"] = token
    assert client.post(door, json.dumps(third), content_type="application/json").status_code == 200
    assert (_unit().lat, _unit().speed_mps) == (LAT, 13.5)


def test_owntracks_signs_in_with_its_password_and_gets_a_list(tracker: Tracker, now: datetime) -> None:
    basic = base64.b64encode(f"van:{tracker[1]}".encode()).decode()
    answer = Client().post(
        reverse("avl:owntracks"),
        json.dumps({**OWNTRACKS, "tst": int(now.timestamp()) - 3}),
        content_type="application/json",
        headers={"Authorization": f"Basic {basic}"},
    )
    assert (answer.status_code, answer.json()) == (200, [])
    assert _unit().speed_mps == pytest.approx(15.0)
    assert _unit().position_at == datetime.fromtimestamp(int(now.timestamp()) - 3, UTC)


def test_a_traccar_server_forwards_for_its_own_devices_only(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], now: datetime
) -> None:
    Unit.objects.update(position_at=now - timedelta(days=900))
    admin = people["system_administrator"]
    server, token = server_create(centre=centre, name="Traccar", by=admin, at=now)
    device_create(
        centre=centre, unit=units["Star 2"], name="Van 7", by=admin, at=now, server=server, identifier="48241179"
    )

    def forward(message: dict[str, Any]) -> int:
        return (
            Client()
            .post(
                reverse("avl:traccar"),
                json.dumps(message),
                content_type="application/json",
                headers={"Authorization": f"Bearer {token}"},
            )
            .status_code
        )

    assert forward(TRACCAR) == 200
    assert (_unit("Star 2").lat, _unit("Star 2").position_at) == (LAT, WHEN)
    other = {**TRACCAR, "device": {"uniqueId": "unknown"}}
    assert forward(other) == 200
    server_revoke(server=server, by=admin, at=now)
    assert forward(TRACCAR) == 401
    assert not AvlServer.objects.filter(token_hash=token).exists()


@pytest.mark.parametrize("door", ["osmand", "traccar", "owntracks"])
def test_nobody_without_a_standing_token(door: str, tracker: Tracker, people: dict[str, User], now: datetime) -> None:
    device, token = tracker
    before = _unit().position_at
    device_revoke(device=device, by=people["system_administrator"], at=now)
    for given in ("", "Bearer wrong", "Basic !!", f"Bearer {token}"):
        answer = Client().post(
            reverse(f"avl:{door}"),
            json.dumps(OWNTRACKS),
            content_type="application/json",
            headers={"Authorization": given},
        )
        assert answer.status_code == 401
    assert _unit().position_at == before


def test_bad_messages_get_a_word_and_no_place(tracker: Tracker) -> None:
    bearer = {"Authorization": f"Bearer {tracker[1]}"}
    for body, status in (("{", 400), ("[]", 400), (json.dumps({**OWNTRACKS, "lat": 400}), 400), ("x" * 70_000, 413)):
        answer = Client().post(
            reverse("avl:owntracks"), body, content_type="application/json", headers=bearer
        )  # fmt: skip
        assert answer.status_code == status
        assert str(LAT) not in answer.content.decode()


def test_older_too_soon_and_inaccurate_positions_are_dropped(tracker: Tracker, now: datetime) -> None:
    device = tracker[0]

    def take(measured: float, *, received: float = 0.0, lat: float = LAT, accuracy: float | None = None) -> bool:
        fix = Fix(lat=lat, lon=LON, at=now + timedelta(seconds=measured), accuracy_m=accuracy)
        return fix_take(device=device, fix=fix, at=now + timedelta(seconds=received))

    assert take(-5)
    assert not take(-5)
    assert not take(-4.5)
    assert not take(-600, lat=LAT + 1)
    assert _unit().lat == LAT
    assert not take(-1, accuracy=2500)
    assert take(-2, received=0.2)
    # A clock that runs ahead counts as the time of arrival, and so cannot shut out what comes after.
    assert take(3600, received=10, lat=LAT + 0.002)
    assert _unit().position_at == now + timedelta(seconds=10)
    assert take(20, received=20)


def test_a_backlog_costs_one_write_a_second_and_ends_at_the_newest(tracker: Tracker, now: datetime) -> None:
    device, _ = tracker
    taken = [
        fix_take(
            device=device,
            fix=Fix(lat=LAT + nth / 10_000, lon=LON, at=now - timedelta(seconds=300 - 10 * nth)),
            at=now + timedelta(milliseconds=20 * nth),
        )
        for nth in range(31)
    ]
    assert sum(taken) <= 3
    assert _unit().lat == pytest.approx(LAT + 0.003)


def test_a_tracker_is_no_sign_of_life_of_the_phone(tracker: Tracker, now: datetime) -> None:
    device, _ = tracker
    assert heard_at(_unit()) is not None
    fix_take(device=device, fix=Fix(lat=LAT, lon=LON, at=now), at=now)
    assert heard_at(_unit()) is None


def test_a_tracker_near_the_call_asks_whether_the_unit_has_arrived(
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    now: datetime,
) -> None:
    going = factories.an_accepted(centre, by=people["call_taker"], at=now)
    member = going.unit.crew.select_related("user").get(until__isnull=True)
    assignment_act(assignment=going, action="en_route", by=member.user, at=now)
    device, _ = device_create(centre=centre, unit=going.unit, name="Van", by=people["system_administrator"], at=now)
    park = factories.a_place(centre)
    fix_take(device=device, fix=Fix(lat=park.lat, lon=park.lon, at=now), at=now + timedelta(seconds=1))
    assert Assignment.objects.get(pk=going.pk).near_at is not None


def test_administrators_make_and_revoke_trackers_with_a_record(
    client_for: Callable[[str], APIClient], centre: Centre, units: dict[str, Unit], people: dict[str, User]
) -> None:
    client = client_for("system_administrator")
    add = reverse("admin:interop_avldevice_add")
    half = {"name": "Van 2", "unit": str(units["Star 2"].pk), "identifier": "77", "speed_unit": "kn"}
    assert "Choose the server" in client.post(add, half).content.decode()
    answer = client.post(add, {**half, "identifier": ""}, follow=True)
    device = AvlDevice.objects.get()
    shown = answer.content.decode()
    assert "Token, shown this once" in shown
    assert str(device.token_hash) not in shown
    listing = reverse("admin:interop_avldevice_changelist")
    client.post(listing, {"action": "revoke", "_selected_action": [str(device.pk)]})
    device.refresh_from_db()
    assert device.revoked_at is not None
    actions = set(AuditRow.objects.filter(entity="tracker").values_list("action", flat=True))
    assert actions == {"tracker.create", "tracker.revoke"}
    assert client_for("dispatcher").get(add).status_code == 302
