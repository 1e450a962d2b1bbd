"""Crews: those that do not answer, safety checks, statuses that last too long, hazards and phones that stay unread."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Assignment, Call, Incident, LocationEntry, StageOrder
from dispatch.models.assignment import Slot
from dispatch.selectors.hazards_told import hazards_counted, hazards_told
from dispatch.selectors.triage import CAUTION_ANSWERS, hazards_at, place_of
from dispatch.selectors.units import silence_said
from dispatch.services.alarms import alarm_escalate, alarm_raise, alarm_say
from dispatch.services.beside import beside_offer, beside_wanted, officer_sought
from dispatch.services.cautions import cautions_meet
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
"""How far back the sweep looks for cautions that a crew may not have seen; it looks each second. Clocks differ by
seconds, so nothing depends on it but the cost."""
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
    """A second unit beside one that does not answer: the unit that leads, or the officer of a pair."""
    return each(centre, beside_wanted(centre=centre), lambda one: _beside(one, at))


def _beside(silent: Assignment, at: datetime) -> bool:
    if silent.slot == Slot.OFFICER:
        return officer_sought(incident=silent.incident, at=at)
    return beside_offer(incident=silent.incident, at=at) is not None


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
    """Hazards put on file lately, through whichever door: calls that were sent before, and their crews, learn of them
    within a second. Which calls and crews know of which hazard is told by ids: the machines' clocks differ."""
    young = list(
        Caution.objects.filter(centre=centre, added_at__gt=at - timedelta(seconds=NEW_CAUTION_S)).select_related(
            "premise"
        )
    )
    near = _near(centre, young) if young else {}
    if not near:
        return 0
    counted, told = hazards_counted(near.keys()), _told(near)
    answers = {one.pk for one in young if (one.kind, one.severity) in CAUTION_ANSWERS}
    news = {
        key: found
        for key, found in near.items()
        if found & answers - counted[key] or any(found - known for known in told[key])
    }
    incidents = Incident.objects.filter(pk__in=news).select_related("centre")
    return each(centre, incidents, lambda one: _meet(one, news[one.pk], at))


def _meet(incident: Incident, news: set[UUID], at: datetime) -> bool:
    # Looked at before the call is locked: what lies near by is mostly another house's.
    here = {one.pk for one in hazards_at(incident, place_of(incident), at=at)}
    return bool(here & news) and cautions_meet(incident=incident, cautions=news, at=at)


def _near(centre: Centre, young: list[Caution]) -> dict[UUID, set[UUID]]:
    """By incident that was sent and is not over: those of these hazards that it may have to do with, by where it was
    said to be and by whom it is about. A first cut, still to be judged."""
    found: dict[UUID, set[UUID]] = {}
    live = Q(incident__sent_at__isnull=False) & ~Q(incident__state__in=["closed", "joined"])
    boxes = [
        (one.pk, one.premise.place_id, box_around(one.premise.lat, one.premise.lon, CAUTION_RADIUS_M))
        for one in young
        if one.premise is not None
    ]
    wanted = Q(pk__in=[])
    for _, place, (south, north, west, east) in boxes:
        wanted |= Q(lat__range=(south, north), lon__range=(west, east)) | Q(place=place)
    entries = LocationEntry.objects.filter(wanted, live, subject="incident", incident__centre=centre)
    for incident, lat, lon, place_id in entries.values_list("incident", "lat", "lon", "place"):
        for key, place, (south, north, west, east) in boxes:
            inside = lat is not None and lon is not None and south <= lat <= north and west <= lon <= east
            if inside or place == place_id:
                found.setdefault(incident, set()).add(key)
    persons: dict[UUID, set[UUID]] = {}
    for one in young:
        if one.person_id is not None:
            persons.setdefault(one.person_id, set()).add(one.pk)
    calls = Call.objects.filter(live, centre=centre, person__in=persons) if persons else Call.objects.none()
    for incident, person in calls.values_list("incident", "person"):
        found.setdefault(incident, set()).update(persons[person])
    return found


def _told(incidents: Collection[UUID]) -> dict[UUID, list[set[UUID]]]:
    """By incident: what each crew that goes there knows of."""
    crews = Assignment.objects.filter(
        incident__in=incidents, state__in=ASSIGNMENT_ACCEPTED, unit__armed=False, by_phone=False
    )
    of = dict(crews.values_list("pk", "incident"))
    told = hazards_told(of.keys())
    known: dict[UUID, list[set[UUID]]] = {key: [] for key in incidents}
    for crew, incident in of.items():
        known[incident].append(told[crew])
    return known
