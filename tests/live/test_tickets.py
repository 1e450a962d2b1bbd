"""Tickets: signed, short-lived, given only for what the rules admit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import Client, RequestFactory

from live.registry import Viewer, may_watch, register_access, register_viewer
from live.tickets import LIFETIME, Ticket, TicketRefused, session_hash, ticket_read, ticket_sign
from live.views import ticket as ticket_view

TICKET = Ticket(centre_id=3, audiences=("console", "unit:a"), session=session_hash("key"), expires_at=1_000)


def test_a_ticket_says_what_was_signed() -> None:
    assert ticket_read(ticket_sign(TICKET), now=999.9) == TICKET


def test_a_ticket_ends_at_its_time() -> None:
    with pytest.raises(TicketRefused, match="expired"):
        ticket_read(ticket_sign(TICKET), now=1_000)


@pytest.mark.parametrize("word", ["", "x", "a:b:c", "shortened", "lengthened"])
def test_a_forged_ticket_is_refused(word: str) -> None:
    word = {"shortened": ticket_sign(TICKET)[:-1], "lengthened": "A" + ticket_sign(TICKET)}.get(word, word)
    with pytest.raises(TicketRefused, match="forged"):
        ticket_read(word, now=0)


def test_the_session_key_cannot_be_read_from_a_ticket() -> None:
    assert "key" not in session_hash("key")
    assert session_hash("key") != session_hash("other")


def test_streams_end_within_five_minutes() -> None:
    assert LIFETIME <= 300


def request(**query: Any) -> HttpRequest:
    return RequestFactory().get("/live/ticket", query)


def as_viewer(asked: HttpRequest) -> Viewer | None:
    return Viewer(centre_id=4, session_key="device-1")


@pytest.mark.django_db
def test_only_admitted_audiences_are_signed() -> None:
    register_viewer(as_viewer)
    register_access("wall", lambda asked, audience, centre_id: centre_id == 4)
    register_access("console", lambda asked, audience, centre_id: False)
    answer = ticket_view(request(audience=["wall", "console", "public", "wall"]))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].find("no-store") >= 0
    body = json.loads(answer.content)
    assert body["audiences"] == ["wall"]
    assert body["expires_in"] == LIFETIME
    signed = ticket_read(body["ticket"], now=0)
    assert (signed.centre_id, signed.audiences, signed.session) == (4, ("wall",), session_hash("device-1"))


def test_nothing_admitted_is_403_and_nobody_is_401() -> None:
    register_viewer(as_viewer)
    assert ticket_view(request(audience="wall")).status_code == 403
    register_viewer(lambda asked: None)
    assert ticket_view(request(audience="wall")).status_code == 401


def test_the_longest_prefix_decides_and_no_rule_means_no() -> None:
    register_access("unit", lambda asked, audience, centre_id: audience.endswith("mine"))
    register_access("unit:all", lambda asked, audience, centre_id: True)
    asked = request()
    assert may_watch(asked, "unit:mine", 1)
    assert not may_watch(asked, "unit:other", 1)
    assert may_watch(asked, "unit:all:x", 1)
    assert not may_watch(asked, "units", 1)
    assert not may_watch(asked, "unit:mine*", 1)
    with pytest.raises(ImproperlyConfigured):
        register_access("unit", lambda asked, audience, centre_id: True)


@pytest.mark.django_db
@pytest.mark.urls("live.urls")
def test_without_a_registered_viewer_a_signed_in_session_is_needed() -> None:
    register_access("console", lambda asked, audience, centre_id: centre_id == 1)
    client = Client()
    assert client.get("/live/ticket", {"audience": "console", "centre": "1"}).status_code == 401
    user = get_user_model()(username="kim")
    user.set_unusable_password()
    user.save()
    client.force_login(user)
    assert client.get("/live/ticket", {"audience": "console"}).status_code == 401
    assert client.get("/live/ticket", {"audience": "console", "centre": "2"}).status_code == 403
    assert client.get("/live/ticket", {"audience": "console", "centre": "1"}).status_code == 200
