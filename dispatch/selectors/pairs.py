"""The two halves of a co-response: whether the officer's half lets the clinician go on."""

from uuid import UUID

from dispatch.models import Assignment, HistoryRow
from dispatch.models.assignment import Slot
from dispatch.states import ASSIGNMENT_LIVE

_THERE = frozenset({"on_scene", "with_person", "transporting"})
WAITS = {
    "accept": "Waiting for the officer to accept",
    "scene": "Waiting for the officer on scene, or for “scene safe”",
}


def officer_awaited(assignment: Assignment) -> str:
    """What the clinician's half of a pair still waits for: `accept`, `scene`, or nothing (empty). A key of WAITS.

    Unknown is never yes: without an officer's half that can be found, the officer has not accepted, and one who cleared
    without ever arriving has not made the scene safe.
    """
    if assignment.slot == Slot.OFFICER or assignment.unit.armed:
        return ""
    half = assignment if assignment.pair is not None else _beside(assignment)
    if half is None:
        return ""
    officer = Assignment.objects.filter(
        pair=half.pair, slot=Slot.OFFICER, state__in=[*ASSIGNMENT_LIVE, "cleared"]
    ).first()
    if officer is not None and (officer.state in _THERE or (officer.state == "cleared" and officer.on_scene_at)):
        return ""
    handoff = half.officer_handoff
    accepted = handoff.state == "acknowledged" if handoff is not None else False
    if officer is not None:
        accepted = officer.state != "offered"
    if not accepted:
        return "accept"
    return "" if scene_safe_said(assignment) else "scene"


def _beside(assignment: Assignment) -> Assignment | None:
    """A half of the pair that is under way beside an assisting unit: who comes in addition waits for the same officer.
    None where there is no such pair."""
    if assignment.slot != Slot.ASSIST or assignment.by_phone:
        return None
    return pair_under_way(assignment.incident_id)


def pair_under_way(incident_id: UUID) -> Assignment | None:
    """A half of an incident's pair that is asked or under way, the clinician's before the officer's."""
    live = Assignment.objects.filter(incident=incident_id, pair__isnull=False, state__in=ASSIGNMENT_LIVE)
    return live.select_related("officer_handoff").order_by("-offered_at", "-slot").first()


def scene_safe_said(assignment: Assignment) -> bool:
    """Whether somebody on the scene has said “scene safe” since this assignment was offered."""
    return HistoryRow.objects.filter(
        incident_id=assignment.incident_id, action="scene_safe", at__gte=assignment.offered_at
    ).exists()
