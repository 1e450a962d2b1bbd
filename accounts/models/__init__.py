"""Centres, agencies, people with roles, display devices, the audit trail."""

from accounts.models.audit import AuditRow, AuditSeal
from accounts.models.centre import Agency, Centre
from accounts.models.crew_line import CrewLine
from accounts.models.display import DisplayDevice, DisplayLayout
from accounts.models.presence import Presence
from accounts.models.thresholds import CentreThresholds
from accounts.models.user import Role, RoleGrant, User

__all__ = [
    "Agency",
    "AuditRow",
    "AuditSeal",
    "Centre",
    "CentreThresholds",
    "CrewLine",
    "DisplayDevice",
    "DisplayLayout",
    "Presence",
    "Role",
    "RoleGrant",
    "User",
]
