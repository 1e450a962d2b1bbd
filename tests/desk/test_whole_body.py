"""What arrives only in part is not acted on: the whole way from the server's door (config/wsgi.py)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.whole_body import LARGEST
from config.wsgi import application
from dispatch.models import Assignment, HistoryRow

TOKEN = "a" * 32


class Trickle(BytesIO):
    """A connection gives what it has, not what was asked for."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size, 7) if size and size > 0 else 7)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A request usually begins by closing what is old: here that is the test's own transaction."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


@pytest.fixture
def crew(offered: Assignment) -> User:
    return offered.unit.crew.get(until__isnull=True).user


def _accept(offered: Assignment, by: User, body: bytes, **environ: str) -> tuple[int, Any]:
    """The crew's acceptance as its phone sends it; returns the status and the words of a refusal."""
    client = Client()
    client.force_login(by)
    given: dict[str, Any] = {}
    setup_testing_defaults(given)
    given |= {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": reverse("desk:step", args=[offered.pk, "accept"]),
        "HTTP_HOST": "testserver",
        "HTTP_COOKIE": f"sessionid={client.cookies['sessionid'].value}; csrftoken={TOKEN}",
        "HTTP_X_CSRFTOKEN": TOKEN,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": Trickle(body),
    }
    said: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        said.extend((int(status.split()[0]), dict(headers)))

    content = b"".join(application({**given, **environ}, start_response))
    refused = said[1].get("Content-Type") == "application/problem+json"
    return said[0], json.loads(content) if refused else None


BODY = urlencode({"device_at": "2026-11-23T01:05:20.123Z", "assignment": ""}).encode()


def test_a_status_that_came_whole_is_acted_on_with_its_time(offered: Assignment, crew: User) -> None:
    assert _accept(offered, crew, BODY) == (200, None)
    offered.refresh_from_db()
    assert offered.state == "accepted"
    row = HistoryRow.objects.get(entity="assignment", entity_id=offered.pk, action="accept")
    assert row.device_at == datetime(2026, 11, 23, 1, 5, 20, 123000, tzinfo=UTC)


@pytest.mark.parametrize("arrived", [0, 1, 20, len(BODY) - 1])
def test_a_status_cut_short_is_not_acted_on_and_may_be_sent_again(
    offered: Assignment, crew: User, arrived: int
) -> None:
    status, said = _accept(offered, crew, BODY[:arrived], CONTENT_LENGTH=str(len(BODY)))
    assert (status, said["code"]) == (408, "body_cut_short")
    offered.refresh_from_db()
    assert offered.state == "offered"
    assert _accept(offered, crew, BODY) == (200, None)


@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        ({"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 411, "length_required"),
        ({"CONTENT_LENGTH": str(LARGEST + 1)}, 413, "body_too_large"),
        ({"CONTENT_LENGTH": "-1"}, 400, "length_wrong"),
        ({"CONTENT_LENGTH": "many"}, 400, "length_wrong"),
    ],
)
def test_a_body_of_no_known_length_is_not_acted_on(
    offered: Assignment, crew: User, environ: dict[str, str], status: int, code: str
) -> None:
    got, said = _accept(offered, crew, BODY, **environ)
    assert (got, said["code"], said["status"]) == (status, code, status)
    offered.refresh_from_db()
    assert offered.state == "offered"


def test_reading_needs_no_body(offered: Assignment, crew: User) -> None:
    status, _ = _accept(offered, crew, b"", REQUEST_METHOD="GET", PATH_INFO=reverse("desk:phone"), CONTENT_LENGTH="")
    assert status == 200
