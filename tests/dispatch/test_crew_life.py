"""Shifts and crews that change, who leads, backup in three levels, safety checks, escalations."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditRow, Centre, Role, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Assignment, Handoff, HistoryRow, Incident, ReviewItem
from dispatch.selectors.crew import crews_of
from dispatch.selectors.reviews import own_acts, reviews_count
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_changes import crew_join, crew_leave
from dispatch.services.crew_safety import crew_heard, help_request, return_to_911
from dispatch.services.decisions import decision_second
from dispatch.services.escalations import escalation_open, return_told
from dispatch.services.handoffs import handoff_cancel, handoff_request
from dispatch.services.offers import assignment_offer
from dispatch.services.primary import assignment_promote
from dispatch.services.review import review_close
from dispatch.services.safety_checks import crew_ok
from dispatch.services.staging import stage_acknowledge
from dispatch.services.unit_status import return_report, status_report
from live.models import Event
from responders.models import Shift, Unit
from responders.selectors import unit_of
from tests import factories
from tests.dispatch.crews import crew_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def _on_scene(floor: Centre, people: dict[str, User], at: datetime, later: Later) -> Assignment:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    for nth, action in enumerate(("en_route", "on_scene"), 3):
        work = assignment_act(assignment=work, action=action, by=crew_of(work), at=later(nth))
    return work


def test_nobody_says_yes_for_a_crew_whose_shift_ends_too_soon(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    Shift.objects.filter(unit=units["Star 1"]).delete()
    Shift.objects.create(unit=units["Star 1"], days=list(range(7)), starts_hour=6, ends_hour=13)  # ends at 13:00 = at
    Shift.objects.filter(unit=units["Star 1"]).update(ends_hour=14)
    Unit.objects.filter(call_sign="Star 2").update(service="out_of_service")
    offer = factories.an_offer(floor, by=people["call_taker"], at=later(1800))
    assert "shift ends" in " ".join(offer.why["reasons"])
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=offer, action="accept", by=people["dispatcher"], at=later(1801))
    assert refused.value.code == "shift_ends"
    done = assignment_act(assignment=offer, action="accept", by=crew_of(offer), at=later(1802))
    assert done.state == "accepted"


def test_a_crew_change_keeps_the_call_and_both_crews(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    work = _on_scene(floor, people, at, later)
    first, relief = people["responder"], people["outreach"]
    with pytest.raises(Refused, match="last on Star 1"):
        crew_leave(person=first, by=first, at=later(9))
    with pytest.raises(Refused, match="last on Star 1"):
        crew_join(unit=units["Star 2"], person=first, by=first, at=later(9))
    crew_join(unit=units["Star 1"], person=relief, by=relief, at=later(10))
    crew_leave(person=first, by=first, at=later(11))
    assert (unit_of(first), unit_of(relief)) == (None, units["Star 1"])
    work.refresh_from_db()
    assert work.state == "on_scene"
    assert [one.user for one in crews_of(work)] == [first, relief]
    kept = HistoryRow.objects.filter(entity="assignment", action__in=["crew_on", "crew_off"]).order_by("id")
    assert [(row.action, row.detail["person"]) for row in kept] == [("crew_on", relief.pk), ("crew_off", first.pk)]
    assignment_act(assignment=work, action="with_person", by=relief, at=later(12))


def test_an_assisting_unit_leads_once_the_primary_has_left_and_a_person_says_so(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    by = people["dispatcher"]
    first = factories.an_accepted(floor, by=people["call_taker"], at=at)
    beside = assignment_offer(incident=first.incident, unit=units["Star 2"], slot="assist", by=by, at=later(3))
    with pytest.raises(Refused, match="has accepted"):
        assignment_promote(assignment=beside, by=by, at=later(4))
    beside = assignment_act(assignment=beside, action="accept", by=crew_of(beside), at=later(5))
    with pytest.raises(Refused, match="Another unit is primary"):
        assignment_promote(assignment=beside, by=by, at=later(6))
    with pytest.raises(PermissionDenied):
        assignment_promote(assignment=beside, by=people["responder2"], at=later(6))
    assignment_act(assignment=first, action="clear", disposition="services_accepted", by=crew_of(first), at=later(7))
    assert alarms() == ["primary_gone"]
    assert assignment_promote(assignment=beside, by=by, at=later(8)).slot == "primary"
    assert alarms() == []
    assert AuditRow.objects.filter(action="assignment.promote").count() == 1


@pytest.mark.parametrize(
    ("level", "kind", "urgent", "priority", "services"),
    [
        ("routine", "backup", False, 2, []),
        ("urgent", "backup_urgent", True, 1, ["police"]),
        ("panic", "panic", True, 1, ["police"]),
    ],
)
def test_backup_in_three_levels(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    later: Later,
    level: str,
    kind: str,
    urgent: bool,
    priority: int,
    services: list[str],
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    Incident.objects.filter(pk=work.incident_id).update(priority=2)
    for _ in range(2):
        alarm = help_request(unit=work.unit, by=crew_of(work), at=later(70), level=level)
    assert (alarm.kind, alarm.urgent, alarm.incident_id) == (kind, urgent, work.incident_id)
    assert alarm.detail["words"] == "position 1 min 10 s old"
    assert Incident.objects.get(pk=work.incident_id).priority == priority
    assert list(Handoff.objects.filter(reason="backup").values_list("service", flat=True)) == services
    assert ReviewItem.objects.get(kind="backup").reason == level
    if urgent:
        crew_heard(alarm=alarm, by=people["dispatcher"], at=later(80), note="two officers with them")
        alarm.refresh_from_db()
        assert (alarm.ended_by, alarm.end_note) == (people["dispatcher"], "two officers with them")
        with pytest.raises(DatabaseError, match="ends_only_by_a_person"), transaction.atomic():
            Alarm.objects.filter(pk=alarm.pk).update(ended_by=None)


def test_louder_takes_the_place_of_quieter_and_is_heard_for_both(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later, alarms: Alarms
) -> None:
    unit, by = units["Star 1"], people["responder"]
    for level in ("routine", "urgent", "panic"):
        alarm = help_request(unit=unit, by=by, at=later(1), level=level)
    assert alarms() == ["backup_urgent", "panic"]
    crew_heard(alarm=alarm, by=people["dispatcher"], at=later(9), note="well")
    assert alarms() == []
    with pytest.raises(Refused, match="routine, urgent, panic"):
        help_request(unit=unit, by=by, at=later(10), level="loud")


def test_the_safety_check_runs_on_the_server_and_goes_up(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    work = _on_scene(floor, people, at, later)
    assert work.check_due_at == later(4 + 20 * 60)
    assert due.safety_checks_overdue(floor, later(4 + 20 * 60 - 1)) == 0
    work = crew_ok(assignment=work, by=crew_of(work), at=later(600))
    assert due.safety_checks_overdue(floor, later(4 + 20 * 60)) == 0
    assert due.safety_checks_overdue(floor, later(1800)) == 1
    assert due.safety_checks_overdue(floor, later(1801)) == 0
    assert due.crew_alarms_unanswered(floor, later(1829)) == 0
    assert due.crew_alarms_unanswered(floor, later(1830)) == 1
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.urgent, alarm.owner_role) == ("safety_check", True, "supervisor")
    crew_heard(alarm=alarm, by=people["supervisor"], at=later(1840), note="all well, by radio")
    work.refresh_from_db()
    assert (work.check_due_at, alarms()) == (later(1840 + 20 * 60), [])
    due.safety_checks_overdue(floor, later(3040))
    assignment_act(assignment=work, action="with_person", by=crew_of(work), at=later(3041))
    assert alarms() == []
    done = assignment_act(assignment=work, action="transport", by=crew_of(work), at=later(3050))
    assert done.check_due_at is None
    with pytest.raises(Refused, match="not on a scene"):
        crew_ok(assignment=done, by=crew_of(done), at=later(3051))


@pytest.mark.parametrize("kind", ["police_no_release", "clinician_unavailable", "returned_by_988"])
def test_what_others_tell_has_an_owner_a_clock_and_a_review(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, kind: str
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    with pytest.raises(Refused) as refused:
        escalation_open(incident=call.incident, kind=kind, reason=" ", by=people["dispatcher"], at=later(1))
    assert refused.value.field == "reason"
    for _ in range(2):
        alarm = escalation_open(
            incident=call.incident, kind=kind, reason="they said so", by=people["dispatcher"], at=later(2)
        )
    assert (alarm.kind, alarm.detail["words"]) == (kind, "they said so")
    Alarm.objects.update(owner=None)
    assert due.crew_alarms_unanswered(floor, later(61)) == 0
    assert due.crew_alarms_unanswered(floor, later(62)) == 1
    assert ReviewItem.objects.get().reason == kind
    assert (Incident.objects.get().top_at is not None) == (kind == "returned_by_988")


def test_everything_that_must_be_looked_at_again_is_one_row_until_another_supervisor_has(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    work = factories.an_accepted(floor, by=by, at=at)
    answers_record(
        incident=work.incident, source=work.incident.calls.get(), answers=factories.WEAPON, by=by, at=later(3)
    )
    return_to_911(assignment=work, reason="unsafe", by=crew_of(work), at=later(4))
    other = factories.an_accepted(floor, by=by, at=later(5))
    more: dict[str, Any] = {"disposition": "resolved_on_scene", "by": crew_of(other), "at": later(9)}
    with pytest.raises(Refused) as refused:
        assignment_act(assignment=other, action="clear", sent_class="wrong", **more)
    assert refused.value.field == "sent_class"
    done = assignment_act(assignment=other, action="clear", sent_class="too_low", **more)
    assert done.sent_class == "too_low"
    call = factories.a_triaged_call(floor, by=by, at=later(10))
    factories.a_decision(
        call.incident,
        by=people["supervisor"],
        at=later(11),
        action="override",
        response_class="emergency",
        reason="sounds_worse",
    )
    rows = ReviewItem.objects.order_by("at").values_list("kind", "reason")
    assert list(rows) == [
        ("stage_order", "weapon=in_hand"),
        ("return", "unsafe"),
        ("sent_class", "too_low"),
        ("override", "sounds_worse"),
    ]
    own = ReviewItem.objects.get(kind="override")
    with pytest.raises(Refused, match="another supervisor"):
        review_close(item=own, note="fine", by=people["supervisor"], at=later(20))
    with pytest.raises(PermissionDenied):
        review_close(item=own, note="fine", by=people["dispatcher"], at=later(20))
    with pytest.raises(Refused) as empty:
        review_close(item=own, note=" ", by=people["supervisor2"], at=later(20))
    assert empty.value.field == "note"
    closed = review_close(item=own, note="right call", by=people["supervisor2"], at=later(21))
    assert review_close(item=own, note="again", by=people["supervisor2"], at=later(22)).note == closed.note
    third = factories.a_person(floor, "supervisor3", Role.SUPERVISOR)
    with pytest.raises(Refused, match="right call") as done_by_another:
        review_close(item=own, note="other words", by=third, at=later(23))
    assert (done_by_another.value.code, done_by_another.value.status) == ("reviewed", 409)
    assert (reviews_count(centre=floor), AuditRow.objects.filter(action="review.close").count()) == (3, 1)
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute("UPDATE dispatch_reviewitem SET reason = 'none'")


def test_whoever_agreed_as_the_second_person_is_not_the_one_who_reviews_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, violence="threats")
    choice = factories.a_decision(
        call.incident, by=people["call_taker"], at=at, action="override", response_class="mobile_team", program="star",
        reason="clinician_advice",
    )  # fmt: skip
    decision_second(decision=choice, agree=True, by=people["supervisor"], at=later(5))
    item = ReviewItem.objects.get(kind="override", subject=choice.pk)
    with pytest.raises(Refused) as refused:
        review_close(item=item, note="fine", by=people["supervisor"], at=later(20))
    assert refused.value.code == "own_act"
    assert own_acts([item], people["supervisor"]) == {item.pk}
    assert own_acts([item], people["supervisor2"]) == set()
    assert review_close(item=item, note="fine", by=people["supervisor2"], at=later(21)).note == "fine"


def test_what_a_crew_says_of_its_class_counts_also_where_somebody_else_has_cleared_or_cancelled_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    said: dict[str, Any] = {"action": "clear", "disposition": "not_found", "sent_class": "too_low"}
    for nth, radio in enumerate(("clear", "cancel")):
        work = factories.an_accepted(floor, by=people["call_taker"], at=later(100 * nth))
        by, soon = people["dispatcher"], later(100 * nth + 30)
        ends: dict[str, Any] = {"disposition": "refused"} if radio == "clear" else {"reason": "called off"}
        assignment_act(assignment=work, action=radio, by=by, at=soon, **ends)
        for late in (60, 61):
            status_report(
                assignment=work, by=crew_of(work), at=later(100 * nth + late), device_at=later(100 * nth + 20), **said
            )
        work.refresh_from_db()
        assert (work.state, work.sent_class) == ({"clear": "cleared", "cancel": "cancelled"}[radio], "too_low")
        assert ReviewItem.objects.filter(kind="sent_class", subject=work.pk).count() == 1


def test_nobody_clears_a_call_as_returned_without_returning_it(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    """Else it would stand there with nobody asked to go, no alarm and no row to review."""
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    for by in (crew_of(work), people["dispatcher"]):
        with pytest.raises(Refused) as refused:
            assignment_act(assignment=work, action="clear", disposition="returned_to_911", by=by, at=later(5))
        assert (refused.value.code, refused.value.field) == ("return_instead", "disposition")
    return_told(
        incident=work.incident, reason="unsafe", words="Two men, shouting", by=people["dispatcher"], at=later(6)
    )
    assert [(one.kind, one.reason) for one in ReviewItem.objects.all()] == [("return", "unsafe")]
    assert work.incident.narrative.get().words.text == "Two men, shouting"
    with pytest.raises(Refused, match="No crew"):
        return_told(incident=work.incident, reason="unsafe", words="", by=people["dispatcher"], at=later(7))


def test_a_return_that_comes_too_late_is_kept_reviewed_and_unsafe_reaches_who_is_there_now(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], at: datetime, later: Later
) -> None:
    work = factories.an_accepted(floor, by=people["call_taker"], at=at)
    by, crew = people["dispatcher"], crew_of(work)
    assignment_act(assignment=work, action="cancel", reason="not heard", by=by, at=later(60))
    other = assignment_offer(incident=work.incident, unit=units["Medic 1"], by=by, at=later(61))
    assignment_act(assignment=other, action="accept", by=crew_of(other), at=later(62))
    with pytest.raises(Refused, match="has accepted"):
        return_report(assignment=work, reason="unsafe", by=crew, at=later(63), device_at=later(62))
    for nth in (90, 91):
        said = return_report(assignment=work, reason="unsafe", by=crew, at=later(nth), device_at=later(40)).said
        assert said == "late, not applied"
        stage_acknowledge(order=other.stage_orders.get(), how="phone", by=crew_of(other), at=later(nth))
    row = HistoryRow.objects.get(action="late_return")
    assert (row.device_at, row.detail["refused"].partition(":")[0]) == (later(40), "unsafe")
    assert other.stage_orders.get().reason == "returned=unsafe"
    kinds = ReviewItem.objects.order_by("kind").values_list("kind", "subject")
    assert list(kinds) == [("return", work.pk), ("stage_order", other.stage_orders.get().pk)]
    assert Incident.objects.get(pk=work.incident_id).state == "assigned"


def test_both_units_have_changed_when_somebody_changes_units(
    floor: Centre, people: dict[str, User], units: dict[str, Unit], later: Later
) -> None:
    """Else a board goes on showing a crew, and an available unit, where nobody is."""
    before = dict(Unit.objects.values_list("call_sign", "version"))
    person = people["responder"]
    crew_join(unit=units["Star 2"], person=person, by=person, at=later(5))
    changed = {sign for sign, version in Unit.objects.values_list("call_sign", "version") if version != before[sign]}
    assert changed == {"Star 1", "Star 2"}
    told = Event.objects.filter(kind="unit.crew").values_list("entity_id", flat=True)
    assert set(told) == {units["Star 1"].pk, units["Star 2"].pk}


def test_police_who_were_asked_before_are_asked_for_a_crew_in_need_until_it_was_heard(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    work, by = _on_scene(floor, people, at, later), people["dispatcher"]
    asked = handoff_request(incident=work.incident, service="police", reason="dispatcher", by=by, at=later(10))
    alarm = help_request(unit=work.unit, by=crew_of(work), at=later(20))
    asked.refresh_from_db()
    assert (asked.state, asked.reason, work.incident.handoffs.count()) == ("requested", "backup", 1)
    with pytest.raises(Refused) as refused:
        handoff_cancel(handoff=asked, reason="not needed", by=by, at=later(21))
    assert refused.value.code == "crew_not_heard"
    crew_heard(alarm=alarm, by=by, at=later(30), note="all is well")
    assert handoff_cancel(handoff=asked, reason="not needed", by=by, at=later(31)).state == "cancelled"
