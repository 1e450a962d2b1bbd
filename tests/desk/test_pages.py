"""Every screen: who gets in, what its frame says, and that nothing in it needs an inline script or style."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Centre, User
from dispatch.models import Assignment
from tests.desk.conftest import SignedIn

FLOOR = {"call_taker", "dispatcher", "supervisor", "clinician"}
SCREENS = {
    "desk:console": {"call_taker"},
    "desk:queue": FLOOR,
    "desk:queue_rows": FLOOR,
    "desk:queue_units": FLOOR,
    "desk:queue_alarms": FLOOR,
    "desk:clinician": {"clinician"},
    "desk:clinician_rows": {"clinician"},
    "desk:overview": {"supervisor"},
    "desk:overview_figures": {"supervisor"},
    "desk:wall": FLOOR | {"system_administrator"},
    "desk:wall_board": FLOOR | {"system_administrator"},
    "desk:displays": {"supervisor", "system_administrator"},
    "desk:phone": {"responder"},
    "desk:phone_board": {"responder"},
}
ROLES = [
    "call_taker", "dispatcher", "clinician", "responder", "supervisor", "program_administrator",
    "system_administrator", "analyst", "auditor",
]  # fmt: skip
PAGES = [
    name
    for name in SCREENS
    if name in {"desk:console", "desk:queue", "desk:clinician", "desk:overview", "desk:displays", "desk:phone"}
]


class _Inline(HTMLParser):
    """Collects what the content security policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        # A block of data is not run by any browser.
        if tag == "style" or (tag == "script" and "src" not in names and ("type", "application/json") not in attrs):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith(("on", "hx-on"))]


def test_each_screen_admits_exactly_its_roles(signed_in: SignedIn, accepted: Assignment) -> None:
    for role in ROLES:
        client = signed_in(role)
        answers = {name: client.get(reverse(name)).status_code for name in SCREENS}
        assert answers == {name: 200 if role in roles else 403 for name, roles in SCREENS.items()}, role


@pytest.mark.django_db
def test_signed_out_people_are_sent_to_sign_in() -> None:
    for name in SCREENS:
        response = Client().get(reverse(name))
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


def test_pages_have_title_main_heading_and_the_training_mark(signed_in: SignedIn, accepted: Assignment) -> None:
    for name in PAGES:
        role = min(SCREENS[name], key=ROLES.index)
        body = signed_in(role).get(reverse(name)).content.decode()
        assert re.search(r"<title>[^<]+ · Diversion Desk</title>", body)
        assert body.count("<main") == 1
        assert re.search(r"<h1[ >]", body)
        assert "TRAINING / SIMULATED" in body
        assert 'class="skip" href="#main"' in body


def test_no_page_needs_an_inline_script_or_style(signed_in: SignedIn, accepted: Assignment) -> None:
    for name in [*PAGES, "desk:wall"]:
        role = min(SCREENS[name], key=ROLES.index)
        response = signed_in(role).get(reverse(name))
        parser = _Inline()
        parser.feed(response.content.decode())
        assert parser.found == []
        assert "'unsafe-inline'" not in response["Content-Security-Policy"]


def test_no_template_has_an_inline_script_or_style() -> None:
    for path in sorted(Path(settings.BASE_DIR, "templates").rglob("*.html")):
        parser = _Inline()
        parser.feed(re.sub(r"\{[%{#].*?[%}#]\}", "", path.read_text(encoding="utf-8")))
        assert parser.found == [], path.name


def test_a_live_page_says_up_to_where_it_is_complete(signed_in: SignedIn, centre: Centre, accepted: Assignment) -> None:
    response = signed_in("dispatcher").get(reverse("desk:queue"))
    body = response.content.decode()
    assert f'data-live-centre="{centre.pk}"' in body
    assert 'data-live-audiences="console"' in body
    assert f'data-live-number="{response["X-Live-Number"]}"' in body
    assert response["Cache-Control"] == "no-store"


def test_home_leads_to_the_screen_of_the_role(signed_in: SignedIn) -> None:
    leads = {role: signed_in(role).get("/").headers.get("Location", "") for role in ROLES}
    assert leads == {
        "call_taker": "/console/", "dispatcher": "/queue/", "clinician": "/clinician/", "responder": "/phone/",
        "supervisor": "/overview/", "system_administrator": "/displays/", "program_administrator": "/programs/",
        "analyst": "", "auditor": "",
    }  # fmt: skip


def test_somebody_without_a_screen_is_told_so(signed_in: SignedIn) -> None:
    response = signed_in("analyst").get("/")
    assert response.status_code == 200
    assert "No screen for your roles yet" in response.content.decode()


def test_theme_and_single_keys_are_kept_for_the_person(signed_in: SignedIn, people: dict[str, User]) -> None:
    client = signed_in("dispatcher")
    assert client.post(reverse("desk:preferences"), {"theme": "light", "back": "/queue/"})["Location"] == "/queue/"
    client.post(reverse("desk:preferences"), {"single_keys": "off", "back": "/queue/"})
    body = client.get("/queue/").content.decode()
    assert 'data-bs-theme="light"' in body
    assert 'data-single-keys="off"' in body


def test_preferences_never_lead_elsewhere(signed_in: SignedIn) -> None:
    client = signed_in("dispatcher")
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert client.post(reverse("desk:preferences"), {"theme": "dark", "back": back})["Location"] == "/"


@pytest.mark.django_db
def test_unknown_addresses_show_a_page_without_details() -> None:
    response = Client().get("/no/such/page/")
    assert response.status_code == 404
    assert "There is nothing here that you may see" in response.content.decode()


@pytest.mark.django_db
def test_health_and_readiness() -> None:
    assert Client().get("/healthz").json()["status"] == "up"
    ready = Client().get("/readyz").json()
    assert ready["database"] == "up"
    assert ready["migrations_waiting"] == 0
