"""Frames: the row that a frame brings is the row that a reload shows, and the wall's hold nothing personal."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Centre, DisplayDevice, DisplayLayout, User
from accounts.services import display_create
from desk import live_frames
from desk.displays import COOKIE
from dispatch.models import Alarm, Assignment, Call
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.crew_safety import help_request
from dispatch.services.narrative import note_add
from live.registry import Frame
from live.renderer import _GIVE_NUMBERS, BATCH
from programs.models import ProgramVersion, Suspension
from programs.services import suspension_set
from responders.models import Unit
from responders.services import unit_service
from tests import factories
from tests.desk.conftest import NOTE, NUMBER, SignedIn


def _drawn(centre: Centre, **changed: Sequence[UUID]) -> list[Frame]:
    return list(live_frames.board_frames(centre.pk, changed))


def _html(frames: Iterable[Frame], audience: str) -> str:
    return "".join(frame.html for frame in frames if frame.audience == audience)


def _element(html: str, element_id: str, tag: str) -> str:
    found = re.search(rf'<{tag} id="{element_id}".*?</{tag}>', html, re.S)
    assert found is not None, element_id
    # Ages are written with the clock of the moment; live.js writes them anew each second.
    return re.sub(r">-?[\d:]+<", "><", found.group())


def test_an_incident_row_live_equals_reload(signed_in: SignedIn, centre: Centre, accepted: Assignment) -> None:
    live = _html(_drawn(centre, incident=[accepted.incident_id]), "console")
    page = signed_in("dispatcher").get(reverse("desk:queue")).content.decode()
    name = f"incident-{accepted.incident_id}"
    assert _element(live, name, "tr") == _element(page, name, "tr")


def test_the_units_of_a_changed_incident_are_drawn_again(
    signed_in: SignedIn, centre: Centre, units: dict[str, Unit], accepted: Assignment
) -> None:
    frames = _drawn(centre, incident=[accepted.incident_id])
    unit = units["Star 1"]
    page = signed_in("dispatcher").get(reverse("desk:queue")).content.decode()
    name = f"unit-{unit.pk}"
    assert "ACCEPTED" in _html(frames, "console")
    assert _element(_html(frames, "console"), name, "div") == _element(page, name, "div")
    assert 'id="phone-signal"' in _html(frames, f"unit:{unit.pk}")


def test_an_alarm_row_live_equals_reload(
    signed_in: SignedIn,
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    accepted: Assignment,
    now: datetime,
) -> None:
    alarm = help_request(unit=units["Star 1"], by=people["responder"], at=now)
    live = _html(_drawn(centre, alarm=[alarm.pk]), "console")
    page = signed_in("dispatcher").get(reverse("desk:queue")).content.decode()
    name = f"alarm-{alarm.pk}"
    assert _element(live, name, "div") == _element(page, name, "div")
    assert _element(live, "alarm-count", "span").endswith("</span>")


def test_a_hazard_tells_the_open_panes_of_calls_at_its_place(
    signed_in: SignedIn, centre: Centre, accepted: Assignment, call: Call, now: datetime
) -> None:
    """It changes no version of the incident: without a mark of its own the pane would go on without the hazard."""
    pane = reverse("desk:incident_live", args=[call.incident_id])

    def shown() -> int:
        found = re.search(r'data-beside="(\d+)"', signed_in("dispatcher").get(pane).content.decode())
        assert found is not None
        return int(found.group(1))

    before = shown()
    caution = factories.a_caution(centre, at=now, label=factories.HOME)
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_NUMBERS, {"centre": 0, "batch": BATCH})
    live = _html(_drawn(centre, caution=[caution.pk]), "console")
    signal = re.search(rf'id="seen-{call.incident_id}" data-v="\d+" data-beside="(\d+)"', live)
    assert signal is not None
    assert before < int(signal.group(1)) <= shown()
    assert "data-beside" not in _html(_drawn(centre, incident=[accepted.incident_id]), "console")


def test_what_is_over_leaves(
    people: dict[str, User], centre: Centre, programs: dict[str, ProgramVersion], now: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now)
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=now)
    incident_close(incident=call.incident, outcome="no_response_needed", by=people["dispatcher"], at=now)
    live = _html(_drawn(centre, incident=[call.incident_id]), "console")
    assert re.search(rf'<tr id="incident-{call.incident_id}"[^>]*data-live-gone', live)


def test_the_stop_key_reaches_every_console(people: dict[str, User], centre: Centre, now: datetime) -> None:
    suspension_set(centre=centre, scope="all", subject="", reason="Flood", by=people["supervisor"], at=now)
    stop = Suspension.objects.get()
    frames = _drawn(centre, suspension=[stop.pk])
    assert "DIVERSION STOPPED: all programs" in _html(frames, "console")
    assert "DIVERSION STOPPED" in _html(frames, "wall")


def test_frames_name_only_registered_audiences(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], accepted: Assignment, now: datetime
) -> None:
    unit_service(unit=units["Star 2"], service="on_break", reason="", by=people["responder2"], at=now)
    frames = _drawn(centre, incident=[accepted.incident_id], unit=[units["Star 2"].pk])
    assert {frame.audience for frame in frames} == {
        "console", "clinician", "wall", f"unit:{units['Star 1'].pk}", f"unit:{units['Star 2'].pk}",
    }  # fmt: skip
    assert all(re.match(r"\s*<(\w+) id=", frame.html) for frame in frames)


def test_walls_and_their_frames_hold_no_name_phone_house_number_or_note(
    signed_in: SignedIn,
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    accepted: Assignment,
    call: Call,
    display: tuple[DisplayDevice, str],
    now: datetime,
) -> None:
    """Check 25, for every layout: page, snapshot of each region, frame, and what the map is drawn on."""
    for place, person in enumerate(people.values()):
        person.display_name = f"Zephyrine{place} Quillfeather"
        person.save(update_fields=["display_name"])
    note_add(id=uuid4(), incident=call.incident, call=call, text=NOTE, by=people["call_taker"], at=now)
    factories.a_caution(centre, at=now, label=factories.HOME)
    answers_record(incident=call.incident, source=call, answers={"weapon": "in_hand"}, by=people["call_taker"], at=now)
    alarm = help_request(unit=units["Star 2"], by=people["responder2"], at=now)
    device, token = display
    for place, layout in enumerate(DisplayLayout.Layout):
        program = "star" if layout == "program" else ""
        DisplayLayout.objects.create(display=device, place=place, layout=layout, program=program)
    frames = _drawn(
        centre,
        incident=[call.incident_id, accepted.incident_id],
        alarm=[alarm.pk, *Alarm.objects.values_list("pk", flat=True)],
        unit=[unit.pk for unit in units.values()],
    )
    own = Client()
    own.cookies[COOKIE] = token
    regions = [reverse("desk:display_board_at", args=[device.pk, place]) for place in range(len(DisplayLayout.Layout))]
    ground = [reverse(f"desk:wall_{name}") for name in ("ground", "hot", "picture")]
    pages = [own.get(one) for one in (reverse("desk:display_wall", args=[device.pk]), *regions, *ground)]
    pages.append(signed_in("dispatcher").get(reverse("desk:wall")))
    assert {page.status_code for page in pages} == {200}
    walls = [frame.html for frame in frames if frame.audience.split(":")[0] == "wall"]
    assert len(walls) == len(DisplayLayout.Layout)
    shown = "".join([*walls, *(page.content.decode() for page in pages)])
    assert f">{call.incident.number:04d}<" in shown
    assert all(f">{unit.call_sign}<" in shown for unit in units.values())
    secret = [NOTE, NUMBER, "5550142", factories.HOME, "Alder", factories.PARK, "hazard"]
    secret += ["Quillfeather", "Zephyrine", *(person.username for person in people.values())]
    secret += [str(call.incident_id), str(accepted.incident_id), *(str(unit.pk) for unit in units.values())]
    assert [word for word in secret if word.lower() in shown.lower()] == []


def test_a_wall_drawn_change_by_change_equals_a_reload(
    signed_in: SignedIn,
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    accepted: Assignment,
    programs: dict[str, ProgramVersion],
    now: datetime,
) -> None:
    """Only the first drawing reads the whole floor; later ones add, change and drop their own rows."""
    _drawn(centre, incident=[accepted.incident_id])
    opened = factories.a_triaged_call(centre, by=people["call_taker"], at=now)
    _drawn(centre, incident=[opened.incident_id])
    unit_service(unit=units["Star 2"], service="on_break", reason="", by=people["responder2"], at=now)
    _drawn(centre, unit=[units["Star 2"].pk])
    alarm = help_request(unit=units["Star 1"], by=people["responder"], at=now)
    _drawn(centre, alarm=[alarm.pk])
    call_end(call=opened, ended_as="completed", by=people["call_taker"], at=now)
    incident_close(incident=opened.incident, outcome="no_response_needed", by=people["dispatcher"], at=now)
    live = _html(_drawn(centre, incident=[opened.incident_id]), "wall")
    page = signed_in("dispatcher").get(reverse("desk:wall_board")).content.decode()
    assert "BREAK" in live
    assert f">{opened.incident.number:04d}<" not in live
    assert re.sub(r">-?[\d:]+<|data-v=.\d+.|oldest [\d:]+", "", live).strip() == (
        re.sub(r">-?[\d:]+<|data-v=.\d+.|oldest [\d:]+", "", page).strip()
    )


def test_the_wall_shows_the_worst_and_how_many_more(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    for _ in range(14):
        factories.a_call(centre, by=people["call_taker"], at=now)
    body = signed_in("dispatcher").get(reverse("desk:wall")).content.decode()
    assert body.count('class="wall-row call"') == 7
    assert "+7 more waiting" in body


@pytest.fixture
def display(centre: Centre, people: dict[str, User], now: datetime) -> tuple[DisplayDevice, str]:
    return display_create(centre=centre, name="Floor, north wall", by=people["supervisor"], at=now)


def test_a_display_is_set_up_once_and_shows_the_wall_without_a_person(display: tuple[DisplayDevice, str]) -> None:
    device, token = display
    client = Client()
    assert client.get(reverse("desk:display_wall", args=[device.pk])).status_code == 403
    assert client.post(reverse("desk:display_set_up"), {"token": "wrong"}).status_code == 403
    answer = client.post(reverse("desk:display_set_up"), {"token": token})
    assert answer.content.decode() == reverse("desk:display_wall", args=[device.pk])
    assert client.cookies[COOKIE]["httponly"]
    assert client.get(answer.content.decode()).status_code == 200
    assert client.get(reverse("live:ticket"), {"audience": "wall"}).status_code == 200
    assert client.get(reverse("live:ticket"), {"audience": "console"}).status_code == 403
    assert client.get(reverse("desk:queue")).status_code == 302


def test_a_revoked_display_shows_nothing(signed_in: SignedIn, display: tuple[DisplayDevice, str]) -> None:
    device, token = display
    client = Client()
    client.post(reverse("desk:display_set_up"), {"token": token})
    signed_in("supervisor").post(reverse("desk:displays"), {"revoke": device.pk})
    assert client.get(reverse("desk:display_wall", args=[device.pk])).status_code == 403
    assert client.get(reverse("desk:display_board", args=[device.pk])).status_code == 403
    assert client.get(reverse("live:ticket"), {"audience": "wall"}).status_code == 401


def test_a_displays_link_is_shown_once(signed_in: SignedIn) -> None:
    client = signed_in("supervisor")
    made = client.post(reverse("desk:displays"), {"name": "Lobby"}).content.decode()
    assert re.search(r"/wall/set-up/#[\w-]{40,}", made)
    assert "/wall/set-up/#" not in client.get(reverse("desk:displays")).content.decode()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("dispatcher", {"console", "wall"}),
        ("call_taker", {"console", "wall"}),
        ("responder", {"unit"}),
        ("analyst", set()),
    ],
)
def test_who_may_watch_what(
    role: str, allowed: set[str], people: dict[str, User], units: dict[str, Unit], centre: Centre
) -> None:
    request = RequestFactory().get("/live/ticket")
    request.user = people[role]
    unit = f"unit:{units['Star 1'].pk}"
    granted = {
        "console": live_frames.watches_console(request, "console", centre.pk),
        "wall": live_frames.watches_wall(request, "wall", centre.pk),
        "unit": live_frames.watches_unit(request, unit, centre.pk),
    }
    assert {name for name, yes in granted.items() if yes} == allowed


def test_nobody_watches_another_centre_or_another_unit(
    people: dict[str, User], units: dict[str, Unit], centre: Centre
) -> None:
    request = RequestFactory().get("/live/ticket")
    request.user = people["dispatcher"]
    assert not live_frames.watches_console(request, "console", centre.pk + 1)
    request.user = people["responder"]
    assert not live_frames.watches_unit(request, f"unit:{units['Star 2'].pk}", centre.pk)
