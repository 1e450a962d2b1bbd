"""The phone as an app: manifest, worker and what it keeps; outcome report, flags, own contacts, the emergency line."""

import json
import re
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditRow, Centre, CrewLine, User
from desk.phone_worker import FILES, worker_text
from dispatch.models import Alarm, Assignment, Call, CrewReport, HistoryRow, Incident, NarrativeEntry
from dispatch.selectors.visits import follow_ups_unbooked
from dispatch.services.calls import call_end
from dispatch.services.crew_safety import crew_heard, help_request
from people.models import Person
from people.services import caution_add
from programs.models import ProgramVersion
from responders.models import CrewMember, Unit, UnitHistory
from tests import factories
from tests.desk.conftest import SignedIn


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_the_worker_stores_all_that_the_page_loads_and_nothing_more(signed_in: SignedIn, offered: Assignment) -> None:
    page = signed_in("responder").get(_url("phone")).content.decode()
    folder = Path(settings.BASE_DIR) / "static"
    named = set(re.findall(r'(?:href|src)="/static/([^"#]+)', page))
    named |= {
        icon["src"].removeprefix("/static/")
        for icon in json.loads(Client().get(_url("phone_manifest")).content)["icons"]
    }
    for name in list(named):
        if name.endswith(".js") and not name.startswith("vendor/"):
            named |= _imported(folder, name, set())
        if name.endswith(".css"):
            named |= _linked(folder, name, set())
    assert {name for name in named if not name.endswith(".map")} == set(FILES)


def _imported(folder: Path, name: str, seen: set[str]) -> set[str]:
    if name not in seen:
        seen.add(name)
        for other in re.findall(r'from "\./([^"]+)"', (folder / name).read_text(encoding="utf-8")):
            _imported(folder, f"{Path(name).parent}/{other}", seen)
    return seen


def _linked(folder: Path, name: str, seen: set[str]) -> set[str]:
    if name not in seen:
        seen.add(name)
        for other in re.findall(r'url\("(?!data:)([^"#]+)"', (folder / name).read_text(encoding="utf-8")):
            path = (folder / Path(name).parent / other).resolve().relative_to(folder.resolve())
            if path.suffix == ".css":
                _linked(folder, str(path), seen)
            elif path.suffix == ".woff2":
                seen.add(str(path))
    return seen


@pytest.mark.django_db
def test_manifest_worker_and_empty_page_hold_nobodys_name() -> None:
    manifest = json.loads(Client().get(_url("phone_manifest")).content)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/phone/", "/phone/", "standalone")
    worker = Client().get(_url("phone_worker"))
    assert worker["Content-Type"].startswith("text/javascript")
    assert "no-cache" in worker["Cache-Control"]
    assert worker.content.decode() == worker_text()
    assert "OFFLINE, and nothing is kept" in Client().get(_url("phone_nothing_kept")).content.decode()


