"""The overview: its figures against a recount from the rows themselves, and the calls behind each number."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Centre, User
from desk.overview_figures import charts, loops, staffing
from dispatch.due import alarms_unowned, positions_stale, programs_uncovered, services_silent
from dispatch.models import Alarm, Assignment, Call, Incident
from dispatch.selectors.alarms import SOUNDING, alarms_standing, wall_headline
from dispatch.selectors.figures import MEASURES, Hour, figures, incidents_behind, midnight, split, trend
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_loads import units_read
from dispatch.services.alarms import alarm_raise, alarm_take
from dispatch.services.crew_safety import return_to_911
from dispatch.services.handoffs import handoff_request
from programs.models import ProgramVersion
from programs.services import suspension_set
from responders.models import CrewMember, Unit
from tests import factories
from tests.desk.conftest import SignedIn

DIVERTED = {"mobile_team", "tele_clinician", "outreach_followup"}


@pytest.fixture
def seeded(
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    at: datetime,
) -> Centre:
    """Every kind of call that a measure tells from another; all at the fixture's instant, a Tuesday at 13:00."""
    by = people["call_taker"]
    factories.an_accepted(centre, by=by, at=at)
    factories.an_offer(centre, by=by, at=at)
    factories.a_call(centre, by=by, at=at)
    emergency = factories.a_triaged_call(centre, by=by, at=at, weapon="in_hand")
    factories.a_decision(emergency.incident, by=by, at=at)
    sent = factories.a_call(centre, by=by, at=at, nature="welfare_check")
    factories.a_decision(sent.incident, by=by, at=at, action="send")
    yesterday = factories.a_triaged_call(centre, by=by, at=at - timedelta(days=1))
    factories.a_decision(yesterday.incident, by=by, at=at - timedelta(days=1))
    Incident.objects.filter(pk=yesterday.incident.pk).update(
        response_class="mobile_team", state="pending", offer_wanted=True, promise_at=at - timedelta(hours=20)
    )
    return centre


def _recount(centre: Centre, at: datetime) -> dict[str, int]:
    """Python over all rows: another way than the selector's conditions."""
    rows = incident_rows(centre=centre, at=at)
    waiting = {row.id for row in rows if row.waiting}
    everything = list(Incident.objects.filter(centre=centre))
    live = [one for one in everything if one.state not in {"closed", "joined"}]
    today = [one for one in everything if one.sent_at is not None and midnight(centre, at) <= one.sent_at <= at]
    kept = {"", "excluded", "out_of_area", "insufficient_information"}
    return {
        "open": len(live),
        "waiting": len(waiting),
        "over_promise": sum(
            str(one.pk) in waiting and one.offer_wanted and one.promise_at is not None and one.promise_at <= at
            for one in live
        ),
        "no_unit": sum(str(one.pk) in waiting and one.no_unit_reason != "" for one in live),
        "not_triaged": sum(not one.triaged and one.sent_at is None for one in live),
        "unowned": sum(one.owner_id is None and one.sent_at is None for one in live),
        "second_person": 0,
        "decided": len(today),
        "diverted": sum(one.response_class in DIVERTED and not one.not_diverted_reason for one in today),
        "co_response": sum(one.response_class == "co_response" for one in today),
        "emergency": sum(one.response_class == "emergency" for one in today),
        "returned": sum(one.not_diverted_reason == "returned" for one in today),
        "not_diverted": sum(one.not_diverted_reason != "" for one in today),
        "eligible_not_diverted": sum(one.not_diverted_reason not in kept for one in today),
    }


def test_each_figure_equals_a_recount_and_the_calls_behind_it(seeded: Centre, at: datetime) -> None:
    counted = _recount(seeded, at)
    found = figures(seeded, at)
    assert {key: one.count for key, one in found.items()} == counted
    assert counted["decided"] >= 4
    assert counted["over_promise"] == 1
    assert counted["diverted"] >= 2
    for key, measure in MEASURES.items():
        assert incidents_behind(seeded, key, at).count() == counted[key]
        assert found[key].whole == counted[measure.of or key]
        assert measure.definition.endswith(".")
        if measure.part:
            assert sum(n for _, n in split(seeded, key, at)) == counted[key]


