"""Shadow mode: counted beside what people decide, suggested to nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from desk.backtest_work import SETTLED, shadows_work
from dispatch.selectors.triage import judge
from programs.models import ProgramVersion, ShadowRun
from programs.selectors import programs_published
from programs.selectors.backtests import shadow_figures
from programs.services.shadows import shadow_advance, shadow_start, shadow_stop
from tests import factories


@pytest.fixture
def draft(programs: dict[str, ProgramVersion]) -> ProgramVersion:
    """STAR's next version, which takes minors too and suspects nothing of calls before noon."""
    live = programs["star"]
    rules = {**live.spec["rules"], "switches": {**live.spec["rules"]["switches"], "minors": "allow"}}
    spec = {**live.spec, "hours": "Mo-Su 12:00-24:00", "rules": rules}
    return ProgramVersion.objects.create(
        program=live.program, number=2, spec=spec, area=factories.TOWN, created_at=live.created_at
    )


def shadow(draft: ProgramVersion, people: dict[str, User], at: datetime, days: int = 2) -> ShadowRun:
    return shadow_start(
        version=draft, days=days, units=1, minutes=60, by=people["program_administrator"], at=at
    )  # fmt: skip


def decide(centre: Centre, by: User, at: datetime, **answers: Any) -> None:
    call = factories.a_triaged_call(centre, by=by, at=at, **answers)
    factories.a_decision(call.incident, by=by, at=at)


def test_a_shadow_counts_what_people_decided_beside_it(
    draft: ProgramVersion, centre: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    run = shadow(draft, people, at)
    decide(centre, by, at + timedelta(minutes=1))
    decide(centre, by, at + timedelta(minutes=2), age_band="16_17")
    decide(centre, by, at + timedelta(minutes=3), **factories.WEAPON)
    assert shadows_work(lambda: at + timedelta(minutes=2) + SETTLED) == 1
    assert shadows_work(lambda: at + timedelta(minutes=9) + SETTLED) == 2
    # Eight in the morning of the next day: people send STAR, the version would be closed.
    decide(centre, by, at + timedelta(hours=19))
    assert shadows_work(lambda: at + timedelta(days=3)) == 1
    run.refresh_from_db()
    assert run.state == "ended"
    figures = shadow_figures(run)
    assert figures is not None
    counts = (figures.total, figures.both, figures.only_shadow, figures.only_people, figures.neither, figures.undecided)
    assert counts == (4, 1, 1, 1, 1, 0)
    assert sum(counts[1:]) == figures.total
    assert figures.agreed == 2
    decide(centre, by, at + timedelta(days=2, hours=1))
    assert shadows_work(lambda: at + timedelta(days=4)) == 0


def test_a_version_in_shadow_is_never_suggested(
    draft: ProgramVersion, centre: Centre, people: dict[str, User], at: datetime
) -> None:
    youth = factories.a_triaged_call(centre, by=people["call_taker"], at=at, age_band="16_17")
    before = judge(incident=youth.incident, at=at).suggestion
    shadow(draft, people, at)
    after = judge(incident=youth.incident, at=at + timedelta(seconds=5)).suggestion
    assert before == after
    assert after is not None
    # The draft would take the youth; what is live does not, and only that is asked.
    assert "star" not in after.recommendation.programs
    published = programs_published(centre, at=at, lat=factories.LAT, lon=factories.LON)
    assert draft.pk not in {version.pk for version in published.versions}


def test_nothing_is_counted_twice(draft: ProgramVersion, centre: Centre, people: dict[str, User], at: datetime) -> None:
    run = shadow(draft, people, at)
    decide(centre, people["call_taker"], at + timedelta(minutes=1))
    late = at + timedelta(hours=1)
    assert shadows_work(lambda: late) == 1
    assert shadows_work(lambda: late) == 0
    # A second worker that began from the same place loses.
    assert not shadow_advance(run=run, before="", tally={}, cursor="x", counted_to=late, at=late)
    stopped = shadow_stop(run=run, by=people["program_administrator"], at=late)
    assert stopped.state == "stopped"
    assert shadow_stop(run=run, by=people["program_administrator"], at=late).ended_at == late
    assert shadows_work(lambda: late + timedelta(days=1)) == 0
    actions = AuditRow.objects.filter(entity="shadow").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["shadow.start", "shadow.stop"]


def test_what_cannot_run_in_shadow(
    draft: ProgramVersion, programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    with pytest.raises(Refused, match="not live yet"):
        shadow(programs["star"], people, at)
    with pytest.raises(Refused, match="1 to 90 days"):
        shadow(draft, people, at, days=91)
    run = shadow(draft, people, at)
    with pytest.raises(Refused, match="in shadow already"):
        shadow(draft, people, at)
    for wrong in ({"state": "ended"}, {"until_at": at}, {"state": "odd"}, {"units": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ShadowRun.objects.filter(pk=run.pk).update(**wrong)


def test_the_pages_of_a_shadow_run(
    draft: ProgramVersion, centre: Centre, people: dict[str, User], at: datetime, client_for: Callable[[str], APIClient]
) -> None:
    client = client_for("program_administrator")
    address = f"/programs/versions/{draft.pk}/shadow/"
    refused = client.post(address, {"days": "0", "units": "1", "minutes": "60"})
    assert refused.status_code == 422
    assert "greater than or equal to 1" in refused.content.decode()
    answer = client.post(address, {"days": "3", "units": "1", "minutes": "60"})
    assert answer.status_code == 302
    assert "Nothing counted yet" in client.get(answer["Location"]).content.decode()
    run = ShadowRun.objects.get()
    ShadowRun.objects.filter(pk=run.pk).update(from_at=at)
    decide(centre, people["call_taker"], at + timedelta(minutes=1))
    assert shadows_work(lambda: at + timedelta(hours=1)) == 1
    text = client_for("analyst").get(answer["Location"]).content.decode()
    assert "Both send this program" in text
    assert ">Stop<" not in text
    assert client_for("call_taker").get(answer["Location"]).status_code == 403
    assert client_for("supervisor").post(f"/shadows/{run.pk}/stop/").status_code == 403
    assert client.post(f"/shadows/{run.pk}/stop/").status_code == 302
