"""Every call that is not diverted has a coded reason, and a failed engine stops nobody from sending."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import HistoryRow, Incident
from dispatch.reasons import NOT_DIVERTED
from dispatch.selectors.figures import figures
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.crew_safety import return_to_911
from dispatch.services.decisions import decision_second
from dispatch.services.offers import offers_run
from dispatch.services.on_view import contact_open
from dispatch.services.step_back import assignment_step_back
from programs.models import ProgramVersion, ProtocolVersion, VersionState
from responders.models import Unit
from tests import factories
from tests.dispatch.deciding import now_of

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def test_a_call_that_nobody_triaged_goes_as_its_natures_standard_response(
    floor: Centre, people: dict[str, User], at: datetime
) -> None:
    call = factories.a_call(floor, by=people["call_taker"], at=at, nature="overdose")
    with pytest.raises(Refused) as refused:
        factories.a_decision(call.incident, by=people["call_taker"], at=at)
    assert refused.value.code == "not_triaged"
    factories.a_decision(call.incident, by=people["call_taker"], at=at, action="send")
    incident = now_of(call.incident)
    assert (incident.response_class, incident.not_diverted_reason) == ("emergency", "not_triaged")
    assert "ems" in incident.handoffs.values_list("service", flat=True)


@pytest.mark.parametrize(
    ("changed", "where", "hours", "coded"),
    [
        ({}, factories.OUTSIDE, "24/7", "out_of_area"),
        ({}, factories.PARK, "Mo-Su 02:00-03:00", "out_of_hours"),
        ({"weapon": "in_hand"}, factories.PARK, "24/7", "excluded"),
        ({"age_band": "unknown"}, factories.PARK, "no programs but star", "insufficient_information"),
    ],
)
def test_a_call_that_is_not_diverted_says_why(
    floor: Centre,
    people: dict[str, User],
    programs: dict[str, ProgramVersion],
    at: datetime,
    changed: dict[str, Any],
    where: str,
    hours: str,
    coded: str,
) -> None:
    if hours == "no programs but star":
        ProgramVersion.objects.exclude(pk=programs["star"].pk).update(state=VersionState.RETIRED)
    elif hours != "24/7":
        for version in programs.values():
            closed = ProgramVersion.objects.get(pk=version.pk)
            ProgramVersion.objects.filter(pk=version.pk).update(state=VersionState.RETIRED)
            closed.pk, closed.number, closed.spec = uuid.uuid4(), 2, {**closed.spec, "hours": hours}
            closed.save(force_insert=True)
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, where=where, **changed)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    reason = now_of(call.incident).not_diverted_reason
    assert reason == coded
    assert reason in NOT_DIVERTED


def _damaged(spec: dict[str, Any]) -> None:
    """STAR's published content is replaced by this, past every check."""
    version = ProgramVersion.objects.filter(program__slug="star").get()
    ProgramVersion.objects.filter(pk=version.pk).update(state=VersionState.RETIRED)
    version.pk, version.number, version.spec = uuid.uuid4(), 2, spec
    version.save(force_insert=True)


def test_the_supervisor_learns_of_a_failed_engine_also_where_nothing_was_asked(
    floor: Centre, people: dict[str, User], at: datetime, alarms: Alarms
) -> None:
    ProtocolVersion.objects.update(state=VersionState.RETIRED)
    call = factories.a_call(floor, by=people["call_taker"], at=at, nature="welfare_check")
    factories.a_decision(call.incident, by=people["call_taker"], at=at, action="send")
    assert alarms() == ["engine_error"]


def test_waits_that_cannot_be_read_stop_nobody_from_sending(
    floor: Centre, people: dict[str, User], at: datetime, programs: dict[str, ProgramVersion]
) -> None:
    _damaged({**programs["star"].spec, "max_wait_by_priority": "soon", "max_wait_s": "later"})
    incident = _sent(floor, people, at)
    assert now_of(incident).promise_at is not None


