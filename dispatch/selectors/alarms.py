"""Standing alarms, and the wall's first line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q

from accounts.models import Centre, Role, RoleGrant
from dispatch.models import Alarm, Incident
from dispatch.selectors.words import SHAPES
from live.selectors import heartbeat_age
from programs.models import Suspension
from programs.selectors import suspensions_standing


@dataclass(frozen=True)
class Headline:
    """The wall's first line: words, a level, and whether it sounds. Worst first. `since`: the instant whose age belongs
    after the words; said as an instant, since a line that is read an hour later must not tell an age of then."""

    words: str
    level: str
    sound: bool
    shape: str = field(default="")
    since: datetime | None = None


_UNSHOWN = [f"incident__{field.name}" for field in Incident._meta.concrete_fields if field.name not in {"id", "number"}]


def alarm_rows(*, centre: Centre, ids: Collection[UUID] | None = None) -> list[Alarm]:
    """Standing alarms, urgent and oldest first; or just `ids`."""
    alarms = Alarm.objects.filter(centre=centre)
    alarms = alarms.filter(pk__in=ids) if ids is not None else alarms.filter(ended_at__isnull=True)
    joined = alarms.select_related("incident", "unit", "owner", "ended_by").defer(*_UNSHOWN)
    return list(joined.order_by("-urgent", "opened_at"))


@dataclass(frozen=True)
class _Said:
    """How an alarm of a kind stands on the first line, and whether it sounds at its owner's position."""

    kind: str
    words: str
    level: str = "critical"
    sound: bool = True


_CREWS = (
    _Said(Alarm.Kind.PANIC, "CREW NEEDS HELP"),
    _Said(Alarm.Kind.BACKUP_URGENT, "CREW WANTS BACKUP NOW"),
    _Said(Alarm.Kind.SAFETY_CHECK, "CREW NOT HEARD"),
    _Said(Alarm.Kind.NOT_ANSWERING, "CREW NOT HEARD"),
    _Said(Alarm.Kind.STAGE_UNACKNOWLEDGED, "CREW HAS NOT READ THE STAGE ORDER"),
)
_CALLS = (
    _Said(Alarm.Kind.HANDOFF_UNACKNOWLEDGED, "HAND-OFF NOT ACKNOWLEDGED"),
    _Said(Alarm.Kind.HANDOFF_DECLINED, "HAND-OFF DECLINED, NOBODY GOES"),
    _Said(Alarm.Kind.TRANSFER_DROPPED, "TRANSFER DROPPED"),
    _Said(Alarm.Kind.RISING_RISK, "DANGER ROSE AFTER SENDING", sound=False),
    _Said(Alarm.Kind.PROMISE_BROKEN, "PROMISE BROKEN"),
    _Said(Alarm.Kind.UNATTENDED, "NOBODY IS ON CALL"),
    _Said(Alarm.Kind.SILENT_CONSOLE, "A CONSOLE WENT SILENT", sound=False),
)
_AFTER_STOPS = (
    _Said(Alarm.Kind.PROGRAM_UNCOVERED, "PROGRAM WITH NO UNIT", "serious"),
    _Said(Alarm.Kind.SERVICE_SILENT, "PART OF THE SYSTEM IS SILENT", "serious", sound=False),
)
SOUNDING = frozenset(said.kind for said in (*_CREWS, *_CALLS, *_AFTER_STOPS) if said.sound)
"""The only kinds that sound, and only where their owner sits."""
OFFERS_STOPPED_S = 10
SOUND_ROLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.CLINICIAN})
"""Whose alarms sound unless they say otherwise; somebody who only takes calls has a caller on the line."""


@dataclass(frozen=True)
class Standing:
    """A standing alarm as every page of the floor must know it: whose it is, and whether it sounds."""

    id: UUID
    owner_id: int | None
    owner_role: str
    sounds: bool
    role_too: bool
    """Whether it sounds for the whole role as well: it was escalated, or its owner hears nothing at their position."""


