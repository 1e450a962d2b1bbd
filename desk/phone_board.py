"""What the crew's phone shows: orders and hazards first, then the one next step, then everything else."""

from datetime import datetime
from typing import Any

from accounts.models import User
from desk.detail import answer_rows, caution_rows, note_rows
from dispatch.models import Alarm, Assignment, StageOrder
from dispatch.models.assignment import Slot
from dispatch.reasons import (
    CLEARED,
    DECLINE,
    FOLLOW_UP_OWED,
    POLICE_ASKED,
    REFERRALS,
    RETURN,
    SENT_CLASS,
    SERVICES_ACCEPTED,
    TAKEN_TO,
)
from dispatch.selectors.crew import step_times
from dispatch.selectors.cues import unverified_words
from dispatch.selectors.hazards_told import shown_words
from dispatch.selectors.incident import incident_detail
from dispatch.selectors.pairs import WAITS, officer_awaited
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.staging import order_mark
from dispatch.states import ASSIGNMENT, ASSIGNMENT_LIVE, NEXT_STEP, NEXT_STEP_BY_PHONE
from people.models import Caution
from responders.models import Unit
from responders.selectors import shift_end
from responders.services import EQUIPMENT
from triage import natures

LANGUAGE_CODE = 3
"""Letters of a language code at most: some units have theirs among the capabilities."""
STEP_WORDS = {
    "accept": "Accept",
    "en_route": "En route",
    "stage": "Staged: waiting",
    "on_scene": "On scene",
    "with_person": "With the person",
    "transport": "Transporting",
    "clear": "Clear",
}
_BACKUP_ALARMS = (Alarm.Kind.PANIC, Alarm.Kind.BACKUP_URGENT, Alarm.Kind.BACKUP)
_OTHER_STEPS = ("en_route", "stage", "on_scene", "with_person", "transport")
_PHONE_STEPS = ("with_person",)
_MET = (
    "welfare_check", "mental_health_crisis", "person_in_distress", "intoxicated_person", "suicidal_person",
    "minor_medical", "basic_needs", "shelter_request", "transport_request", "unknown_problem",
)  # fmt: skip
"""What crews mostly meet, as one tap; the dispatcher changes it to any other nature."""
REPORT = (
    ("taken_to", "Taken to", TAKEN_TO),
    ("services", "Accepted", SERVICES_ACCEPTED),
    ("referral", "Referred to", REFERRALS),
    ("police_asked", "Police", POLICE_ASKED),
    ("follow_up", "Somebody looks in again", FOLLOW_UP_OWED),
)
"""The report's questions, none of which must be answered: (field, words, codes in words)."""


def _assignment(one: Assignment, viewer: User, at: datetime) -> dict[str, Any]:
    detail = incident_detail(incident=one.incident, viewer=viewer, at=at)
    next_step = (NEXT_STEP_BY_PHONE if one.by_phone else NEXT_STEP).get(one.state, "")
    possible = set(ASSIGNMENT.actions_from(one.state))
    others = _PHONE_STEPS if one.by_phone else _OTHER_STEPS
    order = StageOrder.objects.filter(assignment=one, lifted_at__isnull=True).first()
    awaited = officer_awaited(one)
    if awaited:
        # The officer first: what the clinician may not do yet is not offered.
        possible -= {"on_scene", "with_person", "transport"} | ({"en_route"} if awaited == "accept" else set())
        next_step = next_step if next_step in possible else ""
    if order is not None:
        # Under a stage order the scene is shut: the page offers to wait, not to enter.
        possible -= {"on_scene", "with_person"}
        next_step = next_step if next_step in possible else "stage" if "stage" in possible else ""
    numbers = [call.phone.number for call in detail.calls if call.phone and call.phone.number]
    place = detail.place
    answers = answer_rows(detail)
    return {
        "id": one.pk,
        "incident_id": one.incident_id,
        "offered": one.state == "offered",
        "expires_at": one.offer_expires_at,
        "code": detail.row.code,
        "priority": detail.row.priority,
        "level": detail.row.level,
        "nature": detail.row.nature_name,
        "program": detail.row.program,
        "place": place,
        "has_point": place is not None and place.lat is not None,
        "numbers": numbers,
        "why": one.why.get("reasons", []) if isinstance(one.why, dict) else [],
        "eta_words": f"about {max(1, round(one.eta_s / 60))} min from you" if one.eta_s else "",
        "cautions": _caution_rows(detail.cautions),
        "shown": shown_words(place.pk if place is not None else None, [caution.pk for caution in detail.cautions]),
        "answers": answers,
        "unverified": unverified_words([one.incident_id]).get(one.incident_id, []),
        "dangers": [row for row in answers if row["level"]],
        "notes": note_rows(detail.narrative),
        "withheld": detail.withheld_notes,
        "since": one.state_since or one.offered_at,
        "awaited": WAITS.get(awaited, ""),
        "near": one.state == "en_route" and one.near_at is not None,
        "check_due": one.check_due_at,
        "place_changed": any(
            alarm.kind == Alarm.Kind.PLACE_CHANGED and alarm.subject == str(one.pk) for alarm in detail.alarms
        ),
        "hazards_unread": bool(detail.cautions)
        and one.state != "offered"
        and one.cautions_read_at is None
        and one.relayed_by_id is None,
        "times": step_times(one),
        "leads": one.slot != Slot.ASSIST,
        "later": _later_steps(one, next_step, order is not None),
        "state": one.get_state_display(),
        "by_phone": one.by_phone,
        "next": (next_step, STEP_WORDS[next_step]) if next_step and next_step != "clear" else None,
        "may_clear": "clear" in possible,
        "others": [(step, STEP_WORDS[step]) for step in others if step in possible and step != next_step],
        "order": order,
        "order_mark": order_mark(order) if order is not None else "",
        "handoffs": [h for h in detail.handoffs if h.state in {"requested", "acknowledged"}],
    }