def test_a_return_is_counted(seeded: Centre, people: dict[str, User], at: datetime) -> None:
    assignment = Assignment.objects.get(incident__centre=seeded, state="accepted")
    return_to_911(assignment=assignment, reason="unsafe", by=people["responder"], at=at)
    assert figures(seeded, at)["returned"].count == _recount(seeded, at)["returned"] == 1


def test_the_trend_equals_a_recount(seeded: Centre, at: datetime) -> None:
    hours = trend(seeded, at)
    assert len(hours) == 24
    assert [hour.begins for hour in hours] == sorted(hour.begins for hour in hours)
    since = hours[0].begins
    assert sum(one.calls for one in hours) == Call.objects.filter(received_at__gte=since, received_at__lte=at).count()
    sent = Incident.objects.filter(
        sent_at__gte=since, sent_at__lte=at, response_class__in=DIVERTED, not_diverted_reason=""
    )
    assert sum(one.diverted for one in hours) == sent.count() > 0
    alarms = Alarm.objects.filter(opened_at__gte=since, opened_at__lte=at)
    assert sum(one.alarms for one in hours) == alarms.count()
    assert hours[-1].calls == 5


def test_charts_draw_what_they_count(at: datetime) -> None:
    hours = [Hour(at + timedelta(hours=nth), calls=nth % 4, diverted=0, returned=0, alarms=0) for nth in range(24)]
    calls, empty = charts(hours)[:2]
    assert (calls.most, calls.total, max(bar.height for bar in calls.bars)) == (3, 36, 60)
    assert {bar.y + bar.height for bar in calls.bars} == {60}
    assert (empty.most, {bar.height for bar in empty.bars}) == (0, {0})


def test_staffing_says_now_and_the_next_change(seeded: Centre, units: dict[str, Unit], at: datetime) -> None:
    """Star 1 goes off at 16:00 of the centre's clock, three hours after the fixture's instant."""
    units["Star 1"].shifts.exclude(starts_hour=8).delete()
    CrewMember.objects.filter(unit=units["Star 2"]).update(until=at)
    star = next(one for one in staffing(seeded, at, units_read(centre=seeded)) if one.team == "Star")
    assert (star.now, star.change_at, star.then) == (1, at + timedelta(hours=3), 1)
    assert all(silent for _, _, silent in loops(at))


def test_the_page_leads_to_the_calls_behind(
    signed_in: SignedIn, accepted: Assignment, people: dict[str, User], now: datetime
) -> None:
    handoff_request(incident=accepted.incident, service="ems", reason="cut", by=people["dispatcher"], at=now)
    client = signed_in("supervisor")
    page = client.get(reverse("desk:overview")).content.decode()
    for key in ("waiting", "open", "diverted", "no_unit"):
        address = reverse("desk:calls_behind", args=[key])
        assert address in page
        assert client.get(address).status_code == 200
    listed = client.get(reverse("desk:calls_behind_part", args=["diverted", "star"])).content.decode()
    assert f"#{accepted.incident.number:04d}" in listed
    assert MEASURES["diverted"].definition in page
    other = client.get(reverse("desk:calls_behind_part", args=["diverted", "advocates"])).content.decode()
    assert "No call is counted here now" in other
    assert client.get(reverse("desk:calls_behind", args=["nonsense"])).status_code == 404
    assert client.get(reverse("desk:calls_behind_part", args=["open", "star"])).status_code == 404
    assert signed_in("dispatcher").get(reverse("desk:calls_behind", args=["open"])).status_code == 403


def test_the_overview_costs_the_same_queries(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], accepted: Assignment, now: datetime
) -> None:
    client = signed_in("supervisor")

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("desk:overview"))
        return len(queries)

    count()
    few = count()
    for _ in range(3):
        factories.a_call(centre, by=people["call_taker"], at=now, nature="welfare_check")
    assert count() == few


