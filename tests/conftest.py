"""What most tests need: a small centre with people, units and programs, and a signed-in API client per role."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, sync_playwright
from rest_framework.test import APIClient

from accounts.models import Centre, User
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories


@pytest.fixture
def at() -> datetime:
    """A fixed instant: a Tuesday, 13:00 in the centre's zone. Everything of the fixtures was made then."""
    return datetime(2025, 6, 3, 18, 0, tzinfo=UTC)


@pytest.fixture
def centre(db: None, at: datetime) -> Centre:
    """A simulated centre: agencies, one beat, gazetteer, published reference protocol."""
    return factories.a_centre(at=at)


@pytest.fixture
def people(centre: Centre) -> dict[str, User]:
    """Role (or further name, see factories) to person."""
    return factories.the_people(centre)


@pytest.fixture
def units(centre: Centre, people: dict[str, User], at: datetime) -> dict[str, Unit]:
    """Call sign to unit; crews are `people`: Star 1 responder, Star 2 responder2, C3-1 clinician, CR 1 officer."""
    return factories.the_units(centre, people, at=at)


@pytest.fixture
def programs(centre: Centre, units: dict[str, Unit], at: datetime) -> dict[str, ProgramVersion]:
    """Preset slug to published version: star, austin_c3, plymouth_county_outreach, advocates."""
    return factories.the_programs(centre, at=at)


@pytest.fixture
def client_for(people: dict[str, User]) -> Callable[[str], APIClient]:
    """A client with the session of the person of that role; pages and API alike."""

    def make(role: str) -> APIClient:
        client = APIClient()
        client.force_login(people[role])
        return client

    return make


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for all browser tests: CHROMIUM names the program, else the first found."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield opened
        opened.close()
