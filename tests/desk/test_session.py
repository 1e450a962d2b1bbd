"""Signing in and out."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditRow, User
from dispatch.services.alarms import alarm_raise
from tests import factories


def test_a_person_signs_in_and_lands_on_their_screen(people: dict[str, User]) -> None:
    client = Client()
    form = {"username": people["call_taker"].username, "password": factories.PASSWORD}
    response = client.post(reverse("desk:sign_in"), form, follow=True)
    assert response.redirect_chain[-1][0] == "/console/"
    assert AuditRow.objects.filter(action="session.sign_in", by=people["call_taker"]).count() == 1


def test_a_wrong_password_does_not_say_which_half_was_wrong(people: dict[str, User]) -> None:
    client = Client()
    wrong = client.post(reverse("desk:sign_in"), {"username": people["call_taker"].username, "password": "nope"})
    nobody = client.post(reverse("desk:sign_in"), {"username": "nobody-here", "password": "nope"})
    assert wrong.status_code == nobody.status_code == 200
    assert str(wrong.context["form"].non_field_errors()) == str(nobody.context["form"].non_field_errors()) != ""


def test_signing_out_ends_the_session(people: dict[str, User]) -> None:
    client = Client()
    client.force_login(people["dispatcher"])
    assert client.get(reverse("desk:queue")).status_code == 200
    assert client.post(reverse("desk:sign_out"))["Location"] == "/sign-in/?out=1"
    assert client.get(reverse("desk:queue")).status_code == 302


@pytest.mark.django_db
def test_signing_out_is_a_post_only() -> None:
    assert Client().get(reverse("desk:sign_out")).status_code == 405


def test_posts_without_the_token_are_refused(people: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["call_taker"])
    assert client.post(reverse("desk:call_open"), {"id": "d5f0a8a6-8f1e-4f2b-8c61-9f7a0d7f1c11"}).status_code == 403


@pytest.mark.parametrize(("role", "sounds"), [("call_taker", "off"), ("dispatcher", "on"), ("supervisor", "on")])
def test_sound_and_density_are_the_persons(people: dict[str, User], role: str, sounds: str) -> None:
    client = Client()
    client.force_login(people[role])
    page = client.get(reverse("desk:queue")).content.decode()
    assert f'data-sound="{sounds}"' in page
    assert 'data-density="comfortable"' in page
    other = "on" if sounds == "off" else "off"
    for change in ({"sound": other}, {"density": "compact"}, {"volume": "9"}, {"sound": "loud", "volume": "99"}):
        client.post(reverse("desk:preferences"), change)
    page = client.get(reverse("desk:queue")).content.decode()
    assert f'data-sound="{other}"' in page
    assert 'data-density="compact"' in page
    assert 'data-sound-volume="9"' in page


def test_an_alarm_tells_every_page_whose_it_is(people: dict[str, User]) -> None:
    centre = people["dispatcher"].centre
    assert centre is not None
    at = timezone.now()
    alarm_raise(centre=centre, kind="panic", subject="x", at=at, owner=people["dispatcher"])
    alarm_raise(centre=centre, kind="handoff_declined", subject="z", at=at, owner=people["call_taker"])
    alarm_raise(centre=centre, kind="ask_again", subject="y", at=at)
    client = Client()
    client.force_login(people["call_taker"])
    page = client.get(reverse("desk:console")).content.decode()
    # The call taker's own position is silent by default: so theirs sounds at the dispatchers', too.
    assert page.count("data-sounding=") == 2
    assert f'data-owner="{people["dispatcher"].pk}" ></i>' in page
    assert f'data-owner="{people["call_taker"].pk}"  data-role="dispatcher"></i>' in page
