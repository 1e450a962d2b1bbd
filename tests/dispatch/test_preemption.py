"""A more urgent call takes a unit that is under way to a less urgent one, where both programs allow it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import AuditRow, Centre, User
from dispatch.models import Alarm, Assignment, HistoryRow, Incident
from dispatch.selectors.rounds import Round
from dispatch.services.assignments import assignment_act
from dispatch.services.offers import assignment_offer, incident_offer, offers_run
from dispatch.services.staging import risk_raise
from dispatch.states import TransitionRefused
from live.models import Event
from programs.models import ProgramVersion
from responders.models import Unit
from tests.dispatch.crews import crew_of
from tests.dispatch.parallel import failures, in_parallel

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]
Set = Callable[..., ProgramVersion]


_ALLOWED = {"may_preempt": True, "may_be_preempted": True}


def _under_way(floor: Centre, offer: Assignment, state: str, at: datetime) -> Assignment:
    steps = {"accepted": 1, "en_route": 2, "staged": 3, "on_scene": 3}[state]
    actions = ["accept", "en_route", "stage" if state == "staged" else "on_scene"][:steps]
    for action in actions:
        offer = assignment_act(assignment=offer, action=action, by=crew_of(offer), at=at)
    return offer


@pytest.mark.parametrize(
    ("settings", "state", "mine", "theirs", "extra", "taken"),
    [
        (_ALLOWED, "accepted", 1, 2, "", True),
        (_ALLOWED, "en_route", 2, 4, "", True),
        (_ALLOWED, "staged", 1, 4, "", False),
        (_ALLOWED, "on_scene", 1, 4, "", False),
        (_ALLOWED, "offered", 1, 4, "", False),
        (_ALLOWED, "en_route", 2, 2, "", False),
        (_ALLOWED, "en_route", 3, 2, "", False),
        ({"may_preempt": True}, "en_route", 1, 4, "", False),
        ({"may_be_preempted": True}, "en_route", 1, 4, "", False),
        ({}, "en_route", 1, 4, "", False),
        (_ALLOWED, "en_route", 1, 4, "displaced before", False),
        (_ALLOWED, "en_route", 1, 4, "danger rose", False),
        (_ALLOWED, "en_route", 1, 4, "a crew is there", False),
        (_ALLOWED, "en_route", 1, 4, "another is free", False),
        ({**_ALLOWED, "needs": ["youth"]}, "en_route", 1, 4, "", False),
    ],
)
def test_a_unit_is_taken_from_a_less_urgent_call_only_where_it_may_be(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    later: Later,
    settings: dict[str, Any],
    state: str,
    mine: int,
    theirs: int,
    extra: str,
    taken: bool,
) -> None:
    star(**{key: value for key, value in settings.items() if key != "needs"})
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    less = waits(theirs)
    [offer] = offers_run(centre=floor, at=later(1))
    if state != "offered":
        _under_way(floor, offer, state, later(2))
    if extra == "displaced before":
        Assignment.objects.create(
            incident=less, unit=units["Outreach 1"], state="preempted", offered_at=later(0), offer_expires_at=later(9),
            ended_at=later(1),
        )  # fmt: skip
    elif extra == "danger rose":
        risk_raise(incident=less, reason="weapon=in_hand", words="weapon", services=(), by=None, at=later(3))
    elif extra == "a crew is there":
        by = people["dispatcher"]
        medic = assignment_offer(incident=less, unit=units["Medic 1"], slot="assist", by=by, at=later(2))
        _under_way(floor, medic, "on_scene", later(3))
    elif extra == "another is free":
        Unit.objects.filter(call_sign="Star 2").update(service="in_service")
    if "needs" in settings:
        star(**settings)
    more = waits(mine)
    made = offers_run(centre=floor, at=later(4))
    offer.refresh_from_db()
    assert (offer.state == "preempted") is taken
    got = {one.unit.call_sign for one in made if one.incident_id == more.pk}
    assert got == ({"Star 1"} if taken else {"Star 2"} if extra == "another is free" else set())


def test_the_displaced_call_is_asked_for_first_and_everybody_is_told(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    star: Set,
    waits: Callable[..., Incident],
    later: Later,
    alarms: Alarms,
) -> None:
    star(**_ALLOWED)
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    less = waits(3)
    [offer] = offers_run(centre=floor, at=later(1))
    _under_way(floor, offer, "en_route", later(2))
    older = waits(3)
    Incident.objects.filter(pk=older.pk).update(sent_at=later(-600))
    more = waits(1)
    made = offers_run(centre=floor, at=later(4))
    [urgent] = [one for one in made if one.incident_id == more.pk]
    less.refresh_from_db()
    offer.refresh_from_db()
    assert (less.state, less.offer_wanted, less.top_at) == ("pending", True, later(4))
    assert (offer.state, offer.ended_at, offer.end_reason) == ("preempted", later(4), "more_urgent_call")
    assert urgent.why["reasons"][0] == f"taken off {less} (priority 3) for this call"
    assert less.narrative.get().words.text.startswith(f"Star 1 was taken for {more} (priority 1).")
    assert f"{less.number:04d}" in more.narrative.get().words.text
    assert HistoryRow.objects.get(action="preempt").detail == {"for": str(more.pk)}
    assert AuditRow.objects.get(action="assignment.preempt").entity_id == str(offer.pk)
    [event] = Event.objects.filter(kind="assignment.preempt")
    assert (event.entity_id, event.ids["unit"]) == (less.pk, str(offer.unit_id))
    assert "preempted" in alarms()
    Unit.objects.filter(call_sign="Star 2").update(service="in_service")
    assert [one.incident_id for one in offers_run(centre=floor, at=later(5))] == [less.pk]
    assert Alarm.objects.get(kind="preempted").ended_at == later(5)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_displaced_while_a_free_unit_is_only_locked(
    floor: Centre, units: dict[str, Unit], star: Set, waits: Callable[..., Incident], later: Later
) -> None:
    star(**_ALLOWED)
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    less = waits(4)
    [offer] = offers_run(centre=floor, at=later(1))
    _under_way(floor, offer, "en_route", later(2))
    Unit.objects.filter(call_sign="Star 2").update(service="in_service")
    more = waits(1)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Unit.objects.select_for_update().get(call_sign="Star 2")
            held.set()
            go.wait(timeout=60)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert held.wait(timeout=30)
        try:
            assert offers_run(centre=floor, at=later(3)) == []
            more.refresh_from_db()
            less.refresh_from_db()
            assert (more.no_unit_reason, less.state) == ("unit_contended", "assigned")
        finally:
            go.set()
        holder.result()
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(4))] == ["Star 2"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other", ["on_scene", "cancel", "another round"])
def test_two_urgent_calls_do_not_take_the_same_unit(
    floor: Centre, people: dict[str, User], star: Set, waits: Callable[..., Incident], later: Later, other: str
) -> None:
    """While its crew arrives, or a dispatcher cancels it, or a third round looks, on connections of their own."""
    star(**_ALLOWED)
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    less = waits(4)
    [offer] = offers_run(centre=floor, at=later(1))
    offer = _under_way(floor, offer, "en_route", later(2))
    crew, one, two = crew_of(offer), waits(1), waits(1)
    rounds = [Round(floor, later(3)) for _ in range(2)]
    third: dict[str, Callable[[], object]] = {
        "on_scene": lambda: assignment_act(assignment=offer, action="on_scene", by=crew, at=later(3)),
        "cancel": lambda: assignment_act(
            assignment=offer, action="cancel", reason="not needed", by=people["dispatcher"], at=later(3)
        ),
        "another round": lambda: offers_run(centre=floor, at=later(3)),
    }
    results = in_parallel(
        lambda: incident_offer(one.pk, rounds[0]), lambda: incident_offer(two.pk, rounds[1]), third[other]
    )
    # Only the crew or the dispatcher may come too late, and is told so.
    assert all(isinstance(lost, TransitionRefused) for lost in failures(results)), failures(results)
    assert Assignment.objects.filter(unit=offer.unit, ended_at__isnull=True).count() <= 1
    offer.refresh_from_db()
    less.refresh_from_db()
    assert offer.state in {"on_scene", "cancelled", "preempted"}
    assert bool(failures(results)) is (offer.state == "preempted" and other != "another round")
    assert HistoryRow.objects.filter(action="preempt").count() == (offer.state == "preempted")
    assert (less.state == "pending") is (offer.state != "on_scene")