def _caution_rows(cautions: list[Caution]) -> list[dict[str, Any]]:
    """As everywhere; advice on how to meet somebody (kind `approach`) is said as that, and not as a hazard."""
    rows = []
    for row, one in zip(caution_rows(cautions), cautions, strict=True):
        approach = "this person" if one.person_id else "people here"
        title = f"How to approach {approach}" if one.kind == "approach" else f"Hazard {row['subject']}"
        rows.append({**row, "title": title})
    return rows


def _later_steps(one: Assignment, next_step: str, staged: bool) -> list[tuple[str, str]]:
    """The steps after the next one, for a phone that cannot reach the server: they are sent when it is back."""
    order = _PHONE_STEPS if one.by_phone else ("en_route", "on_scene", "with_person")
    if one.state == "offered":
        return [(step, STEP_WORDS[step]) for step in order]
    if staged or next_step not in order:
        return []
    return [(step, STEP_WORDS[step]) for step in order[order.index(next_step) + 1 :]]


def phone_context(unit: Unit | None, viewer: User, at: datetime) -> dict[str, Any]:
    """Context of the phone's board for the unit that the person is on."""
    if unit is None:
        units = Unit.objects.filter(centre=viewer.centre, agency=viewer.agency).order_by("call_sign")
        return {"unit": None, "units": units, "now": at}
    live = (
        Assignment.objects.filter(unit=unit, state__in=ASSIGNMENT_LIVE)
        .select_related("incident__centre", "incident__owner", "incident__program_version__program", "unit")
        .order_by("state", "offered_at")
    )
    asked = Alarm.objects.filter(kind__in=_BACKUP_ALARMS, unit=unit, ended_at__isnull=True).select_related("owner")
    help_alarm = min(asked, key=lambda one: _BACKUP_ALARMS.index(Alarm.Kind(one.kind)), default=None)
    rows = [_assignment(one, viewer, at) for one in live]
    crew = [member.user for member in unit.crew.filter(until__isnull=True).select_related("user")]
    return {
        "unit": unit,
        "row": unit_rows(centre=unit.centre, at=at, ids=[unit.pk])[0],
        "crew": crew,
        "offers": [row for row in rows if row["offered"]],
        "current": [row for row in rows if not row["offered"]],
        "orders": [row for row in rows if row["order"] is not None and row["order"].acknowledged_at is None],
        "help": help_alarm,
        "declines": DECLINE.items(),
        "returns": RETURN.items(),
        "dispositions": CLEARED.items(),
        "sent_classes": SENT_CLASS.items(),
        "report": [(name, words, codes.items()) for name, words, codes in REPORT],
        "met": [(one.slug, one.name) for slug in _MET if (one := natures.load().get(slug)) is not None],
        "equipment": [(one, said, one in unit.capabilities) for one, said in EQUIPMENT.items()],
        "skills": [one for one in unit.capabilities if one not in EQUIPMENT and len(one) > LANGUAGE_CODE],
        "spoken": sorted({*unit.languages, *(code for member in crew for code in member.languages)}),
        "shift_ends": shift_end(list(unit.shifts.all()), at, unit.centre.zone),
        "zone": unit.centre.time_zone,
        "now": at,
    }
