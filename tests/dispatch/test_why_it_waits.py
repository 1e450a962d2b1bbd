"""Why a call waits: said within one round, true, short, and gone as soon as it is not so any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Centre, User
from desk.detail import detail_context
from dispatch import due
from dispatch.models import Alarm, Incident
from dispatch.selectors.incident_rows import incident_rows
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.incidents import incident_hold
from dispatch.services.offers import assignment_offer, offers_run
from programs.models import ProgramVersion
from programs.services import suspension_set
from responders.models import CrewMember, Shift, Team, Unit
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


@contextmanager
def _so(row: Any, **changed: Any) -> Iterator[None]:
    """A table's rows as they are for a moment."""
    before = {one.pk: {name: getattr(one, name) for name in changed} for one in row.all()}
    row.update(**changed)
    yield
    for key, values in before.items():
        row.model.objects.filter(pk=key).update(**values)


def test_the_reason_follows_what_is_so_from_round_to_round(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], waits: Callable[..., Incident], later: Later,
    alarms: Alarms,
) -> None:  # fmt: skip
    """One call, and one thing after the other that keeps the two units of its program back."""
    incident, team = waits(), Team.objects.filter(slug="star")
    stars = Unit.objects.filter(call_sign__in=["Star 1", "Star 2"])
    one = Unit.objects.filter(call_sign="Star 1")
    version = ProgramVersion.objects.filter(incidents=incident)
    steps: list[tuple[Any, dict[str, Any], str, str, str]] = [
        (stars, {"service": "on_break"}, "all_off_shift", "NO UNIT", "On a break: Star 1, Star 2."),
        # A pattern without a day is no shift, and stops no engine.
        (Shift.objects, {"days": []}, "all_off_shift", "NO UNIT", "Off shift: Star 1, Star 2."),
        (CrewMember.objects, {"until": later(0)}, "all_off_shift", "NO UNIT", "Nobody is signed on: Star 1, Star 2."),
        (stars, {"team": None}, "no_unit_in_program", "NO UNIT", "No unit serves this program."),
        (team, {"beats": ["B7"]}, "none_covers_place", "NO UNIT", "Serves other beats than A1: Star 1, Star 2."),
        (
            stars,
            {"not_answering_since": later(0), "not_answering_reason": "overdue"},
            "all_declined",
            "NO UNIT",
            "Is not answering: Star 1, Star 2.",
        ),
        # Retired meanwhile: a person sent the call under it, and it stays sent.
        (version, {"state": "retired"}, "", "OFFERED", ""),
    ]
    second = 0
    for rows, changed, reason, state, said in steps:
        with _so(rows, **changed):
            second += 1
            made = offers_run(centre=floor, at=later(second))
            [row] = incident_rows(centre=floor, at=later(second), ids=[incident.pk])
            incident.refresh_from_db()
            assert (incident.no_unit_reason, row.state_words) == (reason, state), changed
            pane = detail_context(incident, people["dispatcher"], later(second))
            assert pane["waits"].startswith(row.no_unit)
            assert pane["waits"].endswith(said)
            assert alarms() == (["no_unit"] if reason else [])
            said_by = [one.detail["words"] for one in Alarm.objects.filter(ended_at__isnull=True)]
            assert said_by == ([row.no_unit] if reason else [])
            assert bool(made) is not bool(reason)
    # Both are busy with other calls: the pane says with which.
    for offer in made:
        assignment_act(assignment=offer, action="decline", reason="safety", by=crew_of(offer), at=later(20))
    other = waits(priority=1, at=later(21))
    assignment_offer(incident=other, unit=units["Star 2"], by=people["dispatcher"], at=later(22))
    offers_run(centre=floor, at=later(23))
    incident.refresh_from_db()
    pane = detail_context(incident, people["dispatcher"], later(23))
    assert pane["waits"] == (
        f"Every unit that could go is busy. Being asked for {other}: Star 2."
        " Declined 13:00 (not safe for this crew), not asked again: Star 1."
    )
    suspension_set(centre=floor, scope="all", subject="", reason="surge", by=people["supervisor"], at=later(24))
    offers_run(centre=floor, at=later(25))
    [row] = incident_rows(centre=floor, at=later(25), ids=[incident.pk])
    assert (row.no_unit, row.next_step) == ("Diversion is stopped here", "Choose a more cautious response")
    incident.refresh_from_db()
    pane = detail_context(incident, people["dispatcher"], later(25))
    assert all("diversion is stopped here" in one["shortfalls"] for one in pane["candidates"])
    assert one.get().service == "in_service"


@pytest.mark.parametrize("what", ["hold", "danger"])
def test_a_reason_ends_with_the_looking(
    floor: Centre, people: dict[str, User], waits: Callable[..., Incident], later: Later, alarms: Alarms, what: str
) -> None:
    """What is held, or what a person decides again, waits for no unit: nothing says so any more."""
    Unit.objects.update(service="on_break")
    incident = waits()
    offers_run(centre=floor, at=later(1))
    assert alarms() == ["no_unit"]
    if what == "hold":
        incident_hold(incident=incident, until=later(600), reason="asleep", by=people["dispatcher"], at=later(2))
    else:
        call = incident.calls.get()
        answers_record(incident=incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=later(2))
    offers_run(centre=floor, at=later(3))
    [row] = incident_rows(centre=floor, at=later(3))
    assert (row.no_unit, row.state_words) == ("", "HELD" if what == "hold" else "DECIDE AGAIN")
    assert "no_unit" not in alarms()


def test_of_two_alarms_about_a_missing_unit_the_true_one_stands_and_a_break_somewhere_is_no_news(
    floor: Centre, people: dict[str, User], waits: Callable[..., Incident], later: Later, alarms: Alarms
) -> None:
    Unit.objects.exclude(call_sign="Star 1").update(service="on_break")
    incident = waits()
    [offer] = offers_run(centre=floor, at=later(1))
    assignment_act(assignment=offer, action="decline", reason="finishing_call", by=crew_of(offer), at=later(600))
    offers_run(centre=floor, at=later(601))
    assert alarms() == ["no_unit"]
    offers_run(centre=floor, at=later(1200))
    [row] = incident_rows(centre=floor, at=later(1200), ids=[incident.pk])
    assert (alarms(), row.state_words, row.next_step) == (["choose_unit"], "CHOOSE UNIT", "Offer it to a unit yourself")
    Unit.objects.update(service="on_break")
    offers_run(centre=floor, at=later(1201))
    assert alarms() == ["no_unit"]
    Alarm.objects.update(ended_at=later(1202), ended_by=people["dispatcher"], end_note="asked by radio")
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    offers_run(centre=floor, at=later(1203))
    incident.refresh_from_db()
    assert {row["call_sign"]: row["words"] for row in incident.no_unit_detail}["Star 2"] == ["out of service"]
    assert alarms() == []


def test_the_pane_says_how_long_is_left_and_what_has_happened_when_it_is_over(
    floor: Centre, people: dict[str, User], waits: Callable[..., Incident], later: Later
) -> None:
    Unit.objects.update(service="on_break")
    incident = waits()
    assert incident.promise_at is not None
    for before, over in ((60, False), (-60, True)):
        now = incident.promise_at - timedelta(seconds=before)
        due.run(floor, now)
        incident.refresh_from_db()
        pane = detail_context(incident, people["dispatcher"], now)
        assert (pane["must_decide"], pane["promise_over"]) == (True, over)
    assert incident.handoffs.get().state == "requested"
