"""Standing alarms, and the wall's first line."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.models import Centre
from dispatch.models import Alarm, Incident
from dispatch.selectors.words import SHAPES
from live.selectors import heartbeat_age
from programs.selectors import suspensions_standing


@dataclass(frozen=True)
class Headline:
    """The wall's first line: words, a level, and whether it sounds. Worst first."""

    words: str
    level: str
    sound: bool
    shape: str = field(default="")


def alarm_rows(*, centre: Centre, ids: Collection[UUID] | None = None) -> list[Alarm]:
    """Standing alarms, urgent and oldest first; or just `ids`."""
    alarms = Alarm.objects.filter(centre=centre)
    alarms = alarms.filter(pk__in=ids) if ids is not None else alarms.filter(ended_at__isnull=True)
    return list(alarms.select_related("incident", "unit", "owner", "ended_by").order_by("-urgent", "opened_at"))


_WORST_FIRST = (
    (Alarm.Kind.PANIC, "CREW NEEDS HELP"),
    (Alarm.Kind.STAGE_UNACKNOWLEDGED, "CREW HAS NOT READ THE STAGE ORDER"),
    (Alarm.Kind.HANDOFF_UNACKNOWLEDGED, "HAND-OFF NOT ACKNOWLEDGED"),
    (Alarm.Kind.RISING_RISK, "DANGER ROSE AFTER SENDING"),
    (Alarm.Kind.PROMISE_BROKEN, "PROMISE BROKEN"),
    (Alarm.Kind.SILENT_CONSOLE, "A CONSOLE WENT SILENT"),
)


def wall_headline(*, centre: Centre, at: datetime) -> Headline:
    """The wall's first line in words: the worst thing that somebody must act on, or that all is owned."""
    age = heartbeat_age(0, "engine")
    if age is not None and age >= 10:
        return Headline("OFFERS STOPPED: assign by radio", "critical", True, SHAPES["critical"])
    alarms = alarm_rows(centre=centre)
    for kind, said in _WORST_FIRST:
        these = [alarm for alarm in alarms if alarm.kind == kind]
        if these:
            who = (
                these[0].unit.call_sign
                if these[0].unit
                else f"#{these[0].incident.number:04d}"
                if these[0].incident
                else ""
            )
            more = f", and {len(these) - 1} more" if len(these) > 1 else ""
            return Headline(f"{said}: {who}{more}" if who else f"{said}{more}", "critical", True, SHAPES["critical"])
    stops = suspensions_standing(centre)
    if stops:
        what = "ALL PROGRAMS" if any(stop.scope == "all" for stop in stops) else f"{len(stops)} SUSPENDED"
        return Headline(f"DIVERSION STOPPED: {what}", "serious", False, SHAPES["serious"])
    no_unit = sum(alarm.kind == Alarm.Kind.NO_UNIT for alarm in alarms)
    if no_unit:
        return Headline(f"{no_unit} WAITING WITH NO UNIT THAT CAN GO", "serious", False, SHAPES["serious"])
    still_open = Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"]).order_by("opened_at")
    rows = list(still_open.values_list("opened_at", "owner", "sent_at"))
    if not rows:
        return Headline("No open calls", "normal", False, SHAPES["normal"])
    # Before sending a person owns a call; after it the dispatchers' queue does until one of them takes it.
    unowned = sum(owner is None and sent is None for _, owner, sent in rows)
    if unowned:
        said = "1 CALL WITHOUT AN OWNER" if unowned == 1 else f"{unowned} CALLS WITHOUT AN OWNER"
        return Headline(said, "serious", False, SHAPES["serious"])
    minutes, seconds = divmod(int((at - rows[0][0]).total_seconds()), 60)
    said = f"All {len(rows)} calls owned" if len(rows) != 1 else "The one open call is owned"
    return Headline(f"{said}, oldest {minutes:02d}:{seconds:02d}", "normal", False, SHAPES["normal"])
