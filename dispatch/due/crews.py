"""Crews: those that do not answer, safety checks, statuses that last too long, hazards and phones that stay unread."""

from datetime import datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry, StageOrder
from dispatch.selectors.triage import CAUTION_ANSWERS, hazards_at, place_of
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_escalate, alarm_raise, alarm_say
from dispatch.services.beside import beside_offer, beside_wanted
from dispatch.services.cautions import caution_raises, caution_reach
from dispatch.services.journal import incident_locked
from dispatch.services.safety_checks import check_overdue
from dispatch.services.silence import crew_watched, silence_of
from dispatch.states import ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE, CALLER_WAITS_S, NOT_MOVING_S, STUCK_AFTER_S
from people.geometry import box_around
from people.models import Caution
from people.selectors import CAUTION_RADIUS_M

CREW_ESCALATE_S = 30
"""An alarm about a crew that nobody has ended for so long goes to the supervisor, too."""
TOLD_ESCALATE_S = 60
"""The same for what others told the dispatcher: a return, backup without hurry, an escalation."""
NEW_CAUTION_S = 3600
"""How far back the sweep looks for cautions that a crew may not have seen; it looks each second."""
_CREW_ALARMS = (Alarm.Kind.SAFETY_CHECK, Alarm.Kind.NOT_ANSWERING, Alarm.Kind.CAUTION_UNREAD, Alarm.Kind.PAIR_BROKEN)
_TOLD_ALARMS = (
    Alarm.Kind.RETURNED,
    Alarm.Kind.BACKUP,
    Alarm.Kind.PRIMARY_GONE,
    Alarm.Kind.POLICE_NO_RELEASE,
    Alarm.Kind.CLINICIAN_UNAVAILABLE,
    Alarm.Kind.RETURNED_BY_988,
)


def crews_silent(centre: Centre, at: datetime) -> int:
    """Crews that accepted and do not move, are under way for twice their time, or accepted a caller and talk with
    nobody: not answering."""
    watched = Assignment.objects.filter(
        incident__centre=centre,
        state__in=["accepted", "en_route"],
        accepted_at__lte=at - timedelta(seconds=NOT_MOVING_S),
        unit__not_answering_since__isnull=True,
    ).select_related("unit")
    return each(
        centre, [one for one in watched if silence_of(one, at)], lambda one: crew_watched(assignment=one, at=at)
    )


def second_units_sought(centre: Centre, at: datetime) -> int:
    """A second unit beside one that does not answer."""
    return each(centre, beside_wanted(centre=centre), lambda one: beside_offer(incident=one, at=at) is not None)


def safety_checks_overdue(centre: Centre, at: datetime) -> int:
    """Crews on a scene that have not said that they are OK in time."""
    due = list(Assignment.objects.filter(incident__centre=centre, check_due_at__lte=at))
    if not due:
        return 0
    told = set(
        Alarm.objects.filter(centre=centre, kind=Alarm.Kind.SAFETY_CHECK, ended_at__isnull=True).values_list(
            "subject", flat=True
        )
    )
    late = [one for one in due if str(one.pk) not in told]
    return each(centre, late, lambda one: check_overdue(assignment=one, at=at))


def statuses_stuck(centre: Centre, at: datetime) -> int:
    """Units that are in one status for longer than makes sense: somebody asks them. Said once for each status."""
    # A clinician who talks with somebody else has not forgotten the next one; after a while it is asked all the same.
    longest = Q(state="accepted", by_phone=True, state_since__lte=at - timedelta(seconds=CALLER_WAITS_S))
    for state, seconds in STUCK_AFTER_S.items():
        longest |= Q(state=state, state_since__lte=at - timedelta(seconds=seconds))
    stuck = Assignment.objects.filter(longest, incident__centre=centre).exclude(
        # That alarm asks the same.
        state__in=["accepted", "en_route"],
        unit__not_answering_since__isnull=False,
    )
    return each(centre, stuck, lambda one: _stuck(one, at))


def _stuck(assignment: Assignment, at: datetime) -> bool:
    told = Alarm.objects.filter(kind=Alarm.Kind.STUCK_STATUS, subject=str(assignment.pk))
    if told.filter(opened_at__gte=assignment.state_since).exists():
        return False
    incident = incident_locked(assignment.incident_id)
    now = Assignment.objects.select_related("unit").get(pk=assignment.pk)
    if now.state != assignment.state or now.state_since is None:
        return False
    minutes = int((at - now.state_since).total_seconds() // 60)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.STUCK_STATUS,
        subject=str(now.pk),
        at=at,
        incident=incident,
        unit=now.unit,
        owner=incident.owner,
        detail={"words": f"{now.state.replace('_', ' ')} for {minutes} min"},
    )
    return True


