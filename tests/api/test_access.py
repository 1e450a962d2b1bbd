"""Who gets in where: every address, every role, another centre, and nobody at all."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from accounts.models import Centre, Role, User
from dispatch.api.urls import urlpatterns
from tests import factories
from tests.api.doors import API, ENTRIES, ROLES, Entry, filled, is_problem, send


def test_the_table_knows_every_address() -> None:
    assert {entry.name for entry in ENTRIES} == {pattern.name for pattern in urlpatterns}


def _tried(client: APIClient, entry: Entry, scene: dict[str, str]) -> Any:
    """Send and undo, so that each address meets the same scene."""
    mark = transaction.savepoint()
    response = send(client, entry, scene)
    transaction.savepoint_rollback(mark)
    return response


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_in_where_it_may_and_nowhere_else(
    role: str, scene: dict[str, str], client_for: Callable[[str], APIClient]
) -> None:
    client = client_for(role)
    wrong = []
    for entry in ENTRIES:
        response = _tried(client, entry, scene)
        status = response.status_code
        # A state may forbid what the role allows (409), for example resuming before somebody asked.
        right = status in {200, 201, 409} if role in entry.roles else status == 403 and is_problem(response)
        if not right:
            wrong.append((entry.method, entry.path, status))
    assert wrong == []


def test_signed_out_nobody_gets_in_and_is_told_in_a_problem(scene: dict[str, str]) -> None:
    client = APIClient()
    for entry in ENTRIES:
        response = send(client, entry, scene)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Session realm="Diversion Desk"')
        assert is_problem(response)
        assert response.json()["code"] == "signed_out"


def test_another_centre_sees_nothing(scene: dict[str, str], at: datetime) -> None:
    elsewhere = factories.a_centre(at=at, slug="riverton")
    stranger = factories.a_person(elsewhere, "everything", *Role.values)
    client = APIClient()
    client.force_login(stranger)
    about_one = [entry for entry in ENTRIES if "{" in entry.path]
    assert len(about_one) > 30
    for entry in about_one:
        response = _tried(client, entry, scene)
        assert (entry.path, response.status_code) == (entry.path, 404)
        assert is_problem(response)


def test_lists_of_another_centre_are_empty(scene: dict[str, str], at: datetime) -> None:
    elsewhere = factories.a_centre(at=at, slug="riverton")
    client = APIClient()
    client.force_login(factories.a_person(elsewhere, "supervisor", Role.SUPERVISOR))
    for path in ("incidents", "handoffs", "units", "alarms", "programs", "suspensions"):
        assert client.get(API + path).json()["results"] == []


def test_a_crew_does_not_act_for_another(scene: dict[str, str], client_for: Callable[[str], APIClient]) -> None:
    other = client_for("outreach")
    for path in ("assignments/{assignment}/accept", "units/{unit}/help", "stage-orders/{order}/acknowledge"):
        assert other.post(API + filled(path, scene), {}, format="json").status_code == 403
    assert other.get(API + filled("incidents/{incident}", scene)).status_code == 403


def test_somebody_without_a_role_or_centre_gets_in_nowhere(centre: Centre, scene: dict[str, str]) -> None:
    for person in (factories.a_person(centre, "nobody"), User.objects.create(username="visitor")):
        client = APIClient()
        client.force_login(person)
        assert {send(client, entry, scene).status_code for entry in ENTRIES} == {403}


def test_writes_need_the_anti_forgery_token(people: dict[str, User]) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(people["call_taker"])
    response = client.post(f"{API}calls", {"channel": "911"}, format="json")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    assert is_problem(response)


@pytest.mark.django_db
def test_nothing_simulated_acts_in_a_real_centre(at: datetime) -> None:
    real = factories.a_centre(at=at, slug="real", simulated=False)
    client = APIClient()
    client.force_login(factories.a_person(real, "taker", Role.CALL_TAKER))
    body = {"channel": "911"}
    assert client.post(f"{API}calls", body, format="json").status_code == 201
    response = client.post(f"{API}calls", body, format="json", headers={"X-Simulated-By": "demo.simulator"})
    assert response.status_code == 403
    assert real.calls.count() == 1
