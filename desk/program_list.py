"""The list of programs, and one program's versions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Centre
from desk.advice import class_words
from desk.program_editor import STATE_LEVELS
from programs.hours import next_change, open_at
from programs.models import Program, ProgramVersion, VersionState
from programs.selectors import suspensions_standing
from responders.models import Unit
from responders.selectors import shift_end


@dataclass(frozen=True)
class ProgramRow:
    """One program as the list shows it."""

    program: Program
    live: ProgramVersion | None
    draft: ProgramVersion | None
    draft_level: str
    scheduled: ProgramVersion | None
    response: str
    open_now: bool | None
    change: datetime | None
    units: int
    on_shift: int
    stopped: str


def program_rows(centre: Centre, at: datetime) -> list[ProgramRow]:
    """The programs of a centre by name, with what is live, open and staffed now. A constant number of queries."""
    programs = Program.objects.filter(centre=centre).select_related("agency").order_by("name")
    programs = programs.prefetch_related("teams")
    versions: dict[Any, dict[str, ProgramVersion]] = {}
    standing = ProgramVersion.objects.filter(program__centre=centre).exclude(
        state__in=[VersionState.SUPERSEDED, VersionState.RETIRED]
    )
    for version in standing.defer("area").order_by("number"):
        versions.setdefault(version.program_id, {})[version.state] = version
    units = units_by_team(centre, at)
    stops = suspensions_standing(centre)
    rows = []
    for program in programs:
        mine = versions.get(program.pk, {})
        live = mine.get(VersionState.PUBLISHED)
        draft = mine.get(VersionState.IN_REVIEW) or mine.get(VersionState.DRAFT)
        shown = live or mine.get(VersionState.SCHEDULED) or draft
        open_now, change = _open(live, at, centre.zone)
        counts = [units.get(team.pk, (0, 0)) for team in program.teams.all()]
        stop = next(
            (s for s in stops if s.scope == "all" or (s.scope == "program" and s.subject == program.slug)), None
        )
        rows.append(
            ProgramRow(
                program=program,
                live=live,
                draft=draft,
                draft_level=STATE_LEVELS[VersionState(draft.state)] if draft else "off",
                scheduled=mine.get(VersionState.SCHEDULED),
                response=class_words((shown.spec.get("rules") or {}).get("response_class") or "") if shown else "",
                open_now=open_now,
                change=change,
                units=sum(total for total, _ in counts),
                on_shift=sum(now for _, now in counts),
                stopped=stop.reason if stop else "",
            )
        )
    return rows


def units_by_team(centre: Centre, at: datetime) -> dict[int, tuple[int, int]]:
    """By team: units, and those that have a crew and are on shift now."""
    found: dict[int, tuple[int, int]] = {}
    units = Unit.objects.filter(centre=centre, team__isnull=False).prefetch_related("shifts", "crew")
    for unit in units:
        crewed = any(member.until is None for member in unit.crew.all())
        on = (
            crewed
            and unit.service == Unit.Service.IN_SERVICE
            and shift_end(list(unit.shifts.all()), at, centre.zone) is not None
        )
        total, now = found.get(unit.team_id or 0, (0, 0))
        found[unit.team_id or 0] = (total + 1, now + on)
    return found


def _open(live: ProgramVersion | None, at: datetime, zone: ZoneInfo) -> tuple[bool | None, datetime | None]:
    if live is None:
        return None, None
    try:
        return open_at(str(live.spec["hours"]), at, zone), next_change(str(live.spec["hours"]), at, zone)
    except (KeyError, ValueError):
        return None, None
