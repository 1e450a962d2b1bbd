"""Answers: appended, merged to the most dangerous, acted upon at once when they raise the class after sending."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Answer, Call, Incident
from dispatch.selectors.triage import UNKNOWN, Judged, facts_of, judge
from dispatch.services.journal import call_locked, incident_locked, record
from dispatch.services.rising import retriage, rise_check
from responders.models import Unit
from triage import vocabulary
from triage.results import plain

_BASES = set(Answer.Basis.values)


def answers_checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in the vocabulary's own form. Raises Refused at the question for a value that it does not have."""
    table = vocabulary.load()
    checked: dict[str, Any] = {}
    for key, value in answers.items():
        try:
            known = UNKNOWN if value is None else value
            normal = table.validate_answer(key, None if known == UNKNOWN else known)
        except (ValueError, KeyError) as error:
            raise Refused("answer_invalid", _expected(key), field=key[:40]) from error
        checked[key] = UNKNOWN if normal is None else plain(normal)
    return checked


def _expected(key: str) -> str:
    """What would have been right. What was given is not repeated: it may be a caller's words."""
    question = vocabulary.load().by_key.get(key)
    if question is None:
        return "There is no such question."
    if question.values:
        choice = "one or more" if question.kind == "list" else "one"
        return f"{question.label}: choose {choice} of {', '.join(str(v) for v in question.values)}, {UNKNOWN}."
    return f"{question.label}: give a {question.kind.replace('_', ' ')} value, or {UNKNOWN}."


@transaction.atomic
def answers_record(
    *,
    incident: Incident,
    source: Call | Unit,
    answers: Mapping[str, Any],
    by: User | None,
    at: datetime,
    basis: str = Answer.Basis.TOLD,
) -> Judged:
    """Append answers of a call or a crew and return the new suggestion with what it was made from.

    Raises Refused at the question for a value that it does not have. When a sent incident becomes more dangerous,
    crews get a stage order in this same transaction.
    """
    if basis not in _BASES:
        raise Refused("basis_unknown", f"Choose one of {', '.join(sorted(_BASES))}.", field="basis")
    checked = answers_checked(answers)
    if isinstance(source, Call):
        # A call that was joined meanwhile answers for the incident that it now tells of.
        call: Call | None
        incident, call = call_locked(source.pk)
    else:
        incident, call = incident_locked(incident.pk), None
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    # Given after it was sent is after, also by a machine whose clock goes behind: from then on answers only raise.
    given = at if incident.sent_at is None else max(at, incident.sent_at + timedelta(microseconds=1))
    facts = facts_of(incident, at=at, known=by)
    label = f"call:{source.pk}" if call is not None else f"unit:{source.pk}"
    made = Answer.objects.bulk_create(
        [
            Answer(incident=incident, call=call, source=label, key=key, value=value, basis=basis, at=given, by=by)
            for key, value in checked.items()
        ]
    )
    judged = judge(incident=incident, at=at, facts=facts.with_rows(made))
    record(
        incident=incident,
        entity="answer",
        row=source,
        action="record",
        by=by,
        at=at,
        fields=retriage(incident=incident, judged=judged, at=at),
        detail={"keys": sorted(checked)},
    )
    rise_check(incident=incident, before=facts.answers, judged=judged, by=by, at=at)
    return judged
