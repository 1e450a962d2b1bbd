"""The stop key: one person stops, two resume, and it applies exactly where it says."""

from datetime import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from live.models import Event
from programs.models import ProgramVersion, Suspension
from programs.selectors import programs_published, suspended_here
from programs.services import suspension_ask_resume, suspension_resume, suspension_set


def test_one_supervisor_stops_at_once_with_a_reason(centre: Centre, people: dict[str, User], at: datetime) -> None:
    by = people["supervisor"]
    for role in ("dispatcher", "call_taker", "program_administrator", "responder"):
        with pytest.raises(PermissionDenied):
            suspension_set(centre=centre, scope="all", subject="", reason="x", by=people[role], at=at)
    for scope, subject, reason, field in (
        ("planet", "", "x", "scope"),
        ("program", " ", "x", "subject"),
        ("all", "", " ", "reason"),
    ):
        with pytest.raises(Refused) as refused:
            suspension_set(centre=centre, scope=scope, subject=subject, reason=reason, by=by, at=at)
        assert refused.value.field == field
    one = suspension_set(centre=centre, scope="all", subject="ignored", reason="storm", by=by, at=at)
    two = suspension_set(centre=centre, scope="all", subject="", reason="again", by=people["supervisor2"], at=at)
    assert (one.pk, one.subject, two.reason) == (two.pk, "", "storm")
    assert AuditRow.objects.filter(action="suspension.set").count() == 1
    assert Event.objects.filter(entity_id=one.pk).count() == 1


def test_resuming_takes_two_people(centre: Centre, people: dict[str, User], at: datetime) -> None:
    stop = suspension_set(centre=centre, scope="all", subject="", reason="storm", by=people["supervisor"], at=at)
    with pytest.raises(Refused, match="ask to resume"):
        suspension_resume(suspension=stop, by=people["supervisor"], at=at)
    suspension_ask_resume(suspension=stop, by=people["supervisor"], at=at)
    with pytest.raises(Refused, match="another person"):
        suspension_resume(suspension=stop, by=people["supervisor"], at=at)
    with pytest.raises(PermissionDenied):
        suspension_resume(suspension=stop, by=people["call_taker"], at=at)
    with pytest.raises(IntegrityError, match="suspension_resume_takes_two"), transaction.atomic():
        Suspension.objects.update(lifted_at=at, lifted_by=people["supervisor"])
    lifted = suspension_resume(suspension=stop, by=people["supervisor2"], at=at)
    assert (lifted.lifted_by, lifted.lifted_at) == (people["supervisor2"], at)
    assert suspension_resume(suspension=stop, by=people["dispatcher"], at=at).lifted_by == people["supervisor2"]
    again = suspension_set(centre=centre, scope="all", subject="", reason="again", by=people["supervisor"], at=at)
    assert again.pk != stop.pk


@pytest.mark.parametrize(
    ("scope", "subject", "beat", "nature", "stopped"),
    [
        ("all", "", "", "", {"star", "austin_c3", "plymouth_county_outreach", "advocates"}),
        ("program", "star", "A1", "welfare_check", {"star"}),
        ("beat", "A1", "A1", "", {"star", "austin_c3", "plymouth_county_outreach", "advocates"}),
        ("beat", "A1", "", "", set()),
        ("beat", "A1", "B2", "", set()),
        ("nature", "welfare_check", "", "trespass", set()),
        ("nature", "welfare_check", "", "", set()),
    ],
)
def test_it_applies_exactly_where_it_says(
    centre: Centre,
    people: dict[str, User],
    programs: dict[str, ProgramVersion],
    at: datetime,
    scope: str,
    subject: str,
    beat: str,
    nature: str,
    stopped: set[str],
) -> None:
    suspension_set(centre=centre, scope=scope, subject=subject, reason="storm", by=people["supervisor"], at=at)
    published = programs_published(centre, at=at, lat=41.5, lon=-95.9, beat=beat, nature=nature)
    assert set(published.suspended) == stopped
    for slug, version in programs.items():
        assert suspended_here(version, beat=beat, nature=nature) == (slug in stopped)
