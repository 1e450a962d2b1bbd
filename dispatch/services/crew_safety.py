"""When a crew needs help, in three levels, and when it gives a call back to 911."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, HistoryRow, Incident, LocationEntry, ReviewItem
from dispatch.models.alarm import ENDS_WHEN_HEARD
from dispatch.models.call import Channel
from dispatch.reasons import RETURN, RETURNED
from dispatch.services.alarms import alarm_end, alarm_raise, alarms_end
from dispatch.services.assignments import assignment_act
from dispatch.services.brief_locks import RowHeld, waiting_at_most
from dispatch.services.calls import call_end, call_open
from dispatch.services.closing import settle
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import incident_locked, record
from dispatch.services.locations import location_record
from dispatch.services.not_sought import nobody_sought
from dispatch.services.offers import offers_withdraw
from dispatch.services.review import review_add
from dispatch.services.safety_checks import crew_ok
from dispatch.services.silence import unit_heard
from dispatch.services.staging import crews_stage
from dispatch.states import ASSIGNMENT_ACCEPTED, INCIDENT
from responders.models import Unit
from responders.services import unit_position
from triage.engine import priority

_LOOKS: tuple[tuple[str, Callable[[Unit], bool]], ...] = (
    ("PLAIN CLOTHES", lambda unit: unit.plain_clothes),
    ("unmarked car", lambda unit: unit.unmarked),
)
"""Whoever comes to help must not take the crew for somebody else."""
_WAIT_MS = 500
"""So long a call for help waits for its call, then it is one of its own."""
_WORSE = frozenset({"unsafe", "medical"})
"""Returns that make a call as urgent as an emergency; any other is at the top of its own priority."""
_LEVELS = {"routine": Alarm.Kind.BACKUP, "urgent": Alarm.Kind.BACKUP_URGENT, "panic": Alarm.Kind.PANIC}


@transaction.atomic
def help_request(
    *,
    unit: Unit,
    by: User | None,
    at: datetime,
    level: str = "panic",
    lat: float | None = None,
    lon: float | None = None,
    device_at: datetime | None = None,
    about: Assignment | None = None,
) -> Alarm:
    """A crew asks for backup, in one of three levels (dispatch.reasons.BACKUP).

    Urgent and panic: an urgent alarm and a priority-1 police hand-off in one transaction, at the crew's last position,
    whose age is shown; they end only at “crew heard”, by a named person. Routine: an alarm for the dispatcher, and no
    red. It joins the crew's present incident; without one, that of its call for help that nobody has heard yet, or that
    of `about`, the call that the crew's phone showed, if it is still open; else, or where a stopped process has that
    call, it makes one of its own. Asking twice while it stands is one alarm, and the same press that comes again none.
    Raises Refused for an unknown level.
    """
    if level not in _LEVELS:
        raise Refused("level_unknown", f"Choose one of {', '.join(_LEVELS)}.", field="level")
    kind, urgent = _LEVELS[level], level != "routine"
    assignment = unit.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).order_by("-accepted_at").first()
    meant = assignment.incident_id if assignment is not None else None
    if meant is None:
        # What it has asked for before, and nobody has heard yet.
        stands = Alarm.objects.filter(kind__in=_LEVELS.values(), subject=str(unit.pk), ended_at__isnull=True)
        meant = stands.order_by("opened_at").values_list("incident", flat=True).first()
    if meant is None and about is not None and about.unit_id == unit.pk:
        meant = _open_now(about.incident)
    # The incident is locked before the unit, as everywhere; either lock makes a double press one alarm.
    here, held = _locked_now(meant)
    if here is not None and here.state in {"closed", "joined"}:
        here = None
    unit, free = _at_hand(unit, here, lat, lon, by, at)
    standing = Alarm.objects.filter(kind=kind, subject=str(unit.pk), ended_at__isnull=True).first()
    if device_at is not None:
        # A press that is sent again because its answer was lost: it may have been heard and ended meanwhile.
        same = Alarm.objects.filter(kind=kind, subject=str(unit.pk)).values_list("pk", flat=True)
        known = HistoryRow.objects.filter(entity="alarm", entity_id__in=list(same), action=level, device_at=device_at)
        pressed = known.order_by("-id").values_list("entity_id", flat=True).first()
        if pressed is not None:
            return standing or Alarm.objects.get(pk=pressed)
        if standing is not None and here is not None and standing.incident_id == here.pk:
            # Kept, so that this press is known as well when it comes again.
            record(incident=here, entity="alarm", row=standing, action=level, by=by, at=at, device_at=device_at)
    if standing is not None:
        return standing
    incident = here if here is not None else _incident_for(unit, by, at, held)
    before, incident.priority = incident.priority, 1 if urgent else incident.priority
    alarm = alarm_raise(
        centre=unit.centre,
        kind=kind,
        subject=str(unit.pk),
        at=at,
        incident=incident,
        unit=unit,
        urgent=urgent,
        detail={
            "position_at": unit.position_at.isoformat() if unit.position_at else "",
            "lat": unit.lat,
            "lon": unit.lon,
            "words": _position_said(unit, at),
        },
    )
    record(
        incident=incident,
        entity="alarm",
        row=alarm,
        action=level,
        by=by,
        at=at,
        device_at=device_at,
        detail={"priority": before},
        fields=["priority"],
        ids={"unit": str(unit.pk)},
    )
    if urgent:
        handoff_open(incident=incident, service="police", reason="backup", by=by, at=at)
    review_add(incident=incident, kind=ReviewItem.Kind.BACKUP, subject=alarm.pk, unit=unit, reason=level, by=by, at=at)
    if urgent:
        # Louder takes the place of quieter; the other way round both stand.
        alarms_end(Alarm.Kind.BACKUP, subject=str(unit.pk), at=at, by=by, note=f"became {level}")
    audit(
        action="crew.help",
        at=at,
        by=by,
        centre=unit.centre,
        entity="unit",
        entity_id=unit.pk,
        detail={"level": level},
    )
    if free and unit.not_answering_since is not None:
        unit_heard(unit=unit, by=by, at=at, note=f"asked for backup: {level}")
    return alarm


def _at_hand(
    unit: Unit, here: Incident | None, lat: float | None, lon: float | None, by: User | None, at: datetime
) -> tuple[Unit, bool]:
    """The unit with the position that the phone gave, locked; and whether it is.

    Nobody's help waits for a process that has the unit at this moment, and may be stopped: then the alarm has the
    position, and the unit's own row stays as it is. On a locked incident it does not wait at all.
    """
    rows = Unit.objects.select_for_update(of=("self",), no_key=True, skip_locked=here is not None)
    try:
        with waiting_at_most(_WAIT_MS):
            own = rows.select_related("centre").filter(pk=unit.pk).first()
    except RowHeld:
        own = None
    free = own is not None
    own = own or Unit.objects.select_related("centre").get(pk=unit.pk)
    if lat is not None and lon is not None:
        if free:
            unit_position(unit=own, lat=lat, lon=lon, by=by, at=at)
            own.refresh_from_db(fields=["lat", "lon", "position_at"])
        else:
            own.lat, own.lon, own.position_at = lat, lon, at
    return own, free


def _open_now(incident: Incident) -> UUID | None:
    """The incident that a call's shown one has become, where it was joined to others; None once that is closed."""
    while incident.joined_into is not None and incident.state == "joined":
        incident = incident.joined_into
    return incident.pk if incident.state != "closed" else None


