"""What the database itself refuses, whoever writes to it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model

from accounts.models import Centre, User
from dispatch.models import (
    Alarm,
    Answer,
    Assignment,
    Call,
    Decision,
    Handoff,
    HistoryRow,
    Incident,
    LocationEntry,
    NarrativeEntry,
    StageOrder,
)
from dispatch.services.handoffs import handoff_request
from dispatch.services.narrative import note_add
from responders.models import Unit
from tests import factories


@pytest.fixture
def accepted(floor: Centre, people: dict[str, User], at: datetime) -> Assignment:
    """An accepted assignment with everything around it: answers, decision, note, hand-off, alarm, history."""
    one = factories.an_accepted(floor, by=people["call_taker"], at=at)
    note_add(id=uuid.uuid4(), incident=one.incident, text="calm", by=people["call_taker"], at=at)
    handoff_request(incident=one.incident, service="ems", reason="dispatcher", by=people["dispatcher"], at=at)
    StageOrder.objects.create(assignment=one, reason="weapon=in_hand", words="Weapon: in hand", at=at)
    Alarm.objects.create(
        centre=floor, kind="panic", subject="x", opened_at=at, owner_role="dispatcher", incident=one.incident
    )
    return one


_THEN = datetime(2025, 6, 3, 18, 5, tzinfo=UTC)
_ENDED = {"ended_at": _THEN}


_IMPOSSIBLE: tuple[tuple[type[Model], dict[str, Any], str], ...] = (
    (Assignment, {"state": "teleported", **_ENDED}, "assignment_state_known"),
    (Assignment, {"state": "declined"}, "assignment_end_is_whole"),
    (Assignment, {"state": "accepted", **_ENDED}, "assignment_end_is_whole"),
    (Assignment, {"state": "cleared", **_ENDED}, "assignment_clears_with_a_disposition"),
    (Incident, {"state": "lost"}, "incident_state_known"),
    (Incident, {"priority": 0}, "incident_priority_1_to_4"),
    (Incident, {"response_class": "helicopter"}, "incident_class_known"),
    (Incident, {"state": "closed"}, "incident_closes_with_an_outcome"),
    (Incident, {"state": "held"}, "incident_hold_has_an_end"),
    (Incident, {"state": "joined"}, "incident_joined_names_its_other"),
    (Incident, {"offer_wanted": True, "response_class": ""}, "incident_offers_follow_a_decision"),
    (Incident, {"offer_wanted": True, "risen_at": _THEN}, "incident_risen_offers_nobody"),
    (Call, {"state": "ended"}, "call_end_is_whole"),
    (Call, {"ended_as": "completed"}, "call_end_is_whole"),
    (Handoff, {"state": "acknowledged"}, "handoff_is_acknowledged_by_someone"),
    (Handoff, {"state": "vanished"}, "handoff_state_known"),
    (Decision, {"state": "maybe"}, "decision_state_known"),
    (StageOrder, {"lifted_at": _THEN}, "stage_lift_has_a_person_and_a_reason"),
    (StageOrder, {"acknowledged_how": "phone"}, "stage_acknowledgement_is_whole"),
    (Alarm, _ENDED, "panic_ends_only_by_a_person"),
    (NarrativeEntry, {"struck_at": _THEN}, "narrative_strike_is_whole"),
)


def test_impossible_rows_are_refused(accepted: Assignment) -> None:
    for model, change, constraint in _IMPOSSIBLE:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            model._default_manager.update(**change)


def test_a_decision_for_less_caution_stands_only_with_another_person(
    accepted: Assignment, people: dict[str, User], at: datetime
) -> None:
    first = Decision.objects.get()
    fields: dict[str, Any] = {
        "incident": accepted.incident, "at": at, "by": people["call_taker"], "action": "override", "reason": "policy",
        "response_class": "mobile_team", "engine_version": "x",
    }  # fmt: skip
    assert first.direction == "same"
    with pytest.raises(IntegrityError, match="decision_less_cautious_takes_two"), transaction.atomic():
        Decision.objects.create(**fields, direction="less")
    with pytest.raises(IntegrityError, match="decision_second_is_another"), transaction.atomic():
        Decision.objects.create(**fields, direction="less", second_by=people["call_taker"])
    with pytest.raises(IntegrityError, match="decision_override_has_a_reason"), transaction.atomic():
        Decision.objects.create(**{**fields, "reason": ""}, direction="more")


def test_a_unit_has_one_live_exclusive_assignment_whatever_the_incident(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime
) -> None:
    other = factories.a_triaged_call(floor, by=people["call_taker"], at=at).incident
    again: dict[str, Any] = {"unit": accepted.unit, "offered_at": at, "offer_expires_at": at + timedelta(seconds=60)}
    with pytest.raises(IntegrityError, match="unit_one_live_exclusive_assignment"), transaction.atomic():
        Assignment.objects.create(incident=other, **again)
    with pytest.raises(IntegrityError, match="unit_once_per_incident"), transaction.atomic():
        Assignment.objects.create(incident=accepted.incident, exclusive=False, slot="assist", **again)
    with pytest.raises(IntegrityError, match="slot_one_accepted_assignment"), transaction.atomic():
        Assignment.objects.create(
            incident=accepted.incident,
            state="accepted",
            offered_at=at,
            offer_expires_at=at + timedelta(seconds=60),
            unit=Unit.objects.get(call_sign="CR 1"),
        )
    with pytest.raises(IntegrityError, match="offer_has_time"), transaction.atomic():
        Assignment.objects.filter(pk=accepted.pk).update(offer_expires_at=at)


_SAID: tuple[tuple[type[Model], dict[str, Any]], ...] = (
    (HistoryRow, {"reason": "changed"}),
    (Answer, {"value": "none"}),
    (LocationEntry, {"text": "elsewhere"}),
    (NarrativeEntry, {"kind": "crew"}),
    (Decision, {"response_class": "emergency"}),
    (Decision, {"answers": {}}),
)


def test_what_was_said_and_decided_is_append_only(accepted: Assignment) -> None:
    for model, change in _SAID:
        assert model._default_manager.exists()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            model._default_manager.update(**change)


def test_nothing_of_a_call_can_be_deleted(accepted: Assignment) -> None:
    kept = (
        HistoryRow,
        Answer,
        LocationEntry,
        NarrativeEntry,
        Decision,
        Call,
        Incident,
        Assignment,
        Handoff,
        StageOrder,
        Alarm,
    )
    for model in kept:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def test_an_imported_call_and_an_incident_number_exist_once(
    accepted: Assignment, floor: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_call(floor, by=people["call_taker"], at=at)
    Call.objects.filter(pk=call.pk).update(external_id="B-1")
    with pytest.raises(IntegrityError, match="imported_call_once"), transaction.atomic():
        Call.objects.update(external_id="B-1")
    with pytest.raises(IntegrityError, match="incident_number_once_per_centre"), transaction.atomic():
        Incident.objects.update(number=7)
