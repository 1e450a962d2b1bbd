"""Times after the fixtures' instant, and a look at what stands."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Centre, User
from dispatch.models import Alarm, Incident
from programs.models import ProgramVersion
from programs.services import program_install, version_publish_simulated
from tests import factories


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


@pytest.fixture
def star(floor: Centre, programs: dict[str, ProgramVersion], at: datetime) -> Callable[..., ProgramVersion]:
    """Publish STAR anew with other settings."""

    def publish(**settings: Any) -> ProgramVersion:
        old = programs["star"]
        spec = {**copy.deepcopy(old.spec), **settings}
        version = program_install(
            centre=floor, agency=old.program.agency, spec=spec, area=old.area, by=None, at=at - timedelta(hours=1)
        )
        return version_publish_simulated(version=version, at=at - timedelta(hours=1))

    return publish


@pytest.fixture
def waits(floor: Centre, people: dict[str, User], at: datetime) -> Callable[..., Incident]:
    """A calm call, decided for STAR and waiting, with a priority and other changed fields."""

    def make(priority: int = 3, where: str = factories.PARK, at: datetime = at, **changed: Any) -> Incident:
        call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, where=where, **changed)
        factories.a_decision(call.incident, by=people["call_taker"], at=at)
        Incident.objects.filter(pk=call.incident_id).update(priority=priority)
        return Incident.objects.get(pk=call.incident_id)

    return make
