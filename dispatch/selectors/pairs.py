"""The two halves of a co-response: whether the officer's half lets the clinician go on."""

from uuid import UUID

from django.db.models import Q

from dispatch.models import Assignment, HistoryRow
from dispatch.models.assignment import Slot
from dispatch.selectors.engine_facts import has_officer, is_co_response
from dispatch.states import ASSIGNMENT_LIVE

_THERE = frozenset({"on_scene", "with_person", "transporting"})
WAITS = {
    "accept": "Waiting for the officer to accept",
    "scene": "Waiting for the officer on scene, or for “scene safe”",
}
OFFICER_ABOARD = Q(unit__armed=True) | Q(unit__capabilities__contains=["officer"])
"""Assignments whose unit has an officer aboard (engine_facts.has_officer)."""


def officer_awaited(assignment: Assignment) -> str:
    """What the clinician's half of a pair still waits for: `accept`, `scene`, or nothing (empty). A key of WAITS.

    Whoever assists in such a response waits for the same officer; an officer who assists, beside one that does not
    answer, for example, is as good as the first. Unknown is never yes: without an officer's half that can be found, the
    officer has not accepted, and one who cleared without ever arriving has not made the scene safe. Where the pair has
    fallen apart, whoever assists may drive there, and not go in.
    """
    unit = assignment.unit
    if assignment.slot == Slot.OFFICER or has_officer(unit.armed, unit.capabilities):
        return ""
    half = assignment if assignment.pair is not None else _beside(assignment)
    if half is None and not _of_two_units(assignment):
        return ""
    officer = None
    if half is not None:
        officer = Assignment.objects.filter(
            pair=half.pair, slot=Slot.OFFICER, state__in=[*ASSIGNMENT_LIVE, "cleared"]
        ).first()
    states = set(officers_under_way(assignment.incident_id))
    if states & _THERE or (officer is not None and officer.state == "cleared" and officer.on_scene_at):
        return ""
    handoff = half.officer_handoff if half is not None else None
    accepted = handoff is not None and handoff.state == "acknowledged"
    if officer is not None:
        accepted = officer.state != "offered"
    if half is not None and not accepted and states <= {"offered"}:
        return "accept"
    return "" if scene_safe_said(assignment) else "scene"


def officers_under_way(incident_id: UUID) -> list[str]:
    """The states of the incident's live assignments that bring an officer to a pair: its half, and who assists it."""
    live = Assignment.objects.filter(incident=incident_id, state__in=ASSIGNMENT_LIVE)
    assists = Q(slot=Slot.ASSIST) & OFFICER_ABOARD
    return list(live.filter(Q(slot=Slot.OFFICER) | assists).values_list("state", flat=True))


def _beside(assignment: Assignment) -> Assignment | None:
    """A half of the pair that is under way beside an assisting unit: who comes in addition waits for the same officer.
    None where there is no such pair."""
    if assignment.slot != Slot.ASSIST or assignment.by_phone:
        return None
    return pair_under_way(assignment.incident_id)


def _of_two_units(assignment: Assignment) -> bool:
    """Whether a unit assists in a response of two units, which may have fallen apart by now."""
    if assignment.slot != Slot.ASSIST or assignment.by_phone:
        return False
    version = assignment.program_version
    return version is not None and is_co_response(version, "two_units")


def pair_under_way(incident_id: UUID) -> Assignment | None:
    """A half of an incident's pair that is asked or under way, the clinician's before the officer's."""
    live = Assignment.objects.filter(incident=incident_id, pair__isnull=False, state__in=ASSIGNMENT_LIVE)
    return live.select_related("officer_handoff").order_by("-offered_at", "-slot").first()


def scene_safe_said(assignment: Assignment) -> bool:
    """Whether somebody on the scene has said “scene safe” since this assignment was offered: by the order in which both
    were written down, under the incident's lock, and not by the clocks of two machines."""
    rows = HistoryRow.objects.filter(incident_id=assignment.incident_id)
    offers = rows.filter(entity="assignment", entity_id=assignment.pk, action="offer").values_list("id", flat=True)
    return rows.filter(action="scene_safe", id__gt=max(offers, default=0)).exists()
