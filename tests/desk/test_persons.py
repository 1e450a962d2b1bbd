"""The person of a call on the console: known, searched, linked, new, not them; who may, and what nobody reads."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditRow, Centre, Role, User
from dispatch.models import Assignment, Call, ConsolePost, NarrativeEntry
from dispatch.services.persons import person_link
from people.models import Caution, Person, PersonDetail
from people.services import caution_add, person_add
from tests import factories
from tests.desk.conftest import NUMBER, SignedIn

pytestmark = pytest.mark.django_db
NAME = "Tomas Quillfeather"
DOORS = ("call_person_link", "call_person_new", "call_person_unlink", "call_caution")


@pytest.fixture
def known(centre: Centre, people: dict[str, User], now: datetime) -> Person:
    """Somebody with a danger on file, whom an earlier call of the number was about."""
    taker = people["call_taker"]
    person = person_add(centre=centre, id=uuid4(), name=NAME, born=1984, about="Hard of hearing", by=taker, at=now)
    caution_add(
        centre=centre, person=person, text="Keeps a machete at the door", kind="weapon", severity="danger",
        source="Police", days=90, by=None, at=now,
    )  # fmt: skip
    before = factories.a_call(centre, by=taker, at=now - timedelta(days=2), where="", number=NUMBER)
    person_link(call=before, person=person, by=taker, at=now)
    return person


def _post(client: Client, door: str, call: Call, /, **data: object) -> tuple[int, str, str]:
    response = client.post(reverse(f"desk:{door}", args=[call.pk]), data)
    return response.status_code, response.content.decode(), response.get("X-Problem-Field", "")


def _line(client: Client, call: Call) -> str:
    response = client.get(reverse("desk:call_person", args=[call.pk]))
    assert response["Cache-Control"] == "no-store"
    return response.content.decode()


def test_a_number_that_nobody_confirmed_names_somebody_and_offers_no_key(
    signed_in: SignedIn, call: Call, known: Person
) -> None:
    client = signed_in("call_taker")
    line = _line(client, call)
    assert NAME in line
    assert "number not confirmed" in line
    assert "data-about" not in line
    client.post(reverse("desk:call_phone", args=[call.pk]), {"number": NUMBER, "confirmed": "on"})
    line = _line(client, call)
    assert f'data-about="{known.pk}" data-key="Alt+9"' in line
    assert "1 hazard" in line
    assert "1 before" in line
    assert "same number" in line


def test_a_linked_persons_hazard_stands_on_the_card_and_goes_only_with_a_reason(
    signed_in: SignedIn, call: Call, known: Person
) -> None:
    client, post = signed_in("call_taker"), uuid4()
    assert 'id="who-__CALL__"' in client.get(reverse("desk:person_form")).content.decode()
    for _ in range(2):
        status, body, _ = _post(client, "call_person_link", call, person=known.pk, post=post)
        assert status == 200
    assert "Hazard with this person" in body
    assert "Keeps a machete at the door" in body
    assert ConsolePost.objects.get().what == "person"
    line = _line(client, call)
    assert f"{NAME}, born 1984" in line
    assert "Hard of hearing" in line
    assert "data-not-them" in line
    assert _post(client, "call_person_unlink", call)[2] == "reason"
    status, body, _ = _post(client, "call_person_unlink", call, reason="wrong_person")
    assert "Keeps a machete" not in body
    assert "Within reach" in body
    assert "Still counted from whom you unlinked:</span> Weapon" in _line(client, call)


def test_a_search_forgives_mistakes_and_always_offers_somebody_new(
    signed_in: SignedIn, call: Call, known: Person
) -> None:
    client = signed_in("call_taker")
    for typed, finds in (("quilfether", True), ("1984", True), ("nobody", False), ("", False)):
        found = client.post(reverse("desk:persons"), {"text": typed, "token": "who-picks-1"}).content.decode()
        assert (str(known.pk) in found) is finds, typed
        assert "data-new" in found
    rows = AuditRow.objects.filter(action="person.search").values_list("detail__persons", "entity")
    assert list(rows) == [([str(known.pk)], "person")] * 2
    assert "quilfether" not in str(list(AuditRow.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize(
    ("name", "data", "field", "says"),
    [
        ("call_person_new", {"id": uuid4(), "name": ""}, "name", "at least one word"),
        ("call_person_new", {"id": uuid4(), "name": "Mouse", "born": "84"}, "born", "year of birth is"),
        ("call_person_new", {"id": uuid4(), "name": "Mouse", "born": "?"}, "born", "four digits"),
        ("call_person_link", {"person": "x"}, "person", "Choose again"),
        ("call_caution", {"id": uuid4(), "about": "person", "text": "Dog"}, "kind", "kind of hazard"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    name: str, data: dict[str, object], field: str, says: str, signed_in: SignedIn, call: Call
) -> None:
    status, body, where = _post(signed_in("call_taker"), name, call, **data)
    assert (status, where) == (422, field)
    assert says in body


def test_somebody_new_and_a_hazard_with_them_are_one_row_each(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    new = {"id": uuid4(), "name": "Mouse", "born": "", "about": "sleeps at the depot"}
    told = {"id": uuid4(), "about": "person", "text": "Bites", "kind": "violence", "severity": "warn"}
    for _ in range(2):
        assert _post(client, "call_person_new", call, **new)[0] == 200
        status, body, _ = _post(client, "call_caution", call, **told, source="crew", days=30)
        assert status == 200
    assert "Hazard with this person" in body
    assert Caution.objects.get().source == f"Crew, call {call.incident.number:04d}"
    assert set(PersonDetail.objects.values_list("field", "text")) == {
        ("name", "Mouse"), ("about", "sleeps at the depot"),
    }  # fmt: skip


def test_what_came_too_late_is_a_note_with_what_was_typed(
    signed_in: SignedIn, call: Call, known: Person, people: dict[str, User], now: datetime
) -> None:
    person_link(call=call, person=known, by=people["dispatcher"], at=now)
    typed = {"id": uuid4(), "name": "Mouse", "post": uuid4(), "device_at": (now - timedelta(minutes=5)).isoformat()}
    assert _post(signed_in("call_taker"), "call_person_new", call, **typed)[0] == 200
    call.refresh_from_db()
    assert call.person_id == known.pk
    assert "the call is about: Mouse" in NarrativeEntry.objects.get(incident=call.incident).words.text


@pytest.mark.parametrize("role", ["responder", "analyst", "auditor", "program_administrator"])
def test_only_the_floor_searches_and_links(role: str, signed_in: SignedIn, call: Call, known: Person) -> None:
    client = signed_in(role)
    assert client.get(reverse("desk:person_form")).status_code == 403
    assert client.post(reverse("desk:persons"), {"text": NAME}).status_code == 403
    assert client.get(reverse("desk:call_person", args=[call.pk])).status_code == 403
    assert {_post(client, name, call, person=known.pk)[0] for name in DOORS} == {403}


def test_another_centre_knows_nobody_here(signed_in: SignedIn, call: Call, known: Person, now: datetime) -> None:
    elsewhere = factories.a_centre(at=now, slug="riverton")
    client, stranger = Client(), factories.a_person(elsewhere, "stranger", *Role.values)
    client.force_login(stranger)
    assert str(known.pk) not in client.post(reverse("desk:persons"), {"text": NAME}).content.decode()
    assert client.get(reverse("desk:call_person", args=[call.pk])).status_code == 404
    theirs = factories.a_call(elsewhere, by=stranger, at=now, where="")
    assert _post(client, "call_person_link", theirs, person=known.pk)[0] == 404
    assert _post(client, "call_person_unlink", call, reason="wrong_person")[0] == 404


def test_reading_a_person_is_written_down_and_no_board_names_them(
    signed_in: SignedIn, accepted: Assignment, known: Person, people: dict[str, User], now: datetime
) -> None:
    call = accepted.incident.calls.get()
    _line(signed_in("call_taker"), call)
    assert not AuditRow.objects.filter(action="person.read").exists()
    person_link(call=call, person=known, by=people["call_taker"], at=now)
    _line(signed_in("call_taker"), call)
    row = AuditRow.objects.get(action="person.read")
    assert (row.entity, row.entity_id, row.detail) == ("call", str(call.pk), {"persons": [str(known.pk)]})
    for role, page in (("dispatcher", "queue"), ("supervisor", "wall"), ("responder2", "phone"), ("dispatcher", "map")):
        body = signed_in(role).get(reverse(f"desk:{page}")).content.decode()
        assert "Quillfeather" not in body, page
    pane = signed_in("dispatcher").get(reverse("desk:incident_pane", args=[call.incident_id])).content.decode()
    assert f"about {NAME}" in pane
    assert "hazard" in signed_in("dispatcher").get(reverse("desk:queue_rows")).content.decode()


def test_by_lines_alone(signed_in: SignedIn, call: Call, known: Person) -> None:
    client = signed_in("call_taker")

    def run(text: str) -> dict[str, str]:
        data = {"id": uuid4(), "text": text, "selected": call.incident_id}
        return dict(client.post(reverse("desk:command_run"), data).json())

    assert "Nobody like this" in run("about zebulon")["problem"]
    assert "whom the call is about" in run("hazard person kind:animal -- dog")["problem"]
    linked = run("about quilfether born:1984")
    assert f"is about {NAME}, born 1984" in linked["done"]
    undone = client.post(reverse("desk:command_undo"), {"id": uuid4(), "token": linked["undo"]}).json()
    assert "not about them" in str(undone)
    assert "problem" not in run('whois "mouse" -- sleeps at the depot')
    assert "problem" not in run("hazard person kind:animal sev:warn days:30 -- large dog")
    assert Caution.objects.filter(text="large dog", person__details__text="mouse").count() == 1
    assert "problem" not in run("unwho why:not_about_them")
    call.refresh_from_db()
    assert call.person_id is None
    assert "Nobody is linked" in run("unwho why:not_about_them")["problem"]
