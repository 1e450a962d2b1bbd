"""What a crew sees of its work: orders and hazards first, then where, what is known, and the next step."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from dispatch.access import audiences_of
from dispatch.models import (
    Alarm,
    Assignment,
    CrewReport,
    HistoryRow,
    Incident,
    LocationEntry,
    NarrativeEntry,
    StageOrder,
)
from dispatch.models.alarm import CALLS_FOR_HELP
from dispatch.reasons import FOLLOW_UP_OWED, POLICE_ASKED, REFERRALS, SERVICES_ACCEPTED, TAKEN_TO
from dispatch.selectors.incident import cautions_for
from dispatch.selectors.pairs import officer_awaited
from dispatch.selectors.profiles import FLAGS
from dispatch.selectors.triage import answers_merged, place_of
from dispatch.states import ASSIGNMENT, ASSIGNMENT_LIVE, NEXT_STEP, NEXT_STEP_BY_PHONE
from people.models import Caution
from responders.models import CrewMember, Unit
from triage import natures, vocabulary

_NOT_THE_CREWS = frozenset({"expire", "cancel", "preempt"})
_TRAVEL = frozenset({"en_route", "stage", "on_scene", "transport"})
_ENTERS = frozenset({"on_scene", "with_person"})


@dataclass(frozen=True)
class Work:
    """One offer or assignment with all that its crew may and must know."""

    assignment: Assignment
    stage_order: StageOrder | None
    actions: tuple[str, ...]
    next_step: str
    nature_name: str
    place: LocationEntry | None
    cautions: tuple[Caution, ...]
    answers: dict[str, Any]
    notes: tuple[NarrativeEntry, ...]
    withheld_notes: int

    @property
    def incident(self) -> Incident:
        return self.assignment.incident

    @property
    def cautions_read(self) -> bool:
        """Whether the crew has read the hazards, or was told them."""
        return self.assignment.cautions_read_at is not None or self.assignment.relayed_by_id is not None


def crew_actions(assignment: Assignment, order: StageOrder | None) -> tuple[str, ...]:
    """What a crew may do now, in the order of a call; a standing stage order forbids going in."""
    found = [action for action in ASSIGNMENT.actions_from(assignment.state) if action not in _NOT_THE_CREWS]
    if assignment.by_phone:
        found = [action for action in found if action not in _TRAVEL]
    awaited = officer_awaited(assignment)
    if awaited:
        shut = _ENTERS | {"transport", "en_route"} if awaited == "accept" else _ENTERS | {"transport"}
        found = [action for action in found if action not in shut]
    if order is not None:
        found = [action for action in found if action not in _ENTERS]
        if order.acknowledged_at is None:
            found.insert(0, "acknowledge_stage")
    if assignment.check_due_at is not None:
        found.append("ok")
    if assignment.state != "offered":
        found.append("return")
    return tuple(found)


_STEPS_TIMED = {
    "offer": "offered",
    "accept": "accepted",
    "en_route": "en route",
    "stage": "staged",
    "on_scene": "on scene",
    "with_person": "with the person",
    "transport": "transporting",
    "clear": "cleared",
}


@dataclass(frozen=True)
class StepTime:
    """One timestamp of an assignment: by the server's clock, and by the phone's where the crew gave it."""

    words: str
    at: datetime
    device_at: datetime | None
    late: bool = False
    """It came too late to be applied."""


def step_times(assignment: Assignment) -> list[StepTime]:
    """The timestamps of an assignment, in the order in which the server learnt of them; late ones marked."""
    rows = HistoryRow.objects.filter(entity="assignment", entity_id=assignment.pk).order_by("id")
    found: list[StepTime] = []
    for row in rows:
        late = row.action.startswith("late_")
        words = _STEPS_TIMED.get(row.action.removeprefix("late_"))
        if words is not None:
            found.append(StepTime(words, row.at, row.device_at, late))
    return found


def crews_of(assignment: Assignment) -> list[CrewMember]:
    """Everybody who was on the unit while the assignment ran, the first crew first: a change keeps both."""
    began = assignment.accepted_at or assignment.offered_at
    crew = CrewMember.objects.filter(unit=assignment.unit_id).select_related("user")
    crew = crew.filter(Q(until__isnull=True) | Q(until__gt=began))
    if assignment.ended_at is not None:
        crew = crew.filter(since__lt=assignment.ended_at)
    return list(crew.order_by("since", "pk"))


def next_step(assignment: Assignment, actions: tuple[str, ...]) -> str:
    """The one step that comes next; empty while the crew can only wait."""
    if "acknowledge_stage" in actions:
        return "acknowledge_stage"
    step = (NEXT_STEP_BY_PHONE if assignment.by_phone else NEXT_STEP).get(assignment.state, "")
    return step if step in actions else ""


def work_of(*, unit: Unit, viewer: User, at: datetime) -> list[Work]:
    """The unit's live assignments, the furthest first, each with what its viewer may see."""
    live = (
        Assignment.objects.filter(unit=unit, state__in=ASSIGNMENT_LIVE)
        .select_related("incident__centre", "incident__owner", "incident__program_version__program", "unit")
        .order_by("-accepted_at", "offered_at")
    )
    allowed = audiences_of(viewer)
    order = list(NEXT_STEP)
    return sorted(
        (_work(assignment, allowed, at) for assignment in live),
        key=lambda work: order.index(work.assignment.state),
        reverse=True,
    )


