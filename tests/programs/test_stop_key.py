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


ALL = {"star", "austin_c3", "plymouth_county_outreach", "advocates"}


@pytest.mark.parametrize(
    ("scope", "subject", "beat", "nature", "located", "stopped"),
    [
        ("all", "", "", "", True, ALL),
        ("program", "star", "A1", "welfare_check", True, {"star"}),
        ("program", "Denver STAR", "A1", "welfare_check", True, {"star"}),
        ("beat", "A1", "A1", "", True, ALL),
        ("beat", "a1", "A1", "", False, ALL),
        ("beat", "A1", "", "", True, set()),
        ("beat", "A1", "B2", "", False, set()),
        ("nature", "welfare_check", "", "trespass", True, set()),
        ("nature", "Welfare check", "", "welfare_check", True, ALL),
        # Unknown is never no: nobody has said yet where the call is, or what.
        ("beat", "A1", "", "trespass", False, ALL),
        ("nature", "welfare_check", "A1", "", True, ALL),
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
    located: bool,
    stopped: set[str],
) -> None:
    programs["star"].program.name = "Denver STAR"
    programs["star"].program.save()
    suspension_set(centre=centre, scope=scope, subject=subject, reason="storm", by=people["supervisor"], at=at)
    lat, lon = (41.5, -95.9) if located else (None, None)
    published = programs_published(centre, at=at, lat=lat, lon=lon, beat=beat, nature=nature)
    assert set(published.suspended) == stopped
    for slug, version in programs.items():
        assert bool(suspended_here(version, beat=beat, nature=nature, located=located)) == (slug in stopped)
    # Asked for no call in particular, beats and natures stop no program.
    whole = programs_published(centre, at=at, lat=None, lon=None)
    assert set(whole.suspended) == (stopped if scope in {"all", "program"} else set())


@pytest.mark.parametrize(
    ("scope", "subject", "known"), [("program", "stra", "austin_c3"), ("beat", "A7", "A1"), ("nature", "floods", "…")]
)
def test_a_name_that_nothing_has_is_refused_and_stops_nothing_in_silence(
    centre: Centre,
    people: dict[str, User],
    programs: dict[str, ProgramVersion],
    at: datetime,
    scope: str,
    subject: str,
    known: str,
) -> None:
    programs["austin_c3"].program.name = "austin_c3"
    programs["austin_c3"].program.save()
    with pytest.raises(Refused) as refused:
        suspension_set(centre=centre, scope=scope, subject=subject, reason="riot", by=people["supervisor"], at=at)
    assert (refused.value.field, known in refused.value.detail) == ("subject", True)
    assert not Suspension.objects.exists()
