"""The safety profile of a live call's confirmed number: shown, marked when old, taken over; and who never sees it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditRow, Centre, Role, User
from dispatch.models import Answer, Assignment, Call, HistoryRow, ReviewItem
from dispatch.selectors.crew import work_of
from dispatch.selectors.profiles import ACCESS_FOR, STALE_AFTER, profiles_for
from dispatch.selectors.triage import judge
from dispatch.services.calls import call_end, phone_set
from dispatch.services.profiles import profile_take
from interop.profiles.reader import ProfileRow
from interop.profiles.services import profiles_import
from live.models import Event
from people.models import SafetyProfile
from people.models.audience import Audience
from tests import factories
from tests.desk.conftest import NUMBER, SignedIn

pytestmark = pytest.mark.django_db
WORDS = "Insulin in the blue Quillfeather box"
FLAGS = ["How to get in", "Medical condition"]


def _load(centre: Centre, at: datetime, *, days: int = 20) -> SafetyProfile:
    details = (("entry", "Key safe, Quillfeather asks for the word"), ("medical", WORDS))
    row = ProfileRow(1, "r-1", NUMBER, at - timedelta(days=days), details)
    profiles_import(centre=centre, source="registry", rows=[row], by=None, at=at)
    return SafetyProfile.objects.get(centre=centre)


@pytest.fixture
def profile(centre: Centre, now: datetime) -> SafetyProfile:
    """A profile of the number that the call came from."""
    return _load(centre, now)


def _line(client: Client, call: Call) -> str:
    return client.get(reverse("desk:call_person", args=[call.pk])).content.decode()


def _confirm(client: Client, call: Call) -> str:
    url = reverse("desk:call_phone", args=[call.pk])
    return client.post(url, {"number": NUMBER, "confirmed": "on"}).content.decode()


def _take(client: Client, call: Call, **data: object) -> tuple[int, str]:
    response = client.post(reverse("desk:call_profile_take", args=[call.pk]), data)
    return response.status_code, response.content.decode()


def test_only_a_confirmed_number_shows_it_and_reading_is_written_down(
    signed_in: SignedIn, call: Call, profile: SafetyProfile, centre: Centre, now: datetime
) -> None:
    client = signed_in("call_taker")
    before = _line(client, call)
    assert "rofile" not in before, "not even that there is one"
    status, said = _take(client, call)
    assert (status, AuditRow.objects.filter(action="profile.read").count()) == (409, 0)
    profile.delete()
    assert _take(client, call) == (409, said), "no profile is said as one that may not be read"
    _load(centre, now)
    _confirm(client, call)
    line = _line(client, call)
    confirmed = (now - timedelta(days=20)).astimezone(centre.zone)
    assert f"Safety profile, self-reported, confirmed {confirmed:%Y-%m-%d}" in line
    assert WORDS in line
    assert 'data-profile-take data-key="F7"' in line
    row = AuditRow.objects.get(action="profile.read")
    assert (row.entity, row.entity_id) == ("call", str(call.pk))
    assert row.detail == {"profiles": [str(SafetyProfile.objects.get().pk)], "typed": False}
    assert not ReviewItem.objects.exists()


def test_a_reading_for_a_number_that_was_typed_says_so(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], profile: SafetyProfile, now: datetime
) -> None:
    """Whoever confirms a number that nobody called from can be found: the audit row tells the two kinds apart."""
    call = factories.a_call(centre, by=people["call_taker"], at=now)
    client = signed_in("call_taker")
    _confirm(client, call)
    _confirm(client, call)
    assert WORDS in _line(client, call)
    assert AuditRow.objects.get(action="profile.read").detail["typed"] is True
    _line(client, call)
    item = ReviewItem.objects.get()
    assert (item.kind, item.by, item.incident) == ("profile_read", people["call_taker"], call.incident), "once a reader"
    _line(signed_in("dispatcher"), call)
    assert ReviewItem.objects.count() == 2
    page = signed_in("supervisor").get(reverse("desk:reviews")).content.decode()
    assert "Safety profile read for a typed number" in page
    assert WORDS not in page
    assert NUMBER not in page


def test_a_number_typed_with_a_new_call_is_a_typed_one(
    signed_in: SignedIn, centre: Centre, profile: SafetyProfile
) -> None:
    client, typed = signed_in("call_taker"), {"text": f"nc ph:{NUMBER}", "selected": ""}
    for nonsense in ("echo", "run"):
        body = {"id": uuid4(), "text": "nc ph:12", "selected": ""}
        assert "problem" in client.post(reverse(f"desk:command_{nonsense}"), body).json()
    assert not Call.objects.exists()
    assert client.post(reverse("desk:command_run"), {"id": uuid4(), **typed}).json()["done"]
    call = Call.objects.get()
    _confirm(client, call)
    assert WORDS in _line(client, call)
    assert ReviewItem.objects.get().kind == "profile_read"


def test_an_old_one_says_so_and_stays(signed_in: SignedIn, call: Call, centre: Centre, now: datetime) -> None:
    _load(centre, now, days=STALE_AFTER.days + 1)
    client = signed_in("call_taker")
    _confirm(client, call)
    line = _line(client, call)
    assert "not confirmed since" in line
    assert "may be out of date" in line
    assert WORDS in line


def test_it_is_gone_45_minutes_after_the_call(
    people: dict[str, User], call: Call, profile: SafetyProfile, now: datetime
) -> None:
    taker = people["call_taker"]
    phone_set(call=call, number=NUMBER, confirmed=True, by=taker, at=now)
    call.refresh_from_db()
    assert profiles_for(call=call, viewer=taker, at=now + timedelta(days=2)) == [profile], "while it is open"
    call_end(call=call, ended_as="completed", by=taker, at=now)
    call.refresh_from_db()
    for after, shown in ((timedelta(0), [profile]), (ACCESS_FOR - timedelta(seconds=1), [profile]), (ACCESS_FOR, [])):
        assert profiles_for(call=call, viewer=taker, at=now + after) == shown, after


def test_the_line_is_asked_for_anew_when_the_time_is_over(
    signed_in: SignedIn, people: dict[str, User], call: Call, profile: SafetyProfile, now: datetime
) -> None:
    client, taker = signed_in("call_taker"), people["call_taker"]

    def key(body: str) -> str:
        return body.split('data-k="')[1].split('"')[0]

    seen = [key(_confirm(client, call)), key(_take(client, call)[1])]
    call_end(call=call, ended_as="completed", by=taker, at=now)
    for ended in (now, now - ACCESS_FOR):
        Call.objects.filter(pk=call.pk).update(ended_at=ended)
        seen.append(key(client.get(reverse("desk:call", args=[call.pk])).content.decode()))
        assert (WORDS in _line(client, call)) is (ended == now)
        assert ("data-profile-until" in _line(client, call)) is (ended == now)
    assert len(set(seen)) == 4


def test_nobody_else_reads_it(
    signed_in: SignedIn, call: Call, profile: SafetyProfile, people: dict[str, User], now: datetime
) -> None:
    _confirm(signed_in("call_taker"), call)
    for role in ("responder", "analyst", "auditor", "program_administrator"):
        assert signed_in(role).get(reverse("desk:call_person", args=[call.pk])).status_code == 403
        assert _take(signed_in(role), call)[0] == 403
    elsewhere = factories.a_centre(at=now, slug="riverton")
    stranger, client = factories.a_person(elsewhere, "stranger", *Role.values), Client()
    client.force_login(stranger)
    theirs = factories.a_call(elsewhere, by=stranger, at=now, where="", number=NUMBER)
    _confirm(client, theirs)
    assert "rofile" not in _line(client, theirs)
    assert _take(client, theirs)[0] == 409
    assert _take(client, call)[0] == 404
    call.refresh_from_db()
    assert call.phone is not None
    call.phone.audience = Audience.CLINICAL
    call.phone.save(update_fields=["audience"])
    assert "rofile" not in _line(signed_in("dispatcher"), call), "a number that is not for them"


def test_taken_over_by_a_press_once_and_in_coded_words(
    signed_in: SignedIn, call: Call, profile: SafetyProfile, people: dict[str, User], now: datetime
) -> None:
    client, post = signed_in("call_taker"), uuid4()
    _confirm(client, call)
    _line(client, call)
    assert not Answer.objects.exists(), "nothing is taken over by itself"
    before = judge(incident=call.incident, at=now)
    assert _take(client, call, post=post)[0] == 200
    assert _take(client, call, post=post)[0] == 200
    assert _take(client, call)[0] == 200
    answer = Answer.objects.get()
    assert (answer.key, answer.value, answer.by) == ("profile_flags", FLAGS, people["call_taker"])
    line = _line(client, call)
    assert "taken over" in line
    assert "data-profile-take" not in line
    after = judge(incident=call.incident, at=now)
    assert before.suggestion is not None
    assert after.suggestion is not None
    assert after.suggestion.response_class == before.suggestion.response_class
    assert after.suggestion.fits == before.suggestion.fits


def test_what_the_call_has_said_already_stays(call: Call, profile: SafetyProfile, people: dict[str, User]) -> None:
    taker, at = people["call_taker"], profile.received_at
    phone_set(call=call, number=NUMBER, confirmed=True, by=taker, at=at)
    profile_take(call=call, by=taker, at=at)
    row = ProfileRow(1, "r-1", NUMBER, at, (("pets", "Two dogs"),))
    profiles_import(centre=call.centre, source="registry", rows=[row], by=None, at=at)
    profile_take(call=call, by=taker, at=at)
    assert Answer.objects.latest().value == ["Animals", *FLAGS]


def test_by_line_alone(signed_in: SignedIn, call: Call, profile: SafetyProfile) -> None:
    client = signed_in("call_taker")

    def run() -> dict[str, str]:
        data = {"id": uuid4(), "text": "profile", "selected": call.incident_id}
        echo = client.post(reverse("desk:command_echo"), data).content.decode()
        assert "take over the safety profile" in echo
        return dict(client.post(reverse("desk:command_run"), data).json())

    assert "once its number is confirmed" in run()["problem"]
    _confirm(client, call)
    assert "Take over the safety profile" in run()["done"]
    assert Answer.objects.get().value == FLAGS
    assert not AuditRow.objects.filter(action="profile.read").exists(), "the line has shown no word of it"


def test_the_crew_learns_what_was_taken_over_and_nobody_the_residents_words(
    signed_in: SignedIn, accepted: Assignment, people: dict[str, User], centre: Centre, now: datetime
) -> None:
    call, taker = accepted.incident.calls.get(), people["call_taker"]
    _load(centre, now)
    phone_set(call=call, number=NUMBER, confirmed=True, by=taker, at=now)
    call.refresh_from_db()
    assert WORDS in _line(signed_in("call_taker"), call)
    profile_take(call=call, by=taker, at=now)
    phone = signed_in("responder").get(reverse("desk:phone")).content.decode()
    assert "Profile notes: How to get in, Medical condition" in phone
    (work,) = work_of(unit=accepted.unit, viewer=people["responder"], at=now)
    assert set(work.answers["profile_flags"]) == set(FLAGS)
    pages = [("dispatcher", "queue"), ("supervisor", "wall"), ("responder", "phone"), ("dispatcher", "map")]
    shown = [signed_in(role).get(reverse(f"desk:{page}")).content.decode() for role, page in pages]
    shown.append(signed_in("dispatcher").get(reverse("desk:incident_pane", args=[call.incident_id])).content.decode())
    for rows in (HistoryRow, Event, AuditRow, Answer):
        shown.append(str(list(rows.objects.values())))
    assert [text for text in shown if "Quillfeather" in text] == []
