"""Hand-offs to police, fire and EMS: requested, acknowledged by a name or a number, alarmed until then."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Handoff, Incident
from dispatch.models.alarm import CALLS_FOR_HELP
from dispatch.reasons import HANDOFF_DECLINE
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.closing import settle
from dispatch.services.journal import incident_locked, record
from dispatch.services.pairs import officer_handoff_ends
from dispatch.states import ASSIGNMENT_LIVE, HANDOFF, TRANSFER_LIVE

_CREW_IN_NEED = "backup"


def handoff_open(
    *, incident: Incident, service: str, reason: str, by: User | None, at: datetime, ready: bool = False
) -> Handoff:
    """Open a hand-off of a locked incident: requested at once, or `ready` for a person to send.

    One that is already open for the service is used; a `ready` one is sent when a request comes. Where a crew needs
    help it says so from then on, whatever it was asked for.
    """
    if service not in Handoff.Service.values:
        raise Refused("service_unknown", "Choose police, ems or fire.", field="service")
    standing = incident.handoffs.select_for_update().filter(service=service, state__in=["ready", "requested"]).first()
    if standing is not None:
        louder = reason == _CREW_IN_NEED and standing.reason != reason
        if louder:
            standing.reason = reason
        if standing.state == "ready" and not ready:
            return _request(incident, standing, by, at)
        if louder:
            _say_louder(incident, standing, by, at)
        return standing
    handoff = Handoff.objects.create(
        incident=incident,
        service=service,
        state="ready" if ready else "requested",
        reason=reason,
        opened_at=at,
        requested_at=None if ready else at,
        requested_by=None if ready else by,
    )
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="open" if ready else "request",
        by=by,
        at=at,
        to_state=handoff.state,
        reason=reason,
        detail={"service": service},
    )
    audit(
        action=f"handoff.{handoff.state}",
        at=at,
        by=by,
        centre=incident.centre,
        entity="handoff",
        entity_id=handoff.pk,
        detail={"service": service, "reason": reason},
    )
    return handoff


def _say_louder(incident: Incident, handoff: Handoff, by: User | None, at: datetime) -> None:
    handoff.version += 1
    handoff.save(update_fields=["reason", "version"])
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="crew_needs_help",
        by=by,
        at=at,
        reason=handoff.reason,
        detail={"service": handoff.service},
    )


def _request(incident: Incident, handoff: Handoff, by: User | None, at: datetime) -> Handoff:
    before = handoff.state
    handoff.state = HANDOFF.to("request", before)
    handoff.requested_at, handoff.requested_by, handoff.version = at, by, handoff.version + 1
    handoff.save(update_fields=["state", "reason", "requested_at", "requested_by", "version"])
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="request",
        by=by,
        at=at,
        from_state=before,
        to_state=handoff.state,
        reason=handoff.reason,
        detail={"service": handoff.service},
    )
    return handoff


@transaction.atomic
def handoff_request(*, incident: Incident, service: str, reason: str, by: User, at: datetime) -> Handoff:
    """A person asks a service to take the incident, or to come as well."""
    incident = incident_locked(incident.pk)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed: reopen it first.", status=409)
    return handoff_open(incident=incident, service=service, reason=reason or "dispatcher", by=by, at=at)


@transaction.atomic
def handoff_send(*, handoff: Handoff, by: User, at: datetime) -> Handoff:
    """A person sends a hand-off that the machine made ready."""
    incident = incident_locked(handoff.incident_id)
    handoff = Handoff.objects.select_for_update().get(pk=handoff.pk)
    return handoff if handoff.state == "requested" else _request(incident, handoff, by, at)


@transaction.atomic
def handoff_acknowledge(
    *, handoff: Handoff, receiver_name: str, receiver_number: str, by: User, at: datetime
) -> Handoff:
    """The receiver has it: by name or by the number in their system. The same twice is once.

    Raises Refused without either, and where somebody has written down another receiver meanwhile: nothing that was
    said is lost in silence.
    """
    if not receiver_name.strip() and not receiver_number.strip():
        raise Refused("receiver_needed", "Give the receiver's name or their CAD number.", field="receiver_number")
    incident = incident_locked(handoff.incident_id)
    handoff = Handoff.objects.select_for_update().get(pk=handoff.pk)
    name, number = receiver_name.strip()[:80], receiver_number.strip()[:40]
    if handoff.state == "acknowledged":
        if name in {"", handoff.receiver_name} and number in {"", handoff.receiver_number}:
            return handoff
        has_it = " ".join(one for one in (handoff.receiver_name, handoff.receiver_number) if one)
        raise Refused("acknowledged_already", f"{has_it} has it already: write yours down as a note.", status=409)
    before = handoff.state
    handoff.state = HANDOFF.to("acknowledge", before)
    handoff.acknowledged_at, handoff.acknowledged_by = at, by
    handoff.receiver_name, handoff.receiver_number = name, number
    handoff.version += 1
    handoff.save(
        update_fields=["state", "acknowledged_at", "acknowledged_by", "receiver_name", "receiver_number", "version"]
    )
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="acknowledge",
        by=by,
        at=at,
        from_state=before,
        to_state=handoff.state,
        detail={"service": handoff.service},
    )
    audit(action="handoff.acknowledge", at=at, by=by, centre=incident.centre, entity="handoff", entity_id=handoff.pk)
    alarms_end(Alarm.Kind.HANDOFF_UNACKNOWLEDGED, subject=str(handoff.pk), at=at, by=by, note="acknowledged")
    settle(incident=incident, by=by, at=at)
    return handoff


@transaction.atomic
def handoff_decline(*, handoff: Handoff, reason: str, receiver_name: str, by: User, at: datetime) -> Handoff:
    """The service says no: coded, and who said so. The incident is still ours: an urgent alarm, at the top of its
    priority, until a dispatcher has chosen who goes.
    """
    if reason not in HANDOFF_DECLINE:
        raise Refused("reason_needed", "Choose why they will not take it.", field="reason")
    if not receiver_name.strip():
        raise Refused("receiver_needed", "Say who declined it.", field="receiver_name")
    incident = incident_locked(handoff.incident_id)
    handoff = Handoff.objects.select_for_update().get(pk=handoff.pk)
    if handoff.state == "declined":
        return handoff
    before = handoff.state
    handoff.state, handoff.version = HANDOFF.to("decline", before), handoff.version + 1
    handoff.declined_at, handoff.decline_reason = at, reason
    handoff.receiver_name = receiver_name.strip()[:80]
    handoff.save(update_fields=["state", "declined_at", "decline_reason", "receiver_name", "version"])
    incident.top_at = at
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="decline",
        by=by,
        at=at,
        from_state=before,
        to_state=handoff.state,
        reason=reason,
        detail={"service": handoff.service},
        fields=["top_at"],
    )
    audit(
        action="handoff.decline",
        at=at,
        by=by,
        centre=incident.centre,
        entity="handoff",
        entity_id=handoff.pk,
        detail={"reason": reason},
    )
    alarms_end(Alarm.Kind.HANDOFF_UNACKNOWLEDGED, subject=str(handoff.pk), at=at, by=by, note="declined")
    officer_handoff_ends(incident=incident, handoff=handoff, by=by, at=at)
    if incident.state not in {"closed", "joined"}:
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.HANDOFF_DECLINED,
            subject=str(handoff.pk),
            at=at,
            incident=incident,
            owner=incident.owner,
            urgent=True,
            detail={"service": handoff.service, "reason": reason},
        )
    return handoff


@transaction.atomic
def handoff_cancel(*, handoff: Handoff, reason: str, by: User, at: datetime) -> Handoff:
    """A person withdraws a hand-off that is not acknowledged, with a reason. Twice is once.

    Raises Refused for what was asked because a crew needs help, until that crew was heard.
    """
    if not reason.strip():
        raise Refused("reason_needed", "Say why it is withdrawn.", field="reason")
    incident = incident_locked(handoff.incident_id)
    handoff = Handoff.objects.select_for_update().get(pk=handoff.pk)
    if handoff.state == "cancelled":
        return handoff
    before = handoff.state
    calls = incident.alarms.filter(kind__in=CALLS_FOR_HELP, ended_at__isnull=True)
    if handoff.service == Handoff.Service.POLICE and handoff.reason == _CREW_IN_NEED and calls.exists():
        raise Refused(
            "crew_not_heard", "A crew has asked for help: say first that it was heard, and by whom.", status=409
        )
    handoff.state, handoff.cancelled_at, handoff.version = HANDOFF.to("cancel", before), at, handoff.version + 1
    handoff.save(update_fields=["state", "cancelled_at", "version"])
    record(
        incident=incident,
        entity="handoff",
        row=handoff,
        action="cancel",
        by=by,
        at=at,
        from_state=before,
        to_state=handoff.state,
        reason=reason,
    )
    alarms_end(Alarm.Kind.HANDOFF_UNACKNOWLEDGED, subject=str(handoff.pk), at=at, by=by, note="withdrawn")
    officer_handoff_ends(incident=incident, handoff=handoff, by=by, at=at)
    if not settle(incident=incident, by=by, at=at) and _nobody_comes(incident):
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.HANDOFF_DECLINED,
            subject=str(handoff.pk),
            at=at,
            incident=incident,
            owner=incident.owner,
            urgent=True,
            detail={"service": handoff.service, "reason": "withdrawn"},
        )
    return handoff


def _nobody_comes(incident: Incident) -> bool:
    """Whether a sent incident that is not over has nobody on the way, asked or sought any more."""
    if incident.sent_at is None or incident.offer_wanted or incident.state in {"closed", "joined", "held"}:
        return False
    return not (
        incident.handoffs.filter(state__in=["requested", "acknowledged"]).exists()
        or incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists()
        or incident.transfers.filter(direction="out", state__in=TRANSFER_LIVE).exists()
    )
