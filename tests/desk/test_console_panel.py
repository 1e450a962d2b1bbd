"""The suggestion panel: few reads for an answer, words marked while typing, and why, rule by rule."""

import re
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Centre, User
from desk.advice import programs_said
from desk.why import _joined
from dispatch.models import Answer, Call, CueDismissal, Decision
from dispatch.services.offers import offers_run
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.desk.conftest import SignedIn
from tests.desk.test_console import post
from triage import vocabulary
from triage.conditions import Always, parse
from triage.response import ResponseClass
from triage.results import FitResult, ProgramFit, Reason

ARMED = "he is waving a knife around"
MOST_QUERIES = 22
"""Of an answer with its id, all told: session, person with roles, the call and its lock, what triage reads, three
writes, the card, and the begin and the end of the post and of the answer in it."""


@pytest.fixture
def calm(centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime) -> Call:
    """A triaged call for which a mobile team is suggested."""
    return factories.a_triaged_call(centre, by=people["call_taker"], at=now)


def _draft(client: Client, call: Call, draft: str, **data: str) -> str:
    response = client.post(reverse("desk:call_draft", args=[call.pk]), {"draft": draft, **data})
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return str(response.content.decode())


def test_an_answer_costs_few_queries_and_is_judged_once(signed_in: SignedIn, calm: Call) -> None:
    """As a console posts it: with an id, so that it is done once, and its own time."""
    client = signed_in("call_taker")
    own = {"post": uuid4(), "device_at": timezone.now().isoformat()}
    post(client, calm, "answers", key="subjects", value="1")
    with CaptureQueriesContext(connection) as asked:
        status, _ = post(client, calm, "answers", key="subjects", value="2", **own)
    assert status == 200
    assert len(asked) <= MOST_QUERIES
    judged = [one for one in asked if "FROM programs_protocolversion" in one["sql"].replace('"', "")]
    assert len(judged) == 1


def test_words_are_marked_while_typing_and_hold_the_suggestion(signed_in: SignedIn, calm: Call) -> None:
    client = signed_in("call_taker")
    body = _draft(client, calm, ARMED)
    assert "Unconfirmed: “waving a knife" in body
    assert 'data-cue-confirm="weapon"' in body
    assert "Co-response" in body
    seen = "\n".join(re.findall(r'data-holds="([^"]*)"', body))
    assert "suggest-" not in _draft(client, calm, f"{ARMED} now", seen=seen)
    assert not re.search(r"<(input|textarea|select)\b", body)
    assert "No weapons" not in _draft(client, calm, "No weapons, calm")
    assert 'data-cue-confirm="weapon"' not in _draft(client, calm, "No weapons, calm")


def test_a_draft_is_kept_nowhere_and_holds_a_decision(signed_in: SignedIn, calm: Call) -> None:
    client = signed_in("call_taker")
    status, body = post(client, calm, "decision", id=uuid4(), action="accept", draft=ARMED)
    assert (status, Decision.objects.get().response_class) == (200, "co_response")
    assert "After the decision" in body
    assert not calm.incident.narrative.exists()


def test_one_key_confirms_and_one_dismisses(signed_in: SignedIn, calm: Call) -> None:
    client = signed_in("call_taker")
    post(client, calm, "notes", id=uuid4(), text=ARMED)
    body = client.get(reverse("desk:call", args=[calm.pk])).content.decode()
    assert re.search(r"<mark>waving a knife.*?<span class=\"cue-of\">", body)
    marks = re.findall(r'data-cue-dismiss="([^"]*)"', body)
    assert any(mark.startswith("weapon=") for mark in marks)
    for mark in marks:
        assert post(client, calm, "dismiss", mark=mark)[0] == 200
    assert CueDismissal.objects.count() == len(marks)
    assert "data-cue-dismiss" not in client.get(reverse("desk:call", args=[calm.pk])).content.decode()
    assert post(client, calm, "dismiss", mark="weapon=in_hand:made up")[0] == 409
    status, body = post(client, calm, "answers", key="weapon", value="in_hand", basis="heard")
    assert (status, Answer.objects.filter(key="weapon").latest("id").basis) == (200, "heard")
    assert post(client, calm, "answers", key="weapon", value="none", basis="guessed")[0] == 422