def crew_alarms_unanswered(centre: Centre, at: datetime) -> int:
    """Alarms about crews after 30 s, and what others told after 60 s, if nobody has taken it: the supervisor, too.

    About a crew that has not been heard taking is not enough: it goes up until it ends.
    """
    standing = Alarm.objects.filter(centre=centre, ended_at__isnull=True, escalated_at__isnull=True)
    late = standing.filter(
        Q(kind__in=_CREW_ALARMS, opened_at__lte=at - timedelta(seconds=CREW_ESCALATE_S))
        | Q(kind__in=_TOLD_ALARMS, owner__isnull=True, opened_at__lte=at - timedelta(seconds=TOLD_ESCALATE_S))
    )
    return each(centre, late, lambda alarm: alarm_escalate(alarm=alarm, at=at))


def phones_silent(centre: Centre, at: datetime) -> int:
    """A phone that falls silent while a stage order is unread: the alarm says to use the radio."""
    waiting = StageOrder.objects.filter(
        assignment__incident__centre=centre,
        assignment__state__in=ASSIGNMENT_LIVE,
        acknowledged_at__isnull=True,
        lifted_at__isnull=True,
    ).select_related("assignment__unit")
    orders = {str(one.pk): one for one in waiting}
    alarms = Alarm.objects.filter(
        kind=Alarm.Kind.STAGE_UNACKNOWLEDGED, subject__in=orders, ended_at__isnull=True
    ).exclude(detail__has_key="words")
    said = [(alarm, silence_said(orders[alarm.subject].assignment.unit, centre, at)) for alarm in alarms]
    words = {alarm.pk: detail for alarm, detail in said if detail}
    return each(
        centre,
        [alarm for alarm, _ in said if alarm.pk in words],
        lambda alarm: alarm_say(alarm=alarm, detail=words[alarm.pk], at=at),
    )


def cautions_new(centre: Centre, at: datetime) -> int:
    """Hazards put on file after a crew accepted, through whichever door: they reach it within a second."""
    young = list(
        Caution.objects.filter(
            centre=centre, added_at__gt=at - timedelta(seconds=NEW_CAUTION_S), added_at__lte=at
        ).select_related("premise")
    )
    if not young:
        return 0
    since = min(caution.added_at for caution in young)
    live = Assignment.objects.filter(
        Q(cautions_read_at__isnull=True) | Q(cautions_read_at__lt=max(one.added_at for one in young)),
        incident__centre=centre,
        state__in=ASSIGNMENT_ACCEPTED,
        unit__armed=False,
        by_phone=False,
        accepted_at__lt=max(one.added_at for one in young),
        incident__in=_concerned(centre, young),
    ).select_related("incident__centre")
    count = _before_any_crew(centre, [one for one in young if (one.kind, one.severity) in CAUTION_ANSWERS], at)
    for assignment in live:
        here = hazards_at(assignment.incident, place_of(assignment.incident), at=at)
        newest = [one for one in here if one.added_at >= since and _after(one, assignment)]
        count += each(centre, newest, partial(_reach, assignment, at))
    return count


def _concerned(centre: Centre, young: list[Caution]) -> QuerySet[Incident]:
    """Incidents at or around the places of these cautions, and with their persons: a first cut, still to be judged."""
    persons = [one.person_id for one in young if one.person_id is not None]
    calls = Call.objects.filter(centre=centre, person__in=persons)
    near = Q(pk__in=_entries_near(centre, young).values("incident"))
    return Incident.objects.filter(near | Q(pk__in=calls.values("incident")) if persons else near)


def _entries_near(centre: Centre, young: list[Caution]) -> QuerySet[LocationEntry]:
    """Where incidents were said to be, at or around the places of these cautions."""
    near = Q(pk__in=[])
    for caution in young:
        if caution.premise is not None:
            south, north, west, east = box_around(caution.premise.lat, caution.premise.lon, CAUTION_RADIUS_M)
            near |= Q(lat__range=(south, north), lon__range=(west, east)) | Q(place=caution.premise.place_id)
    return LocationEntry.objects.filter(near, subject="incident", incident__centre=centre)


def _before_any_crew(centre: Centre, young: list[Caution], at: datetime) -> int:
    """The same for calls that were sent and that no crew has accepted yet: whoever accepts must not go as decided."""
    if not young:
        return 0
    waiting = _concerned(centre, young).filter(state__in=["pending", "held"], sent_at__isnull=False)
    count = 0
    for incident in waiting.select_related("centre"):
        here = {one.pk for one in hazards_at(incident, place_of(incident), at=at)}
        newest = [one for one in young if one.pk in here]
        count += each(centre, newest, partial(_raise, incident, at))
    return count


def _raise(incident: Incident, at: datetime, caution: Caution) -> bool:
    return caution_raises(caution=caution, incident=incident, at=at)


def _after(caution: Caution, assignment: Assignment) -> bool:
    return assignment.accepted_at is not None and caution.added_at > assignment.accepted_at


def _reach(assignment: Assignment, at: datetime, caution: Caution) -> bool:
    return caution_reach(caution=caution, assignment=assignment, at=at)
