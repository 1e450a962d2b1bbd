"""What rows of incidents need beside the incidents: each table read once for all of them, only what a row shows.

All open incidents are named by their own condition and not by a list of ids: a list of a thousand costs more to write
into a query than the query takes. A few closed ones are named by their ids, where a condition would read whole tables.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from dispatch.models import (
    Alarm,
    Assignment,
    Call,
    Handoff,
    Incident,
    LocationEntry,
    Recommendation,
    StageOrder,
    Transfer,
)
from dispatch.states import ASSIGNMENT_LIVE, TRANSFER_LIVE


class IncidentRead(NamedTuple):
    """An incident as its row needs it: a plain row, since making a thousand models took longer than to read them."""

    pk: UUID
    number: int
    state: str
    nature: str
    priority: int
    triaged: bool
    response_class: str
    owner_id: int | None
    opened_at: datetime
    sent_at: datetime | None
    promise_from: datetime | None
    promise_at: datetime | None
    top_at: datetime | None
    ask_again_at: datetime | None
    offer_wanted: bool
    outcome: str
    no_unit_reason: str
    late: bool
    version: int
    program_version__program__name: str | None


class AlarmRead(NamedTuple):
    """A standing alarm as the row of its incident needs it."""

    kind: str
    detail: dict[str, Any]


class Place(NamedTuple):
    """The last statement about where an incident is."""

    text: str
    beat: str
    state: str
    place_id: UUID | None


@dataclass(frozen=True)
class Around:
    """What belongs to some incidents, by incident; stage orders by assignment, owners by their own keys."""

    places: Mapping[UUID, Place]
    assignments: Mapping[UUID, Sequence[Assignment]]
    orders: Mapping[UUID, StageOrder]
    handoffs: Mapping[UUID, Sequence[Handoff]]
    transfers: Mapping[UUID, Sequence[Transfer]]
    alarms: Mapping[UUID, Sequence[AlarmRead]]
    calls: Mapping[UUID, int]
    named: Mapping[UUID, Recommendation]
    owners: Mapping[int, str]


OfIncident = TypeVar("OfIncident", Assignment, Handoff, Transfer)


def _by_incident(rows: Iterable[OfIncident]) -> dict[UUID, list[OfIncident]]:
    found: dict[UUID, list[OfIncident]] = defaultdict(list)
    for row in rows:
        if row.incident_id is not None:
            found[row.incident_id].append(row)
    return dict(found)


def around(incidents: QuerySet[Incident], ids: Collection[UUID] | None) -> Around:
    """Nine queries, however many incidents there are. `ids` where the incidents are just these few."""
    within: Iterable[UUID] = ids if ids is not None else incidents.order_by().values_list("pk", flat=True)
    orders = StageOrder.objects.filter(
        lifted_at__isnull=True, assignment__incident__in=within, assignment__state__in=ASSIGNMENT_LIVE
    )
    assignments = Assignment.objects.filter(incident__in=within, state__in=ASSIGNMENT_LIVE).order_by("offered_at")
    transfers = Transfer.objects.filter(incident__in=within, state__in=TRANSFER_LIVE, direction="out")
    handoffs = Handoff.objects.filter(incident__in=within).exclude(state="cancelled")
    open_calls = Call.objects.filter(incident__in=within, state="open").order_by()
    alarms: dict[UUID, list[AlarmRead]] = defaultdict(list)
    standing = Alarm.objects.filter(incident__in=within, ended_at__isnull=True)
    for pk, kind, detail in standing.values_list("incident", "kind", "detail"):
        alarms[pk].append(AlarmRead(kind, detail))
    named = Recommendation.objects.filter(incident__in=within).select_related("unit")
    owners = User.objects.filter(pk__in=incidents.order_by().values("owner"))
    return Around(
        places=_latest_places(within),
        assignments=_by_incident(
            assignments.select_related("unit").only(
                "incident_id", "state", "offered_at", "accepted_at", "en_route_at", "on_scene_at", "near_at", "why",
                "unit__call_sign",
            )
        ),
        orders={order.assignment_id: order for order in orders},
        handoffs=_by_incident(
            handoffs.only(
                "incident_id", "service", "state", "requested_at", "opened_at", "receiver_number", "receiver_name"
            )
        ),
        transfers=_by_incident(transfers.select_related("unit")),
        alarms=alarms,
        calls=Counter(pk for pk in open_calls.values_list("incident", flat=True) if pk is not None),
        named={one.pk: one for one in named},
        owners={owner.pk: str(owner) for owner in owners.only("username", "display_name")},
    )  # fmt: skip


def _latest_places(within: Iterable[UUID]) -> dict[UUID, Place]:
    entries = (
        LocationEntry.objects.filter(incident__in=within, subject="incident")
        .order_by("incident", "-id")
        .distinct("incident")
        .values_list("incident", "text", "beat", "state", "place")
    )
    return {pk: Place(text, beat, state, place) for pk, text, beat, state, place in entries}
