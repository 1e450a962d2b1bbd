"""Calls, incidents, notes, answers, decisions, assignments, transfers, hand-offs, visits, orders, alarms, history."""

from dispatch.models.alarm import Alarm
from dispatch.models.assignment import Assignment, StageOrder
from dispatch.models.call import Answer, Call, LocationEntry
from dispatch.models.call_care import AddressFollowUp, CallbackAttempt, CallHandover, ConsolePost
from dispatch.models.call_draft import CallDraft
from dispatch.models.crew_report import CrewReport
from dispatch.models.cue import CueDismissal
from dispatch.models.decision import Decision
from dispatch.models.handoff import Handoff
from dispatch.models.handover import Handover, HandoverItem
from dispatch.models.history import HistoryRow
from dispatch.models.incident import Incident
from dispatch.models.narrative import NarrativeEntry, NarrativeText
from dispatch.models.practice import PracticeRun
from dispatch.models.recommendation import Recommendation
from dispatch.models.review import ReviewItem
from dispatch.models.target import HandoffTarget
from dispatch.models.transfer import Transfer
from dispatch.models.visit import Visit

__all__ = [
    "AddressFollowUp",
    "Alarm",
    "Answer",
    "Assignment",
    "Call",
    "CallDraft",
    "CallHandover",
    "CallbackAttempt",
    "ConsolePost",
    "CrewReport",
    "CueDismissal",
    "Decision",
    "Handoff",
    "HandoffTarget",
    "Handover",
    "HandoverItem",
    "HistoryRow",
    "Incident",
    "LocationEntry",
    "NarrativeEntry",
    "NarrativeText",
    "PracticeRun",
    "Recommendation",
    "ReviewItem",
    "StageOrder",
    "Transfer",
    "Visit",
]
