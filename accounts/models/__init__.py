"""Centres, agencies, people with roles, display devices, the audit trail."""

from accounts.models.audit import AuditRow, AuditSeal
from accounts.models.centre import Agency, Centre
from accounts.models.display import DisplayDevice
from accounts.models.presence import Presence
from accounts.models.user import Role, RoleGrant, User

__all__ = ["Agency", "AuditRow", "AuditSeal", "Centre", "DisplayDevice", "Presence", "Role", "RoleGrant", "User"]
