"""When an incident is over: by a person's word, or because nothing about it is open any more; and when it is not."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import DateTimeField, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.access import DISPATCHING, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch import choice
from dispatch.models import Alarm, HistoryRow, Incident
from dispatch.models.alarm import CALLS_FOR_HELP
from dispatch.not_diverted import not_diverted
from dispatch.plan import direction
from dispatch.reasons import NOT_DIVERTED_ENDS, OUTCOMES, REOPEN, RETURNED
from dispatch.selectors.triage import judge
from dispatch.services.alarms import alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT, TRANSFER_LIVE

_ENDS_OTHERWISE = (
    *CALLS_FOR_HELP,
    Alarm.Kind.NOT_ANSWERING,
    Alarm.Kind.STAGE_UNACKNOWLEDGED,
    Alarm.Kind.HANDOFF_UNACKNOWLEDGED,
    Alarm.Kind.WORD_OWED,
)
"""Alarms that end by the crew or the receiver, never with the incident."""


def parts_end(incident: Incident, by: User | None, at: datetime, *, note: str, owed: bool = False) -> None:
    """End what asked for an act on a locked incident that is over: choices that wait, unsent hand-offs, alarms.

    `owed`: callbacks of dropped calls stay owed.
    """
    for handoff in incident.handoffs.select_for_update().filter(state="ready"):
        handoff.state, handoff.cancelled_at, handoff.version = "cancelled", at, handoff.version + 1
        handoff.save(update_fields=["state", "cancelled_at", "version"])
        record(
            incident=incident,
            entity="handoff",
            row=handoff,
            action="cancel",
            by=by,
            at=at,
            from_state="ready",
            to_state="cancelled",
            reason=note,
        )
    incident.decisions.filter(state="waiting_second").update(state="superseded")
    standing = incident.alarms.filter(ended_at__isnull=True).exclude(kind__in=_ENDS_OTHERWISE)
    for alarm in standing.exclude(kind=Alarm.Kind.DROPPED_CALL) if owed else standing:
        alarms_end(alarm.kind, subject=alarm.subject, at=at, by=by, note=note)


_NOTHING_HAPPENED = {"misdial", "test"}
_NO_CALL = _NOTHING_HAPPENED | {"joined", "abandoned"}


def _close(incident: Incident, outcome: str, by: User | None, at: datetime, *, owed: bool) -> None:
    parts_end(incident, by, at, note="incident closed", owed=owed)
    before = incident.state
    incident.state = INCIDENT.to("close", before)
    incident.closed_at, incident.outcome, incident.offer_wanted = at, outcome, False
    incident.no_unit_reason, incident.no_unit_detail = "", []
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="close",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=outcome,
        fields=[
            "state",
            "closed_at",
            "outcome",
            "offer_wanted",
            "no_unit_reason",
            "no_unit_detail",
            "not_diverted_reason",
        ],
    )


def _why_nobody_was_sent(incident: Incident, outcome: str, at: datetime) -> str:
    """The code of a call that ends and that nobody has sent: why no program had it. Empty for what was no call."""
    if outcome in _NO_CALL:
        return ""
    judged = judge(incident=incident, at=at)
    suggested = choice.suggested(judged, incident)
    if not suggested.triaged:
        return "insufficient_information"
    if direction(suggested.response_class, "co_response") == "less" or suggested.program:
        return NOT_DIVERTED_ENDS.get(outcome, "nobody_sent")
    return not_diverted(judged, suggested, suggested, incident, "").code or "nobody_sent"


def settle(*, incident: Incident, by: User | None, at: datetime) -> bool:
    """Close a sent incident of which nothing is open: no call, no assignment, no hand-off, no unit still wanted.

    One that nobody sent closes when all its calls were misdials or tests. The incident is locked by the caller.
    Returns whether it closed.
    """
    if incident.sent_at is None:
        ends = set(incident.calls.values_list("ended_as", flat=True))
        if not ends or not ends <= _NOTHING_HAPPENED or incident.state in {"closed", "joined"}:
            return False
        _close(incident, min(ends), by, at, owed=False)
        return True
    if incident.state not in {"pending", "assigned", "on_scene", "transferred", "returned"}:
        return False
    if incident.offer_wanted or incident.late:
        return False
    if incident.calls.filter(state="open").exists():
        return False
    if incident.alarms.filter(kind__in=CALLS_FOR_HELP, ended_at__isnull=True).exists():
        return False
    if incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists():
        return False
    if incident.handoffs.filter(state__in=["ready", "requested"]).exists():
        return False
    transfers = incident.transfers.filter(direction="out")
    if transfers.filter(state__in=TRANSFER_LIVE).exists():
        return False
    again = _reopened_at(incident)
    cleared = incident.assignments.filter(state="cleared", ended_at__gte=again).order_by("-ended_at").first()
    acknowledged = incident.handoffs.filter(state="acknowledged", acknowledged_at__gte=again).exists()
    if cleared is not None and cleared.disposition != RETURNED:
        outcome = cleared.disposition
    elif transfers.filter(state="resolved", bridge=False, ended_at__gte=again).exists():
        outcome = "resolved_without_dispatch"
    elif acknowledged:
        outcome = "handed_off"
    else:
        return False
    _close(incident, outcome, by, at, owed=True)
    return True


def sent_before_reopening(incident: Incident) -> str:
    """The class that a reopened incident was sent as before; empty for one that was never closed."""
    rows = HistoryRow.objects.filter(incident_id=incident.pk, entity="incident", action="reopen").order_by("-id")
    last = rows.values_list("detail", flat=True).first()
    return str(last.get("class", "")) if last else ""


def _reopened_at(incident: Incident) -> Combinable:
    """When it was opened last: what ended before that is no outcome of what is asked for now. Part of the query."""
    again = HistoryRow.objects.filter(incident_id=incident.pk, entity="incident", action="reopen").order_by("-id")
    return Coalesce(Subquery(again.values("at")[:1]), Value(datetime.min.replace(tzinfo=UTC), DateTimeField()))


@transaction.atomic
def incident_close(*, incident: Incident, outcome: str, by: User, at: datetime) -> Incident:
    """A person closes an incident with an outcome.

    Raises Refused while a crew or a hand-off is still open, or for an outcome that is not in the table.
    """
    if outcome not in OUTCOMES:
        raise Refused("outcome_unknown", "Choose an outcome from the list.", field="outcome")
    incident = incident_locked(incident.pk)
    if incident.state == "closed":
        return incident
    if incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists():
        raise Refused("crew_still_assigned", "A crew is still assigned: clear or cancel it first.", status=409)
    if incident.handoffs.filter(state="requested").exists():
        raise Refused("handoff_open", "A hand-off waits for its acknowledgement: phone them, or cancel it.", status=409)
    if incident.transfers.filter(direction="out", state__in=TRANSFER_LIVE).exists():
        raise Refused("transfer_open", "The caller is being transferred: resolve it or take it back first.", status=409)
    if incident.calls.filter(state="open").exists():
        raise Refused("call_open", "The caller is still on the line: end the call first.", status=409)
    if incident.sent_at is None:
        incident.not_diverted_reason = _why_nobody_was_sent(incident, outcome, at)
    _close(incident, outcome, by, at, owed=False)
    audit(
        action="incident.close",
        at=at,
        by=by,
        centre=incident.centre,
        entity="incident",
        entity_id=incident.pk,
        detail={"outcome": outcome},
    )
    return incident


@transaction.atomic
def incident_reopen(*, incident: Incident, reason: str, by: User, at: datetime) -> Incident:
    """A closed incident was not over: it is open again, first of its priority, and must be decided anew.

    Its answers, crews' times and former decisions stay; answers given after it was sent still only raise, and less
    cautious than it was sent as takes two people, as before. Whoever reopens it owns it. Doing it twice changes
    nothing. Raises Refused without a coded reason, TransitionRefused for an incident that was joined to another.
    """
    require(by, *DISPATCHING)
    if reason not in REOPEN:
        raise Refused("reason_needed", "Choose why it is reopened.", field="reason")
    incident = incident_locked(incident.pk)
    if incident.state not in {"closed", "joined"}:
        return incident
    before, sent_as = incident.state, incident.response_class or sent_before_reopening(incident)
    incident.state = INCIDENT.to("reopen", before)
    if incident.triaged:
        incident.state = INCIDENT.to("triage", incident.state)
    incident.closed_at, incident.outcome, incident.top_at = None, "", at
    incident.owner_role, incident.owner = Role.DISPATCHER, by
    # Sent before, and not decided now: what is sent next is a person's new decision.
    incident.response_class, incident.program_version, incident.not_diverted_reason = "", None, ""
    incident.offer_wanted, incident.no_unit_reason, incident.no_unit_detail = False, "", []
    incident.promise_from = incident.promise_at = incident.held_until = incident.risen_at = None
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="reopen",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=reason,
        # Less than this takes two people, as it did before it was closed (services.decisions).
        detail={"class": sent_as},
        fields=[
            "state",
            "closed_at",
            "outcome",
            "top_at",
            "owner_role",
            "owner",
            "response_class",
            "program_version",
            "not_diverted_reason",
            "offer_wanted",
            "no_unit_reason",
            "no_unit_detail",
            "promise_from",
            "promise_at",
            "held_until",
            "risen_at",
        ],
    )
    audit(
        action="incident.reopen",
        at=at,
        by=by,
        centre=incident.centre,
        entity="incident",
        entity_id=incident.pk,
        detail={"reason": reason},
    )
    return incident
