"""From rows to the API's answers: each reads the row again, so that an answer is what was stored."""

from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from accounts.models import Centre
from dispatch import choice
from dispatch.api.outputs import (
    AssignmentSerializer,
    CallSerializer,
    DecisionOutSerializer,
    HandoffSerializer,
    IncidentSerializer,
    StageOrderSerializer,
    SuggestionSerializer,
)
from dispatch.models import Assignment, Call, Decision, Handoff, Incident, StageOrder
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.triage import judge
from dispatch.selectors.unit_rows import UnitRow
from dispatch.selectors.units import unit_points, units_in_use


def incident_again(incident_id: UUID) -> Incident:
    """The incident as it now is, with what its short form shows."""
    return Incident.objects.select_related("centre", "owner", "program_version__program").get(pk=incident_id)


def incident_shown(incident_id: UUID, *, status: int = 200) -> Response:
    return Response(IncidentSerializer(incident_again(incident_id)).data, status=status)


def call_shown(call_id: UUID, *, status: int = 200) -> Response:
    """A call and its incident."""
    call = Call.objects.select_related("owner").get(pk=call_id)
    incident = incident_again(call.incident_id)
    data = {"call": CallSerializer(call).data, "incident": IncidentSerializer(incident).data}
    return Response(data, status=status)


def suggestion_shown(incident_id: UUID, at: datetime, *, status: int = 200) -> Response:
    """What triage says of the incident now."""
    incident = incident_again(incident_id)
    judged = judge(incident=incident, at=at)
    proposals = proposals_of(incident)
    plan, _ = choice.held(choice.suggested(judged, incident), judged, proposals)
    body = {
        "unconfirmed": [
            {"mark": cue.mark, "key": cue.key, "value": cue.value} for cue in proposals.dangers(judged.answers)
        ],
        "suggestion": judged.suggestion.to_dict() if judged.suggestion is not None else None,
        "plan": plan.to_dict(),
        "answers": judged.answers,
    }
    return Response(SuggestionSerializer(body).data, status=status)


def decision_shown(decision_id: UUID) -> Response:
    """A decision and what became of the incident."""
    decision = Decision.objects.select_related("by", "second_by", "program_version__program").get(pk=decision_id)
    return Response(_decided(decision, incident_again(decision.incident_id)))


def decision_made(decision: Decision) -> Response:
    """The same of a decision that this request has just made: its incident was locked and is as it was written."""
    return Response(_decided(decision, decision.incident), status=201)


def _decided(decision: Decision, incident: Incident) -> dict[str, Any]:
    shown = _serializer(DecisionOutSerializer).to_representation(decision)
    return {"decision": shown, "incident": _serializer(IncidentSerializer).to_representation(incident)}


@cache
def _serializer(kind: type[BaseSerializer[Any]]) -> BaseSerializer[Any]:
    """One for all requests: it keeps nothing of what it shows, and building its fields costs more than showing."""
    return kind()


def handoff_shown(handoff_id: UUID, *, status: int = 200) -> Response:
    handoff = Handoff.objects.select_related("incident").get(pk=handoff_id)
    return Response(HandoffSerializer(handoff).data, status=status)


def assignment_shown(assignment_id: UUID, *, status: int = 200) -> Response:
    assignment = Assignment.objects.select_related("unit").get(pk=assignment_id)
    return Response(AssignmentSerializer(assignment).data, status=status)


def stage_order_shown(order_id: UUID) -> Response:
    return Response(StageOrderSerializer(StageOrder.objects.get(pk=order_id)).data)


def unit_row_dicts(rows: list[UnitRow], *, centre: Centre, at: datetime) -> list[dict[str, Any]]:
    """Board rows with positions and whether a person is using the unit: two queries for any number."""
    points = unit_points(centre=centre, ids=[UUID(row.id) for row in rows])
    used = units_in_use(centre=centre, at=at)
    found = []
    for row in rows:
        lat, lon = points.get(UUID(row.id), (None, None))
        found.append({**asdict(row), "lat": lat, "lon": lon, "human_active": UUID(row.id) in used})
    return found
