"""How long the engine asks, and whom again: a third of the promise, reasons that pass, a hold between."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from dispatch.models import Assignment, Incident
from dispatch.selectors.engine_facts import standing_from
from dispatch.selectors.free_units import asked_s
from dispatch.services.assignments import assignment_act
from dispatch.services.incidents import hold_end, incident_hold
from dispatch.services.offers import assignment_offer, offer_expire, offers_run
from responders.models import Unit
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def _live(incident: Incident) -> list[str]:
    return sorted(incident.assignments.filter(ended_at__isnull=True).values_list("unit__call_sign", flat=True))


def test_asking_takes_a_third_of_the_promise_and_then_the_dispatcher_picks(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    waits: Callable[..., Incident],
    at: datetime,
    later: Later,
    alarms: Alarms,
) -> None:
    """STAR promises 1800 s, so offers to its units take 600 s, however long nobody was free between them."""
    incident = waits()
    Incident.objects.filter(pk=incident.pk).update(promise_at=later(1800), promise_from=at)
    [first] = offers_run(centre=floor, at=later(100))
    assignment_act(assignment=first, action="decline", reason="equipment", by=crew_of(first), at=later(670))
    Unit.objects.filter(call_sign="Star 2").update(service="on_break")
    assert offers_run(centre=floor, at=later(671)) == []
    assert alarms() == ["no_unit"]
    Unit.objects.filter(call_sign="Star 2").update(service="in_service")
    [last] = offers_run(centre=floor, at=later(900))
    # No offer outlives the third.
    assert last.offer_expires_at == later(930)
    offer_expire(assignment=last, at=later(930))
    Assignment.objects.filter(pk=last.pk).update(offered_at=later(670), ended_at=later(700))
    assert offers_run(centre=floor, at=later(931)) == []
    incident.refresh_from_db()
    assert (incident.no_unit_reason, alarms()) == ("dispatcher_picks", ["choose_unit"])
    assert {row["call_sign"]: row["words"] for row in incident.no_unit_detail}["Star 1"] == [
        "declined 13:11 (equipment or vehicle), not asked again before 13:41"
    ]
    # Its pick ends the alarm; and an extended promise, or a broken one, lets the engine ask again.
    Incident.objects.filter(pk=incident.pk).update(promise_at=later(3600))
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(932))] == ["Star 2"]
    assert alarms() == []


def test_when_the_promise_is_broken_the_engine_goes_on_looking(
    floor: Centre, waits: Callable[..., Incident], at: datetime, later: Later
) -> None:
    incident = waits()
    [first] = offers_run(centre=floor, at=at)
    assignment_act(assignment=first, action="decline", reason="safety", by=crew_of(first), at=later(600))
    assert offers_run(centre=floor, at=later(1799)) == []
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(1800))] == ["Star 2"]
    assert _live(incident) == ["Star 2"]


@pytest.mark.parametrize(
    ("reason", "said", "again"),
    [
        ("finishing_call", "declined 13:00 (still finishing a call), not asked again before 13:10", ["Star 1"]),
        ("safety", "declined 13:00 (not safe for this crew), not asked again", []),
    ],
)
def test_a_decline_for_a_reason_that_passes_does_not_count_for_ever(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], waits: Callable[..., Incident], later: Later,
    reason: str, said: str, again: list[str],
) -> None:  # fmt: skip
    """It is the only unit. Until the reason has passed nobody is asked; a dispatcher may ask it in any case."""
    Unit.objects.exclude(call_sign="Star 1").update(service="on_break")
    incident = waits()
    Incident.objects.filter(pk=incident.pk).update(promise_at=later(7200))
    [first] = offers_run(centre=floor, at=later(1))
    assignment_act(assignment=first, action="decline", reason=reason, by=crew_of(first), at=later(2))
    assert offers_run(centre=floor, at=later(601)) == []
    incident.refresh_from_db()
    assert incident.no_unit_reason == "all_declined"
    assert {row["call_sign"]: row["words"] for row in incident.no_unit_detail}["Star 1"] == [said]
    assert [one.unit.call_sign for one in offers_run(centre=floor, at=later(602))] == again
    if not again:
        assignment_offer(incident=incident, unit=units["Star 1"], by=people["dispatcher"], at=later(603))
    assert (_live(incident), offers_run(centre=floor, at=later(604))) == (["Star 1"], [])


@pytest.mark.parametrize(
    ("ends", "code", "again_min"),
    [
        ([], "", None),
        ([(0, "declined", "out_of_position")], "declined", 15),
        ([(-901, "declined", "out_of_position")], "", None),
        ([(-9000, "declined", "known_to_crew")], "declined", None),
        # A reason that an older version wrote counts for good.
        ([(-9000, "declined", "other")], "declined", None),
        ([(-60, "declined", "safety"), (-10, "expired", "not_answered")], "declined", None),
        ([(-60, "expired", "not_answered"), (-10, "declined", "finishing_call")], "declined", 10 - 10 / 60),
        # It said yes after all, and was taken away: the first to be asked again.
        ([(-10, "preempted", "more_urgent_call"), (-60, "declined", "safety")], "", None),
        ([(-60, "preempted", "more_urgent_call"), (-10, "declined", "safety")], "declined", None),
        ([(-60, "cancelled", "taken")], "", None),
        ([(-60, "cancelled", "engine will not start")], "cancelled", None),
        ([(-60, "declined", "safety"), (None, "offered", "")], "on_it", None),
    ],
)
def test_what_a_unit_did_with_a_call_counts_as_long_as_it_says_something(
    at: datetime, later: Later, ends: list[tuple[float | None, str, str]], code: str, again_min: float | None
) -> None:
    unit = uuid4()
    rows = [(unit, "primary", state, later(end) if end is not None else None, why) for end, state, why in ends]
    refusal = standing_from(rows, at).refused.get(unit)
    assert (refusal.code if refusal is not None else "") == code
    assert (refusal.again_at if refusal is not None else None) == (later(again_min * 60) if again_min else None)


def test_only_the_time_in_which_an_offer_of_the_engine_stood_counts_as_asking(at: datetime, later: Later) -> None:
    def row(
        begun: float, ended: float | None, *, by_engine: bool = True, accepted: bool = False, slot: str = "primary"
    ) -> Any:
        state = "cancelled" if accepted else "expired" if ended is not None else "offered"
        return uuid4(), slot, state, None if ended is None else later(ended), "", later(begun), by_engine, accepted

    rows = [row(10, 40), row(20, 50), row(100, 130), row(190, None), row(0, 200, by_engine=False)]
    assert asked_s(rows, at, later(200)) == 40 + 30 + 10
    assert asked_s(rows, later(60), later(200)) == 30 + 10
    assert asked_s([*rows, row(140, 150, accepted=True)], at, later(200)) == 10
    assert asked_s([row(10, 40, slot="assist")], at, later(200)) == asked_s([], None, at) == 0


def test_after_a_hold_asking_has_its_third_anew(
    floor: Centre, people: dict[str, User], waits: Callable[..., Incident], later: Later
) -> None:
    """The third had gone before the hold, which is no part of the wait after it."""
    Unit.objects.exclude(call_sign__in=["Star 1", "Star 2"]).update(service="on_break")
    incident = waits()
    [first] = offers_run(centre=floor, at=later(1))
    assignment_act(assignment=first, action="decline", reason="safety", by=crew_of(first), at=later(601))
    assert offers_run(centre=floor, at=later(602)) == []
    incident_hold(incident=incident, until=later(900), reason="asleep", by=people["dispatcher"], at=later(603))
    hold_end(incident=incident, at=later(900))
    [asked] = offers_run(centre=floor, at=later(901))
    assert (asked.unit.call_sign, asked.offer_expires_at) == ("Star 2", later(901 + 45))


def test_a_unit_that_comes_free_late_is_still_asked_when_nobody_was_before(
    floor: Centre, waits: Callable[..., Incident], later: Later
) -> None:
    Unit.objects.update(service="on_break")
    incident = waits()
    assert offers_run(centre=floor, at=later(1)) == []
    Unit.objects.update(service="in_service")
    offers_run(centre=floor, at=later(1200))
    assert _live(incident) == ["Star 1"]
