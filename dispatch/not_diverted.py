"""Why a call that could have been diverted was not: one code for each, for counting."""

from dispatch.models import Incident
from dispatch.plan import Plan, direction
from dispatch.reasons import NOT_DIVERTED, OPERATIONAL
from dispatch.selectors.triage import Judged
from triage.results import FitResult


def not_diverted_code(judged: Judged, suggested: Plan, chosen: Plan, incident: Incident, reason: str) -> str:
    """Why a call that could have been diverted was not: a code of NOT_DIVERTED, or empty for one that was."""
    if chosen.response_class not in {"emergency", "co_response"} or chosen.program:
        return ""
    if incident.no_unit_reason:
        return "no_unit"
    if not suggested.triaged:
        return "not_triaged" if judged.suggestion is not None else "insufficient_information"
    if direction(chosen.response_class, suggested.response_class) == "more":
        return reason if reason in NOT_DIVERTED else "override"
    if judged.suggestion is None:
        return "insufficient_information"
    by_operation = [
        {item.code for item in fit.reasons}
        for fit in judged.suggestion.fits
        if not fit.fallback and fit.result is FitResult.EXCLUDED
    ]
    for code, said in (("suspended", "suspended"), ("closed", "out_of_hours"), ("out_of_area", "out_of_area")):
        if any(code in codes and codes <= OPERATIONAL for codes in by_operation):
            return said
    if any(fit.result is FitResult.ASK for fit in judged.suggestion.fits):
        return "insufficient_information"
    return "excluded"