def test_only_a_crews_page_may_be_kept_and_only_by_the_worker(
    signed_in: SignedIn, people: dict[str, User], offered: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    for name in ("phone", "phone_board"):
        response = client.get(_url(name))
        assert (response["X-Phone-Keep"], response["Cache-Control"]) == ("unit", "no-store")
    CrewMember.objects.filter(user=people["responder"]).update(until=now)
    assert client.get(_url("phone_board"))["X-Phone-Keep"] == "nothing"


def test_the_report_of_a_visit_is_kept_once_shown_and_owes_what_it_says(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    client = signed_in("responder")
    for action in ("en_route", "on_scene"):
        client.post(_url("step", accepted.pk, action))
    said = {
        "disposition": "services_accepted", "sent_class": "right", "taken_to": "shelter", "services": ["bed", "ride"],
        "referral": "housing", "police_asked": "no", "follow_up": "week",
    }  # fmt: skip
    for wrong in ({"taken_to": "moon"}, {"services": ["luck"]}, {"follow_up": "never"}):
        assert client.post(_url("clear", accepted.pk), {**said, **wrong}).status_code == 422
    assert not CrewReport.objects.exists()
    for _ in range(2):
        assert client.post(_url("clear", accepted.pk), said).status_code == 200
    report = CrewReport.objects.get(assignment=accepted)
    assert (report.taken_to, report.services, report.referral) == ("shelter", ["bed", "ride"], "housing")
    assert (report.police_asked, report.follow_up) == ("no", "week")
    pane = signed_in("dispatcher").get(_url("incident_pane", accepted.incident_id)).content.decode()
    assert "Star 1 says: accepted: a bed, a ride; taken to: shelter; referred to: housing; police: not asked" in pane
    incident = Incident.objects.get(pk=accepted.incident_id)
    call_end(call=incident.calls.get(), ended_as="completed", by=people["call_taker"], at=now)
    owed = follow_ups_unbooked(centre, timezone.now())
    assert [one.pk for one in owed] == [accepted.incident_id]
    with pytest.raises(DatabaseError), transaction.atomic():
        CrewReport.objects.update(referral="none")


def test_nothing_said_is_no_report(signed_in: SignedIn, accepted: Assignment) -> None:
    signed_in("responder").post(_url("clear", accepted.pk), {"disposition": "not_found"})
    accepted.refresh_from_db()
    assert (accepted.state, CrewReport.objects.count()) == ("cleared", 0)


def test_a_note_is_about_the_call_it_names_also_when_that_is_over(signed_in: SignedIn, accepted: Assignment) -> None:
    client = signed_in("responder")
    client.post(_url("clear", accepted.pk), {"disposition": "resolved_on_scene"})
    note = {"id": str(uuid4()), "text": "Left her keys with the neighbour", "assignment": str(accepted.pk)}
    assert client.post(_url("crew_note"), {**note, "assignment": ""}).status_code == 409
    assert client.post(_url("crew_note"), note).status_code == 200
    assert NarrativeEntry.objects.get().incident_id == accepted.incident_id
    assert signed_in("responder2").post(_url("crew_note"), {**note, "id": str(uuid4())}).status_code == 403


def test_a_crew_sees_who_says_a_hazard_how_old_it_is_and_until_when(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], offered: Assignment, now: datetime
) -> None:
    caution = factories.a_caution(centre, at=now - timedelta(days=3), label=factories.PARK)
    person = Person.objects.create(centre=centre, created_at=now)
    Call.objects.filter(incident=offered.incident).update(person=person)
    advice = caution_add(
        centre=centre, person=person, text="Speak slowly, no sirens", kind="approach", severity="info",
        source="Her case worker", days=30, by=people["supervisor"], at=now - timedelta(hours=2),
    )  # fmt: skip
    body = signed_in("responder").get(_url("phone")).content.decode()
    assert "Hazard at this address" in body
    assert "How to approach this person" in body
    assert advice.text in body
    assert "Her case worker · 2:00:0" in body
    assert f"{caution.source} · 3 d old · until {caution.expires_at.date().isoformat()[:7]}" in body


def test_help_pressed_once_and_sent_twice_is_one_alarm_also_when_heard_between(
    people: dict[str, User], units: dict[str, Unit], accepted: Assignment, now: datetime
) -> None:
    press = partial(help_request, unit=units["Star 1"], by=people["responder"], at=now)
    first = press(device_at=now)
    assert (first.detail["words"].endswith("old"), first.detail["words"].count(",")) == (True, 0)
    crew_heard(alarm=first, by=people["dispatcher"], at=now, note="by radio")
    assert press(device_at=now) == first
    Unit.objects.filter(pk=units["Star 1"].pk).update(plain_clothes=True, unmarked=True)
    # The phone showed a call that is over for the unit by now: the alarm still belongs to it.
    Assignment.objects.filter(pk=accepted.pk).update(state="cancelled", ended_at=now, check_due_at=None)
    accepted.refresh_from_db()
    again = press(device_at=now + timedelta(seconds=5), about=accepted)
    assert again.incident_id == accepted.incident_id
    assert again.detail["words"].endswith("old, PLAIN CLOTHES, unmarked car")
    assert Alarm.objects.filter(kind="panic").count() == 2


def test_a_crew_says_what_its_unit_has_today(signed_in: SignedIn, units: dict[str, Unit]) -> None:
    client = signed_in("responder")
    said = {"plain_clothes": "on", "equipment": ["naloxone", "aed"], "languages": "es, VI"}
    body = client.post(_url("phone_flags"), said).content.decode()
    assert "PLAIN CLOTHES" in body
    assert "<span>AED</span>" in body
    unit = Unit.objects.get(pk=units["Star 1"].pk)
    assert (unit.plain_clothes, unit.unmarked, unit.languages) == (True, False, ["es", "vi"])
    # What is no equipment stays: a crew does not make itself a medic, nor stop being one.
    assert unit.capabilities == ["aed", "clinician", "medic", "naloxone"]
    assert UnitHistory.objects.get(unit=unit, action="flags").reason == "plain clothes"
    assert AuditRow.objects.filter(action="unit.flags").count() == 1
    client.post(_url("phone_flags"), said)
    assert AuditRow.objects.filter(action="unit.flags").count() == 1
    assert client.post(_url("phone_flags"), {"languages": "Spanish!"}).status_code == 422
    assert client.post(_url("phone_flags"), {"equipment": ["jetpack"]}).status_code == 422
    dispatcher = signed_in("dispatcher")
    assert dispatcher.post(_url("phone_flags"), said).status_code == 403
    assert "PLAIN CLOTHES" in dispatcher.get(reverse("desk:queue_units")).content.decode()


def test_a_crew_that_meets_somebody_opens_the_call_itself(
    signed_in: SignedIn, units: dict[str, Unit], programs: dict[str, ProgramVersion], people: dict[str, User]
) -> None:
    client = signed_in("responder")
    contact = {"id": str(uuid4()), "nature": "welfare_check", "text": "", "lat": "41.5", "lon": "-95.9"}
    assert client.post(_url("phone_contact"), {**contact, "nature": ""}).status_code == 422
    for _ in range(2):
        body = client.post(_url("phone_contact"), contact).content.decode()
        assert "ON SCENE" in body
    incident = Incident.objects.get()
    assignment = incident.assignments.get()
    assert (incident.state, incident.owner_role, assignment.state) == ("on_scene", "dispatcher", "on_scene")
    assert incident.locations.get().text == "With Star 1"
    assert assignment.check_due_at is not None
    assert AuditRow.objects.filter(action="crew.on_view").count() == 1
    queue = signed_in("dispatcher").get(_url("queue")).content.decode()
    assert f"{incident.number:04d}" in queue
    again = client.post(_url("phone_contact"), {**contact, "id": str(uuid4())})
    assert (again.status_code, "is on a call" in again.content.decode()) == (409, True)
    client.post(_url("clear", assignment.pk), {"disposition": "resolved_on_scene"})
    incident.refresh_from_db()
    assert (incident.state, incident.outcome) == ("closed", "resolved_on_scene")
    assert HistoryRow.objects.filter(incident_id=incident.pk, action="on_view").count() == 1


def test_the_emergency_line_is_set_validated_and_offered(
    signed_in: SignedIn, centre: Centre, units: dict[str, Unit]
) -> None:
    assert "No emergency line is set" in signed_in("responder").get(_url("phone")).content.decode()
    supervisor = signed_in("supervisor")
    assert "No line is set" in supervisor.get(_url("crew_line")).content.decode()
    for wrong in (
        {"answered_by": "", "call_number": "911"},
        {"answered_by": "Floor supervisor", "call_number": "twelve"},
        {"answered_by": "Floor supervisor", "call_number": "308 555 0142", "text_number": "12"},
    ):
        refused = supervisor.post(_url("crew_line"), wrong)
        assert (refused.status_code, 'class="problem"' in refused.content.decode()) == (422, True)
    assert not CrewLine.objects.exists()
    right = {"answered_by": "Floor supervisor", "call_number": "(308) 555-0142", "text_number": "911"}
    assert supervisor.post(_url("crew_line"), right).status_code == 302
    line = CrewLine.objects.get(centre=centre)
    assert (line.call_number, line.text_number) == ("+13085550142", "911")
    assert AuditRow.objects.get(action="crew_line.set").detail == {"texts": True}
    page = signed_in("responder").get(_url("phone")).content.decode()
    assert 'href="tel:+13085550142"' in page
    assert "Call Floor supervisor" in page
    assert signed_in("dispatcher").get(_url("crew_line")).status_code == 403
