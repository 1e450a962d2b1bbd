"""Alarms that nobody takes, and alarms about what falls silent: programs without units, positions, processes."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Centre, Role
from dispatch.due.rows import alarms_over, each
from dispatch.models import Alarm, Assignment
from dispatch.services.alarms import alarm_escalate, alarm_raise
from dispatch.services.brief_locks import lock_waits_briefly
from live.selectors import RENDERER, heartbeat_age
from programs.models import Program
from programs.selectors import programs_published
from responders.models import CrewMember, Shift, Unit
from responders.selectors import shift_end

UNOWNED_ESCALATE_S = 60
"""The default of every kind; kinds about crews and hand-offs have shorter limits of their own."""
POSITION_STALE_S = 300
SERVICE_SILENT_S = 60
WORKER = "worker"
"""The heartbeat of beat and worker together: beat asks for it every 5 s, and a worker writes it."""
_MOVING = ("en_route", "transporting")
_PARTS = {WORKER: "beat or worker: offers come from the sweeper alone", RENDERER: "renderer: boards are polled"}


def alarms_unowned(centre: Centre, at: datetime) -> int:
    """Any alarm that nobody has taken for a minute: the supervisor, too. So is one of somebody whose console has been
    silent for a minute: whoever owned the call may have gone home."""
    before = at - timedelta(seconds=UNOWNED_ESCALATE_S)
    alarms = Alarm.objects.filter(
        Q(owner__isnull=True) | Q(owner__presence__at__lte=before),
        centre=centre,
        ended_at__isnull=True,
        escalated_at__isnull=True,
        opened_at__lte=before,
    ).exclude(owner_role=Role.SUPERVISOR)
    return each(centre, alarms, lambda alarm: alarm_escalate(alarm=alarm, at=at))


def programs_uncovered(centre: Centre, at: datetime) -> int:
    """Programs that are open, not suspended, and have no unit on duty: the supervisor. It ends when one comes on."""
    published = programs_published(centre, at=at, lat=None, lon=None)
    running = {
        version.program_id: version.program
        for version in published.versions
        if published.open_now[version.program.slug] and version.program.slug not in published.suspended
    }
    shown = set(_subjects(centre, Alarm.Kind.PROGRAM_UNCOVERED))
    if not running and not shown:
        return 0
    manned = _teams_on_duty(centre, at)
    teams: dict[UUID, set[int]] = {}
    served = Program.teams.through.objects.filter(program__centre=centre, program__in=running)
    for program_id, team_id in served.values_list("program_id", "team_id"):
        teams.setdefault(program_id, set()).add(team_id)
    empty = {str(key): running[key] for key, own in teams.items() if not manned & own}
    alarms_over(Alarm.Kind.PROGRAM_UNCOVERED, shown - set(empty), at, "a unit is on duty, or it has closed")
    return each(
        centre,
        [program for subject, program in empty.items() if subject not in shown],
        lambda program: _uncovered(centre, program, at),
    )


def _uncovered(centre: Centre, program: Program, at: datetime) -> bool:
    alarm_raise(
        centre=centre,
        kind=Alarm.Kind.PROGRAM_UNCOVERED,
        subject=str(program.pk),
        at=at,
        owner_role=Role.SUPERVISOR,
        detail={"subject": program.name, "words": program.name},
    )
    return True


def _teams_on_duty(centre: Centre, at: datetime) -> set[int]:
    """Teams of which a unit is in service, on shift and has a crew, busy or free."""
    crew = CrewMember.objects.filter(unit=OuterRef("unit"), until__isnull=True)
    rows = Shift.objects.filter(
        Exists(crew), unit__centre=centre, unit__service=Unit.Service.IN_SERVICE, unit__team__isnull=False
    ).select_related("unit")
    by_unit: dict[UUID, list[Shift]] = {}
    for shift in rows:
        by_unit.setdefault(shift.unit_id, []).append(shift)
    return {
        shifts[0].unit.team_id
        for shifts in by_unit.values()
        if shifts[0].unit.team_id is not None and shift_end(shifts, at, centre.zone) is not None
    }


def _subjects(centre: Centre, kind: str) -> list[str]:
    standing = Alarm.objects.filter(centre=centre, kind=kind, ended_at__isnull=True)
    return list(standing.values_list("subject", flat=True))


def positions_stale(centre: Centre, at: datetime) -> int:
    """A unit that is under way and whose tracker or phone has given no position for five minutes: the dispatcher."""
    old = at - timedelta(seconds=POSITION_STALE_S)
    moving = Assignment.objects.filter(
        incident__centre=centre, state__in=_MOVING, state_since__lte=old, unit__position_at__isnull=False
    ).select_related("unit", "incident")
    shown = set(_subjects(centre, Alarm.Kind.POSITION_STALE))
    found = {str(one.pk): one for one in moving if one.unit.position_at is not None and one.unit.position_at <= old}
    alarms_over(Alarm.Kind.POSITION_STALE, shown - set(found), at, "a position has come, or it has arrived")
    # Once an assignment: a unit that a person has asked is not asked about again each second.
    told = set(
        Alarm.objects.filter(kind=Alarm.Kind.POSITION_STALE, subject__in=found).values_list("subject", flat=True)
    )
    fresh = [one for subject, one in found.items() if subject not in told]
    return each(centre, fresh, lambda one: _stale(centre, one, at))


def _stale(centre: Centre, assignment: Assignment, at: datetime) -> bool:
    alarm_raise(
        centre=centre,
        kind=Alarm.Kind.POSITION_STALE,
        subject=str(assignment.pk),
        at=at,
        incident=assignment.incident,
        unit=assignment.unit,
    )
    return True


def services_silent(centre: Centre, at: datetime) -> int:
    """Beat, worker or renderer without a sign of life for a minute: the supervisor. A silent sweeper cannot say so
    itself: that is OFFERS STOPPED, which every page sees by the heartbeat's age."""
    shown = set(_subjects(centre, Alarm.Kind.SERVICE_SILENT))
    ages = {role: heartbeat_age(centre.pk, role) for role in _PARTS}
    silent = {f"{role}:{centre.pk}": role for role, age in ages.items() if age is not None and age >= SERVICE_SILENT_S}
    alarms_over(Alarm.Kind.SERVICE_SILENT, shown - set(silent), at, "it gives signs of life again")
    for subject in sorted(set(silent) - shown):
        role = silent[subject]
        with transaction.atomic():
            lock_waits_briefly()
            alarm_raise(
                centre=centre,
                kind=Alarm.Kind.SERVICE_SILENT,
                subject=subject,
                at=at,
                owner_role=Role.SUPERVISOR,
                detail={"subject": role, "words": _PARTS[role]},
            )
    return len(set(silent) - shown)