def alarms_standing(*, centre: Centre) -> list[Standing]:
    """All standing alarms of a centre. One query."""
    hears = RoleGrant.objects.filter(user=OuterRef("owner"), role__in=SOUND_ROLES)
    rows = Alarm.objects.filter(centre=centre, ended_at__isnull=True).annotate(hears=Exists(hears))
    found = rows.order_by("opened_at").values_list(
        "pk", "kind", "owner", "owner_role", "escalated_at", "owner__sound", "hears"
    )
    return [
        Standing(
            id=pk,
            owner_id=owner,
            owner_role=role,
            sounds=kind in SOUNDING,
            role_too=owner is None or escalated is not None or sound == "off" or (not sound and not hears),
        )
        for pk, kind, owner, role, escalated, sound, hears in found
    ]


class _Stands(NamedTuple):
    """A standing alarm as the first line needs it: a plain row, since hundreds may stand."""

    kind: str
    call_sign: str | None
    number: int | None
    subject: object


def _standing(centre: Centre) -> list[_Stands]:
    alarms = Alarm.objects.filter(centre=centre, ended_at__isnull=True).order_by("-urgent", "opened_at")
    rows = alarms.values_list("kind", "unit__call_sign", "incident__number", "detail")
    return [_Stands(kind, sign, number, detail.get("subject", "")) for kind, sign, number, detail in rows]


def _worst(alarms: list[_Stands], kinds: tuple[_Said, ...]) -> Headline | None:
    """The first kind of which an alarm stands, with its oldest subject and how many more of it there are."""
    for said in kinds:
        these = [alarm for alarm in alarms if alarm.kind == said.kind]
        if these:
            who = _whose(these[0])
            more = f", and {len(these) - 1} more" if len(these) > 1 else ""
            line = f"{said.words}: {who}{more}" if who else f"{said.words}{more}"
            return Headline(line, said.level, said.sound, SHAPES[said.level])
    return None


def _whose(alarm: _Stands) -> str:
    if alarm.call_sign is not None:
        return alarm.call_sign
    return f"#{alarm.number:04d}" if alarm.number is not None else str(alarm.subject)


def _stopped(stops: Sequence[Suspension]) -> Headline | None:
    if not stops:
        return None
    what = "ALL PROGRAMS" if any(stop.scope == "all" for stop in stops) else f"{len(stops)} SUSPENDED"
    return Headline(f"DIVERSION STOPPED: {what}", "serious", False, SHAPES["serious"])


def wall_headline(*, centre: Centre, at: datetime, stops: Sequence[Suspension] | None = None) -> Headline:
    """The wall's first line in words: the worst thing that somebody must act on, or that all is owned.

    A crew in danger stands before everything, also before OFFERS STOPPED, which the foot of every board says as well.
    `stops`: the standing stop keys, where they were read already. All else is read whatever the line will say, so that
    a quiet night costs a board the same three queries as a bad one.
    """
    alarms, age = _standing(centre), heartbeat_age(0, "engine")
    stops = suspensions_standing(centre) if stops is None else stops
    still_open = Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"])
    # Before sending a person owns a call; after it the dispatchers' queue does until one of them takes it.
    nobodys = Count("pk", filter=Q(owner__isnull=True, sent_at__isnull=True))
    calls = still_open.aggregate(all=Count("pk"), nobodys=nobodys, oldest=Min("opened_at"))
    if (crew := _worst(alarms, _CREWS)) is not None:
        return crew
    if age is not None and age >= OFFERS_STOPPED_S:
        return Headline("OFFERS STOPPED: assign by radio", "critical", True, SHAPES["critical"])
    worst = _worst(alarms, _CALLS) or _stopped(stops) or _worst(alarms, _AFTER_STOPS)
    if worst is not None:
        return worst
    no_unit = sum(alarm.kind == Alarm.Kind.NO_UNIT for alarm in alarms)
    if no_unit:
        return Headline(f"{no_unit} WAITING WITH NO UNIT THAT CAN GO", "serious", False, SHAPES["serious"])
    if not calls["all"]:
        return Headline("No open calls", "normal", False, SHAPES["normal"])
    if calls["nobodys"]:
        unowned = "1 CALL" if calls["nobodys"] == 1 else f"{calls['nobodys']} CALLS"
        return Headline(f"{unowned} WITHOUT AN OWNER", "serious", False, SHAPES["serious"])
    said = f"All {calls['all']} calls owned" if calls["all"] != 1 else "The one open call is owned"
    return Headline(f"{said}, oldest", "normal", False, SHAPES["normal"], calls["oldest"])