def _position_said(unit: Unit, at: datetime) -> str:
    looks = "".join(f", {word}" for word, is_so in _LOOKS if is_so(unit))
    if unit.position_at is None:
        return f"position not known{looks}"
    minutes, seconds = divmod(max(0, int((at - unit.position_at).total_seconds())), 60)
    return f"position {minutes} min {seconds:02d} s old{looks}"


def _locked_now(incident_id: UUID | None) -> tuple[Incident | None, str]:
    """The incident, locked; or none, and its number where a process that may be stopped has it: help does not wait."""
    if incident_id is None:
        return None, ""
    try:
        with waiting_at_most(_WAIT_MS):
            return incident_locked(incident_id), ""
    except RowHeld:
        return None, str(Incident.objects.get(pk=incident_id))


def _incident_for(unit: Unit, by: User | None, at: datetime, held: str) -> Incident:
    """A new incident at the unit's last position, for a crew that is on no call, or whose call is `held`."""
    call = call_open(centre=unit.centre, id=uuid4(), channel=Channel.RADIO, by=by, at=at)
    location_record(
        incident=call.incident,
        call=call,
        text=f"Last position of {unit.call_sign}{f', on call {held}' if held else ''}",
        state=LocationEntry.State.FORCED,
        lat=unit.lat,
        lon=unit.lon,
        by=by,
        at=at,
    )
    call_end(call=call, ended_as="completed", by=by, at=at)
    incident = incident_locked(call.incident_id)
    incident.nature, incident.response_class, incident.sent_at = "backup_request", "emergency", at
    incident.owner_role, incident.owner = Role.DISPATCHER, None
    before, incident.state = incident.state, INCIDENT.to("transfer", incident.state)
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="transfer",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason="backup",
        fields=["nature", "response_class", "sent_at", "owner_role", "owner", "state"],
    )
    return incident


