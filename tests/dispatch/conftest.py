"""Times after the fixtures' instant, and a look at what stands."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Centre, User
from dispatch.models import Alarm
from programs.models import ProgramVersion


@pytest.fixture
def later(at: datetime) -> Callable[[float], datetime]:
    """So many seconds after `at`."""
    return lambda seconds: at + timedelta(seconds=seconds)


@pytest.fixture
def floor(centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion]) -> Centre:
    """The whole centre: people, units and programs are there."""
    return centre


@pytest.fixture
def alarms() -> Callable[[], list[str]]:
    """The kinds of the standing alarms, sorted."""
    return lambda: sorted(Alarm.objects.filter(ended_at__isnull=True).values_list("kind", flat=True))
