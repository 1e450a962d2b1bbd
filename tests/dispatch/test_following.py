"""A round that follows closely takes over the units that the one before has read, and tells nobody "none" from that."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Centre
from dispatch.models import Assignment, Incident
from dispatch.selectors.rounds import Round
from dispatch.services.journal import incident_locked
from dispatch.services.offers import offers_run, offers_withdraw
from responders.models import Unit

Waits = Callable[..., Incident]
Later = Callable[[float], datetime]
LONG_S = 3600.0


@pytest.fixture(autouse=True)
def _trusted_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, a list is trusted for as long as the test runs."""
    monkeypatch.setattr("dispatch.selectors.rounds.TRUSTED_FOR_S", LONG_S)


def _run(centre: Centre, at: datetime, last: Round | None) -> tuple[Round, list[Assignment], int]:
    """The round, its offers, and how often it read the units."""
    seen = Round(centre, at)
    seen.follow(last)
    with CaptureQueriesContext(connection) as asked:
        made = offers_run(centre=centre, at=at, seen=seen)
    return seen, made, sum("WITH mine AS" in query["sql"] for query in asked.captured_queries)


def test_the_next_round_reads_no_units_and_asks_nobody_twice(floor: Centre, waits: Waits, later: Later) -> None:
    waits()
    first, [one], read = _run(floor, later(1), None)
    assert read == 1
    waits()
    second, [other], read = _run(floor, later(2), first)
    assert read == 0
    assert other.unit_id != one.unit_id
    # The list it took over serves a third as well, and is empty by now.
    last = waits()
    _, made, read = _run(floor, later(3), second)
    assert (made, read) == ([], 1)
    last.refresh_from_db()
    assert last.no_unit_reason == "all_busy"


def test_a_unit_that_has_just_come_free_is_found_though_the_list_does_not_hold_it(
    floor: Centre, waits: Waits, later: Later
) -> None:
    leaves = waits()
    waits()
    first, made, _ = _run(floor, later(1), None)
    assert len(made) == 2
    with transaction.atomic():
        incident = incident_locked(leaves.pk)
        offers_withdraw(incident, None, later(2), reason="plan_changed")
        incident.offer_wanted = False
        incident.save(update_fields=["offer_wanted"])
    free = Assignment.objects.get(incident=leaves).unit_id
    waits()
    _, [offered], read = _run(floor, later(3), first)
    assert (offered.unit_id, read) == (free, 1)


def test_a_unit_that_left_service_meanwhile_is_passed_by(floor: Centre, waits: Waits, later: Later) -> None:
    waits()
    first, made, _ = _run(floor, later(1), None)
    [(left,)] = [tuple(units) for units in first._free.values()]
    assert left != str(made[0].unit_id)
    Unit.objects.filter(pk=left).update(service="out_of_service", service_reason="meal")
    last = waits()
    _, made, _ = _run(floor, later(2), first)
    assert made == []
    last.refresh_from_db()
    assert last.no_unit_reason


@pytest.mark.parametrize("change", ["old", "other centre"])
def test_what_is_too_old_or_another_centres_is_read_anew(
    floor: Centre, waits: Waits, later: Later, change: str
) -> None:
    waits()
    first, _, _ = _run(floor, later(1), None)
    if change == "old":
        first._trusted_until = float("-inf")
    else:
        first.centre = Centre(pk=floor.pk + 1)
    waits()
    _, made, read = _run(floor, later(2), first)
    assert (len(made), read) == (1, 1)
