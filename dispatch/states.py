"""Every noun's states and the one table of its transitions: `{action: (allowed from, to)}` (design section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass


class TransitionRefused(Exception):
    """The action is not allowed from the present state. A 409 at the HTTP doors."""

    def __init__(self, noun: str, action: str, state: str) -> None:
        self.noun, self.action, self.state = noun, action, state
        super().__init__(f"A {noun} that is {state.replace('_', ' ')} cannot be set to “{action.replace('_', ' ')}”.")


@dataclass(frozen=True)
class Transitions:
    """One noun's table. `to` looks an action up; nothing else decides whether a change is allowed."""

    noun: str
    table: Mapping[str, tuple[frozenset[str], str]]

    def to(self, action: str, state: str) -> str:
        """The state after `action`. Raises TransitionRefused, also for an action that does not exist."""
        allowed, target = self.table.get(action, (frozenset(), ""))
        if state not in allowed:
            raise TransitionRefused(self.noun, action, state)
        return target

    def actions_from(self, state: str) -> list[str]:
        return [action for action, (allowed, _) in self.table.items() if state in allowed]


def _f(*states: str) -> frozenset[str]:
    return frozenset(states)


CALL_ENDS = ("completed", "dropped", "abandoned", "silent", "transferred", "misdial", "test")
CALL_STATES = ("open", "ended")

INCIDENT_STATES = (
    "open",
    "triaged",
    "pending",
    "assigned",
    "on_scene",
    "transferred",
    "returned",
    "held",
    "closed",
    "joined",
)
INCIDENT_LIVE = _f(*(state for state in INCIDENT_STATES if state not in {"closed", "joined"}))
_SENT = _f("pending", "assigned", "on_scene", "transferred", "returned", "held")

INCIDENT = Transitions(
    "incident",
    {
        "triage": (_f("open", "triaged"), "triaged"),
        "untriage": (_f("open", "triaged"), "open"),
        "queue": (_f("open", "triaged", *_SENT), "pending"),
        "assign": (_f("pending", "assigned", "transferred", "returned"), "assigned"),
        "arrive": (_f("assigned", "on_scene"), "on_scene"),
        "transfer": (_f("open", "triaged", *_SENT), "transferred"),
        "return_to_911": (_SENT, "returned"),
        "hold": (_f("triaged", "pending"), "held"),
        "hold_over": (_f("held"), "triaged"),
        "close": (INCIDENT_LIVE, "closed"),
        "join": (INCIDENT_LIVE, "joined"),
        "reopen": (_f("closed"), "open"),
    },
)

ASSIGNMENT_LIVE = _f("offered", "accepted", "en_route", "staged", "on_scene", "with_person", "transporting")
ASSIGNMENT_ACCEPTED = ASSIGNMENT_LIVE - {"offered"}
ASSIGNMENT_ENDS = ("cleared", "declined", "expired", "cancelled", "preempted")
ASSIGNMENT_STATES = (*sorted(ASSIGNMENT_LIVE), *ASSIGNMENT_ENDS)

ASSIGNMENT = Transitions(
    "assignment",
    {
        "accept": (_f("offered"), "accepted"),
        "decline": (_f("offered"), "declined"),
        "expire": (_f("offered"), "expired"),
        "en_route": (_f("accepted", "staged"), "en_route"),
        "stage": (_f("accepted", "en_route"), "staged"),
        "on_scene": (_f("accepted", "en_route", "staged"), "on_scene"),
        # A clinician on the telephone is with the person without ever being on a scene.
        "with_person": (_f("accepted", "on_scene"), "with_person"),
        "transport": (_f("on_scene", "with_person"), "transporting"),
        "clear": (ASSIGNMENT_ACCEPTED, "cleared"),
        "cancel": (ASSIGNMENT_LIVE, "cancelled"),
        "preempt": (_f("accepted", "en_route"), "preempted"),
    },
)

# The one next step that the phone page offers as its big button.
NEXT_STEP = {
    "offered": "accept",
    "accepted": "en_route",
    "en_route": "on_scene",
    "staged": "on_scene",
    "on_scene": "with_person",
    "with_person": "clear",
    "transporting": "clear",
}
NEXT_STEP_BY_PHONE = {"offered": "accept", "accepted": "with_person", "with_person": "clear"}

HANDOFF_STATES = ("ready", "requested", "acknowledged", "cancelled")
HANDOFF = Transitions(
    "hand-off",
    {
        "request": (_f("ready"), "requested"),
        "acknowledge": (_f("requested"), "acknowledged"),
        "cancel": (_f("ready", "requested"), "cancelled"),
    },
)
HANDOFF_OWNER_ALARM_S = 30
HANDOFF_SUPERVISOR_ALARM_S = 60

DECISION_STATES = ("standing", "waiting_second", "refused", "superseded")
SECOND_PERSON_WAIT_S = 60
