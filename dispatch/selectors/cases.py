"""Stored decisions as cases of a backtest: what was recorded and decided, without names, numbers or notes."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import Centre
from dispatch.models import Decision, LocationEntry
from programs.backtest.case import Case

STANDING = "standing"
RETURNED = "returned"


def decisions_between(centre: Centre, from_at: datetime, until_at: datetime) -> QuerySet[Decision]:
    """The decisions that stand, one for each incident, taken in [from, until)."""
    return Decision.objects.filter(incident__centre=centre, state=STANDING, at__gte=from_at, at__lt=until_at)


def cases_after(
    centre: Centre, *, from_at: datetime, until_at: datetime, cursor: str, limit: int
) -> tuple[list[Case], str]:
    """The next cases in order of time and the cursor behind them; an empty list is the end. Two queries.

    A cursor is where the batch before ended; "" begins. Decisions with equal answers share one object.
    """
    rows = decisions_between(centre, from_at, until_at)
    if cursor:
        at, pk = _read(cursor)
        rows = rows.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk))
    return _cases(rows, cursor, limit)


def cases_of(centre: Centre, incident: UUID, *, from_at: datetime, until_at: datetime) -> list[Case]:
    """The case of one incident, if its decision stands and was taken in [from, until)."""
    return _cases(decisions_between(centre, from_at, until_at).filter(incident=incident), "", 1)[0]


def _cases(rows: QuerySet[Decision], cursor: str, limit: int) -> tuple[list[Case], str]:
    found = list(
        rows.order_by("at", "pk")
        .annotate(told=Cast("answers", TextField()))
        .values_list(
            "pk",
            "at",
            "told",
            "on_screen__inputs__nature",
            "incident_id",
            "incident__nature",
            "incident__outcome",
            "incident__not_diverted_reason",
            "response_class",
            "program_version__program__slug",
        )[:limit]
    )
    if not found:
        return [], cursor
    places = _places((row[4], row[1]) for row in found)
    shared: dict[str, dict[str, Any]] = {}
    cases = []
    for _, at, told, asked_nature, incident, nature, outcome, not_diverted, response_class, program in found:
        if told not in shared:
            shared[told] = json.loads(told)
        lat, lon = places.get((incident, at), (None, None))
        cases.append(
            Case(
                ref=str(incident),
                answers=shared[told],
                nature=asked_nature or nature or None,
                at=at,
                lat=lat,
                lon=lon,
                outcome=RETURNED if not_diverted == RETURNED else outcome,
                did=program or response_class,
            )
        )
    last = found[-1]
    return cases, f"{last[1].isoformat()} {last[0]}"


def _read(cursor: str) -> tuple[datetime, UUID]:
    at, pk = cursor.rsplit(" ", 1)
    return datetime.fromisoformat(at), UUID(pk)


def _places(decided: Iterable[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], tuple[float, float]]:
    """The last known place of each incident at the time of its decision; nothing where none was known."""
    wanted = list(decided)
    entries: dict[UUID, list[tuple[datetime, float | None, float | None]]] = {}
    for incident, at, lat, lon in (
        LocationEntry.objects.filter(
            incident_id__in={incident for incident, _ in wanted}, subject=LocationEntry.Subject.INCIDENT
        )
        .order_by("id")
        .values_list("incident_id", "at", "lat", "lon")
    ):
        entries.setdefault(incident, []).append((at, lat, lon))
    found: dict[tuple[UUID, datetime], tuple[float, float]] = {}
    for incident, at in wanted:
        before = [entry for entry in entries.get(incident, ()) if entry[0] <= at]
        if before and before[-1][1] is not None and before[-1][2] is not None:
            found[incident, at] = before[-1][1], before[-1][2]
    return found
