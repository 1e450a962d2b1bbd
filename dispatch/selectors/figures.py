"""Measures: each has one written definition and one condition. Counts and the lists behind them use the same one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Centre
from dispatch.models import Assignment, Decision, Handoff, Incident, Transfer, Visit
from dispatch.states import ASSIGNMENT_LIVE

DIVERTED_CLASSES = ("mobile_team", "tele_clinician", "outreach_followup")
TREND_HOURS = 24


@dataclass(frozen=True)
class Measure:
    """One number. `of` is the key of its denominator, empty for a whole; `part` names what it can be split by."""

    key: str
    name: str
    definition: str
    condition: Callable[[datetime], Q]
    of: str = ""
    part: str = ""


@dataclass(frozen=True)
class Figure:
    """A measure's count and that of its denominator (equal for a whole)."""

    measure: Measure
    count: int
    whole: int


def _unserved(_: datetime) -> Q:
    crew = Assignment.objects.filter(incident=OuterRef("pk"), state__in=ASSIGNMENT_LIVE).exclude(state="offered")
    served = Handoff.objects.filter(incident=OuterRef("pk"), state="acknowledged")
    talking = Transfer.objects.filter(incident=OuterRef("pk"), state="connected", direction="out", bridge=False)
    return Q(~Exists(crew), ~Exists(served), ~Exists(talking))


def _second(_: datetime) -> Q:
    return Q(Exists(Decision.objects.filter(incident=OuterRef("pk"), state="waiting_second")))


NOW: tuple[Measure, ...] = (
    Measure(
        "open",
        "Open calls",
        "Incidents that are neither closed nor joined to another, now.",
        lambda at: Q(),
    ),
    Measure(
        "waiting",
        "Waiting",
        "Open calls that no crew has accepted, no service has acknowledged, and no clinician or line is talking to.",
        _unserved,
        "open",
        "program",
    ),
    Measure(
        "over_promise",
        "Promise broken",
        "Waiting calls for which a unit is sought and whose promised wait has run out.",
        lambda at: _unserved(at) & Q(offer_wanted=True, promise_at__lte=at),
        "waiting",
        "program",
    ),
    Measure(
        "no_unit",
        "No unit can go",
        "Waiting calls for which every unit is kept back by a stated reason.",
        lambda at: _unserved(at) & Q(offer_wanted=True) & ~Q(no_unit_reason__in=["", "dispatcher_picks"]),
        "waiting",
    ),
    Measure(
        "not_triaged",
        "Not triaged",
        "Open calls, not sent, of which nobody has answered a safety question yet.",
        lambda at: Q(triaged=False, sent_at__isnull=True),
        "open",
    ),
    Measure(
        "unowned",
        "Without an owner",
        "Open calls, not sent, that no person owns.",
        lambda at: Q(owner__isnull=True, sent_at__isnull=True),
        "open",
    ),
    Measure(
        "second_person",
        "Waiting for a second person",
        "Open calls on which a less cautious choice waits until another person agrees.",
        _second,
        "open",
    ),
)
TODAY: tuple[Measure, ...] = (
    Measure(
        "decided",
        "Decided",
        "Incidents that a person sent since midnight in the centre's zone, whatever came of them. Booked visits that"
        " fell due are not among them.",
        lambda at: Q(),
    ),
    Measure(
        "diverted",
        "Diverted",
        "Decided today, and their response now is a mobile team, a clinician by phone, or outreach. One whose promised"
        " wait has run out counts once the team has come.",
        lambda at: Q(response_class__in=DIVERTED_CLASSES, not_diverted_reason=""),
        "decided",
        "program",
    ),
    Measure(
        "co_response",
        "Co-response",
        "Decided today, and their response now is co-response.",
        lambda at: Q(response_class="co_response"),
        "decided",
    ),
    Measure(
        "emergency",
        "Emergency",
        "Decided today, and their response now is emergency.",
        lambda at: Q(response_class="emergency"),
        "decided",
    ),
    Measure(
        "returned",
        "Returned to 911",
        "Decided today, first diverted, and then given back by the team or clinician. Counted under the new response.",
        lambda at: Q(not_diverted_reason="returned"),
        "decided",
    ),
    Measure(
        "not_diverted",
        "Not diverted, with a reason",
        "Decided today and not diverted, by the coded reason that was recorded. A safety rule is a reason, too.",
        lambda at: ~Q(not_diverted_reason=""),
        "decided",
        "reason",
    ),
    Measure(
        "eligible_not_diverted",
        "Eligible but not diverted",
        "Not diverted today for another reason than a safety rule, the area, or too few answers: a program could have"
        " taken the call.",
        lambda at: ~Q(not_diverted_reason__in=["", "excluded", "out_of_area", "insufficient_information"]),
        "decided",
        "reason",
    ),
)
MEASURES: Mapping[str, Measure] = {one.key: one for one in (*NOW, *TODAY)}
_TODAY_KEYS = frozenset(one.key for one in TODAY)
_PARTS = {"program": "program_version__program__slug", "reason": "not_diverted_reason"}


