"""Why each change of an incident happened, in words. Rows keep codes: words can change without touching them."""

from collections.abc import Mapping

from dispatch import reasons
from triage import vocabulary

_END_OF_ASSIGNMENT = {
    **reasons.OFFER_WITHDRAWN,
    **reasons.RETURN,
    **reasons.DISPOSITIONS,
    "dispatcher": "By the dispatcher",
    "not_answered": "No answer in time",
    "more_urgent_call": "For a more urgent call",
}
_TABLES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("incident", "no_unit"): reasons.NO_UNIT,
    ("incident", "promise_extend"): reasons.EXTEND,
    ("incident", "promise_broken"): reasons.NOT_DIVERTED,
    ("incident", "close"): reasons.OUTCOMES,
    ("incident", "reopen"): reasons.REOPEN,
    ("incident", "return_to_911"): reasons.RETURN,
    ("incident", "rescue"): reasons.TRANSFER_RETURN,
    ("assignment", "decline"): reasons.DECLINE,
    ("assignment", "late_decline"): reasons.DECLINE,
    ("assignment", "cancel"): _END_OF_ASSIGNMENT,
    ("assignment", "expire"): _END_OF_ASSIGNMENT,
    ("assignment", "preempt"): _END_OF_ASSIGNMENT,
    ("assignment", "clear"): _END_OF_ASSIGNMENT,
    ("decision", "accept"): {reasons.BOOKED_VISIT: "Agreed to when it was booked"},
    ("decision", "override"): {**reasons.OVERRIDE_MORE, **reasons.OVERRIDE_LESS},
    ("decision", "wait_second"): reasons.OVERRIDE_LESS,
    ("decision", "expire_second"): {"no_answer": "No answer in time"},
    ("handoff", "decline"): reasons.HANDOFF_DECLINE,
    ("transfer", "decline"): reasons.TRANSFER_DECLINE,
    ("transfer", "drop"): reasons.TRANSFER_DROP,
    ("transfer", "return"): reasons.TRANSFER_RETURN,
    ("transfer", "withdraw"): reasons.TRANSFER_RETURN,
    ("transfer", "resolve"): reasons.TRANSFER_DISPOSITIONS,
    ("stage_order", "lift"): reasons.STAGE_LIFT,
    ("call", "person_unlink"): reasons.PERSON_UNLINK,
    ("visit", "book"): reasons.VISIT_PURPOSES,
    ("visit", "fall_due"): reasons.VISIT_PURPOSES,
    ("visit", "move"): reasons.VISIT_MOVED,
    ("visit", "cancel"): reasons.VISIT_CANCELLED,
}


def reason_words(entity: str, action: str, reason: str) -> str:
    """The reason of one change in words: a code of its table, an answer as `weapon=in_hand`, or what a person wrote."""
    known = _TABLES.get((entity, action), {}).get(reason)
    if known is not None:
        return known
    key, is_answer, value = reason.partition("=")
    question = vocabulary.load().by_key.get(key) if is_answer else None
    if question is not None:
        return f"{question.label}: {question.label_of({'True': True, 'False': False}.get(value, value))}"
    return reason.replace("_", " ")
