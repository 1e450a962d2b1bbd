"""What a person would leave behind: incidents, calls on the line and alarms that are theirs."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, Q

from accounts.access import FLOOR
from accounts.models import Centre, User
from dispatch.models import Alarm, Call, Handoff, Handover, Incident, Transfer
from dispatch.models.handover import HandoverItem
from dispatch.selectors.words import PRIORITY_LEVEL
from dispatch.states import TRANSFER_LIVE
from triage import natures

CALLBACKS = frozenset(
    {Alarm.Kind.DROPPED_CALL, Alarm.Kind.HOLD_OVER, Alarm.Kind.CALL_BACK, Alarm.Kind.WORD_OWED, Alarm.Kind.ASK_AGAIN}
)
"""Alarms that owe somebody a call."""


@dataclass(frozen=True)
class OpenItem:
    """One open thing: what it is, whom it concerns in codes, and what is owed about it."""

    kind: str
    row: Incident | Call | Alarm
    incident: Incident | None
    level: str
    what: str
    owed: tuple[str, ...]


def _loaded(incidents: Q) -> list[Incident]:
    return list(
        Incident.objects.filter(incidents)
        .exclude(state__in=["closed", "joined"])
        .prefetch_related(
            Prefetch("alarms", queryset=Alarm.objects.filter(ended_at__isnull=True), to_attr="open_alarms"),
            Prefetch("handoffs", queryset=Handoff.objects.filter(state="requested"), to_attr="asked"),
            Prefetch("transfers", queryset=Transfer.objects.filter(state__in=TRANSFER_LIVE), to_attr="moving"),
        )
        .order_by("priority", "opened_at")
    )


def _incident_item(incident: Incident) -> OpenItem:
    nature = natures.load().get(incident.nature or None)
    owed = [alarm.get_kind_display() for alarm in incident.open_alarms]  # type: ignore[attr-defined]  # prefetched
    owed += [f"{one.service.upper()} asked, not acknowledged" for one in incident.asked]  # type: ignore[attr-defined]  # prefetched
    owed += [f"transfer {one.state}" for one in incident.moving]  # type: ignore[attr-defined]  # prefetched
    if incident.state == "held":
        owed.append("on hold: the caller expects a call")
    name = nature.name if nature else "Not said yet"
    return OpenItem(
        "incident",
        incident,
        incident,
        PRIORITY_LEVEL[incident.priority],
        f"{name}, {incident.state.replace('_', ' ')}",
        tuple(owed),
    )


def _call_item(call: Call) -> OpenItem:
    return OpenItem("call", call, call.incident, "serious", "Caller on the line", ())


def _alarm_item(alarm: Alarm) -> OpenItem:
    owed = ("call back",) if alarm.kind in CALLBACKS else ()
    level = "critical" if alarm.urgent else "serious"
    return OpenItem("alarm", alarm, alarm.incident, level, alarm.get_kind_display(), owed)


def open_items(user: User) -> list[OpenItem]:
    """Everything open that is this person's, most urgent first. A fixed number of queries."""
    alarms = Alarm.objects.filter(owner=user, ended_at__isnull=True).select_related("incident")
    calls = Call.objects.filter(owner=user, state="open").select_related("incident")
    return [
        *map(_alarm_item, alarms),
        *map(_incident_item, _loaded(Q(owner=user))),
        *map(_call_item, calls.order_by("received_at")),
    ]


def items_of(handover: Handover) -> list[tuple[OpenItem, HandoverItem]]:
    """The list as it was offered, with what each thing is now. What has ended meanwhile is left out."""
    rows = list(handover.items.select_related("alarm__incident", "call__incident"))
    incidents = {one.pk: one for one in _loaded(Q(pk__in=[row.incident_id for row in rows if row.incident_id]))}
    found: list[tuple[OpenItem, HandoverItem]] = []
    for row in rows:
        if row.alarm is not None and row.alarm.ended_at is None:
            found.append((_alarm_item(row.alarm), row))
        elif row.call is not None and row.call.state == "open":
            found.append((_call_item(row.call), row))
        elif row.incident_id is not None and row.incident_id in incidents:
            found.append((_incident_item(incidents[row.incident_id]), row))
    return found


def open_count(user: User) -> int:
    """How many open things are this person's. Three queries."""
    return (
        Alarm.objects.filter(owner=user, ended_at__isnull=True).count()
        + Incident.objects.filter(owner=user).exclude(state__in=["closed", "joined"]).count()
        + Call.objects.filter(owner=user, state="open").count()
    )


def offered_to(user: User) -> list[Handover]:
    """Lists that wait for this person to read and accept."""
    return list(Handover.objects.filter(to_user=user, state="offered").select_related("from_user", "to_user"))


def offered_by(user: User) -> Handover | None:
    """The list that this person has offered and that nobody has accepted yet."""
    return Handover.objects.filter(from_user=user, state="offered").select_related("from_user", "to_user").first()


def reliefs_for(user: User) -> list[User]:
    """People of the same centre who work on the floor, by name."""
    people = User.objects.filter(centre=user.centre_id, is_active=True, role_grants__role__in=FLOOR).exclude(pk=user.pk)
    return sorted(people.distinct(), key=str)


def people_with_open_work(centre: Centre) -> list[tuple[User, int]]:
    """People who own something open, and how much. Four queries, whatever the number of people."""
    counts: dict[int, int] = {}
    owners: list[int | None] = [
        *Alarm.objects.filter(centre=centre, ended_at__isnull=True, owner__isnull=False).values_list(
            "owner", flat=True
        ),
        *Incident.objects.filter(centre=centre, owner__isnull=False)
        .exclude(state__in=["closed", "joined"])
        .values_list("owner", flat=True),
        *Call.objects.filter(centre=centre, state="open", owner__isnull=False).values_list("owner", flat=True),
    ]
    for owner in owners:
        if owner is not None:
            counts[owner] = counts.get(owner, 0) + 1
    people = User.objects.in_bulk(counts)
    return sorted(((people[pk], n) for pk, n in counts.items()), key=lambda one: str(one[0]))


def handover_ids(handover: Handover) -> set[UUID]:
    """The ids of all things on a list, to say what came after it was offered."""
    rows = handover.items.values_list("incident", "call", "alarm")
    return {one for row in rows for one in row if one is not None}
