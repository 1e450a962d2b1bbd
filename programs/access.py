"""The only way a view or an API class gets a stop key, a program or a version, and who may do what with them."""

from uuid import UUID

from django.http import Http404

from accounts.access import centre_of, require, roles_of
from accounts.models import Role, User
from programs.models import BacktestRun, Program, ProgramVersion, ProtocolVersion, ShadowRun, Suspension

CLINICAL = frozenset({Role.CLINICIAN})
"""Roles that answer for the clinical side of a program."""
OPERATIONS = frozenset({Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR})
"""Roles that answer for its operations."""
EDITORS = CLINICAL | OPERATIONS
"""Who may draft, review and publish; publishing takes two of them who together hold both sides."""
READERS = EDITORS | {Role.SYSTEM_ADMINISTRATOR, Role.ANALYST, Role.AUDITOR}


def suspension_for(user: User, id: UUID) -> Suspension:
    """A stop key of the user's own centre, for those who may resume. Raises Http404, PermissionDenied."""
    require(user, Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR, Role.DISPATCHER)
    found = Suspension.objects.select_related("set_by", "centre").filter(pk=id, centre=centre_of(user)).first()
    if found is None:
        raise Http404
    return found


def program_for(user: User, id: UUID) -> Program:
    """A program of the user's centre. Raises Http404, PermissionDenied."""
    require(user, *READERS)
    found = Program.objects.select_related("centre", "agency").filter(pk=id, centre=centre_of(user)).first()
    if found is None:
        raise Http404
    return found


def version_for(user: User, id: UUID) -> ProgramVersion:
    """A version of a program of the user's centre. Raises Http404, PermissionDenied."""
    require(user, *READERS)
    found = (
        ProgramVersion.objects.select_related("program__centre", "program__agency", "author", "approver", "base")
        .filter(pk=id, program__centre=centre_of(user))
        .first()
    )
    if found is None:
        raise Http404
    return found


def protocol_version_for(user: User, id: UUID) -> ProtocolVersion:
    """A protocol version of the user's centre. Raises Http404, PermissionDenied."""
    require(user, *READERS)
    found = (
        ProtocolVersion.objects.select_related("centre", "author", "approver", "base")
        .filter(pk=id, centre=centre_of(user))
        .first()
    )
    if found is None:
        raise Http404
    return found


def may_edit(user: User) -> bool:
    """Whether the person may change drafts."""
    return bool(roles_of(user) & EDITORS)


BACKTEST_READERS = EDITORS | {Role.ANALYST}
"""Who may read what a version would have done."""


def backtest_for(user: User, id: UUID) -> BacktestRun:
    """A backtest of the user's centre. Raises Http404, PermissionDenied."""
    require(user, *BACKTEST_READERS)
    found = (
        BacktestRun.objects.select_related("version__program__centre", "live", "requested_by", "protocol")
        .filter(pk=id, version__program__centre=centre_of(user))
        .first()
    )
    if found is None:
        raise Http404
    return found


def shadow_for(user: User, id: UUID) -> ShadowRun:
    """A shadow run of the user's centre. Raises Http404, PermissionDenied."""
    require(user, *BACKTEST_READERS)
    found = (
        ShadowRun.objects.select_related("version__program__centre", "requested_by", "protocol")
        .filter(pk=id, version__program__centre=centre_of(user))
        .first()
    )
    if found is None:
        raise Http404
    return found
