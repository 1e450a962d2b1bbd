"""A hazard on file counts as an answer of the place: it raises care, and never takes any away."""

from datetime import datetime

import pytest

from accounts.models import Centre, User
from dispatch.models import Incident
from dispatch.selectors.triage import answers_at_place, judge
from people.services import caution_add, premise_for
from programs.models import ProgramVersion
from tests import factories


def _file(centre: Centre, at: datetime, kind: str, severity: str) -> None:
    caution_add(
        centre=centre,
        premise=premise_for(centre=centre, place=factories.a_place(centre, factories.HOME)),
        text="From an earlier visit",
        kind=kind,
        severity=severity,
        source="Police report",
        days=30,
        by=None,
        at=at,
    )


def _answers(centre: Centre, by: User, at: datetime) -> tuple[dict[str, object], str]:
    call = factories.a_triaged_call(centre, by=by, at=at, where=factories.HOME)
    incident = Incident.objects.get(pk=call.incident_id)
    suggestion = judge(incident=incident, at=at).suggestion
    assert suggestion is not None
    return answers_at_place(incident, at=at), str(suggestion.response_class)


def test_a_gun_on_file_outweighs_a_caller_who_says_none(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime
) -> None:
    _file(centre, at, "weapon", "danger")
    answers, response_class = _answers(centre, people["call_taker"], at)
    assert answers["weapon"] == "accessible"
    assert response_class == "co_response"


@pytest.mark.parametrize(("kind", "severity"), [("weapon", "warn"), ("violence", "danger"), ("animal", "danger")])
def test_history_and_dogs_are_shown_but_force_no_class(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime, kind: str, severity: str
) -> None:
    _file(centre, at, kind, severity)
    _, response_class = _answers(centre, people["call_taker"], at)
    assert response_class == "mobile_team"


def test_a_worse_answer_is_not_softened_by_the_file(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime
) -> None:
    _file(centre, at, "weapon", "warn")
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=at, where=factories.HOME, weapon="in_hand")
    assert answers_at_place(Incident.objects.get(pk=call.incident_id), at=at)["weapon"] == "in_hand"
