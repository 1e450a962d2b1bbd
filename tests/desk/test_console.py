"""The call taker's doors: each answers with the parts of the card, or with words for the field."""

import re
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Centre, User
from dispatch.models import Call, Incident, LocationEntry, NarrativeEntry
from people.models import Place
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.desk.conftest import SignedIn


def post(client: Client, call: Call, what: str, **data: object) -> tuple[int, str]:
    response = client.post(reverse(f"desk:call_{what}", args=[call.pk]), {k: str(v) for k, v in data.items()})
    return response.status_code, response.content.decode()


def test_a_new_call_is_one_row_however_often_it_is_sent(
    signed_in: SignedIn, people: dict[str, User], programs: dict[str, ProgramVersion]
) -> None:
    client, wanted = signed_in("call_taker"), str(uuid4())
    first = client.post(reverse("desk:call_open"), {"id": wanted})
    again = client.post(reverse("desk:call_open"), {"id": wanted})
    assert first.status_code == again.status_code == 200
    assert Call.objects.get().owner == people["call_taker"]
    assert Incident.objects.count() == 1
    assert f'id="tab-{wanted}"' in first.content.decode()


def test_an_id_that_is_none_is_refused_with_words(signed_in: SignedIn) -> None:
    response = signed_in("call_taker").post(reverse("desk:call_open"), {"id": "first"})
    assert response.status_code == 422
    assert response["X-Problem-Field"] == "id"
    assert not Call.objects.exists()


def test_the_open_call_is_there_after_a_reload(signed_in: SignedIn, call: Call) -> None:
    body = signed_in("call_taker").get(reverse("desk:console")).content.decode()
    assert f'id="card-{call.pk}"' in body
    assert factories.HOME in body
    assert f'id="card-{call.pk}"' not in signed_in("call_taker2").get(reverse("desk:console")).content.decode()


@pytest.mark.parametrize(
    ("data", "state", "words"),
    [
        ({"text": "Elm", "place": "PARK"}, "verified", "VERIFIED"),
        ({"text": "behind the old mill"}, "unverified", "UNVERIFIED"),
        ({"text": "behind the old mill", "force": "on"}, "forced", "FORCED"),
    ],
)
def test_where_is_verified_only_by_a_pick(
    data: dict[str, str], state: str, words: str, signed_in: SignedIn, call: Call
) -> None:
    if data.get("place") == "PARK":
        data = {**data, "place": str(Place.objects.get(label=factories.PARK).pk)}
    status, body = post(signed_in("call_taker"), call, "location", **data)
    assert status == 200
    assert LocationEntry.objects.filter(incident=call.incident).latest("id").state == state
    assert words in body


