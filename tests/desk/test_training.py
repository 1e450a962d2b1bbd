"""Practice calls: they ring at one's own console in a simulated centre only, and are scored from what was stored."""

import json
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from dispatch.models import Call, PracticeRun
from dispatch.services.answers import answers_record
from dispatch.services.decisions import decision_take
from dispatch.services.locations import location_record
from programs.models import ProgramVersion
from tests.desk.conftest import SignedIn
from tests.triage.test_vignettes import PROGRAMS, PROTOCOL
from triage import practice
from triage.response import ResponseClass

CALLS = practice.load()


@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
def test_every_caller_can_answer_and_every_call_can_be_decided_right(call: practice.PracticeCall) -> None:
    fewest = practice.fewest_questions(call, PROTOCOL, tuple(PROGRAMS.values()))
    assert 0 < fewest <= len(call.facts) + 8
    best = practice.score(
        call, chosen=call.acceptable[0], entered=call.facts, asked=fewest, fewest=fewest, where_s=9, decision_s=60
    )
    assert (best.verdict, best.wrong) == ("right", ())
    if ResponseClass.OUTREACH_FOLLOWUP in call.must_not:
        worst = practice.score(
            call, chosen="outreach_followup", entered={}, asked=0, fewest=fewest, where_s=None, decision_s=5
        )
        assert worst.verdict == "dangerous"


def _start(client: Client, script: str = "P03") -> PracticeRun:
    id = uuid4()
    for _ in range(2):
        client.post(reverse("desk:training_start"), {"id": id, "script": script})
    return PracticeRun.objects.get(pk=id)


@pytest.mark.django_db
def test_a_call_is_practised_from_ring_to_score(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    client, by = signed_in("call_taker"), people["call_taker"]
    run = _start(client)
    assert Call.objects.count() == 1
    assert AuditRow.objects.filter(action="practice.start").exists()
    current = client.get(reverse("desk:training_current")).json()
    assert (current["call"], current["says"]) == (str(run.call_id), CALLS["P03"].narrative)
    for _ in range(2):
        said = client.post(current["ask"], {"key": "hazard"}).json()
    assert "cold" in said["says"].lower()
    assert client.post(current["ask"], {"key": "nothing"}).status_code == 422
    assert client.post(current["score"]).content.strip() == b""
    call = Call.objects.get()
    location_record(incident=call.incident, call=call, text=run.where, state="unverified", by=by, at=now)
    answers_record(
        incident=call.incident, source=call, answers={"hazard": "extreme_cold", "weapon": "in_hand"}, by=by, at=now
    )
    decision_take(id=uuid4(), incident=call.incident, action="accept", by=by, at=now)
    page = client.post(current["score"]).content.decode()
    run.refresh_from_db()
    assert run.score is not None
    assert (run.score["verdict"], run.score["asked"]) == ("right", 1)
    assert len(run.score["wrong"]) == 1
    assert "Right" in page
    assert "1 of" in client.get(reverse("desk:training")).content.decode().replace('<span class="data">', "").replace(
        "</span>", ""
    )
    assert client.get(reverse("desk:training_current")).json() == {}
    json.dumps(run.score)


@pytest.mark.django_db
def test_practice_never_rings_in_a_real_centre(signed_in: SignedIn, people: dict[str, User], now: datetime) -> None:
    real = Centre.objects.create(name="Real", slug="real", time_zone="America/Denver", simulated=False, created_at=now)
    User.objects.filter(pk=people["call_taker"].pk).update(centre=real)
    client = signed_in("call_taker")
    client.force_login(User.objects.get(pk=people["call_taker"].pk))
    assert client.get(reverse("desk:training")).status_code == 404
    refused = client.post(reverse("desk:training_start"), {"id": uuid4(), "script": "P01"})
    assert refused.status_code == 409
    assert not Call.objects.exists()


@pytest.mark.django_db
def test_another_persons_practice_is_not_there(signed_in: SignedIn, programs: dict[str, ProgramVersion]) -> None:
    run = _start(signed_in("call_taker"))
    assert signed_in("dispatcher").post(reverse("desk:training_score", args=[run.pk])).status_code == 404
    assert signed_in("responder").get(reverse("desk:training")).status_code == 403
