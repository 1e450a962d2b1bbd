"""Two hands on the same crew's rows, on real connections: one winner, no deadlock, nothing half done."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, HistoryRow, ReviewItem
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_changes import crew_join, crew_leave
from dispatch.services.crew_safety import crew_heard, help_request, return_to_911
from dispatch.services.offers import assignment_offer, offer_expire
from dispatch.services.primary import assignment_promote
from dispatch.services.safety_checks import check_overdue, crew_ok
from dispatch.services.silence import crew_watched, unit_heard
from dispatch.services.unit_status import status_report
from responders.models import CrewMember, Unit
from responders.services import crew_sign_off, crew_sign_on
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.parallel import failures, in_parallel
from tests.dispatch.test_pairs import two_unit_program
from tests.dispatch.waiting import lock_waits, until

pytestmark = pytest.mark.django_db(transaction=True)
Later = Callable[[float], datetime]


def test_the_clinicians_yes_races_the_officers_time_out(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    two_unit_program(centre, at, "co-response")
    clinician = factories.an_offer(centre, by=people["call_taker"], at=at, violence="threats")
    officer = Assignment.objects.get(pair=clinician.pair, slot="officer")
    Assignment.objects.filter(pk=officer.pk).update(offer_expires_at=at + timedelta(seconds=5))
    in_parallel(
        lambda: assignment_act(assignment=clinician, action="accept", by=crew_of(clinician), at=later(6)),
        lambda: offer_expire(assignment=officer, at=later(6)),
    )
    # Whoever came first, nobody of the two is left alone.
    assert set(Assignment.objects.filter(pair=clinician.pair).values_list("state", flat=True)) == {
        "cancelled",
        "expired",
    }
    clinician.incident.refresh_from_db()
    assert (clinician.incident.state, clinician.incident.offer_wanted) == ("pending", True)


def test_two_dispatchers_choose_two_leaders_and_one_leads(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    beside = []
    for nth, name in enumerate(("Star 2", "Medic 1"), 3):
        offer = assignment_offer(
            incident=first.incident, unit=units[name], slot="assist", by=people["dispatcher"], at=later(nth)
        )
        beside.append(assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(nth + 1)))
    assignment_act(assignment=first, action="clear", disposition="not_found", by=crew_of(first), at=later(9))
    results = in_parallel(
        *[
            lambda one=one, by=by: assignment_promote(assignment=one, by=people[by], at=later(10))
            for one, by in zip(beside, ("dispatcher", "dispatcher2"), strict=True)
        ]
    )
    assert len(failures(results)) == 1
    assert first.incident.assignments.filter(slot="primary", state="accepted").count() == 1


def test_a_sign_of_life_races_the_watch_and_every_repeat_is_one_row(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    crew = crew_of(work)
    results = in_parallel(
        lambda: crew_watched(assignment=work, at=later(200)),
        lambda: assignment_act(assignment=work, action="en_route", by=crew, at=later(200)),
        lambda: crew_watched(assignment=work, at=later(200)),
    )
    assert failures(results) == []
    assert Unit.objects.get(pk=work.unit_id).not_answering_since is None
    assert not Alarm.objects.filter(kind="not_answering", ended_at__isnull=True).exists()
    assignment_act(assignment=work, action="on_scene", by=crew, at=later(210))
    results = in_parallel(
        lambda: crew_ok(assignment=work, by=crew, at=later(2000)),
        lambda: check_overdue(assignment=work, at=later(2000)),
        lambda: check_overdue(assignment=work, at=later(2000)),
    )
    assert failures(results) == []
    assert due.safety_checks_overdue(floor, later(2001)) == 0
    assert not Alarm.objects.filter(kind="safety_check", ended_at__isnull=True).exists()


def test_backup_return_and_a_late_status_at_once(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    crew = crew_of(work)
    results = in_parallel(
        *[lambda: help_request(unit=work.unit, by=crew, at=later(60), level="urgent")] * 2,
        *[lambda: return_to_911(assignment=work, reason="unsafe", by=crew, at=later(60))] * 2,
        *[lambda: status_report(assignment=work, action="en_route", by=crew, at=later(60), device_at=later(9))] * 2,
    )
    assert failures(results) == []
    assert sorted(ReviewItem.objects.values_list("kind", flat=True)) == ["backup", "return"]
    assert HistoryRow.objects.filter(action__in=["late_en_route", "en_route"]).count() == 1


def test_relief_comes_while_the_last_one_leaves(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    first, relief = crew_of(work), people["outreach"]
    in_parallel(
        lambda: crew_leave(person=first, by=first, at=later(9)),
        lambda: crew_join(unit=work.unit, person=relief, by=relief, at=later(9)),
    )
    aboard = set(CrewMember.objects.filter(unit=work.unit, until__isnull=True).values_list("user", flat=True))
    # The first either stayed, as the last one aboard, or left after the relief had come.
    assert aboard in ({relief.pk}, {first.pk, relief.pk})
    assert Assignment.objects.get(pk=work.pk).state == "accepted"


def test_signing_on_again_races_signing_off_without_a_deadlock(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], later: Later
) -> None:
    """Somebody presses twice, on two devices: the unit is locked before its crew, whatever is pressed."""
    one, two = people["responder"], people["responder2"]
    for nth in range(4):
        acts: list[Callable[[], object]] = [
            partial(crew_sign_on, unit=units[unit], user=who, by=who, at=later(nth))
            for who, unit in ((one, "Star 1"), (one, "Star 2"), (two, "Star 1"), (two, "Star 2"))
        ]
        acts += [partial(crew_sign_off, user=who, by=who, at=later(nth)) for who in (one, two)]
        lost = failures(in_parallel(*acts))
        assert all(isinstance(refused, Refused) for refused in lost), lost
    on = CrewMember.objects.filter(until__isnull=True, user__in=[one, two])
    assert on.count() == len({member.user_id for member in on})


def test_a_crew_that_is_heard_by_radio_and_by_its_own_status_at_once_is_no_deadlock(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    assert crew_watched(assignment=work, at=later(200))
    alarm = Alarm.objects.get(kind="not_answering")
    locked = threading.Event()

    def by_status() -> None:
        with transaction.atomic():
            Unit.objects.select_for_update(of=("self",)).get(pk=work.unit_id)
            locked.set()
            until(lock_waits)
            # The dispatcher waits now: for the unit, and with nothing of it in hand.
            unit_heard(unit=work.unit, by=crew_of(work), at=later(201), note="gave a status")

    def by_radio() -> None:
        locked.wait(timeout=30)
        crew_heard(alarm=alarm, by=people["dispatcher"], at=later(201), note="on the radio")

    assert failures(in_parallel(by_status, by_radio)) == []
    assert Unit.objects.get(pk=work.unit_id).not_answering_since is None
