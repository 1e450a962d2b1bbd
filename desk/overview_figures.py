"""Figures of the supervisor's overview. Each percentage names what it is a part of."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import Centre
from desk.advice import class_words
from dispatch.models import Decision, Incident
from dispatch.reasons import NOT_DIVERTED, OVERRIDE_LESS, words
from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.unit_rows import UnitRow
from dispatch.selectors.words import ASSIGNMENT_WORDS

_DIVERTED = ("mobile_team", "tele_clinician", "outreach_followup")
_STATE_ORDER = ["help", "stage", "available", *ASSIGNMENT_WORDS]


@dataclass(frozen=True)
class Today:
    """Diversion since local midnight. `sent`: calls on which a person decided; the other figures are parts of it."""

    sent: int
    diverted: int
    co_response: int
    emergency: int
    returned: int
    reasons: list[tuple[str, int]]


@dataclass(frozen=True)
class UnitsInState:
    """Units of one derived status."""

    words: str
    level: str
    count: int
    call_signs: str


@dataclass(frozen=True)
class Waiting:
    """What waits now."""

    count: int
    longest: IncidentRow | None
    over_promise: int
    no_unit: int


def diversion_today(centre: Centre, at: datetime) -> Today:
    """Counts of incidents sent since local midnight. Two queries."""
    midnight = at.astimezone(centre.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    sent = Incident.objects.filter(centre=centre, sent_at__gte=midnight)
    counts = sent.aggregate(
        sent=Count("pk"),
        diverted=Count("pk", filter=Q(response_class__in=_DIVERTED)),
        co_response=Count("pk", filter=Q(response_class="co_response")),
        emergency=Count("pk", filter=Q(response_class="emergency")),
        returned=Count("pk", filter=Q(not_diverted_reason="returned")),
    )
    reasons = (
        sent.exclude(not_diverted_reason="").values_list("not_diverted_reason").annotate(n=Count("pk")).order_by("-n")
    )
    return Today(**counts, reasons=[(words(NOT_DIVERTED, code), n) for code, n in reasons])


def waiting_now(rows: list[IncidentRow]) -> Waiting:
    """From the rows of the queue, so that both screens say the same."""
    waiting = [row for row in rows if row.waiting]
    return Waiting(
        count=len(waiting),
        longest=min(waiting, key=lambda row: row.since, default=None),
        over_promise=sum(row.promise_level == "serious" for row in waiting),
        no_unit=sum(bool(row.no_unit) for row in waiting),
    )


def units_by_state(units: list[UnitRow]) -> list[UnitsInState]:
    """Units grouped by derived status, those that need somebody first."""
    groups: dict[str, list[UnitRow]] = {}
    for unit in units:
        groups.setdefault(unit.status, []).append(unit)
    order = {state: place for place, state in enumerate(_STATE_ORDER)}
    return [
        UnitsInState(group[0].words, group[0].level, len(group), ", ".join(unit.call_sign for unit in group))
        for state, group in sorted(groups.items(), key=lambda item: order.get(item[0], 99))
    ]


def decisions_waiting(centre: Centre) -> list[dict[str, object]]:
    """Less cautious choices that wait for a second person."""
    rows = (
        Decision.objects.filter(incident__centre=centre, state="waiting_second")
        .select_related("incident", "by")
        .order_by("second_due_at")
    )
    return [
        {
            "incident_id": one.incident_id,
            "code": f"{one.incident.number:04d}",
            "by": one.by,
            "words": class_words(one.response_class),
            "reason": words(OVERRIDE_LESS, one.reason),
            "due": one.second_due_at,
        }
        for one in rows
    ]