def test_where_keeps_its_history(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    before = LocationEntry.objects.filter(incident=call.incident).count()
    post(client, call, "location", text="first idea")
    post(client, call, "location", text="second idea")
    assert LocationEntry.objects.filter(incident=call.incident).count() == before + 2


def test_a_place_of_another_centre_is_not_known_here(signed_in: SignedIn, call: Call, now: datetime) -> None:
    other = factories.a_centre(at=now, slug="otherton")
    place = Place.objects.filter(centre=other).first()
    assert place is not None
    status, body = post(signed_in("call_taker"), call, "location", text="x", place=place.pk)
    assert status == 422
    assert "Search again" in body


def test_a_number_that_is_none_is_refused_at_its_field(signed_in: SignedIn, call: Call) -> None:
    response = signed_in("call_taker").post(reverse("desk:call_phone", args=[call.pk]), {"number": "12"})
    assert response.status_code == 422
    assert response["X-Problem-Field"] == "number"
    assert response["Content-Type"].startswith("text/plain")


def test_confirming_the_number_shows_it(signed_in: SignedIn, call: Call) -> None:
    status, body = post(signed_in("call_taker"), call, "phone", number="308 555 0142", confirmed="on")
    assert status == 200
    assert "confirmed" in body
    call.refresh_from_db()
    assert call.phone_confirmed


def test_an_answer_changes_the_suggestion_and_stays_visible(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    before = client.get(reverse("desk:call", args=[call.pk])).content.decode()
    assert "Not triaged" in before
    status, body = post(client, call, "answers", key="weapon", value="in_hand")
    assert status == 200
    assert "Emergency response" in body
    chosen = re.search(r'data-question="weapon".*?</fieldset>', body, re.S)
    assert chosen is not None
    assert re.search(r'data-value="in_hand"[^>]*aria-pressed="true"', chosen.group())


@pytest.mark.parametrize(
    ("key", "value"), [("child_at_risk", "false"), ("medical_signs", "[]"), ("subjects", "2"), ("weapon", "unknown")]
)
def test_answers_of_every_kind_are_read(key: str, value: str, signed_in: SignedIn, call: Call) -> None:
    assert post(signed_in("call_taker"), call, "answers", key=key, value=value)[0] == 200


def test_an_answer_that_the_question_does_not_have_is_refused(signed_in: SignedIn, call: Call) -> None:
    status, body = post(signed_in("call_taker"), call, "answers", key="weapon", value="maybe")
    assert status == 422
    assert "unknown" in body


def test_every_open_question_has_unknown_as_an_answer(signed_in: SignedIn, call: Call) -> None:
    body = signed_in("call_taker").get(reverse("desk:call", args=[call.pk])).content.decode()
    questions = re.findall(r"<fieldset.*?</fieldset>", body, re.S)
    assert questions
    assert all('data-value="unknown"' in question for question in questions)


def test_no_field_lies_inside_a_part_that_is_replaced(signed_in: SignedIn, call: Call) -> None:
    body = signed_in("call_taker").get(reverse("desk:call", args=[call.pk])).content.decode()
    assert not re.search(r"<(input|textarea|select)\b", body)


def test_a_note_sent_twice_is_one_note(signed_in: SignedIn, call: Call) -> None:
    client, wanted = signed_in("call_taker"), uuid4()
    for _ in range(2):
        status, body = post(client, call, "notes", id=wanted, text="Calm, on the porch")
        assert status == 200
        assert "Calm, on the porch" in body
    assert NarrativeEntry.objects.filter(incident=call.incident).count() == 1


def test_words_of_a_note_are_escaped(signed_in: SignedIn, call: Call) -> None:
    _, body = post(signed_in("call_taker"), call, "notes", id=uuid4(), text="<script>alert(1)</script>")
    assert "<script>alert" not in body
    assert "&lt;script&gt;" in body


def test_sending_needs_only_where(signed_in: SignedIn, programs: dict[str, ProgramVersion]) -> None:
    client, wanted = signed_in("call_taker"), uuid4()
    client.post(reverse("desk:call_open"), {"id": str(wanted)})
    call = Call.objects.get(pk=wanted)
    status, words = post(client, call, "decision", id=uuid4(), action="send")
    assert status == 422
    assert "where" in words.lower()
    post(client, call, "location", text="somewhere on Main St")
    status, body = post(client, call, "decision", id=uuid4(), action="send")
    assert status == 200
    assert "After the decision" in body


def test_accepting_is_refused_before_any_answer(signed_in: SignedIn, call: Call) -> None:
    status, words = post(signed_in("call_taker"), call, "decision", id=uuid4(), action="accept")
    assert status == 409
    assert words


def test_a_less_cautious_choice_waits_for_a_second_person(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime
) -> None:
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now, weapon="accessible")
    status, body = post(
        signed_in("call_taker"), call, "decision", id=uuid4(), action="override", response_class="mobile_team",
        program="star", reason="answer_corrected",
    )  # fmt: skip
    assert status == 200
    assert "Waits for a second person" in body


def test_hazards_at_the_address_are_in_the_card_without_a_click(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], call: Call, now: datetime
) -> None:
    caution = factories.a_caution(centre, at=now, label=factories.HOME)
    body = signed_in("call_taker").get(reverse("desk:console")).content.decode()
    assert caution.text in body


