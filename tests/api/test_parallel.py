"""Requests at the same moment, on real connections: one call, one unit, one winner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import Centre, User
from dispatch.models import Assignment, Call, Incident
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.api.doors import API

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*requests: Callable[[], int]) -> list[int]:
    """The statuses of requests that start together, each on a connection of its own."""
    barrier = Barrier(len(requests))

    def one(request: Callable[[], int]) -> int:
        try:
            barrier.wait()
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as pool:
        return sorted(pool.map(one, requests))


def _post(client: APIClient, path: str, body: dict[str, object]) -> Callable[[], int]:
    return lambda: int(client.post(API + path, body, format="json").status_code)


def test_the_same_create_eight_times_at_once_is_one_call(client_for: Callable[[str], APIClient]) -> None:
    body: dict[str, object] = {"id": str(uuid4()), "channel": "911", "number": "+13085550142"}
    assert _at_once(*(_post(client_for("call_taker"), "calls", body) for _ in range(8))) == [200] * 7 + [201]
    assert (Call.objects.count(), Incident.objects.count()) == (1, 1)


def test_two_dispatchers_want_the_same_unit_and_one_gets_it(
    client_for: Callable[[str], APIClient],
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    now: datetime,
) -> None:
    wanted = []
    for _ in range(2):
        call = factories.a_triaged_call(centre, by=people["call_taker"], at=now)
        factories.a_decision(call.incident, by=people["call_taker"], at=now)
        wanted.append(call.incident_id)
    body: dict[str, object] = {"unit": str(units["Star 1"].pk)}
    clients = (client_for("dispatcher"), client_for("dispatcher2"))
    requests = [
        _post(client, f"incidents/{incident}/offers", body) for client, incident in zip(clients, wanted, strict=True)
    ]
    assert _at_once(*requests) == [201, 409]
    assert Assignment.objects.filter(unit=units["Star 1"]).count() == 1
