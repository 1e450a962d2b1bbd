"""A busy minute, now: pages read the clock themselves."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Centre, User
from dispatch.models import Assignment, Call
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories

SignedIn = Callable[[str], Client]
NOTE = "Her brother Tomas Quillfeather waits by the fountain"
NUMBER = "+13085550142"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def signed_in(people: dict[str, User]) -> SignedIn:
    """A browser of the person of that role."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(people[role])
        return client

    return make


@pytest.fixture
def call(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], programs: dict[str, ProgramVersion], now: datetime
) -> Call:
    """An open call of the call taker at a private home, nothing asked yet."""
    return factories.a_call(
        centre, by=people["call_taker"], at=now, where=factories.HOME, nature="welfare_check", number=NUMBER
    )


@pytest.fixture
def offered(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], programs: dict[str, ProgramVersion], now: datetime
) -> Assignment:
    """A calm call in the park, offered to Star 1."""
    return factories.an_offer(centre, by=people["call_taker"], at=now)


@pytest.fixture
def accepted(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], programs: dict[str, ProgramVersion], now: datetime
) -> Assignment:
    """The same, accepted by Star 1."""
    return factories.an_accepted(centre, by=people["call_taker"], at=now)
