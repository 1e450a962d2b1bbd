"""Answers: appended, merged to the most dangerous, acted upon at once when they raise the class after sending."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Role, User
from accounts.problems import Refused
from dispatch.models import Alarm, Answer, Call, Incident
from dispatch.plan import direction
from dispatch.selectors.triage import UNKNOWN, answers_merged, judge
from dispatch.services.alarms import alarm_raise
from dispatch.services.journal import incident_locked, record
from dispatch.services.staging import risk_raise
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import Unit
from triage import vocabulary
from triage.results import Suggestion, plain

_BASES = set(Answer.Basis.values)


def _checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    table = vocabulary.load()
    checked: dict[str, Any] = {}
    for key, value in answers.items():
        try:
            known = UNKNOWN if value is None else value
            normal = table.validate_answer(key, None if known == UNKNOWN else known)
        except (ValueError, KeyError) as error:
            raise Refused("answer_invalid", str(error).strip("'\""), field=key) from error
        checked[key] = UNKNOWN if normal is None else plain(normal)
    return checked


@transaction.atomic
def answers_record(
    *,
    incident: Incident,
    source: Call | Unit,
    answers: Mapping[str, Any],
    by: User | None,
    at: datetime,
    basis: str = Answer.Basis.TOLD,
) -> Suggestion | None:
    """Append answers of a call or a crew and return the new suggestion (None: use standard dispatch).

    Raises Refused at the question for a value that it does not have. When a sent incident becomes more dangerous,
    crews get a stage order in this same transaction.
    """
    if basis not in _BASES:
        raise Refused("basis_unknown", f"Choose one of {', '.join(sorted(_BASES))}.", field="basis")
    checked = _checked(answers)
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    before = answers_merged(incident)
    call = source if isinstance(source, Call) else None
    label = f"call:{source.pk}" if call is not None else f"unit:{source.pk}"
    Answer.objects.bulk_create(
        [
            Answer(incident=incident, call=call, source=label, key=key, value=value, basis=basis, at=at, by=by)
            for key, value in checked.items()
        ]
    )
    judged = judge(incident=incident, at=at)
    suggestion = judged.suggestion
    fields: list[str] = []
    if suggestion is None:
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.ENGINE_ERROR,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=Role.SUPERVISOR,
        )
    else:
        if suggestion.triaged and not incident.triaged:
            incident.triaged = True
            fields.append("triaged")
            if incident.state == "open":
                incident.state = "triaged"
                fields.append("state")
        if suggestion.priority < incident.priority:
            incident.priority = suggestion.priority
            fields.append("priority")
    record(
        incident=incident,
        entity="answer",
        row=source,
        action="record",
        by=by,
        at=at,
        fields=fields,
        detail={"keys": sorted(checked)},
    )
    if suggestion is not None and incident.sent_at is not None and incident.response_class:
        _act_on_rise(incident, before, judged.answers, suggestion, checked, by, at)
    return suggestion


def _act_on_rise(
    incident: Incident,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    suggestion: Suggestion,
    given: Mapping[str, Any],
    by: User | None,
    at: datetime,
) -> None:
    """Stage orders and a ready hand-off when the class rose above what was sent, or above what it was before."""
    if direction(str(suggestion.response_class), incident.response_class) != "more":
        return
    changed = [key for key in given if after.get(key) != before.get(key)]
    live = incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists()
    if not changed and live:
        return
    table = vocabulary.load()
    floors = [floor for floor in suggestion.decision.fired if set(floor.values) & set(changed)]
    worst = floors[0] if floors else None
    key = next((k for k in changed if worst is None or k in worst.values), changed[0] if changed else "")
    value = after.get(key, UNKNOWN)
    words = f"{table.get(key).label}: {table.get(key).label_of(_single(value))}" if key else "Danger has risen"
    risk_raise(
        incident=incident,
        reason=f"{key}={value}"[:80],
        words=words[:160],
        services=suggestion.services or ("police",),
        by=by,
        at=at,
    )


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