@pytest.mark.parametrize("broken", ["no protocol", "broken program", "broken hours"])
def test_when_the_engine_fails_it_says_so_and_sending_still_works(
    floor: Centre, people: dict[str, User], at: datetime, alarms: Alarms, broken: str
) -> None:
    if broken == "no protocol":
        ProtocolVersion.objects.update(state=VersionState.RETIRED)
    elif broken == "broken program":
        _damaged({"rules": {"slug": "star"}, "hours": "24/7"})
    else:
        star = ProgramVersion.objects.get(program__slug="star")
        _damaged({**star.spec, "hours": "now and then"})
    by = people["call_taker"]
    call = factories.a_call(floor, by=by, at=at, nature="welfare_check")
    judged = answers_record(incident=call.incident, source=call, answers=factories.CALM, by=by, at=at)
    assert judged.suggestion is None
    assert alarms() == ["engine_error"]
    with pytest.raises(Refused, match="no suggestion"):
        factories.a_decision(call.incident, by=by, at=at)
    waiting = factories.a_decision(
        call.incident, by=by, at=at, action="override", response_class="co_response", reason="clinician_advice"
    )
    assert waiting.state == "waiting_second"
    decision = factories.a_decision(call.incident, by=by, at=at, action="send")
    assert (decision.response_class, decision.engine_version) == ("emergency", "none")
    assert now_of(call.incident).not_diverted_reason == "insufficient_information"
    assert now_of(call.incident).handoffs.get().state == "requested"


