"""Signing in and out."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditRow, User
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
    assert client.post(reverse("desk:sign_out"))["Location"] == "/sign-in/"
    assert client.get(reverse("desk:queue")).status_code == 302


@pytest.mark.django_db
def test_signing_out_is_a_post_only() -> None:
    assert Client().get(reverse("desk:sign_out")).status_code == 405


def test_posts_without_the_token_are_refused(people: dict[str, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people["call_taker"])
    assert client.post(reverse("desk:call_open"), {"id": "d5f0a8a6-8f1e-4f2b-8c61-9f7a0d7f1c11"}).status_code == 403