def _work(assignment: Assignment, allowed: frozenset[str], at: datetime) -> Work:
    incident = assignment.incident
    order = StageOrder.objects.filter(assignment=assignment, lifted_at__isnull=True).first()
    actions = crew_actions(assignment, order)
    place = place_of(incident)
    nature = natures.load().get(incident.nature or None)
    notes = list(incident.narrative.select_related("words", "by", "struck_by").order_by("at", "id"))
    shown = tuple(note for note in notes if note.audience in allowed)
    # A profile's notes are no question to ask on the way, but what was taken over is the crew's to know.
    crew_keys = {*vocabulary.load().crew_keys, FLAGS}
    return Work(
        assignment=assignment,
        stage_order=order,
        actions=actions,
        next_step=next_step(assignment, actions),
        nature_name=nature.name if nature else "Not said yet",
        place=place,
        cautions=tuple(cautions_for(incident, place, at)),
        answers={key: value for key, value in answers_merged(incident).items() if key in crew_keys},
        notes=shown,
        withheld_notes=len(notes) - len(shown),
    )


def help_stands(unit: Unit) -> bool:
    """Whether the crew's call for help has not been heard yet."""
    return Alarm.objects.filter(kind__in=CALLS_FOR_HELP, unit=unit, ended_at__isnull=True).exists()


_REPORT = (
    ("taken_to", "taken to", TAKEN_TO),
    ("referral", "referred to", REFERRALS),
    ("police_asked", "police", POLICE_ASKED),
    ("follow_up", "looks in again", FOLLOW_UP_OWED),
)


def reports_said(assignments: list[Assignment]) -> list[str]:
    """What crews that have cleared said of their visit, a line for each; what they did not say is left out."""
    cleared = [one.pk for one in assignments if one.state == "cleared"]
    if not cleared:
        return []
    said = []
    for report in CrewReport.objects.filter(assignment__in=cleared).select_related("assignment__unit").order_by("at"):
        given = ((label, codes.get(getattr(report, name), "")) for name, label, codes in _REPORT)
        parts = [f"{label}: {words.lower()}" for label, words in given if words]
        if report.services:
            parts.insert(0, f"accepted: {', '.join(SERVICES_ACCEPTED[code].lower() for code in report.services)}")
        said.append(f"{report.assignment.unit} says: {'; '.join(parts)}")
    return said
