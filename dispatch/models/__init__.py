"""Calls, incidents, notes, answers, decisions, assignments, hand-offs, stage orders, alarms, history."""

from dispatch.models.alarm import Alarm
from dispatch.models.assignment import Assignment, StageOrder
from dispatch.models.call import Answer, Call, LocationEntry
from dispatch.models.decision import Decision
from dispatch.models.handoff import Handoff
from dispatch.models.history import HistoryRow
from dispatch.models.incident import Incident
from dispatch.models.narrative import NarrativeEntry, NarrativeText

__all__ = [
    "Alarm",
    "Answer",
    "Assignment",
    "Call",
    "Decision",
    "Handoff",
    "HistoryRow",
    "Incident",
    "LocationEntry",
    "NarrativeEntry",
    "NarrativeText",
    "StageOrder",
]
