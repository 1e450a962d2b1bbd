"""Booked visits: nobody is occupied before the time; then a pending call like any other, judged anew."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, HistoryRow, Incident, Visit
from dispatch.selectors.unit_rows import unit_rows
from dispatch.selectors.visits import LEAD_S, follow_ups_unbooked, visits_booked
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.offers import offers_run
from dispatch.services.visits import visit_book, visit_cancel, visit_move
from dispatch.states import TransitionRefused
from programs.models import ProgramVersion
from programs.services import suspension_set
from responders.models import Unit
from tests import factories
from tests.dispatch.parallel import failures, in_parallel
from tests.dispatch.waiting import lock_waits, until

Later = Callable[[float], datetime]
Book = Callable[..., Visit]
TOMORROW_S = 24 * 3600.0


@pytest.fixture
def source(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    """A calm call in the park that ended with a follow-up said to be booked."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=at)
    return incident_close(incident=call.incident, outcome="follow_up_booked", by=people["dispatcher"], at=at)


@pytest.fixture
def book(source: Incident, people: dict[str, User], at: datetime, later: Later) -> Book:
    """Book STAR for tomorrow, for half an hour."""

    def make(starts_s: float = TOMORROW_S, window_s: float = 1800, **more: Any) -> Visit:
        given: dict[str, Any] = {
            "id": uuid4(), "source": source, "program": "star", "purpose": "follow_up", "by": people["dispatcher"],
            "at": at, "starts_at": later(starts_s), "ends_at": later(starts_s + window_s),
        }  # fmt: skip
        return visit_book(**{**given, **more})

    return make


def test_a_booking_occupies_nobody_until_it_falls_due_and_then_goes_the_usual_way(
    floor: Centre, source: Incident, units: dict[str, Unit], book: Book, at: datetime, later: Later
) -> None:
    assert [one.pk for one in follow_ups_unbooked(floor, at)] == [source.pk]
    visit = book(unit=units["Star 2"])
    assert follow_ups_unbooked(floor, at) == []
    assert [row.where for row in visits_booked(floor)] == [factories.PARK]
    before = later(TOMORROW_S - LEAD_S - 1)
    due.run(floor, before)
    assert Assignment.objects.count() == 0
    assert {row.status for row in unit_rows(centre=floor, at=before) if row.call_sign == "Star 2"} == {"available"}
    assert Incident.objects.count() == 1

    due.run(floor, later(TOMORROW_S - LEAD_S))
    visit.refresh_from_db()
    incident = visit.incident
    assert visit.state == "due"
    assert incident is not None
    assert (incident.state, incident.response_class, incident.owner_role) == ("pending", "mobile_team", "dispatcher")
    # The person was promised the window, so the clock ends with it; the unit that was named comes first.
    assert incident.promise_at == visit.ends_at
    offer = Assignment.objects.get()
    assert (offer.unit.call_sign, offer.incident_id, offer.state) == ("Star 2", incident.pk, "offered")
    assert "was booked for this visit" in offer.why["reasons"]
    assert incident.locations.get().text == factories.PARK
    actions = list(HistoryRow.objects.filter(entity="visit").order_by("id").values_list("action", flat=True))
    assert actions == ["book", "fall_due"]
    assert AuditRow.objects.filter(action__startswith="visit.").count() == 2
    # Again, as two sweepers would: nothing more comes of it.
    due.run(floor, later(TOMORROW_S - LEAD_S + 1))
    assert Incident.objects.count() == 2


def test_a_visit_that_nobody_takes_is_a_pending_call_with_its_clock(
    floor: Centre, book: Book, units: dict[str, Unit], later: Later, alarms: Callable[[], list[str]]
) -> None:
    visit = book()
    Unit.objects.filter(pk__in=[units["Star 1"].pk, units["Star 2"].pk]).update(service="out_of_service")
    due.run(floor, later(TOMORROW_S - LEAD_S))
    visit.refresh_from_db()
    assert visit.incident is not None
    assert visit.incident.no_unit_reason == "all_off_shift"
    due.run(floor, visit.ends_at)
    assert {"no_unit", "promise_broken"} <= set(alarms())


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"purpose": "chat"}, "purpose_unknown", "purpose"),
        ({"program": "nowhere"}, "program_unknown", "program"),
        ({"starts_s": -60.0}, "visit_time", "starts_at"),
        ({"starts_s": 93 * TOMORROW_S}, "visit_time", "starts_at"),
        ({"window_s": 0}, "visit_window", "ends_at"),
        ({"window_s": 13 * 3600}, "visit_window", "ends_at"),
        ({"answers": {"weapon": "in_hand"}}, "program_shut", "program"),
        ({"answers": {"weapon": "a spoon"}}, "answer_invalid", "weapon"),
    ],
)
def test_what_cannot_be_booked_is_said_at_its_field(book: Book, more: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        book(**more)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Visit.objects.count() == 0


def test_dangers_of_the_call_stand_until_whoever_books_says_otherwise(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], book: Book, at: datetime
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, violence="threats")
    with pytest.raises(Refused, match="would not take it then"):
        book(source=call.incident)
    with pytest.raises(Refused) as elsewhere:
        book(unit=units["Outreach 1"])
    assert elsewhere.value.field == "unit"
    visit = book(source=call.incident, answers={"violence": "history_only"})
    assert visit.answers["violence"] == "history_only"
    assert (visit.answers["elapsed"], "follow_up" in visit.answers["need"]) == ("days", True)


