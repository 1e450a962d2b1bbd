"""Words in the notes that nobody confirmed keep caution up, are shown to crews, and are stored with the decision."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.template.loader import render_to_string

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Call, CueDismissal, Decision, HistoryRow, Incident
from dispatch.selectors.cues import Proposals, confirming, proposals_of, unverified_words
from dispatch.selectors.triage import answers_at_place
from dispatch.services.answers import answers_record
from dispatch.services.cues import cue_dismiss
from dispatch.services.decisions import decision_second
from dispatch.services.narrative import note_add, note_strike
from people.models.audience import Audience
from tests import factories
from tests.dispatch.deciding import now_of
from triage.cues.extract import find_with, second_reader, version_with

Later = Callable[[float], datetime]
ARMED = "He is waving a knife at the neighbours"
HARMLESS = "No weapons seen, she is calm on the bench"


def _noted(call: Call, text: str, by: User, at: datetime, audience: str = Audience.GENERAL) -> None:
    note_add(id=uuid.uuid4(), incident=call.incident, call=call, text=text, by=by, at=at, audience=audience)


def _weapons(incident: Incident) -> list[str]:
    return sorted({cue.mark for cue in proposals_of(incident).cues if cue.key == "weapon"})


def _dismiss(incident: Incident, marks: list[str], by: User, at: datetime) -> None:
    for mark in marks:
        cue_dismiss(incident=incident, mark=mark, by=by, at=at)


@pytest.mark.parametrize(
    ("note", "draft", "sent_as"),
    [
        (ARMED, "", "co_response"),
        ("", ARMED, "co_response"),
        (HARMLESS, "", "mobile_team"),
        ("", HARMLESS, "mobile_team"),
    ],
)
def test_unconfirmed_danger_in_a_note_or_a_draft_holds_what_is_accepted(
    floor: Centre, people: dict[str, User], at: datetime, note: str, draft: str, sent_as: str
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at)
    if note:
        _noted(call, note, by, at)
    decision = factories.a_decision(call.incident, by=by, at=at, draft=draft)
    held = sent_as == "co_response"
    assert (decision.response_class, decision.direction) == (sent_as, "same")
    assert bool(decision.on_screen["cues"]["hold"]) == held
    assert ("Unconfirmed" in decision.on_screen["plan"]["words"]) == held
    if held:
        assert "weapon" in decision.on_screen["cues"]["hold"]
        assert list(now_of(call.incident).handoffs.values_list("service", flat=True)) == ["police"]
    assert not draft or draft not in json.dumps(decision.on_screen)


@pytest.mark.parametrize("how", ["confirmed", "dismissed", "struck"])
def test_a_person_ends_the_hold(floor: Centre, people: dict[str, User], at: datetime, later: Later, how: str) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at)
    _noted(call, "There is a knife on the table", by, at)
    answers = answers_at_place(call.incident, at=at)
    held = proposals_of(call.incident).dangers(answers)
    assert "weapon" in {cue.key for cue in held}
    if how == "confirmed":
        for cue in held:
            given = {cue.key: confirming(cue, answers)}
            answers_record(incident=call.incident, source=call, answers=given, by=by, at=later(1), basis="heard")
    elif how == "dismissed":
        for cue in held:
            row = cue_dismiss(incident=call.incident, mark=cue.mark, by=by, at=later(1), call=call)
            again = cue_dismiss(incident=call.incident, mark=cue.mark, by=people["dispatcher"], at=later(2))
            assert (again, row.by, row.key) == (row, by, cue.key)
        assert HistoryRow.objects.filter(entity="cue", action="dismiss").count() == len(held)
    else:
        note_strike(entry=call.incident.narrative.get(), by=by, at=later(1))
    found = proposals_of(call.incident)
    assert found.hold("mobile_team", answers_at_place(call.incident, at=later(2))) == []
    decision = factories.a_decision(call.incident, by=by, at=later(3))
    assert (decision.response_class == "mobile_team") == (how != "confirmed")


def test_a_calmer_answer_does_not_confirm_words(floor: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    _noted(call, ARMED, people["call_taker"], at)
    assert answers_at_place(call.incident, at=at)["weapon"] == "none"
    assert "weapon" in {cue.key for cue in proposals_of(call.incident).hold("mobile_team", {"weapon": "none"})}
    assert proposals_of(call.incident).hold("co_response", {"weapon": "none"}) == []


def test_two_people_cannot_step_over_words_that_nobody_looked_at(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at, weapon="accessible")
    choice = {"action": "override", "response_class": "mobile_team", "program": "star", "reason": "danger_over"}
    waiting = factories.a_decision(call.incident, by=by, at=at, **choice)
    _noted(call, "She says he has overdosed on pills", by, later(1))
    with pytest.raises(Refused) as refused:
        decision_second(decision=waiting, agree=True, by=people["supervisor"], at=later(2))
    assert refused.value.code == "cue_unconfirmed"
    with pytest.raises(Refused) as refused:
        factories.a_decision(call.incident, by=by, at=later(3), **choice)
    assert (refused.value.code, refused.value.field) == ("cue_unconfirmed", "cues")
    assert now_of(call.incident).sent_at is None
    for cue in proposals_of(call.incident).dangers({}):
        cue_dismiss(incident=call.incident, mark=cue.mark, by=by, at=later(4))
    decision_second(decision=waiting, agree=True, by=people["supervisor"], at=later(5))
    assert now_of(call.incident).response_class == "mobile_team"


def test_only_what_the_words_give_is_dismissed_and_for_this_incident_only(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    one, other = (factories.a_triaged_call(floor, by=by, at=at) for _ in range(2))
    with pytest.raises(Refused) as refused:
        cue_dismiss(incident=one.incident, mark="weapon=in_hand:my own words", by=by, at=at)
    assert refused.value.code == "cue_unknown"
    for call in (one, other):
        _noted(call, ARMED, by, at)
    _dismiss(one.incident, _weapons(one.incident), by, at)
    answers = {"weapon": "none"}
    assert "weapon" not in [cue.key for cue in proposals_of(one.incident).hold("mobile_team", answers)]
    assert "weapon" in [cue.key for cue in proposals_of(other.incident).hold("mobile_team", answers)]
    _noted(one, "now he shows a gun", by, at)
    assert "weapon" in [cue.key for cue in proposals_of(one.incident).hold("mobile_team", answers)]


def test_the_database_keeps_a_dismissal_as_it_was(floor: Centre, people: dict[str, User], at: datetime) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    whole = {"incident": call.incident, "mark": "weapon=in_hand:a knife", "key": "weapon", "lexicon": "1"}
    row = CueDismissal.objects.create(**whole, at=at, by=people["call_taker"])
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"mark": "violence=threats:x"},
        {"mark": "weapon=x", "lexicon": ""},
        {"mark": "", "key": ""},
    )
    for changed in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            CueDismissal.objects.create(**{**whole, **changed}, at=at, by=people["call_taker"])
    for statement in ("UPDATE dispatch_cuedismissal SET key = 'crime'", "DELETE FROM dispatch_cuedismissal"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert CueDismissal.objects.get() == row


def test_crews_see_unverified_words_but_never_those_of_a_restricted_note(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    call = accepted.incident.calls.get()
    assert unverified_words([]) == unverified_words([accepted.incident_id]) == {}
    _noted(call, ARMED, people["call_taker"], later(5))
    _noted(call, "He told me that he swallowed pills", people["clinician"], later(6), Audience.CLINICAL)
    said = " / ".join(unverified_words([accepted.incident_id])[accepted.incident_id])
    assert "Weapon" in said
    assert "knife" in said
    assert "pills" not in said
    assert "restricted note" in said
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=later(9))
    assert "Weapon" not in " / ".join(unverified_words([accepted.incident_id])[accepted.incident_id])


def test_a_held_decision_comes_out_the_same_and_tampering_is_told(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    by = people["call_taker"]
    call = factories.a_triaged_call(floor, by=by, at=at)
    _noted(call, f"{ARMED}. He also hit somebody", by, at)
    _dismiss(call.incident, _weapons(call.incident), by, at)
    decision = factories.a_decision(call.incident, by=by, at=at)
    stored = Decision.objects.get().on_screen
    assert stored["cues"]["dismissed"] == _weapons(call.incident)
    assert stored["cues"]["lexicon"]
    assert "violence" in stored["cues"]["hold"]
    out = StringIO()
    call_command("redecide", str(decision.pk), stdout=out)
    assert ": same (co_response" in out.getvalue()
    decision.pk, decision.state = uuid.uuid4(), "superseded"
    decision.on_screen = {**stored, "cues": {**stored["cues"], "hold": []}}
    decision.save(force_insert=True)
    with pytest.raises(CommandError, match="came out different"):
        call_command("redecide", str(decision.pk), stdout=out)
    assert "on_screen.cues.hold" in out.getvalue()


def test_a_decision_stores_who_said_what_beside_the_engines_trace(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by, other = people["call_taker"], people["call_taker2"]
    call = factories.a_triaged_call(floor, by=by, at=at)
    answers_record(incident=call.incident, source=call, answers={"weapon": "none"}, by=other, at=later(3), basis="seen")
    decision = factories.a_decision(call.incident, by=by, at=later(4))
    weapon = decision.on_screen["said"]["weapon"]
    assert [(one["by"], one["basis"], one["source"]) for one in weapon] == [(other.pk, "seen", f"call:{call.pk}")]
    assert weapon[0]["at"] == later(3).isoformat()
    assert decision.on_screen["said"]["location_type"][0]["source"] == "place"
    assert "who" not in json.dumps(decision.trace)


def test_the_console_says_when_the_second_reader_is_out_of_order() -> None:
    for reader in (second_reader(), None):
        found = Proposals(find_with(ARMED, reader), lexicon=version_with(reader))
        card = {"id": "one", "cues": [], "cues_failed": not found.lexicon, "cues_phrases_only": found.phrases_only}
        shown = render_to_string("desk/console/cues.html", {"card": card})
        assert ("Only known phrases" in shown) == (reader is None)
        assert "weapon" in {cue.key for cue in found.dangers({})}