HEADLINES = [
    (Alarm.Kind.PANIC, "CREW NEEDS HELP", True),
    (Alarm.Kind.BACKUP_URGENT, "CREW WANTS BACKUP NOW", True),
    (Alarm.Kind.SAFETY_CHECK, "CREW NOT HEARD", True),
    (Alarm.Kind.STAGE_UNACKNOWLEDGED, "CREW HAS NOT READ THE STAGE ORDER", True),
    (None, "OFFERS STOPPED", True),
    (Alarm.Kind.HANDOFF_UNACKNOWLEDGED, "HAND-OFF NOT ACKNOWLEDGED", True),
    (Alarm.Kind.PROMISE_BROKEN, "PROMISE BROKEN", True),
    (Alarm.Kind.UNATTENDED, "NOBODY IS ON CALL", True),
    ("stop", "DIVERSION STOPPED: ALL PROGRAMS", False),
    (Alarm.Kind.PROGRAM_UNCOVERED, "PROGRAM WITH NO UNIT", True),
    (Alarm.Kind.NO_UNIT, "1 WAITING WITH NO UNIT THAT CAN GO", False),
    ("calls", "The one open call is owned", False),
]
"""Worst first: what is lower stays on no first line while something above it stands."""


def test_the_first_line_is_the_worst_thing(centre: Centre, people: dict[str, User], at: datetime) -> None:
    assert wall_headline(centre=centre, at=at).words == "No open calls"
    for what, words, sound in reversed(HEADLINES):
        if what == "calls":
            factories.a_call(centre, by=people["call_taker"], at=at)
        elif what == "stop":
            suspension_set(centre=centre, scope="all", subject="", reason="flood", by=people["supervisor"], at=at)
        elif what is None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO live_heartbeat (centre_id, role, at, published)"
                    " VALUES (0, 'engine', now() - interval '1 hour', 0)"
                )
        else:
            alarm_raise(centre=centre, kind=what, subject="subject", at=at)
        headline = wall_headline(centre=centre, at=at)
        assert headline.words.startswith(words)
        assert headline.sound == sound
        if what in Alarm.Kind.values:
            assert (what in SOUNDING) == sound


def test_whatever_nobody_takes_goes_to_the_supervisor(centre: Centre, people: dict[str, User], at: datetime) -> None:
    """Every kind, since the job asks for none."""
    for kind in Alarm.Kind.values:
        alarm_raise(centre=centre, kind=kind, subject=kind, at=at)
    alarm_take(alarm=Alarm.objects.get(kind="no_unit"), by=people["dispatcher"], at=at)
    assert alarms_unowned(centre, at + timedelta(seconds=59)) == 0
    assert alarms_unowned(centre, at + timedelta(seconds=60)) == len(Alarm.Kind.values) - 1
    assert alarms_unowned(centre, at + timedelta(seconds=61)) == 0
    assert {one.owner_role for one in alarms_standing(centre=centre)} == {"supervisor", "dispatcher"}


def test_an_open_program_without_a_unit_on_duty_is_an_alarm(seeded: Centre, at: datetime) -> None:
    assert programs_uncovered(seeded, at) == 0
    CrewMember.objects.filter(unit__team__slug="star").update(until=at)
    assert programs_uncovered(seeded, at) == 1
    assert programs_uncovered(seeded, at) == 0
    assert "PROGRAM WITH NO UNIT: STAR" in wall_headline(centre=seeded, at=at).words
    CrewMember.objects.filter(unit__call_sign="Star 1").update(until=None)
    programs_uncovered(seeded, at)
    assert not Alarm.objects.filter(kind="program_uncovered", ended_at__isnull=True).exists()


def test_old_positions_and_silent_parts_raise_and_end(seeded: Centre, at: datetime) -> None:
    Assignment.objects.filter(state="accepted").update(state="en_route", state_since=at, en_route_at=at)
    later = at + timedelta(minutes=6)
    assert positions_stale(seeded, at) == 0
    assert positions_stale(seeded, later) == 1
    Unit.objects.filter(call_sign__startswith="Star").update(position_at=later)
    positions_stale(seeded, later)
    assert Alarm.objects.get(kind="position_stale").ended_at == later
    assert services_silent(seeded, at) == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO live_heartbeat (centre_id, role, at, published)"
            " VALUES (0, 'worker', now() - interval '2 minutes', 0)"
        )
        assert services_silent(seeded, at) == 1
        assert services_silent(seeded, at) == 0
        cursor.execute("UPDATE live_heartbeat SET at = now()")
    services_silent(seeded, at)
    assert Alarm.objects.get(kind="service_silent").ended_at is not None
