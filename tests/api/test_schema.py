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
    for operation in (one for methods in paths.values() for one in methods.values()):
        told = {code for code, one in operation["responses"].items() if "application/problem+json" in one["content"]}
        always, with_body = {"401", "403", "404", "409", "422", "503"}, {"400", "408", "411", "413", "415"}
        assert told == always | (with_body if "requestBody" in operation else set()), operation["operationId"]


def test_the_schema_is_refused_to_the_signed_out() -> None:
    response = APIClient().get("/api/schema/")
    assert response.status_code == 401
    assert is_problem(response)
