"""A busy minute, now: the API reads the clock itself."""

from datetime import datetime

import pytest
from django.utils import timezone

from accounts.models import Centre, User
from programs.models import ProgramVersion
from responders.models import Unit
from tests.api import doors


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def scene(
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    now: datetime,
) -> dict[str, str]:
    """Name of an object to its id."""
    return doors.a_scene(centre, people, units, at=now)
