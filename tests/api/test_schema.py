"""The API's description is whole, valid and served."""

from collections.abc import Callable
from io import StringIO

from django.core.management import call_command
from rest_framework.test import APIClient

from tests.api.doors import ENTRIES, is_problem


def test_the_schema_is_valid_and_has_no_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_schema_is_served_to_members_and_names_every_address(client_for: Callable[[str], APIClient]) -> None:
    response = client_for("analyst").get("/api/schema/")
    assert response.status_code == 200
    paths = response.json()["paths"]
    assert len(paths) == len({entry.name for entry in ENTRIES})
    answers = [operation["responses"] for methods in paths.values() for operation in methods.values()]
    assert all("application/problem+json" in one["401"]["content"] for one in answers)


def test_the_schema_is_refused_to_the_signed_out() -> None:
    response = APIClient().get("/api/schema/")
    assert response.status_code == 401
    assert is_problem(response)
