"""Working without the server: what is kept to be printed, and the blank cards."""

import pytest
from django.urls import reverse

from accounts.models import AuditRow, Centre
from dispatch.models import Assignment, Call
from tests.desk.conftest import NUMBER, SignedIn
from triage import vocabulary

pytestmark = pytest.mark.django_db


def test_the_kept_state_holds_calls_numbers_and_units(
    signed_in: SignedIn, centre: Centre, call: Call, accepted: Assignment
) -> None:
    client = signed_in("dispatcher")
    answer = client.get(reverse("desk:downtime_snapshot"))
    body = answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert NUMBER in body
    assert f"<td>{call.incident.number:04d}</td>" in body
    assert "Star 1 ACCEPTED" in body
    client.get(reverse("desk:downtime_snapshot"))
    assert AuditRow.objects.filter(action="downtime.snapshot").count() == 1


def test_an_empty_floor_says_so(signed_in: SignedIn, centre: Centre) -> None:
    body = signed_in("call_taker").get(reverse("desk:downtime_snapshot")).content.decode()
    assert "No call was open." in body


def test_blank_cards_ask_every_question_in_order(signed_in: SignedIn, centre: Centre) -> None:
    body = signed_in("call_taker").get(reverse("desk:downtime_cards"), {"copies": 2}).content.decode()
    assert body.count('aria-label="Blank intake card"') == 2
    card = body[: body.index("</article>")]
    asked = [question.ask or question.label for question in vocabulary.load().questions]
    places = [card.find(words.replace("'", "&#x27;")) for words in asked]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["downtime_snapshot", "downtime_cards"])
def test_only_the_floor_may_read_them(signed_in: SignedIn, centre: Centre, name: str) -> None:
    assert signed_in("responder").get(reverse(f"desk:{name}")).status_code == 403