@transaction.atomic
def crew_heard(*, alarm: Alarm, by: User, at: datetime, note: str) -> Alarm:
    """A named person has heard the crew: the only end of a call for help, also the end of a silence and of an overdue
    safety check, whose timer starts anew. Raises Refused for an alarm that is about no crew, and without a note."""
    if alarm.kind not in ENDS_WHEN_HEARD:
        raise Refused("not_about_a_crew", "This alarm is not about a crew that must be heard.", status=409)
    incident = incident_locked(alarm.incident_id) if alarm.incident_id is not None else None
    if alarm.unit_id is not None:
        # The unit before its alarm: so does whoever hears the crew by its own status, at this same moment.
        Unit.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=alarm.unit_id)
    ended = alarm_end(alarm=alarm, by=by, at=at, note=note, heard=True)
    if alarm.kind == Alarm.Kind.SAFETY_CHECK:
        checked = Assignment.objects.filter(pk=alarm.subject, check_due_at__isnull=False).first()
        if checked is not None:
            crew_ok(assignment=checked, by=by, at=at, note=note)
    elif alarm.unit is not None:
        if alarm.kind == Alarm.Kind.PANIC:
            # Heard once is heard: what the same crew had asked for before is answered, too.
            alarms_end(Alarm.Kind.BACKUP_URGENT, subject=alarm.subject, at=at, by=by, note=note)
        unit_heard(unit=alarm.unit, by=by, at=at, note=note)
    if incident is not None:
        settle(incident=incident, by=by, at=at)
    return ended


@transaction.atomic
def return_to_911(
    *, assignment: Assignment, reason: str, by: User | None, at: datetime, device_at: datetime | None = None
) -> Incident:
    """The team gives the call back: police (and EMS for a medical reason) are asked, the dispatcher is alarmed.

    `returned` is no end: the incident stays owned until the receiver has acknowledged. Raises Refused without a
    coded reason.
    """
    if reason not in RETURN:
        raise Refused("reason_needed", "Choose why it goes back.", field="reason")
    incident = incident_locked(assignment.incident_id)
    assignment = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if assignment.state not in ASSIGNMENT_ACCEPTED:
        if assignment.disposition == RETURNED:
            return incident
        raise Refused("not_accepted", "Only a call that the unit has accepted can be returned.", status=409)
    before = incident.state
    incident.state = INCIDENT.to("return_to_911", before)
    incident.not_diverted_reason, incident.response_class = "returned", "emergency"
    sought = nobody_sought(incident, by=by, at=at, note="returned to 911")
    incident.promise_at = incident.program_version = None
    incident.top_at = at
    if reason in _WORSE:
        incident.priority = min(incident.priority, priority(incident.nature or None, "emergency", {}))
    if reason == "unsafe":
        # Whoever is asked by name from now on begins outside, until a person has decided anew.
        incident.risen_at = at
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="return_to_911",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=reason,
        device_at=device_at,
        fields=[
            "state",
            "not_diverted_reason",
            "response_class",
            "promise_at",
            "program_version",
            "risen_at",
            "top_at",
            "priority",
            *sought,
        ],
    )
    offers_withdraw(incident, by, at, reason="plan_changed")
    services = ("ems", "police") if reason == "medical" else ("police",)
    for service in services:
        handoff_open(incident=incident, service=service, reason="returned", by=by, at=at)
    assignment_act(
        assignment=assignment,
        action="clear",
        by=by,
        at=at,
        device_at=device_at,
        reason=reason,
        disposition=RETURNED,
        returned=True,
    )
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.RETURNED,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        unit=assignment.unit,
        owner=incident.owner,
        urgent=reason == "unsafe",
        detail={"reason": reason},
    )
    review_add(
        incident=incident,
        kind=ReviewItem.Kind.RETURN,
        subject=assignment.pk,
        unit=assignment.unit,
        reason=reason,
        by=by,
        at=at,
    )
    incident.refresh_from_db()
    if reason == "unsafe" and incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED, unit__armed=False).exists():
        crews_stage(incident=incident, reason="returned=unsafe", words="Another crew says: unsafe", by=by, at=at)
    return incident
