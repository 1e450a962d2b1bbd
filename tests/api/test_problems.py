"""Errors: RFC 9457 with a stable code, the field, and never what somebody said."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from rest_framework.exceptions import Throttled
from rest_framework.test import APIClient

from accounts.problems import field_errors, problem_handler
from tests.api.doors import API, ENTRIES, filled, is_problem, send

SECRET = "Maria Lopez, 308 555 0142"


def _walk(body: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(body, dict):
        return [found for key, inner in body.items() for found in _walk(inner, (*path, key))]
    return [path]


def _with(body: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    return {**body, path[0]: _with(body[path[0]], path[1:], value)}


def test_errors_never_repeat_what_was_sent(scene: dict[str, str], client_for: Callable[[str], APIClient]) -> None:
    clients = {role: client_for(role) for role in ("supervisor", "responder")}
    refused = 0
    for entry in ENTRIES:
        body = filled(entry.body, scene)
        for path in _walk(body) if body else []:
            client = clients["supervisor" if "supervisor" in entry.roles else "responder"]
            mark = transaction.savepoint()
            for value in (SECRET, SECRET * 900, [SECRET], {"said": SECRET}):
                response = send(client, entry, scene, _with(body, path, value))
                assert response.status_code < 500, (entry.path, path)
                if response.status_code >= 400:
                    refused += 1
                    assert is_problem(response)
                    assert "Maria" not in response.content.decode(), (entry.path, path)
            transaction.savepoint_rollback(mark)
    assert refused > 100


def test_addresses_without_personal_data() -> None:
    # Only the gazetteer's label search carries typed text; what a caller said goes into the body of places/search.
    assert [entry.path for entry in ENTRIES if "?q=" in entry.path] == ["places?q=Elm", "natures?q=welfare"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"chanel": "911"}, "chanel"),
        ({"channel": "carrier pigeon"}, "channel"),
        ({"id": "17"}, "id"),
        ({"number": "123"}, "number"),
        ({"device_at": "2026-03-01T10:00:00"}, "device_at"),
        ({"device_at": "yesterday"}, "device_at"),
        ({"device_at": "0001-01-01T00:00:00+23:00"}, "device_at"),
        ([], ""),
        ("911", ""),
    ],
)
def test_a_refusal_names_the_field(body: Any, field: str, client_for: Callable[[str], APIClient]) -> None:
    response = client_for("call_taker").post(f"{API}calls", body, format="json")
    assert response.status_code == 422
    assert is_problem(response)
    assert list(response.json()["errors"]) == [field]


def test_shapes_of_what_the_framework_refuses(client_for: Callable[[str], APIClient]) -> None:
    client = client_for("call_taker")
    cases = {
        400: client.post(f"{API}calls", "{", content_type="application/json"),
        404: client.get(f"{API}nothing/of/the/kind"),
        405: client.get(f"{API}calls"),
        415: client.post(f"{API}calls", "<call/>", content_type="application/xml"),
    }
    for status, response in cases.items():
        assert response.status_code == status
        assert is_problem(response)
    assert "POST" in cases[405]["Allow"]
    assert client.get(f"{API}calls/{uuid4()}/nature").status_code == 405
    assert client.post(f"{API}calls/{uuid4()}/nature", {}, format="json").json()["code"] == "not_found"


def test_a_key_that_is_no_uuid_is_said_so(client_for: Callable[[str], APIClient]) -> None:
    response = client_for("call_taker").post(f"{API}calls", {}, format="json", headers={"Idempotency-Key": "again"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_invalid")


def test_query_parameters_are_checked(client_for: Callable[[str], APIClient]) -> None:
    client = client_for("dispatcher")
    for query in (
        "incidents?open=yes",
        "incidents?limit=0",
        "incidents?limit=9999",
        "incidents?cursor=-1",
        "places?q=",
    ):
        response = client.get(API + query)
        assert (query, response.status_code, response.json()["code"]) == (query, 422, "query_invalid")


def test_a_failure_is_a_problem_without_its_words(
    client_for: Callable[[str], APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("dispatch.api.alarms.alarm_rows", fail)
    client = client_for("dispatcher")
    client.raise_request_exception = False
    response = client.get(f"{API}alarms")
    assert response.status_code == 500
    assert is_problem(response)
    assert "Maria" not in response.content.decode()


def test_a_busy_database_says_when_to_come_again() -> None:
    response = problem_handler(OperationalError(SECRET), {})
    assert response is not None
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert SECRET not in str(response.data)


def test_too_many_requests_say_when_to_come_again() -> None:
    response = problem_handler(Throttled(wait=7), {})
    assert response is not None
    assert (response.status_code, response.data["code"], response["Retry-After"]) == (429, "throttled", "7")


def test_nested_errors_are_told_by_path() -> None:
    assert field_errors({"answers": {"weapon": ["Choose."]}, "non_field_errors": ["Both."]}) == {
        "answers.weapon": ["Choose."],
        "": ["Both."],
    }