def test_dismissing_and_drafting_need_a_role_and_ones_own_centre(
    signed_in: SignedIn, calm: Call, now: datetime
) -> None:
    stranger = Client()
    stranger.force_login(factories.the_people(factories.a_centre(at=now, slug="otherton"))["call_taker"])
    for name, status in (("responder", 403), ("", 404)):
        client = signed_in(name) if name else stranger
        assert post(client, calm, "draft", draft=ARMED)[0] == status
        assert post(client, calm, "dismiss", mark="weapon=in_hand:knife")[0] == status
        assert client.get(reverse("desk:call_why", args=[calm.pk])).status_code == status


def test_why_names_rule_condition_value_person_and_time(
    signed_in: SignedIn, calm: Call, people: dict[str, User]
) -> None:
    client = signed_in("call_taker")
    post(client, calm, "answers", key="weapon", value="in_hand", basis="seen")
    body = client.get(reverse("desk:call_why", args=[calm.pk])).content.decode()
    fired = re.search(r"Rules that ask for a class.*?</details>", body, re.S)
    assert fired is not None
    assert "Weapon" in fired.group()
    assert re.search(rf"this caller: [^<]*\(seen, {people['call_taker'].initials}, \d{{4}}-", fired.group())
    assert {"true", "false", "unknown"} <= set(re.findall(r'data-truth="(\w+)"', body)) | {"unknown"}
    assert "the map:" in body
    card = client.get(reverse("desk:console")).content.decode()
    assert "<summary>Why, rule by rule</summary>" in card


def test_a_rule_that_needs_several_says_how_many() -> None:
    needs = [{"key": "weapon", "is": "none"}, {"key": "suicide", "is": "none"}]
    condition = parse({"not": {"at_least": 2, "of": needs}}, vocabulary.load())
    words, (inner,) = _joined(condition)
    assert (words, _joined(inner)[0], _joined(Always())) == ("Not", "At least 2 of these", ("", ()))


def test_the_panel_says_whose_rules_they_are_and_folds_what_cannot_change_it(signed_in: SignedIn, calm: Call) -> None:
    body = signed_in("call_taker").get(reverse("desk:call", args=[calm.pk])).content.decode()
    assert "Reference rules, not approved here" in body
    assert "Cannot change the response now" in body


def test_the_caller_is_promised_a_team_only_while_one_may_come(
    signed_in: SignedIn, centre: Centre, calm: Call, people: dict[str, User], now: datetime
) -> None:
    client = signed_in("call_taker")
    factories.a_decision(calm.incident, by=people["call_taker"], at=now)
    said = str(ProgramVersion.objects.get(program__slug="star", state="published").spec["caller_script"])
    assert escape(said) in client.get(reverse("desk:call", args=[calm.pk])).content.decode()
    Unit.objects.update(service="out_of_service", service_reason="meal")
    assert offers_run(centre=centre, at=now) == []
    body = client.get(reverse("desk:call", args=[calm.pk])).content.decode()
    assert escape(said) not in body
    assert "I am still looking for a team" in body


def test_without_a_suggestion_there_is_nothing_to_explain(signed_in: SignedIn, centre: Centre, calm: Call) -> None:
    centre.protocols.update(state="retired")
    client = signed_in("call_taker")
    assert "nothing to explain" in client.get(reverse("desk:call_why", args=[calm.pk])).content.decode()
    assert "No suggestion, use standard dispatch" in _draft(client, calm, "", all="on")


def test_programs_that_are_not_for_here_or_not_for_this_are_folded_and_a_closed_one_is_not() -> None:
    """Eligible ones are all read; of the others, what a call taker could act on, and never a long list of it."""
    sent_as = ResponseClass.MOBILE_TEAM

    def fit(slug: str, result: str, *codes: str) -> ProgramFit:
        reasons = tuple(Reason(code, f"{code}.") for code in codes)
        return ProgramFit(slug, FitResult(result), reasons, (), (), sent_as, sent_as, False)

    fits = [
        *(fit(f"far-{one}", "EXCLUDED", "closed", "out_of_area") for one in range(9)),
        fit("other", "EXCLUDED", "nature_not_served"),
        fit("night", "EXCLUDED", "closed"),
        fit("weapon", "EXCLUDED", "weapon"),
        *(fit(f"ask-{one}", "ASK", "ask_weapon") for one in range(6)),
        *(fit(f"takes-{one}", "ELIGIBLE", "criteria_met") for one in range(5)),
    ]
    read, folded = programs_said(fits, {"night": "Night van"})
    assert [one.name for one in read] == [
        *(f"takes-{one}" for one in range(5)), *(f"ask-{one}" for one in range(4)), "Night van", "weapon",
    ]  # fmt: skip
    assert len(folded) == len(fits) - len(read)
    assert {one.name for one in folded} >= {"ask-4", "ask-5", "far-0", "other"}
