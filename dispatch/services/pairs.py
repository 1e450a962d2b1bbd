"""Co-response as two assignments, the officer's and the clinician's: they fail together.

How they are offered together is in dispatch.services.co_response, what the one waits for in dispatch.selectors.pairs.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import DISPATCHING, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Alarm, Assignment, Handoff, Incident
from dispatch.models.assignment import Slot
from dispatch.selectors.pairs import OFFICER_ABOARD
from dispatch.services.alarms import alarm_raise
from dispatch.services.journal import incident_locked, record
from dispatch.services.promise_clock import promise_again
from dispatch.services.standing_orders import crew_released
from dispatch.states import ASSIGNMENT, ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE, INCIDENT

RELEASED = "other_half_gone"
_UNDER_WAY = ("offered", "accepted", "en_route", "staged")
_WORDS = {
    "declined": "declined",
    "expired": "did not answer",
    "cancelled": "was cancelled",
    "preempted": "was taken for a more urgent call",
}


def pair_ends(
    *, incident: Incident, pair: UUID, who: str, how: str, by: User | None, at: datetime, again: bool
) -> None:
    """One half of a pair fell out of a locked incident: the other is released in the same transaction.

    A half that is already on the scene is never taken away: its crew and the dispatcher are told. Nor is one whose
    other half has a helper under way, who stands in for it. `who` is the call sign or service that fell out, `how` its
    last state. `again`: the engine looks for both anew, unless danger rose.
    """
    if _helped(incident, pair, by, at):
        return
    words = f"{who} {_WORDS.get(how, how)}"
    others = Assignment.objects.select_for_update(of=("self",)).select_related("unit").filter(pair=pair)
    there = list(others.filter(state__in=["on_scene", "with_person", "transporting"]))
    released = list(others.filter(state__in=_UNDER_WAY))
    for half in released:
        before = half.state
        half.state = ASSIGNMENT.to("cancel", before)
        half.ended_at, half.end_reason, half.state_since, half.version = at, RELEASED, at, half.version + 1
        half.save(update_fields=["state", "ended_at", "end_reason", "state_since", "version"])
        record(
            incident=incident,
            entity="assignment",
            row=half,
            action="cancel",
            by=by,
            at=at,
            from_state=before,
            to_state=half.state,
            reason=RELEASED,
            detail={"other": how},
            ids={"unit": str(half.unit_id)},
        )
        audit(
            action="assignment.cancel",
            at=at,
            by=by,
            centre=incident.centre,
            entity="assignment",
            entity_id=half.pk,
            detail={"reason": RELEASED},
        )
        crew_released(half, by, at)
    if not released and not there:
        return
    if released and again:
        _look_again(incident, by, at)
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.PAIR_BROKEN,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        unit=(there or released)[0].unit,
        owner=incident.owner,
        urgent=bool(there),
        detail={
            "words": f"{words}: {there[0].unit.call_sign} is on scene alone"
            if there
            else f"{words}: {released[0].unit.call_sign} was released"
        },
    )


def _helped(incident: Incident, pair: UUID, by: User | None, at: datetime) -> bool:
    """Whether somebody who assists stands in for the half that fell out of a locked incident. An officer has the
    officer's place from now on; beside the clinician's, a person says who leads (dispatch.services.primary)."""
    left = list(Assignment.objects.filter(pair=pair, state__in=ASSIGNMENT_LIVE).values_list("slot", flat=True))
    helpers = incident.assignments.select_for_update(of=("self",)).select_related("unit").order_by("accepted_at")
    helpers = helpers.filter(slot=Slot.ASSIST, state__in=ASSIGNMENT_ACCEPTED, by_phone=False)
    if left == [Slot.OFFICER]:
        return helpers.exclude(OFFICER_ABOARD).exists()
    officer = helpers.filter(OFFICER_ABOARD).first() if left == [Slot.PRIMARY] else None
    if officer is None:
        return False
    officer.slot, officer.pair, officer.version = Slot.OFFICER, pair, officer.version + 1
    officer.save(update_fields=["slot", "pair", "version"])
    record(
        incident=incident,
        entity="assignment",
        row=officer,
        action="promote",
        by=by,
        at=at,
        from_state=Slot.ASSIST,
        to_state=Slot.OFFICER,
        ids={"unit": str(officer.unit_id)},
    )
    return True


def officer_left(*, incident: Incident, officer: Assignment, at: datetime) -> None:
    """The officer's half of a locked incident has cleared. A clinician who is not there yet is told by an alarm: the
    dispatcher finds another officer, or somebody says “scene safe”."""
    if officer.pair is None or officer.slot != Slot.OFFICER:
        return
    half = Assignment.objects.select_related("unit").filter(pair=officer.pair, state__in=_UNDER_WAY).first()
    if half is None:
        return
    how = "has left the scene" if officer.on_scene_at is not None else "cleared without arriving"
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.PAIR_BROKEN,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        unit=half.unit,
        owner=incident.owner,
        detail={"words": f"{officer.unit.call_sign} {how}: {half.unit.call_sign} is not there yet"},
    )


def _look_again(incident: Incident, by: User | None, at: datetime) -> None:
    before = incident.state
    incident.offer_wanted = incident.program_version_id is not None and incident.risen_at is None
    if before in {"assigned", "on_scene"} and not incident.assignments.filter(state__in=ASSIGNMENT_ACCEPTED).exists():
        incident.state = INCIDENT.to("queue", before)
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="pair_broken",
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        fields=["state", "offer_wanted", *promise_again(incident, at)],
    )


def officer_handoff_ends(*, incident: Incident, handoff: Handoff, by: User | None, at: datetime) -> None:
    """Police fell out of a co-response (their hand-off was withdrawn or declined): the clinician is released."""
    for half in incident.assignments.filter(officer_handoff=handoff, slot=Slot.PRIMARY):
        if half.pair is not None:
            pair_ends(incident=incident, pair=half.pair, who="Police", how=handoff.state, by=by, at=at, again=True)


@transaction.atomic
def scene_safe_say(*, incident: Incident, said_by: str, by: User, at: datetime) -> Incident:
    """A dispatcher records that somebody on the scene has said “scene safe”, and who. It opens the scene to a clinician
    who waits for the officer; a stage order it does not lift."""
    require(by, *DISPATCHING)
    if not said_by.strip():
        raise Refused("who_said_it", "Name who said that the scene is safe.", field="said_by")
    incident = incident_locked(incident.pk)
    record(
        incident=incident,
        entity="incident",
        row=incident,
        action="scene_safe",
        by=by,
        at=at,
        reason=said_by.strip()[:80],
    )
    audit(action="scene.safe", at=at, by=by, centre=incident.centre, entity="incident", entity_id=incident.pk)
    return incident
