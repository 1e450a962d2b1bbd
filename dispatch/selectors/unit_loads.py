"""What rows of units need: each table read once for all of them, only what a row shows (as row_loads for incidents).

Plain rows and not models: a board reads the whole fleet each time it opens, and making the models took most of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import Centre
from dispatch.models import Assignment
from dispatch.states import ASSIGNMENT_LIVE
from responders.models import CrewMember, Shift, Unit
from responders.selectors import ShiftHours


class On(NamedTuple):
    """A live assignment of a unit."""

    id: UUID
    state: str
    state_since: datetime | None
    offered_at: datetime
    version: int
    incident_id: UUID
    incident_number: int


class UnitRead(NamedTuple):
    """One unit as its row needs it. `crew`: how many are aboard now; `shifts`: its pattern, equal for equal ones."""

    id: UUID
    call_sign: str
    version: int
    kind: str
    service: str
    service_reason: str
    service_since: datetime
    not_answering_since: datetime | None
    position_at: datetime | None
    plain_clothes: bool
    unmarked: bool
    languages: tuple[str, ...]
    team: str
    crew: int
    shifts: tuple[ShiftHours, ...]
    live: tuple[On, ...]


_UNIT = (
    "pk", "call_sign", "version", "kind", "service", "service_reason", "service_since", "not_answering_since",
    "position_at", "plain_clothes", "unmarked", "languages", "team__name", "agency__name",
)  # fmt: skip
_ON = (
    "unit_id", "pk", "state", "state_since", "offered_at", "version", "incident_id", "incident__number",
)  # fmt: skip


def units_read(*, centre: Centre, ids: Collection[UUID] | None = None) -> list[UnitRead]:
    """The centre's units by call sign, or just `ids` of them. Four queries, however many units there are."""
    units = Unit.objects.filter(centre=centre)
    if ids is not None:
        units = units.filter(pk__in=ids)
    # Named by the units' own condition and not by a list of ids (see row_loads).
    within = {"unit__in": list(ids)} if ids is not None else {"unit__centre": centre}
    aboard = Counter(CrewMember.objects.filter(until__isnull=True, **within).values_list("unit_id", flat=True))
    live: dict[UUID, list[On]] = defaultdict(list)
    for unit, *on in Assignment.objects.filter(state__in=ASSIGNMENT_LIVE, **within).values_list(*_ON):
        live[unit].append(On(*on))
    hours: dict[UUID, list[ShiftHours]] = defaultdict(list)
    shifts = Shift.objects.filter(**within).order_by("starts_hour", "ends_hour", "pk")
    for unit, starts, ends, days in shifts.values_list("unit_id", "starts_hour", "ends_hour", "days"):
        hours[unit].append(ShiftHours(starts, ends, tuple(days)))
    rows = units.order_by("call_sign").values_list(*_UNIT)
    return [
        UnitRead._make(
            (
                *plain, tuple(languages), team or agency, aboard[plain[0]], tuple(hours.get(plain[0], ())),
                tuple(live.get(plain[0], ())),
            )
        )
        for *plain, languages, team, agency in rows
    ]  # fmt: skip
