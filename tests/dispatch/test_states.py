"""Each noun's table: every action from every state that it does not name is refused."""

import pytest

from dispatch.states import (
    ASSIGNMENT,
    ASSIGNMENT_ENDS,
    ASSIGNMENT_STATES,
    HANDOFF,
    HANDOFF_STATES,
    INCIDENT,
    INCIDENT_STATES,
    NEXT_STEP,
    NEXT_STEP_BY_PHONE,
    TRANSFER,
    TRANSFER_ENDS,
    TRANSFER_STATES,
    TransitionRefused,
    Transitions,
)

_NOUNS = (
    (INCIDENT, INCIDENT_STATES),
    (ASSIGNMENT, ASSIGNMENT_STATES),
    (HANDOFF, HANDOFF_STATES),
    (TRANSFER, TRANSFER_STATES),
)
_CASES = [
    (noun, action, state) for noun, states in _NOUNS for action in (*noun.table, "no_such_action") for state in states
]


@pytest.mark.parametrize(("noun", "action", "state"), _CASES, ids=lambda one: getattr(one, "noun", str(one)))
def test_an_action_is_allowed_exactly_where_its_table_says(noun: Transitions, action: str, state: str) -> None:
    allowed, target = noun.table.get(action, (frozenset(), ""))
    if state in allowed:
        assert noun.to(action, state) == target
        assert action in noun.actions_from(state)
        return
    with pytest.raises(TransitionRefused) as refused:
        noun.to(action, state)
    assert (refused.value.action, refused.value.state) == (action, state)
    assert action not in noun.actions_from(state)


@pytest.mark.parametrize(("noun", "states"), _NOUNS, ids=["incident", "assignment", "handoff", "transfer"])
def test_tables_name_known_states_only(noun: Transitions, states: tuple[str, ...]) -> None:
    for allowed, target in noun.table.values():
        assert allowed <= set(states)
        assert target in states


def test_ends_are_ends() -> None:
    for state in ASSIGNMENT_ENDS:
        assert ASSIGNMENT.actions_from(state) == []
    for state in ("acknowledged", "declined", "cancelled"):
        assert HANDOFF.actions_from(state) == []
    for state in TRANSFER_ENDS:
        assert TRANSFER.actions_from(state) == []
    assert INCIDENT.actions_from("closed") == ["reopen"]
    assert INCIDENT.actions_from("joined") == []


@pytest.mark.parametrize("steps", [NEXT_STEP, NEXT_STEP_BY_PHONE], ids=["on the road", "by phone"])
def test_the_big_button_is_always_allowed_and_leads_to_the_end(steps: dict[str, str]) -> None:
    state, seen = "offered", set()
    while state in steps:
        assert state not in seen
        seen.add(state)
        state = ASSIGNMENT.to(steps[state], state)
    assert state == "cleared"
