"""Rows that are read by hand are what the ORM would have read, and behave as such."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Centre, User
from accounts.row_read import row_read, rows_read
from accounts.sessions import SessionStore
from dispatch.models import Incident
from tests import factories


def _held(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


@pytest.mark.django_db
def test_a_row_read_by_hand_is_the_row_that_the_orm_reads(
    centre: Centre, people: dict[str, User], at: datetime
) -> None:
    incident = factories.a_triaged_call(centre, by=people["call_taker"], at=at).incident
    read = row_read(Incident, "one.id = %s", [incident.pk], joined=("centre", "program_version"))
    assert read is not None
    theirs = Incident.objects.select_related("centre", "program_version").get(pk=incident.pk)
    assert _held(read) == _held(theirs)
    assert (read._state.adding, read._state.db) == (False, theirs._state.db)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert _held(read.centre) == _held(theirs.centre)
        assert read.program_version is None
    assert not asked.captured_queries
    read.version += 1
    read.save(update_fields=["version"])
    assert Incident.objects.get(pk=incident.pk).version == read.version


@pytest.mark.django_db
def test_a_column_that_was_left_out_is_fetched_when_it_is_asked_for(people: dict[str, User]) -> None:
    person = people["call_taker"]
    [read] = rows_read(User, "one.id = %s", [person.pk], without=("display_name", "languages"))
    assert read.get_deferred_fields() == {"display_name", "languages"}
    assert read.username == person.username
    assert read.display_name == person.display_name
    assert row_read(User, "one.id = %s", [-1]) is None


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 32, "a'; --", "\x00", "é" * 32], ids=ascii)
def test_a_cookie_that_is_no_session_is_nobody(key: str) -> None:
    store = SessionStore(key)
    assert store.get("_auth_user_id") is None
    assert store.session_key is None


@pytest.mark.django_db
def test_a_session_is_read_back_until_it_ends(people: dict[str, User]) -> None:
    client = Client()
    client.force_login(people["call_taker"])
    key = client.session.session_key
    assert SessionStore(key)["_auth_user_id"] == str(people["call_taker"].pk)
    Session.objects.filter(session_key=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert SessionStore(key).get("_auth_user_id") is None