def test_a_visit_that_cannot_go_as_booked_is_there_undecided_with_an_alarm(
    floor: Centre, book: Book, people: dict[str, User], later: Later, at: datetime, alarms: Callable[[], list[str]]
) -> None:
    visit = book()
    suspension_set(centre=floor, scope="program", subject="star", reason="training", by=people["supervisor"], at=at)
    due.run(floor, later(TOMORROW_S - LEAD_S))
    visit.refresh_from_db()
    assert visit.incident is not None
    assert (visit.incident.state, visit.incident.sent_at) == ("triaged", None)
    assert Assignment.objects.count() == 0
    alarm = Alarm.objects.get(kind=Alarm.Kind.VISIT_DUE)
    assert (alarm.owner_role, alarm.incident_id) == ("dispatcher", visit.incident.pk)
    factories.a_decision(visit.incident, by=people["dispatcher"], at=later(TOMORROW_S), action="send")
    assert "visit_due" not in alarms()


def test_moving_and_cancelling_take_a_coded_reason_and_end_when_it_is_due(
    floor: Centre, book: Book, people: dict[str, User], later: Later, at: datetime
) -> None:
    by = people["dispatcher"]
    visit, other = book(), book()
    with pytest.raises(Refused, match="why it is moved"):
        visit_move(visit=visit, starts_at=later(7200), ends_at=later(9000), reason="", by=by, at=at)
    for _ in range(2):
        moved = visit_move(visit=visit, starts_at=later(7200), ends_at=later(9000), reason="person_asked", by=by, at=at)
    assert (moved.starts_at, moved.version) == (later(7200), 2)
    with pytest.raises(Refused, match="why it is cancelled"):
        visit_cancel(visit=other, reason="", by=by, at=at)
    assert visit_cancel(visit=other, reason="person_declined", by=by, at=at).state == "cancelled"
    assert visit_cancel(visit=other, reason="person_declined", by=by, at=at).version == 2
    due.run(floor, later(7200))
    with pytest.raises(TransitionRefused):
        visit_cancel(visit=visit, reason="booked_wrongly", by=by, at=later(7300))
    for change in ({"starts_at": later(0)}, {"state": "booked"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Visit.objects.filter(pk=other.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Visit.objects.filter(pk=book().pk).update(purpose="family")


def test_a_unit_with_a_booking_that_the_call_would_run_into_is_passed_over_and_says_why(
    floor: Centre, book: Book, units: dict[str, Unit], waits: Callable[..., Incident], at: datetime
) -> None:
    book(starts_s=3000.0, unit=units["Star 1"])
    waits()
    # Star 1 is nearer; by the clock of the town (13:00) its visit is at 13:50.
    first = offers_run(centre=floor, at=at)
    assert [one.unit.call_sign for one in first] == ["Star 2"]
    waits()
    second = offers_run(centre=floor, at=at)
    assert [one.unit.call_sign for one in second] == ["Star 1"]
    assert any("booked for a visit 13:50" in reason for reason in second[0].why["reasons"])


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_make_one_call_of_a_visit(floor: Centre, book: Book, later: Later) -> None:
    book()
    results = in_parallel(*[lambda: due.visits_due(floor, later(TOMORROW_S))] * 2)
    assert failures(results) == []
    assert Incident.objects.count() == 2
    assert Visit.objects.get().state == "due"


@pytest.mark.django_db(transaction=True)
def test_an_id_that_two_calls_book_at_once_is_the_first_ones_and_a_conflict_for_the_second(
    floor: Centre, book: Book, people: dict[str, User], at: datetime, client_for: Callable[[str], APIClient]
) -> None:
    other = factories.a_triaged_call(floor, by=people["call_taker"], at=at).incident
    starts = timezone.now() + timedelta(days=1)
    body = {"program": "star", "purpose": "follow_up"}
    when = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(minutes=30)).isoformat()}
    typed = {"starts_at": f"{starts.astimezone(floor.zone):%Y-%m-%dT%H:%M}", "minutes": "30"}
    api = ("api:incident_visits", {**body, **when}, "json")
    page = ("desk:visit_form", {**body, **typed}, "multipart")

    def post(door: tuple[str, dict[str, str], str], id: UUID) -> HttpResponse:
        name, data, kind = door
        try:
            url = reverse(name, args=[other.pk])
            return client_for("dispatcher").post(url, {**data, "id": str(id)}, format=kind)
        finally:
            connection.close()

    for door in (api, page):
        id = uuid4()
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first = book(id=id)
                second = pool.submit(post, door, id)
                until(lambda: lock_waits() == 1)
            answer = second.result(timeout=60)
        assert answer.status_code == 409
        assert b"already in use" in answer.content
        assert Visit.objects.get(pk=id).source_id == first.source_id
    # The page comes back with an id that is free: pressing again books it.
    assert str(id).encode() not in answer.content


def test_the_same_booking_twice_is_one(book: Book, programs: dict[str, ProgramVersion]) -> None:
    id = uuid4()
    assert book(id=id) == book(id=id)
    assert timedelta(seconds=LEAD_S) < timedelta(hours=1)