def _sent(floor: Centre, people: dict[str, User], at: datetime, **changed: Any) -> Incident:
    """A call that its call taker accepted as suggested."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, **changed)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    return call.incident


def _overridden(floor: Centre, people: dict[str, User], at: datetime, reason: str) -> Incident:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    factories.a_decision(
        call.incident, by=people["call_taker"], at=at, action="override", response_class="emergency", reason=reason
    )
    return call.incident


def _without_units(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    incident = _sent(floor, people, at)
    Unit.objects.filter(team__slug="star").update(service="out_of_service")
    offers_run(centre=floor, at=at)
    factories.a_decision(
        incident, by=people["dispatcher"], at=at, action="override", response_class="emergency", reason="policy"
    )
    return incident


def _timed_out(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    incident = _sent(floor, people, at)
    due.promises(floor, at + timedelta(hours=9))
    return incident


def _returned(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    accepted = factories.an_accepted(floor, by=people["call_taker"], at=at)
    return_to_911(assignment=accepted, reason="unsafe", by=people["responder"], at=at + timedelta(minutes=1))
    return accepted.incident


def _lowered_by_two(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, weapon="in_hand")
    decision = factories.a_decision(
        call.incident, by=people["call_taker"], at=at, action="override", response_class="co_response",
        reason="clinician_advice",
    )  # fmt: skip
    decision_second(decision=decision, agree=True, by=people["supervisor"], at=at)
    return call.incident


def _met_by_an_ambulance(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    medic = Unit.objects.get(centre=floor, agency__kind="ems")
    return contact_open(id=uuid.uuid4(), unit=medic, nature="welfare_check", by=people["responder"], at=at).incident


def _never_sent(floor: Centre, people: dict[str, User], at: datetime, outcome: str, **changed: Any) -> Incident:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, **changed)
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=at)
    return incident_close(incident=call.incident, outcome=outcome, by=people["dispatcher"], at=at)


_OTHER_WAYS: list[tuple[str, Callable[[Centre, dict[str, User], datetime], Incident]]] = [
    ("excluded", _lowered_by_two),
    ("not_triaged", _met_by_an_ambulance),
    ("override", partial(_never_sent, outcome="handed_to_police")),
    ("caller_refused", partial(_never_sent, outcome="refused")),
    ("nobody_sent", partial(_never_sent, outcome="resolved_by_phone")),
    ("excluded", partial(_never_sent, outcome="handed_off", weapon="in_hand")),
    ("", partial(_never_sent, outcome="test")),
]


@pytest.mark.parametrize(("code", "way"), _OTHER_WAYS)
def test_no_way_past_the_suggestion_leaves_the_reason_empty(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    code: str,
    way: Callable[[Centre, dict[str, User], datetime], Incident],
) -> None:
    assert now_of(way(floor, people, at)).not_diverted_reason == code
    assert code in {"", *NOT_DIVERTED}


_WAYS: dict[str, Callable[[Centre, dict[str, User], datetime], Incident]] = {
    "out_of_area": lambda floor, people, at: _sent(floor, people, at, where=factories.OUTSIDE),
    "excluded": lambda floor, people, at: _sent(floor, people, at, weapon="in_hand"),
    "caller_refused": lambda floor, people, at: _overridden(floor, people, at, "caller_refused"),
    "caller_asked_police": lambda floor, people, at: _overridden(floor, people, at, "caller_asked_police"),
    "officer_asked": lambda floor, people, at: _overridden(floor, people, at, "officer_asked"),
    "override": lambda floor, people, at: _overridden(floor, people, at, "sounds_worse"),
    "timed_out": _timed_out,
    "returned": _returned,
    "no_unit": _without_units,
}


def test_each_way_of_not_diverting_has_its_code(floor: Centre, people: dict[str, User], at: datetime) -> None:
    for code, way in _WAYS.items():
        assert code in NOT_DIVERTED
        incident = way(floor, people, at)
        assert now_of(incident).not_diverted_reason == code
        decision = incident.decisions.order_by("-at").first()
        assert decision is not None
        if code in {"excluded", "override"}:
            assert decision.on_screen["not_diverted"]["rule"] in {"sounds_worse", *_rules_of(decision.trace)}


def _promise_ends(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    return _overridden(floor, people, at, "promise_ends")


def _policy_after_time_out(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    incident = _timed_out(floor, people, at)
    factories.a_decision(
        incident, by=people["dispatcher"], at=at, action="override", response_class="emergency", reason="policy"
    )
    return incident


def _danger_after_time_out(floor: Centre, people: dict[str, User], at: datetime) -> Incident:
    incident = _timed_out(floor, people, at)
    call = incident.calls.get()
    answers_record(incident=incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=at)
    factories.a_decision(incident, by=people["dispatcher"], at=at)
    return incident


@pytest.mark.parametrize(
    ("code", "way"),
    [("timed_out", _promise_ends), ("timed_out", _policy_after_time_out), ("excluded", _danger_after_time_out)],
)
def test_nobody_in_time_is_why_more_was_chosen_unless_a_rule_asks_for_more(
    floor: Centre,
    people: dict[str, User],
    at: datetime,
    code: str,
    way: Callable[[Centre, dict[str, User], datetime], Incident],
) -> None:
    assert now_of(way(floor, people, at)).not_diverted_reason == code


@pytest.mark.parametrize("arrives", ["on_scene", "clear", "cancel"])
def test_a_team_that_comes_late_has_diverted_the_call_and_the_broken_promise_stays_on_file(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, arrives: str
) -> None:
    incident = _timed_out(floor, people, at)
    assert (figures(floor, at)["diverted"].count, figures(floor, at)["eligible_not_diverted"].count) == (0, 1)
    (offer,) = offers_run(centre=floor, at=later(1))
    by = people["dispatcher"]
    for second, action in ((2, "accept"), (3, "en_route")):
        offer = assignment_act(assignment=offer, action=action, by=by, at=later(second))
    assert now_of(incident).not_diverted_reason == "timed_out"
    ended: dict[str, Any] = {"clear": {"disposition": "refused"}, "cancel": {"reason": "flat"}}.get(arrives, {})
    assignment_act(assignment=offer, action=arrives, by=by, at=later(4), **ended)
    served = arrives != "cancel"
    assert now_of(incident).not_diverted_reason == ("" if served else "timed_out")
    assert (figures(floor, at)["diverted"].count, figures(floor, at)["not_diverted"].count) == (served, not served)
    rows = HistoryRow.objects.filter(incident_id=incident.pk, reason="timed_out").order_by("id")
    assert list(rows.values_list("action", flat=True)) == ["promise_broken", *(["served_late"] if served else [])]
    if arrives == "on_scene":
        assignment_step_back(assignment=offer, action="on_scene", by=by, at=later(6))
        assert now_of(incident).not_diverted_reason == "timed_out"


def _rules_of(trace: dict[str, Any]) -> set[str]:
    return {fired["rule"] for fired in trace["decision"]["fired"] if not fired["by_unknown"]}
