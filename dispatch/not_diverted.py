"""Why a call that could have been diverted was not: one code for each, for counting."""

from typing import NamedTuple

from dispatch.models import Incident
from dispatch.plan import Plan, direction
from dispatch.reasons import NOT_DIVERTED, OPERATIONAL
from dispatch.selectors.triage import Judged
from triage.results import FitResult, Suggestion

_TIMED_OUT, _PROMISE_ENDS = "timed_out", "promise_ends"


class NotDiverted(NamedTuple):
    """A code of NOT_DIVERTED, empty for a call that was diverted, and the rule or reason that it rests on."""

    code: str = ""
    rule: str = ""


def not_diverted(judged: Judged, suggested: Plan, chosen: Plan, incident: Incident, reason: str) -> NotDiverted:
    """Why a call that could have been diverted was not; an exclusion names its rule, an override its reason."""
    if chosen.response_class not in {"emergency", "co_response"} or chosen.program:
        return NotDiverted()
    if incident.no_unit_reason:
        return NotDiverted("no_unit", incident.no_unit_reason)
    if not suggested.triaged:
        return NotDiverted("not_triaged" if judged.suggestion is not None else "insufficient_information")
    if direction(chosen.response_class, suggested.response_class) == "more":
        if reason == _PROMISE_ENDS or incident.not_diverted_reason == _TIMED_OUT:
            # A team would still be right: nobody came in time, and so more was chosen.
            return NotDiverted(_TIMED_OUT, reason)
        return NotDiverted(reason if reason in NOT_DIVERTED else "override", reason)
    if judged.suggestion is None:
        return NotDiverted("insufficient_information")
    if suggested.code == "cue_unconfirmed":
        return NotDiverted("insufficient_information", suggested.code)
    by_operation = [
        {item.code for item in fit.reasons}
        for fit in judged.suggestion.fits
        if not fit.fallback and fit.result is FitResult.EXCLUDED
    ]
    for code, said in (("suspended", "suspended"), ("closed", "out_of_hours"), ("out_of_area", "out_of_area")):
        if any(code in codes and codes <= OPERATIONAL for codes in by_operation):
            return NotDiverted(said)
    if any(fit.result is FitResult.ASK for fit in judged.suggestion.fits):
        return NotDiverted("insufficient_information")
    return NotDiverted("excluded", _rule(judged.suggestion))


def _rule(suggestion: Suggestion) -> str:
    """The rule that shut a call out: the most cautious floor that fired by a stated answer, else a program's own."""
    stated = [floor.rule for floor in suggestion.decision.fired if not floor.by_unknown]
    reasons = [reason.code for fit in suggestion.fits if not fit.fallback for reason in fit.reasons]
    return next(iter((*stated, *reasons)), suggestion.recommendation.code)