def test_a_possible_duplicate_is_shown_and_joined_only_on_request(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], call: Call, now: datetime
) -> None:
    other = factories.a_call(centre, by=people["call_taker2"], at=now, where="15 Alder St")
    client = signed_in("call_taker")
    body = client.get(reverse("desk:call", args=[call.pk])).content.decode()
    assert f'data-join="{other.incident_id}"' in body
    call.refresh_from_db()
    assert call.incident_id != other.incident_id
    assert post(client, call, "join", incident=other.incident_id)[0] == 200
    call.refresh_from_db()
    assert call.incident_id == other.incident_id
    body = client.get(reverse("desk:call", args=[call.pk])).content.decode()
    assert body.count("joined</span>") == 1, "all callers are listed, and who was joined"
    assert post(client, call, "apart", incident=other.incident_id)[0] == 200
    call.refresh_from_db()
    assert call.incident_id not in {None, other.incident_id}, "joined by mistake, and taken out again"


def test_what_may_be_the_same_is_read_first_and_can_be_kept_apart(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], call: Call, now: datetime
) -> None:
    other = factories.a_call(centre, by=people["call_taker2"], at=now, where="15 Alder St")
    client = signed_in("call_taker")
    page = client.get(reverse("desk:console")).content.decode()
    assert page.index(f'data-join="{other.incident_id}"') < page.index(f'id="suggest-{call.pk}"')
    said = post(client, call, "apart", incident=other.incident_id)
    assert (said[0], f'data-join="{other.incident_id}"' in said[1]) == (200, False)
    stranger = factories.a_call(factories.a_centre(at=now, slug="otherton"), by=people["call_taker"], at=now)
    assert post(client, call, "apart", incident=stranger.incident_id)[0] == 404


@pytest.mark.parametrize("ended_as", ["completed", "dropped", "silent", "abandoned", "misdial", "test"])
def test_calls_end_with_a_code(ended_as: str, signed_in: SignedIn, call: Call) -> None:
    assert post(signed_in("call_taker"), call, "end", ended_as=ended_as)[0] == 200
    call.refresh_from_db()
    assert call.ended_as == ended_as


@pytest.mark.parametrize("ended_as", ["misdial", "test"])
def test_a_misdial_closes_its_incident(ended_as: str, signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    post(client, call, "end", ended_as=ended_as)
    call.incident.refresh_from_db()
    assert (call.incident.state, call.incident.outcome) == ("closed", ended_as)
    assert f'id="card-{call.pk}"' not in client.get(reverse("desk:console")).content.decode()


def test_an_ended_call_that_nobody_sent_stays_in_sight(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    post(client, call, "end", ended_as="completed")
    assert f'id="card-{call.pk}"' in client.get(reverse("desk:console")).content.decode()


def test_calls_of_another_centre_do_not_exist_here(signed_in: SignedIn, call: Call, now: datetime) -> None:
    other = factories.a_centre(at=now, slug="otherton")
    stranger = factories.the_people(other)["call_taker"]
    client = Client()
    client.force_login(stranger)
    assert client.get(reverse("desk:call", args=[call.pk])).status_code == 404
    assert post(client, call, "end", ended_as="test")[0] == 404


def test_searches_are_posts_so_that_no_address_stands_in_a_url(signed_in: SignedIn, call: Call) -> None:
    client = signed_in("call_taker")
    assert client.get(reverse("desk:places")).status_code == 405
    found = client.post(reverse("desk:places"), {"text": "14 ald", "token": "picks"}).content.decode()
    assert factories.HOME in found
    assert "Welfare check" in client.post(reverse("desk:natures"), {"text": "welfre", "token": "w"}).content.decode()


def test_signed_out_in_mid_call_is_said_and_nothing_is_swapped(call: Call) -> None:
    response = Client().post(reverse("desk:call_notes", args=[call.pk]), {"id": str(uuid4()), "text": "still here"})
    assert response.status_code == 401
    assert "Sign in again" in response.content.decode()


def test_when_the_engine_fails_the_card_says_so_and_sending_works(
    signed_in: SignedIn, centre: Centre, call: Call, units: dict[str, Unit]
) -> None:
    centre.protocols.update(state="retired")
    client = signed_in("call_taker")
    assert "No suggestion, use standard dispatch" in client.get(reverse("desk:call", args=[call.pk])).content.decode()
    assert post(client, call, "decision", id=uuid4(), action="send")[0] == 200