def midnight(centre: Centre, at: datetime) -> datetime:
    """The last midnight of the centre's zone."""
    return at.astimezone(centre.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _open(centre: Centre) -> QuerySet[Incident]:
    return Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"])


def _sent(centre: Centre, at: datetime) -> QuerySet[Incident]:
    booked = Visit.objects.filter(incident=OuterRef("pk"))
    return Incident.objects.filter(~Exists(booked), centre=centre, sent_at__gte=midnight(centre, at), sent_at__lte=at)


def _counted(base: QuerySet[Incident], measures: tuple[Measure, ...], at: datetime) -> dict[str, int]:
    counts = base.aggregate(
        **{f"n_{one.key}": Count("pk", filter=one.condition(at)) if one.of else Count("pk") for one in measures}
    )
    return {one.key: counts[f"n_{one.key}"] for one in measures}


def figures(centre: Centre, at: datetime) -> dict[str, Figure]:
    """All measures by key. Two queries, over open incidents and over today's, whatever is on file."""
    counts = {**_counted(_open(centre), NOW, at), **_counted(_sent(centre, at), TODAY, at)}
    return {key: Figure(one, counts[key], counts[one.of or key]) for key, one in MEASURES.items()}


def incidents_behind(centre: Centre, key: str, at: datetime, *, part: str = "") -> QuerySet[Incident]:
    """The incidents that a measure counts; of one program's slug or one reason with `part`. Raises KeyError."""
    measure = MEASURES[key]
    found = (_sent(centre, at) if key in _TODAY_KEYS else _open(centre)).filter(measure.condition(at))
    if part:
        found = found.filter(**{_PARTS[measure.part]: part})
    return found.order_by("priority", "opened_at")


def split(centre: Centre, key: str, at: datetime) -> list[tuple[str, int]]:
    """A measure by its part, the largest first. One query. Raises KeyError for a measure that has no parts."""
    field = _PARTS[MEASURES[key].part]
    rows = incidents_behind(centre, key, at).order_by().values_list(field).annotate(n=Count("pk")).order_by("-n", field)
    return [(value or "", n) for value, n in rows]


@dataclass(frozen=True)
class Hour:
    """One hour of the centre's clock: calls taken, calls diverted and returned (by when they were sent), alarms."""

    begins: datetime
    calls: int
    diverted: int
    returned: int
    alarms: int


_HOURLY = (
    (
        "calls",
        "SELECT received_at AS t FROM dispatch_call WHERE centre_id = %s AND channel <> 'system_task'"
        " AND received_at >= %s",
    ),
    (
        "diverted",
        "SELECT sent_at AS t FROM dispatch_incident WHERE centre_id = %s AND sent_at >= %s"
        " AND NOT EXISTS (SELECT 1 FROM dispatch_visit v WHERE v.incident_id = dispatch_incident.id)"
        " AND response_class IN ('mobile_team', 'tele_clinician', 'outreach_followup') AND not_diverted_reason = ''",
    ),
    (
        "returned",
        "SELECT sent_at AS t FROM dispatch_incident WHERE centre_id = %s AND sent_at >= %s"
        " AND not_diverted_reason = 'returned'",
    ),
    ("alarms", "SELECT opened_at AS t FROM dispatch_alarm WHERE centre_id = %s AND opened_at >= %s"),
)
TREND_WORDS = {
    "calls": "Calls taken, by the hour in which they came in; visits that fell due are none.",
    "diverted": "Incidents diverted, by the hour in which they were sent.",
    "returned": "Incidents returned to 911, by the hour in which they were sent.",
    "alarms": "Alarms raised, by the hour.",
}


def trend(centre: Centre, at: datetime) -> list[Hour]:
    """The last 24 hours, the running one last. One query."""
    last = at.replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=TREND_HOURS - 1)
    union = " UNION ALL ".join(
        f"SELECT '{name}', date_trunc('hour', t, 'UTC'), count(*) FROM ({source} AND {column} <= %s) {name} GROUP BY 2"  # noqa: S608 - names of this file
        for (name, source), column in zip(_HOURLY, ("received_at", "sent_at", "sent_at", "opened_at"), strict=True)
    )
    with connection.cursor() as cursor:
        cursor.execute(union, [centre.pk, first, at] * len(_HOURLY))
        found = {(name, begins): n for name, begins, n in cursor.fetchall()}
    hours = [first + timedelta(hours=nth) for nth in range(TREND_HOURS)]
    return [Hour(hour, **{name: found.get((name, hour), 0) for name, _ in _HOURLY}) for hour in hours]
