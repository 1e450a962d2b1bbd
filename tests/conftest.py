"""What most tests need: a small centre with people, units and programs, and a signed-in API client per role."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, expect, sync_playwright
from rest_framework.test import APIClient

from accounts.models import Centre, User
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.database import connections_end, database_drop, database_make, tables_empty

# How fast a machine makes examples up says nothing about the product.
hypothesis_settings.register_profile(
    "patient", parent=hypothesis_settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("patient")


PATIENT = "-c statement_timeout=60s -c lock_timeout=20s -c idle_in_transaction_session_timeout=120s"
"""On a crowded machine sixteen hands may need longer than the product waits. Tests of waiting set their own times."""


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_modify_db_settings: None) -> Iterator[None]:
    """In place of pytest-django's, which runs every migration for each worker and flushes with Django's command."""
    given = connection.settings_dict
    name = given["TEST"]["NAME"] or f"test_{given['NAME']}"
    database_make(name)
    options = given["OPTIONS"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(given, "NAME", name)
        patch.setitem(options, "connect_timeout", 60)
        patch.setitem(options, "options", PATIENT)
        if "pool" in options:
            patch.setitem(options["pool"], "timeout", 60)
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: tables_empty())
        yield
        connections_end()
    database_drop(name)


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


PATIENCE_MS = 45_000
"""How long a browser test waits for what must come: on a machine half as fast, with everything else running beside."""
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
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield opened
        opened.close()
