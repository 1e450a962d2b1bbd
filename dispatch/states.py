"""Every noun's states and the one table of its transitions: `{action: (allowed from, to)}` (design section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass


class TransitionRefused(Exception):
    """The action is not allowed from the present state. A 409 at the HTTP doors."""

    def __init__(self, noun: str, action: str, state: str) -> None:
        self.noun, self.action, self.state = noun, action, state
        super().__init__(
            f"This {noun} is {state.replace('_', ' ')} now: it cannot be set to “{action.replace('_', ' ')}”."
            " Look at it as it stands."
        )


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
CALL_LOST = frozenset({"dropped", "abandoned", "silent"})
"""Ends that owe the caller callbacks."""
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

# Out of the usual order, yet what happened may have been so. A centre chooses whether this is applied in silence,
# applied and said (the default), or refused (responders.models.StatusRules). What protects a crew is no matter of
# order: stage orders, unread hazards and the officer of a co-response are checked whatever is chosen.
ASSIGNMENT_OUT_OF_ORDER: Mapping[str, frozenset[str]] = {
    "with_person": _f("en_route", "staged"),
    "transport": _f("en_route", "staged"),
    # On the road again, to another address of the same call.
    "en_route": _f("on_scene", "with_person"),
}


def assignment_step(action: str, state: str, mode: str) -> tuple[str, bool]:
    """The state after `action`, and whether to say that it is out of the usual order. Raises TransitionRefused.

    `mode` is the centre's choice: off, warn or enforce. With enforce nothing out of order is allowed.
    """
    if mode != "enforce" and state in ASSIGNMENT_OUT_OF_ORDER.get(action, frozenset()):
        return ASSIGNMENT.table[action][1], mode == "warn"
    return ASSIGNMENT.to(action, state), False


# From which derived statuses a unit usually changes its service state.
UNIT_SERVICE_FROM: Mapping[str, frozenset[str]] = {
    "in_service": _f("on_break", "out_of_service", "off_shift", "available"),
    "on_break": _f("available", "out_of_service", "off_shift"),
    "out_of_service": _f("available", "on_break", "off_shift"),
}


def unit_step(service: str, status: str, mode: str) -> bool:
    """Whether a change of service state is out of order for a unit of that derived status. Raises TransitionRefused."""
    unusual = status not in UNIT_SERVICE_FROM.get(service, frozenset())
    if unusual and mode == "enforce":
        raise TransitionRefused("unit", service, status)
    return unusual


STUCK_AFTER_S: Mapping[str, int] = {
    "accepted": 1800,
    "en_route": 7200,
    "staged": 1800,
    "on_scene": 7200,
    "with_person": 7200,
    "transporting": 3600,
}
"""How long a unit may stay in one status before somebody asks, seconds. Published medians of a visit are 25 to 80
minutes (reference programs), so two hours is none; nobody waits half an hour at a corner, and no transport takes an
hour. The first two are for crews that do not count as silent: they move without a word, or stand under an order."""
NOT_MOVING_S = 180
"""Accepted, not under way and in the same place for so long: not answering. By telephone: not taken for so long."""
CALLER_WAITS_S = 900
"""So long a caller waits for a clinician who has accepted and talks with somebody else, until somebody asks."""
LATE_S = 15
"""A status that reaches the server this much after it happened, by the phone's clock, is a late one."""

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

HANDOFF_STATES = ("ready", "requested", "acknowledged", "declined", "cancelled")
HANDOFF = Transitions(
    "hand-off",
    {
        "request": (_f("ready"), "requested"),
        "acknowledge": (_f("requested"), "acknowledged"),
        "decline": (_f("requested"), "declined"),
        "cancel": (_f("ready", "requested"), "cancelled"),
    },
)
HANDOFF_OWNER_ALARM_S = 30
HANDOFF_SUPERVISOR_ALARM_S = 60

TRANSFER_LIVE = _f("offered", "ringing", "connected")
TRANSFER_ENDS = ("resolved", "dropped", "declined", "returned")
TRANSFER_STATES = ("offered", "ringing", "connected", *TRANSFER_ENDS)
TRANSFER = Transitions(
    "transfer",
    {
        "ring": (_f("offered"), "ringing"),
        "connect": (_f("offered", "ringing"), "connected"),
        "resolve": (_f("connected"), "resolved"),
        "drop": (TRANSFER_LIVE, "dropped"),
        "decline": (_f("offered", "ringing"), "declined"),
        # The receiver gives it back.
        "return": (_f("connected"), "returned"),
        # The giver takes it back before anybody has answered.
        "withdraw": (_f("offered", "ringing"), "returned"),
    },
)
TRANSFER_ANSWER_S = 20
"""A transfer that nobody has answered this long is alarmed: the preset of Austin's C3 waits as long for a clinician."""
WORD_OWED_S = 1800
"""Somebody who sent us a caller is told “reached” or “not reached” after this long at the latest."""

VISIT_STATES = ("booked", "due", "cancelled")
VISIT = Transitions(
    "visit",
    {
        "move": (_f("booked"), "booked"),
        "cancel": (_f("booked"), "cancelled"),
        # It is an incident from now on, with that table.
        "fall_due": (_f("booked"), "due"),
    },
)

DECISION_STATES = ("standing", "waiting_second", "refused", "superseded")
SECOND_PERSON_WAIT_S = 60
