"""The promised wait is about to end: a dispatcher extends it with a reason, or calls the caller back.

The other two choices, another program and a more cautious class, are decisions (services.decisions).
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from accounts.access import DISPATCHING, FLOOR, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Incident, NarrativeEntry
from dispatch.plan import DEFAULT_PROMISE_S
from dispatch.reasons import EXTEND, words
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.journal import incident_locked, record
from dispatch.services.narrative import note_add
from programs.selectors import spec_wait_s

MOST_EXTENSIONS = 2
MOST_EXTENSION_S = 3600
"""A promise is extended twice at most, each time by no more than the program's own wait and never by over an hour:
a wait that may be extended for ever is none (our own bound)."""


def extension_most_min(incident: Incident) -> int:
    """By how many minutes at most a promise may be extended at one time."""
    promised = spec_wait_s(incident.program_version, incident.priority, DEFAULT_PROMISE_S)
    return min(MOST_EXTENSION_S, promised) // 60


@transaction.atomic
def promise_extend(
    *, id: UUID, incident: Incident, minutes: int, reason: str, caller_told: bool, by: User, at: datetime
) -> Incident:
    """Give the promise a later end, with a coded reason. The same id twice is one extension.

    The caller is told the new time: now, which is noted as a callback, or later, which is an alarm until it is noted.
    The safety questions are asked again, since the answers are as old as the wait. Raises Refused at the field.
    """
    require(by, *DISPATCHING)
    if reason not in EXTEND:
        raise Refused("reason_needed", "Choose why it may take longer.", field="reason")
    incident = incident_locked(incident.pk)
    if NarrativeEntry.objects.filter(pk=uuid5(id, "extended")).exists():
        return incident
    if incident.promise_at is None or not (incident.offer_wanted or incident.state == "pending"):
        raise Refused("no_promise", "No promise is running for this call.", status=409)
    if incident.risen_at is not None:
        raise Refused("danger_risen", "Danger has risen: choose the response again, it cannot wait.", status=409)
    if incident.promise_extended >= MOST_EXTENSIONS:
        raise Refused(
            "extended_enough",
            "This promise was extended twice already: choose another program or a more cautious response.",
            status=409,
        )
    most = extension_most_min(incident)
    if not 1 <= minutes <= most:
        bounds = f"1 to {most} minutes" if most > 1 else "1 minute"
        raise Refused("extension_bounds", f"Choose {bounds}: no longer than the promise itself.", field="minutes")
    incident.promise_at = max(at, incident.promise_at) + timedelta(minutes=minutes)
    incident.promise_extended += 1
    incident.ask_again_at = at
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="promise_extend",
        by=by,
        at=at,
        reason=reason,
        detail={"minutes": minutes},
        fields=["promise_at", "promise_extended", "ask_again_at"],
    )
    audit(
        action="promise.extend",
        at=at,
        by=by,
        centre=incident.centre,
        entity="incident",
        entity_id=incident.pk,
        detail={"reason": reason, "minutes": minutes},
    )
    over = (Alarm.Kind.PROMISE_WARNING, Alarm.Kind.PROMISE_BROKEN)
    alarms_end(*over, subject=str(incident.pk), at=at, by=by, note="extended")
    until = incident.promise_at.astimezone(incident.centre.zone)
    said = f"Promise extended to {until:%H:%M}: {words(EXTEND, reason).lower()}."
    note_add(
        id=uuid5(id, "extended"),
        incident=incident,
        text=f"{said} The caller was told." if caller_told else f"{said} The caller is to be told.",
        kind=NarrativeEntry.Kind.CALLBACK if caller_told else NarrativeEntry.Kind.SYSTEM,
        by=by,
        at=at,
    )
    if not caller_told:
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.CALL_BACK,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=incident.owner_role,
            owner=incident.owner,
        )
    incident.refresh_from_db()
    return incident


@transaction.atomic
def callback_note(*, id: UUID, incident: Incident, reached: bool, text: str, by: User, at: datetime) -> NarrativeEntry:
    """Somebody called the caller back: reached or not, and what was said. The same id twice is one entry.

    Reaching the caller ends what was owed to them: the new time, the end of a hold, a dropped call's callback.
    """
    require(by, *FLOOR)
    said = "Called back: reached." if reached else "Called back: no answer."
    entry = note_add(
        id=id, incident=incident, text=f"{said} {text.strip()}".strip(), kind=NarrativeEntry.Kind.CALLBACK, by=by, at=at
    )
    if reached:
        owed = (Alarm.Kind.CALL_BACK, Alarm.Kind.HOLD_OVER)
        alarms_end(*owed, subject=str(entry.incident_id), at=at, by=by, note="caller reached")
    return entry
