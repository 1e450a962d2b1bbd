"""What boards show."""

from dispatch.selectors.alarms import Headline, alarm_rows, wall_headline
from dispatch.selectors.incident_rows import HandoffOnIncident, IncidentRow, UnitOnIncident, incident_rows
from dispatch.selectors.unit_rows import UnitRow, unit_rows, unit_status
from dispatch.selectors.words import ASSIGNMENT_WORDS, CLASS_WORDS, PRIORITY_LEVEL, SHAPES, UNIT_WORDS

__all__ = [
    "ASSIGNMENT_WORDS",
    "CLASS_WORDS",
    "PRIORITY_LEVEL",
    "SHAPES",
    "UNIT_WORDS",
    "HandoffOnIncident",
    "Headline",
    "IncidentRow",
    "UnitOnIncident",
    "UnitRow",
    "alarm_rows",
    "incident_rows",
    "unit_rows",
    "unit_status",
    "wall_headline",
]
