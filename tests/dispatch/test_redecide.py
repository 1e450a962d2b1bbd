"""A stored decision comes out the same, bit for bit, whatever was published, stopped or answered since."""

import copy
import json
import uuid
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Centre, User
from dispatch.models import Call, Decision
from dispatch.selectors.redecision import differences, redecide
from dispatch.services.answers import answers_record
from programs.models import ProgramVersion, Suspension
from programs.services import program_install, suspension_set, version_publish_simulated
from tests import factories


@pytest.fixture
def call(floor: Centre, people: dict[str, User], at: datetime) -> Call:
    """A calm call that was accepted as suggested."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    return call


def _also_stored(**changed: object) -> Decision:
    """A further decision that differs from the first in the given columns: stored rows themselves cannot change."""
    decision = Decision.objects.get()
    decision.pk, decision.state = uuid.uuid4(), "superseded"
    for name, value in changed.items():
        setattr(decision, name, value)
    decision.save(force_insert=True)
    return decision


def _run(id: object) -> str:
    out = StringIO()
    call_command("redecide", str(id), stdout=out)
    return out.getvalue()


def test_a_decision_is_the_same_by_call_incident_or_its_own_id(call: Call) -> None:
    decision = Decision.objects.get()
    for id in (call.pk, call.incident_id, decision.pk):
        assert f"decision {decision.pk}" in _run(id)
        assert ": same (mobile_team" in _run(id)


def test_a_new_program_version_a_stop_and_a_later_danger_change_nothing(
    call: Call, programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    old = programs["star"]
    spec = copy.deepcopy(old.spec)
    spec["hours"] = "Mo 01:00-02:00"
    spec["rules"]["natures"] = []
    later = at + timedelta(hours=1)
    new = program_install(
        centre=call.incident.centre, agency=old.program.agency, spec=spec, area=old.area, by=None, at=later
    )
    version_publish_simulated(version=new, at=later)
    suspension_set(
        centre=call.incident.centre,
        scope=Suspension.Scope.ALL,
        subject="",
        reason="Team unsafe",
        by=people["supervisor"],
        at=later,
    )
    answers_record(
        incident=call.incident, source=call, answers={"weapon": "in_hand"}, by=people["call_taker"], at=later
    )
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, new.state) == ("superseded", "published")
    assert ": same (" in _run(call.pk)


def test_a_decision_under_a_stop_key_is_repeated_with_it(floor: Centre, people: dict[str, User], at: datetime) -> None:
    suspension_set(
        centre=floor, scope=Suspension.Scope.ALL, subject="", reason="Team unsafe", by=people["supervisor"], at=at
    )
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    decision = factories.a_decision(call.incident, by=people["call_taker"], at=at, action="send")
    assert "suspended" in json.dumps(decision.trace)
    assert redecide(Decision.objects.get(pk=decision.pk)).same


def test_a_trace_that_was_tampered_with_is_named_place_by_place(call: Call) -> None:
    decision = Decision.objects.get()
    trace = copy.deepcopy(decision.trace)
    trace["response_class"] = "emergency"
    trace["fits"][0]["result"] = "EXCLUDED?"
    trace["ask"].append({"key": "made_up"})
    wrong = _also_stored(trace=trace)
    out = StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("redecide", str(call.pk), stdout=out)
    assert refused.value.returncode == 1
    told = out.getvalue()
    assert f"decision {decision.pk}" in told
    assert f"decision {wrong.pk} of {wrong.at.isoformat()}: different" in told
    assert "response_class: 'emergency' -> 'mobile_team'" in told
    assert "fits[0].result: 'EXCLUDED?'" in told
    assert "ask: " in told


def test_a_decision_from_before_inputs_were_stored_says_so(call: Call) -> None:
    old = _also_stored(on_screen={"plan": {}, "open": []})
    with pytest.raises(CommandError) as refused:
        _run(old.pk)
    assert refused.value.returncode == 2


def test_a_decision_without_a_suggestion_says_so(call: Call) -> None:
    blind = _also_stored(trace={}, engine_version="none")
    with pytest.raises(CommandError, match="cannot be run again"):
        _run(blind.pk)


def test_programs_that_are_gone_are_told(call: Call) -> None:
    inputs = Decision.objects.get().on_screen["inputs"]
    stray = _also_stored(on_screen={"inputs": {**inputs, "programs": [*inputs["programs"], str(uuid.uuid4())]}})
    with pytest.raises(CommandError) as refused:
        _run(stray.pk)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-4000-8000-000000000000"])
def test_an_id_that_names_nothing_is_refused(db: None, id: str) -> None:
    with pytest.raises(CommandError) as refused:
        _run(id)
    assert refused.value.returncode == 2


def test_true_is_not_one() -> None:
    assert list(differences({"a": True}, {"a": 1})) == ["a: True -> 1"]
    assert list(differences({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})) == []
